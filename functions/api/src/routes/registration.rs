//! Registration, and letters that anybody may ask for. All answers are alike whether there is an account or not.

use adit_access::NewPerson;
use adit_api::account::{EmailInput, NewAccount};
use adit_engine::now;
use axum::extract::State;
use axum::http::StatusCode;

use super::Body;
use crate::address::Address;
use crate::refused::Refused;
use crate::{App, letters};

/// What the account room takes.
pub fn new_person(account: NewAccount) -> NewPerson {
    let NewAccount { username, email, profile } = account;
    NewPerson { username, email, profile }
}

/// Registers. Anybody, if it is open.
#[utoipa::path(post, path = "/api/registration", tag = "Accounts", description = "Registers: a letter with a link goes to the address. Anybody may call it where registration is open.", request_body = NewAccount, responses((status = 202), (status = 400), (status = 403), (status = 409), (status = 429)))]
pub async fn register(
    State(app): State<App>,
    Address(address): Address,
    Body(account): Body<NewAccount>,
) -> Result<StatusCode, Refused> {
    let notice = app.access.register(&new_person(account), &address, now()).await?;
    letters::send(&app, notice).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The link to confirm an account once more. Anybody.
#[utoipa::path(post, path = "/api/registration/letter", tag = "Accounts", description = "Sends the link that confirms an account once more. Anybody may call it; the answer does not tell whether there is such an account.", request_body = EmailInput, responses((status = 202), (status = 400), (status = 403), (status = 429)))]
pub async fn letter(
    State(app): State<App>,
    Address(address): Address,
    Body(input): Body<EmailInput>,
) -> Result<StatusCode, Refused> {
    let notice = app.access.resend_confirmation(&input.email, &address, now()).await?;
    letters::send(&app, notice).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A link to a new password. Anybody.
#[utoipa::path(post, path = "/api/password/letter", tag = "Accounts", description = "Sends a link to a new password, valid for an hour. Anybody may call it; the answer does not tell whether there is such an account.", request_body = EmailInput, responses((status = 202), (status = 400), (status = 403), (status = 429)))]
pub async fn password_letter(
    State(app): State<App>,
    Address(address): Address,
    Body(input): Body<EmailInput>,
) -> Result<StatusCode, Refused> {
    let notice = app.access.request_reset(&input.email, &address, now()).await?;
    letters::send(&app, notice).await?;
    Ok(StatusCode::ACCEPTED)
}
