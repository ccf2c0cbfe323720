//! The guard before every handler: who asks, whether the row of the table admits them, and that a change was meant.

use adit_api::error::ErrorCode;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::caller::{Caller, check_origin, no_token_here};
use crate::refused::Refused;
use crate::table::{Needs, Route};

/// Lets a request pass to the handler of its row, or answers in its place.
pub async fn check(State((app, row)): State<(App, &'static Route)>, mut request: Request, next: Next) -> Response {
    if row.needs == Needs::Anybody {
        if is_change(request.method())
            && let Err(refused) = check_origin(request.headers())
        {
            return refused.into_response();
        }
    } else {
        match admit(&app, row, request.method(), request.headers()).await {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
            }
            Err(refused) => return refused.into_response(),
        }
    }
    next.run(request).await
}

async fn admit(app: &App, row: &Route, method: &Method, headers: &HeaderMap) -> Result<Caller, Refused> {
    let caller = Caller::of(headers, app).await?;
    if caller.has_token() {
        let scopes = caller.actor.token.as_ref().map(|token| &token.scopes);
        let scope = row.token.ok_or_else(no_token_here)?;
        if !scopes.is_some_and(|scopes| scopes.contains(&scope)) {
            return Err(Refused::new(
                ErrorCode::Forbidden,
                format!("This token is not for this: it lacks the scope \"{}\". Make another one.", scope.name()),
            ));
        }
    }
    if is_change(method) {
        caller.check_csrf(headers)?;
    }
    match row.needs {
        Needs::Anybody | Needs::Session | Needs::Owner => {}
        Needs::Right(right) => caller.actor.demand(right)?,
        Needs::Staff if caller.actor.staff => {}
        Needs::Staff => return Err(Refused::new(ErrorCode::Forbidden, "Only administrators may do this.")),
    }
    Ok(caller)
}

fn is_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}
