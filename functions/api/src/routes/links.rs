//! Links of letters. Looking at one does not use it: programs that read mail open links too. The secret travels in bodies only.

use adit_access::Purpose;
use adit_api::account::{Confirmation, LinkInput, LinkPassword, LinkPurpose, LinkView};
use adit_engine::now;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Body;
use crate::refused::Refused;
use crate::{App, letters};

/// What a link is for. Anybody who has it.
#[utoipa::path(post, path = "/api/links", tag = "Accounts", description = "What a link of a letter is for, without using it. Anybody who has the link may call it.", request_body = LinkInput, responses((status = 200, body = LinkView), (status = 404)))]
pub async fn look(State(app): State<App>, Body(input): Body<LinkInput>) -> Result<Json<LinkView>, Refused> {
    let link = app.access.look_at_link(&input.token, now()).await?;
    let purpose = match link.purpose {
        Purpose::Confirm => LinkPurpose::Confirm,
        Purpose::Email { email } => LinkPurpose::Email { email },
        Purpose::Reset => LinkPurpose::Reset,
    };
    Ok(Json(LinkView { purpose, used: link.used, username: link.username }))
}

/// Confirms an account. Anybody who has the link.
#[utoipa::path(post, path = "/api/links/confirm", tag = "Accounts", description = "Confirms an account and sets its password. Following the link again changes nothing. Anybody who has the link may call it.", request_body = LinkPassword, responses((status = 200, body = Confirmation), (status = 400), (status = 403), (status = 404)))]
pub async fn confirm(State(app): State<App>, Body(input): Body<LinkPassword>) -> Result<Json<Confirmation>, Refused> {
    let confirmed = app.access.confirm(&input.token, &input.new_password, now()).await?;
    for notice in confirmed.notices {
        letters::send(&app, notice).await?;
    }
    Ok(Json(Confirmation { state: confirmed.state, already: confirmed.already }))
}

/// Makes an address the account's. Anybody who has the link.
#[utoipa::path(post, path = "/api/links/email", tag = "Accounts", description = "Makes the e-mail address of a link the account's. Anybody who has the link may call it.", request_body = LinkInput, responses((status = 204), (status = 403), (status = 404), (status = 409)))]
pub async fn email(State(app): State<App>, Body(input): Body<LinkInput>) -> Result<StatusCode, Refused> {
    if let Some(notice) = app.access.confirm_email(&input.token, now()).await? {
        letters::send(&app, notice).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a new password. Anybody who has the link.
#[utoipa::path(post, path = "/api/links/password", tag = "Accounts", description = "Sets a new password by a link and ends all sessions. Anybody who has the link may call it.", request_body = LinkPassword, responses((status = 204), (status = 400), (status = 403), (status = 404), (status = 409)))]
pub async fn password(State(app): State<App>, Body(input): Body<LinkPassword>) -> Result<StatusCode, Refused> {
    if let Some(notice) = app.access.reset_password(&input.token, &input.new_password, now()).await? {
        letters::send(&app, notice).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
