//! Settings that concern accounts: for administrators.

use adit_api::people::{AccountSettings, IssuerView};
use adit_domain::accounts::OpenIdForm;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::{Body, openid};
use crate::App;
use crate::refused::Refused;

/// Who may register, and of whom a second factor is demanded.
#[utoipa::path(get, path = "/api/settings/accounts", tag = "Settings", description = "Who may register, and of whom a second factor is demanded. Staff only.", responses((status = 200, body = AccountSettings), (status = 403)))]
pub async fn show(State(app): State<App>) -> Result<Json<AccountSettings>, Refused> {
    let registration = app.access.registration_settings().await?;
    Ok(Json(AccountSettings { registration, second_factor: app.access.second_factor_settings().await? }))
}

/// Changes both.
#[utoipa::path(put, path = "/api/settings/accounts", tag = "Settings", description = "Changes who may register, and of whom a second factor is demanded from the next log-in on. Staff only.", request_body = AccountSettings, responses((status = 204), (status = 400), (status = 403)))]
pub async fn change(State(app): State<App>, Body(settings): Body<AccountSettings>) -> Result<StatusCode, Refused> {
    app.access.set_registration_settings(settings.registration).await?;
    app.access.set_second_factor_settings(settings.second_factor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Log-in at the organisation's issuer.
#[utoipa::path(get, path = "/api/settings/issuer", tag = "Settings", description = "Log-in at an OpenID Connect issuer, without our secret there. Staff only.", responses((status = 200, body = IssuerView), (status = 403)))]
pub async fn issuer(State(app): State<App>, headers: HeaderMap) -> Result<Json<IssuerView>, Refused> {
    Ok(Json(IssuerView { settings: app.access.openid_settings().await?, redirect: openid::redirect(&app, &headers) }))
}

/// Changes it.
#[utoipa::path(put, path = "/api/settings/issuer", tag = "Settings", description = "Changes the log-in at an OpenID Connect issuer; an absent secret keeps the stored one as long as the issuer stays. Staff only.", request_body = OpenIdForm, responses((status = 204), (status = 400), (status = 403)))]
pub async fn change_issuer(State(app): State<App>, Body(form): Body<OpenIdForm>) -> Result<StatusCode, Refused> {
    app.access.set_openid_settings(form).await?;
    Ok(StatusCode::NO_CONTENT)
}
