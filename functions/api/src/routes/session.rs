//! The own session, password and preferences. How a session begins stands in `log_in.rs`.

use adit_api::session::{PasswordChange, Session};
use adit_engine::{Actor, now};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Body;
use crate::App;
use crate::caller::{Caller, cookie};
use crate::refused::Refused;

/// What the browser keeps of a session.
pub async fn view(app: &App, actor: &Actor, csrf_token: &str) -> Result<Session, Refused> {
    Ok(Session {
        username: actor.username.clone(),
        staff: actor.staff,
        csrf_token: csrf_token.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ae_title: app.engine.ae_title().to_owned(),
        scp_port: app.scp_port,
        standing: app.engine.standing(actor).await?,
    })
}

/// Who is logged in. Anybody with a session.
#[utoipa::path(get, path = "/api/session", tag = "Session", description = "Who is logged in, for which group they act, and what they may do for it. Needs a session.", responses((status = 200, body = Session), (status = 401)))]
pub async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Session>, Refused> {
    Ok(Json(view(&app, &caller.actor, &caller.session()?.csrf_token).await?))
}

/// Logs out. Anybody with a session.
#[utoipa::path(delete, path = "/api/session", tag = "Session", description = "Logs out. Needs a session and its CSRF token.", responses((status = 204), (status = 401), (status = 403)))]
pub async fn log_out(State(app): State<App>, caller: Caller) -> Result<Response, Refused> {
    app.access.end_session(&caller.session()?.id).await?;
    Ok(([cookie("", app.https)], StatusCode::NO_CONTENT).into_response())
}

/// Ends all other own sessions.
#[utoipa::path(delete, path = "/api/session/others", tag = "Session", description = "Ends all own sessions but this one, and links to a new password or address; tokens stay. Needs a session and its CSRF token.", responses((status = 204), (status = 401), (status = 403)))]
pub async fn end_others(State(app): State<App>, caller: Caller) -> Result<StatusCode, Refused> {
    let session = caller.session()?;
    app.access.log_out_everywhere(&caller.actor.user_id, Some(&session.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the own password and ends the other sessions.
#[utoipa::path(post, path = "/api/session/password", tag = "Session", description = "Changes the own password and ends all other sessions. Needs a session and its CSRF token.", request_body = PasswordChange, responses((status = 204), (status = 400), (status = 401)))]
pub async fn change_password(
    State(app): State<App>,
    caller: Caller,
    Body(change): Body<PasswordChange>,
) -> Result<StatusCode, Refused> {
    let session = caller.session()?;
    app.access.change_password(&session.person, &change.old_password, &change.new_password, &session.id, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The own preferences.
#[utoipa::path(get, path = "/api/preferences", tag = "Session", description = "The own preferences, an object of the page's making. Needs a session.", responses((status = 200, body = Object)))]
pub async fn preferences(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Refused> {
    Ok(Json(app.access.preferences(&caller.actor.user_id).await?))
}

/// Stores the own preferences.
#[utoipa::path(put, path = "/api/preferences", tag = "Session", description = "Stores the own preferences, at most 8 KiB. Needs a session and its CSRF token.", request_body = Object, responses((status = 204), (status = 400)))]
pub async fn set_preferences(
    State(app): State<App>,
    caller: Caller,
    Body(value): Body<Value>,
) -> Result<StatusCode, Refused> {
    app.access.set_preferences(&caller.actor.user_id, value).await?;
    Ok(StatusCode::NO_CONTENT)
}
