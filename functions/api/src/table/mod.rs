//! The one table of routes: who may call what. The router is built from it, so that a route outside of it cannot be.
//!
//! `docs/routes.md` is made from it (`text.rs`), and a test calls every row as everybody. The rows of DICOMweb stand in `web.rs`, all others in
//! `rows.rs`.

mod rows;
mod text;
mod web;

use adit_api::paths;
use adit_api::paths::dicomweb::STORES;
use adit_domain::Right;
use adit_domain::right::Scope;
use adit_domain::usage::Way;
use axum::http::Method;
use axum::routing::MethodRouter;

use crate::App;

pub use text::as_text;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Everybody, logged in or not.
    Anybody,
    /// A person who is logged in.
    Session,
    /// A right of the active group.
    Right(Right),
    /// An administrator.
    Staff,
    /// The owner of the thing, or an administrator. The use case decides; to others the thing answers as absent.
    Owner,
}

/// A row of the table.
pub struct Route {
    /// Method; none: all of them.
    pub method: Option<Method>,
    /// Path with its placeholders.
    pub path: &'static str,
    /// Who may call it.
    pub needs: Needs,
    /// The scope with which a token may call it; none: tokens may not.
    pub token: Option<Scope>,
    /// The audit event that calling it makes, see `audit.rs`; none: it makes none of its own.
    pub audit: Option<&'static str>,
    /// Why it makes none.
    pub quiet: &'static str,
    /// Its handler.
    pub handler: fn() -> MethodRouter<App>,
}

impl Route {
    const fn new(method: Method, path: &'static str, needs: Needs, handler: fn() -> MethodRouter<App>) -> Self {
        Self { method: Some(method), path, needs, token: None, audit: None, quiet: "", handler }
    }

    const fn token(mut self, scope: Scope) -> Self {
        self.token = Some(scope);
        self
    }

    const fn audit(mut self, kind: &'static str) -> Self {
        self.audit = Some(kind);
        self
    }

    const fn quiet(mut self, why: &'static str) -> Self {
        self.quiet = why;
        self
    }

    /// Whether it changes something that is kept. Logging in and out, choosing and asking stay possible during maintenance.
    #[must_use]
    pub fn is_change(&self) -> bool {
        const ALWAYS: [&str; 12] = [
            paths::SESSION,
            paths::SESSION_CODE,
            paths::SESSION_ENROLMENT,
            paths::SESSION_ENROLMENT_CODE,
            paths::OTHER_SESSIONS,
            paths::LINK,
            paths::ACTIVE_GROUP,
            paths::PREFERENCES,
            paths::SEARCH,
            paths::SEARCH_SERIES,
            paths::DOWNLOADS,
            paths::AUDIT_VERIFY,
        ];
        self.method.as_ref().is_some_and(|method| *method != Method::GET) && !ALWAYS.contains(&self.path)
    }

    /// Whether it takes a body of any size, which its sender may be able to send once only.
    #[must_use]
    pub fn is_store(&self) -> bool {
        self.method == Some(Method::POST) && STORES.contains(&self.path)
    }
}

impl Route {
    /// How calling it moves images; none: it moves none.
    #[must_use]
    pub fn way(&self) -> Option<Way> {
        match self.audit {
            _ if self.is_store() => Some(Way::Stored),
            _ if self.path == paths::DOWNLOAD => Some(Way::Downloaded),
            Some("images_fetched") if self.path.ends_with("/nifti") => Some(Way::Converted),
            Some("images_fetched" | "image_data_fetched") => Some(Way::Retrieved),
            _ => None,
        }
    }
}

/// All rows.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    rows::ROWS.iter().chain(web::ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set this environment variable to write the file anew.
    const WRITE: &str = "ADIT_WRITE_ROUTES";

    #[test]
    fn the_documentation_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/routes.md");
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(path, as_text()).unwrap();
        }
        let file = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(file, as_text(), "docs/routes.md is old: run this test with {WRITE}=1");
    }

    #[test]
    fn no_row_stands_twice_and_changes_are_on_record() {
        let mut seen = std::collections::HashSet::new();
        for row in routes() {
            assert!(seen.insert((row.method.clone(), row.path)), "{} stands twice", row.path);
            let is_change = row.method.as_ref().is_some_and(|method| *method != Method::GET);
            // Looking at a link changes nothing; only its secret must not stand in an address. Nor does asking a server whether it answers.
            let is_quiet = [paths::PREFERENCES, paths::LINK, paths::NODE_TEST].contains(&row.path);
            assert!(!is_change || is_quiet || row.audit.is_some(), "{:?} {} leaves no trace", row.method, row.path);
        }
    }
}
