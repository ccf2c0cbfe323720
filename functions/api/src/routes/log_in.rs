//! How a session begins: a password, then a code where one is asked for. The log-in at a foreign issuer joins in `openid.rs`.

use adit_access::{AccessError, LogIn, NewSession};
use adit_api::account::{
    EnrolledLogIn, Enrolment, Entrance, LogInAnswer, NextStep, PendingCode, PendingInput, PendingLogIn,
};
use adit_api::session::{Login, Session};
use adit_audit::Entity;
use adit_engine::now;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{Body, session};
use crate::App;
use crate::address::Address;
use crate::audit::Note;
use crate::caller::{actor_of, cookie};
use crate::refused::Refused;

/// What the log-in page offers. Anybody.
#[utoipa::path(get, path = "/api/entrance", tag = "Session", description = "What the log-in page offers: registration, log-in at the organisation's issuer. Anybody may call it.", responses((status = 200, body = Entrance)))]
pub async fn entrance(State(app): State<App>) -> Result<Json<Entrance>, Refused> {
    let registration = app.access.registration_settings().await?;
    let issuer = app.access.openid_settings().await?.settings;
    Ok(Json(Entrance {
        registration: registration.open,
        domains: if registration.open { registration.domains } else { Vec::new() },
        issuer: issuer.enabled.then_some(issuer.label),
    }))
}

/// The first step. Anybody.
#[utoipa::path(post, path = "/api/session", tag = "Session", description = "Logs in: sets the session cookie, or answers 202 when a code of the second factor is needed. Anybody may call it; wrong attempts are slowed down.", request_body = Login, responses((status = 200, body = Session), (status = 202, body = PendingLogIn), (status = 401), (status = 403), (status = 429)))]
pub async fn first_step(
    State(app): State<App>,
    Address(address): Address,
    note: Note,
    Body(login): Body<Login>,
) -> Result<Response, Refused> {
    let found = app.access.log_in(&login.username, &login.password, &address, now()).await;
    if let Err(AccessError::WrongCredentials) = &found {
        // Only the name of an account that there is: what was typed may be a password.
        if let Some(person) = app.access.person_named(&login.username).await? {
            note.about(Entity::Person { id: person.id, name: person.username });
        }
    }
    match pending(found?) {
        Ok(session) => begun(&app, &note, &session).await,
        Err(pending) => Ok((StatusCode::ACCEPTED, Json(LogInAnswer::Pending(pending))).into_response()),
    }
}

/// A log-in that is done, or what it needs.
pub fn pending(log_in: LogIn) -> Result<NewSession, PendingLogIn> {
    match log_in {
        LogIn::Session(session) => Ok(session),
        LogIn::NeedsCode { pending } => Err(PendingLogIn { pending, needs: NextStep::Code }),
        LogIn::NeedsEnrolment { pending } => Err(PendingLogIn { pending, needs: NextStep::Enrolment }),
    }
}

async fn begun(app: &App, note: &Note, session: &NewSession) -> Result<Response, Refused> {
    note.by(&session.person.user_id, &session.person.username);
    let body = Json(view(app, session).await?);
    Ok(([cookie(&session.token, app.https)], body).into_response())
}

async fn view(app: &App, session: &NewSession) -> Result<Session, Refused> {
    session::view(app, &actor_of(app, &session.person).await?, &session.csrf_token).await
}

/// The code. Anybody with a log-in under way.
#[utoipa::path(post, path = "/api/session/code", tag = "Session", description = "Finishes a log-in by a code of the second factor or a recovery code: sets the session cookie. Anybody whose log-in is under way may call it; wrong attempts are slowed down.", request_body = PendingCode, responses((status = 200, body = Session), (status = 401), (status = 403), (status = 429)))]
pub async fn code(
    State(app): State<App>,
    Address(address): Address,
    note: Note,
    Body(input): Body<PendingCode>,
) -> Result<Response, Refused> {
    let session = app.access.finish_log_in(&input.pending, &input.code, &address, now()).await?;
    begun(&app, &note, &session).await
}

/// Begins to set up the second factor that is demanded. Anybody with a log-in under way.
#[utoipa::path(post, path = "/api/session/enrolment", tag = "Session", description = "Begins to set up the second factor that a log-in demands. Anybody whose log-in is under way may call it.", request_body = PendingInput, responses((status = 200, body = Enrolment), (status = 401), (status = 403)))]
pub async fn enrol(State(app): State<App>, Body(input): Body<PendingInput>) -> Result<Json<Enrolment>, Refused> {
    let adit_access::Enrolment { secret, url } = app.access.enrol_pending(&input.pending, now()).await?;
    Ok(Json(Enrolment { secret, url }))
}

/// Finishes it, and the log-in. Anybody with a log-in under way.
#[utoipa::path(post, path = "/api/session/enrolment/code", tag = "Session", description = "Finishes setting up the second factor by a code, and the log-in: sets the session cookie; the recovery codes are shown once. Anybody whose log-in is under way may call it.", request_body = PendingCode, responses((status = 200, body = EnrolledLogIn), (status = 401), (status = 403), (status = 429)))]
pub async fn enrolled(State(app): State<App>, note: Note, Body(input): Body<PendingCode>) -> Result<Response, Refused> {
    let (recovery_codes, session) = app.access.confirm_pending(&input.pending, &input.code, now()).await?;
    note.by(&session.person.user_id, &session.person.username);
    let body = Json(EnrolledLogIn { session: view(&app, &session).await?, recovery_codes });
    Ok(([cookie(&session.token, app.https)], body).into_response())
}
