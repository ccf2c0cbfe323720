//! The own account: profile and e-mail address.

use adit_api::account::{AccountView, EmailChange, FactorView};
use adit_api::groups::OwnGroup;
use adit_domain::UserId;
use adit_domain::person::Profile;
use adit_engine::now;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Body;
use crate::caller::Caller;
use crate::refused::Refused;
use crate::{App, letters};

/// A person with second factor and groups.
pub async fn view(app: &App, id: &UserId) -> Result<AccountView, Refused> {
    let person = app.access.person(id).await?;
    let factor = app.access.second_factor(id).await?.filter(|_| person.second_factor);
    let mut groups = Vec::new();
    for id in app.engine.groups_of(id).await? {
        // A group that was deleted at this moment is none.
        if let Ok(group) = app.engine.group(&id).await {
            groups.push(OwnGroup { id, name: group.config.name });
        }
    }
    groups.sort_by_key(|group| group.name.to_lowercase());
    let factor =
        factor.map(|factor| FactorView { since: factor.since, recovery_codes_left: factor.recovery_codes_left });
    Ok(AccountView { person, factor, groups })
}

/// The own account.
#[utoipa::path(get, path = "/api/account", tag = "Accounts", description = "The own account. Needs a session.", responses((status = 200, body = AccountView), (status = 401)))]
pub async fn show(State(app): State<App>, caller: Caller) -> Result<Json<AccountView>, Refused> {
    Ok(Json(view(&app, &caller.actor.user_id).await?))
}

/// Changes the own profile.
#[utoipa::path(put, path = "/api/account", tag = "Accounts", description = "Changes the own names, department and phone number. Needs a session and its CSRF token.", request_body = Profile, responses((status = 204), (status = 400), (status = 401)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Body(profile): Body<Profile>,
) -> Result<StatusCode, Refused> {
    app.access.change_profile(&caller.actor.user_id, &profile).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for another address.
#[utoipa::path(post, path = "/api/account/email", tag = "Accounts", description = "Asks for another e-mail address, with the own password: it counts once the link in the letter was followed. Needs a session and its CSRF token.", request_body = EmailChange, responses((status = 202), (status = 400), (status = 401), (status = 429)))]
pub async fn change_email(
    State(app): State<App>,
    caller: Caller,
    Body(change): Body<EmailChange>,
) -> Result<StatusCode, Refused> {
    let person = &caller.session()?.person;
    let notice = app.access.request_email_change(person, &change.password, &change.email, now()).await?;
    letters::send(&app, notice).await?;
    Ok(StatusCode::ACCEPTED)
}
