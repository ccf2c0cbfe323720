//! Logging in and out, the own password and preferences.

use std::net::SocketAddr;

use adit_access::{AccessError, LogIn};
use adit_api::error::ErrorCode;
use adit_api::session::{Login, PasswordChange, Session};
use adit_audit::Entity;
use adit_engine::{Actor, now};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::Value;

use super::Body;
use crate::App;
use crate::audit::Note;
use crate::caller::{Caller, actor_of, check_origin, cookie};
use crate::refused::Refused;

async fn view(app: &App, actor: &Actor, csrf_token: &str) -> Result<Session, Refused> {
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

/// Logs in. Anybody.
#[utoipa::path(post, path = "/api/session", tag = "Session", description = "Logs in: sets the session cookie. Anybody may call it; wrong attempts are slowed down.", request_body = Login, responses((status = 200, body = Session), (status = 401), (status = 429)))]
pub async fn log_in(
    State(app): State<App>,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    note: Note,
    Body(login): Body<Login>,
) -> Result<Response, Refused> {
    check_origin(&headers)?;
    let address =
        address.map_or_else(|| "unknown".to_owned(), |Extension(ConnectInfo(address))| address.ip().to_string());
    let found = app.access.log_in(&login.username, &login.password, &address, now()).await;
    if let Err(AccessError::WrongCredentials) = &found {
        // Only the name of an account that there is: what was typed may be a password.
        if let Some(person) = app.access.person_named(&login.username).await? {
            note.about(Entity::Person { id: person.id, name: person.username });
        }
    }
    let session = match found? {
        LogIn::Session(session) => session,
        LogIn::NeedsCode { .. } | LogIn::NeedsEnrolment { .. } => {
            let sentence = "This account is protected by a second factor, which this page cannot ask for.";
            return Err(Refused::new(ErrorCode::Forbidden, sentence));
        }
    };
    note.by(&session.person.user_id, &session.person.username);
    let actor = actor_of(&app, &session.person).await?;
    let body = Json(view(&app, &actor, &session.csrf_token).await?);
    Ok(([cookie(&session.token, app.https)], body).into_response())
}

/// Logs out. Anybody with a session.
#[utoipa::path(delete, path = "/api/session", tag = "Session", description = "Logs out. Needs a session and its CSRF token.", responses((status = 204), (status = 401), (status = 403)))]
pub async fn log_out(State(app): State<App>, caller: Caller) -> Result<Response, Refused> {
    app.access.end_session(&caller.session()?.id).await?;
    Ok(([cookie("", app.https)], StatusCode::NO_CONTENT).into_response())
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
