//! The own second factor.

use adit_api::account::{CodeInput, Enrolment, RecoveryCodes};
use adit_engine::now;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Body;
use crate::App;
use crate::caller::Caller;
use crate::refused::Refused;

/// Begins to set it up.
#[utoipa::path(post, path = "/api/account/second-factor", tag = "Accounts", description = "Begins to set up a second factor; what the app needs is shown once. Needs a session and its CSRF token.", responses((status = 200, body = Enrolment), (status = 401), (status = 409)))]
pub async fn begin(State(app): State<App>, caller: Caller) -> Result<Json<Enrolment>, Refused> {
    let id = &caller.session()?.person.user_id;
    let adit_access::Enrolment { secret, url } = app.access.enrol(id, now()).await?;
    Ok(Json(Enrolment { secret, url }))
}

/// Finishes it with a code.
#[utoipa::path(put, path = "/api/account/second-factor", tag = "Accounts", description = "Finishes setting up the second factor with a code of it; the recovery codes are shown once. Needs a session and its CSRF token.", request_body = CodeInput, responses((status = 200, body = RecoveryCodes), (status = 401), (status = 409), (status = 429)))]
pub async fn confirm(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<CodeInput>,
) -> Result<Json<RecoveryCodes>, Refused> {
    let id = &caller.session()?.person.user_id;
    let recovery_codes = app.access.confirm_enrolment(id, &input.code, now()).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// New recovery codes.
#[utoipa::path(post, path = "/api/account/second-factor/codes", tag = "Accounts", description = "Ten new recovery codes in place of the old ones, for a code. Needs a session and its CSRF token.", request_body = CodeInput, responses((status = 200, body = RecoveryCodes), (status = 401), (status = 409), (status = 429)))]
pub async fn renew_codes(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<CodeInput>,
) -> Result<Json<RecoveryCodes>, Refused> {
    let id = &caller.session()?.person.user_id;
    let recovery_codes = app.access.renew_recovery_codes(id, &input.code, now()).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Removes it.
#[utoipa::path(post, path = "/api/account/second-factor/removal", tag = "Accounts", description = "Removes the second factor, for a code. Needs a session and its CSRF token.", request_body = CodeInput, responses((status = 204), (status = 401), (status = 403), (status = 409), (status = 429)))]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<CodeInput>,
) -> Result<StatusCode, Refused> {
    app.access.remove_own_factor(&caller.session()?.person.user_id, &input.code, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
