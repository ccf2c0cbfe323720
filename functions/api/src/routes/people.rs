//! People: for administrators.

use adit_access::PeopleQuery;
use adit_api::account::{AccountView, EmailInput, NewAccount};
use adit_api::error::ErrorCode;
use adit_api::groups::PageQuery;
use adit_api::people::{ActionOutcome, PeopleFilter, PeoplePage, PersonAction};
use adit_domain::UserId;
use adit_engine::now;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;

use super::Body;
use super::account::view;
use super::registration::new_person;
use crate::refused::Refused;
use crate::{App, letters};

/// People on a page unless asked otherwise.
const PAGE: usize = 50;

type Id = Result<Path<UserId>, PathRejection>;

/// People, all or in one state, or found by the beginning of a name.
#[utoipa::path(get, path = "/api/people", tag = "People", description = "A page of people: all by user name, those in one state with the newest first, or those whose user name or e-mail address begins with a text. Staff only.", params(PeopleFilter), responses((status = 200, body = PeoplePage), (status = 403)))]
pub async fn list(
    State(app): State<App>,
    filter: Result<Query<PeopleFilter>, QueryRejection>,
) -> Result<Json<PeoplePage>, Refused> {
    let PeopleFilter { state, search, limit, after } = filter?.0;
    let limit = limit.unwrap_or(PAGE);
    if !search.trim().is_empty() {
        let mut people = app.access.search_people(&search, limit).await?;
        people.retain(|person| state.is_none_or(|state| person.state == state));
        return Ok(Json(PeoplePage { people, next: None }));
    }
    let which = state.map_or(PeopleQuery::All, PeopleQuery::State);
    let after = app.engine.open(&which.place(), &PageQuery { limit: None, after })?;
    let found = app.access.people(which, limit, after).await?;
    Ok(Json(PeoplePage { people: found.people, next: app.engine.seal(&which.place(), found.next) }))
}

/// One person.
#[utoipa::path(get, path = "/api/people/{id}", tag = "People", description = "One person with second factor and groups. Staff only.", params(("id" = String, Path)), responses((status = 200, body = AccountView), (status = 403), (status = 404)))]
pub async fn show(State(app): State<App>, id: Id) -> Result<Json<AccountView>, Refused> {
    Ok(Json(view(&app, &id?.0).await?))
}

/// Makes an account for somebody.
#[utoipa::path(post, path = "/api/people", tag = "People", description = "Makes an account; a letter with a link to choose a password goes to the address. Staff only.", request_body = NewAccount, responses((status = 202), (status = 400), (status = 403), (status = 409)))]
pub async fn invite(State(app): State<App>, Body(account): Body<NewAccount>) -> Result<StatusCode, Refused> {
    let notice = app.access.invite(&new_person(account), now()).await?;
    letters::send(&app, notice).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sets an address.
#[utoipa::path(put, path = "/api/people/{id}/email", tag = "People", description = "Sets a person's e-mail address without confirmation; their sessions end. Staff only.", params(("id" = String, Path)), request_body = EmailInput, responses((status = 204), (status = 400), (status = 403), (status = 404), (status = 409)))]
pub async fn set_email(State(app): State<App>, id: Id, Body(input): Body<EmailInput>) -> Result<StatusCode, Refused> {
    app.access.set_email(&id?.0, &input.email).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Acts on an account.
#[utoipa::path(post, path = "/api/people/{id}/{action}", tag = "People", description = "Acts on an account: approve, reject, deactivate, reactivate, make_staff, remove_staff, remove_second_factor, log_out. It counts at once. Staff only.", params(("id" = String, Path), ("action" = String, Path)), responses((status = 200, body = ActionOutcome), (status = 403), (status = 404), (status = 409)))]
pub async fn act(
    State(app): State<App>,
    path: Result<Path<(UserId, String)>, PathRejection>,
) -> Result<Json<ActionOutcome>, Refused> {
    let (id, name) = path?.0;
    let action = PersonAction::ALL.into_iter().find(|action| action.name() == name);
    let action = action.ok_or_else(|| Refused::new(ErrorCode::NotFound, "There is no such action on an account."))?;
    let (changed, notice) = match action {
        PersonAction::Approve => whole(app.access.approve(&id).await?),
        PersonAction::Reject => whole(app.access.reject(&id).await?),
        PersonAction::Deactivate => whole(app.access.deactivate(&id).await?),
        PersonAction::Reactivate => whole(app.access.reactivate(&id).await?),
        PersonAction::MakeStaff => whole(app.access.set_staff(&id, true).await?),
        PersonAction::RemoveStaff => whole(app.access.set_staff(&id, false).await?),
        PersonAction::RemoveSecondFactor => {
            let had = app.access.person(&id).await?.second_factor;
            (had, app.access.remove_factor(&id).await?)
        }
        PersonAction::LogOut => {
            app.access.log_out_everywhere(&id, None).await?;
            (true, None)
        }
    };
    if let Some(notice) = notice {
        letters::send(&app, notice).await?;
    }
    Ok(Json(ActionOutcome { changed }))
}

fn whole(outcome: adit_access::Outcome) -> (bool, Option<adit_access::Notice>) {
    (outcome.changed, outcome.notice)
}
