//! The table for people.

use axum::http::Method;

use super::{Needs, routes};

/// The table for people, as it stands in `docs/routes.md`.
#[must_use]
pub fn as_text() -> String {
    let mut text = String::from(
        "# Who may call what\n\nMade from the table of routes in `functions/api/src/table`; a test keeps both alike, and another one calls every row as everybody.\n\
         Changes by a session need its CSRF token. *Owner*: the person to whom the thing belongs, or an administrator; to others it answers as absent. A right is one of the\n\
         active group's; administrators hold all of them. A token needs the scope, and its owner whatever the row needs.\n\n\
         | Method | Path | Needs | Token's scope | Audit event |\n|---|---|---|---|---|\n",
    );
    for row in routes() {
        let method = row.method.as_ref().map_or("any", Method::as_str);
        let needs = match row.needs {
            Needs::Anybody => "anybody".to_owned(),
            Needs::Session => "a session".to_owned(),
            Needs::Right(right) => format!("right `{}`", right.name()),
            Needs::Staff => "an administrator".to_owned(),
            Needs::Owner => "owner".to_owned(),
        };
        let token = row.token.map_or_else(String::new, |scope| format!("`{}`", scope.name()));
        let audit = match row.audit {
            Some(name) => {
                let kind = crate::audit::kind_of(name).map_or("?", adit_audit::Kind::name);
                format!("`{kind}` ({})", name.replace('_', " "))
            }
            None => format!("none: {}", row.quiet),
        };
        text.push_str(&format!("| {method} | `{}` | {needs} | {token} | {audit} |\n", row.path));
    }
    text
}
