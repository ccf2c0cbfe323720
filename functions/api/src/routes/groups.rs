//! Groups, their members and servers: for administrators. Everybody chooses among their own.

use adit_api::error::ErrorCode;
use adit_api::groups::{
    ChooseGroup, GrantInput, GrantView, GroupInput, GroupPage, GroupView, MemberInput, MemberPage, MemberView,
    PageQuery, Standing,
};
use adit_audit::Entity;
use adit_domain::group::GroupSettings;
use adit_domain::{GroupId, NodeId, UserId};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;

use super::Body;
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;
use crate::subject::thing;

type Id = Result<Path<GroupId>, PathRejection>;
type Page = Result<Query<PageQuery>, QueryRejection>;

/// Chooses the active group.
#[utoipa::path(put, path = "/api/session/group", tag = "Session", description = "Chooses for which of the own groups one acts, in all sessions. Needs a session and its CSRF token.", request_body = ChooseGroup, responses((status = 200, body = Standing), (status = 404)))]
pub async fn choose(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    Body(choice): Body<ChooseGroup>,
) -> Result<Json<Standing>, Refused> {
    note.about(thing("group", choice.group.as_str(), ""));
    let actor = app.engine.choose_group(&caller.actor, &choice.group).await?;
    Ok(Json(app.engine.standing(&actor).await?))
}

/// All groups.
#[utoipa::path(get, path = "/api/groups", tag = "Groups", description = "A page of groups, oldest first. Staff only.", params(PageQuery), responses((status = 200, body = GroupPage), (status = 403)))]
pub async fn list(State(app): State<App>, query: Page) -> Result<Json<GroupPage>, Refused> {
    Ok(Json(app.engine.groups(&query?.0).await?))
}

/// One group.
#[utoipa::path(get, path = "/api/groups/{id}", tag = "Groups", description = "One group. Staff only.", params(("id" = String, Path)), responses((status = 200, body = GroupView), (status = 403), (status = 404)))]
pub async fn show(State(app): State<App>, id: Id) -> Result<Json<GroupView>, Refused> {
    Ok(Json(app.engine.group(&id?.0).await?))
}

/// Adds a group.
#[utoipa::path(post, path = "/api/groups", tag = "Groups", description = "Adds a group without members and servers. Staff only.", request_body = GroupInput, responses((status = 201, body = GroupView), (status = 400), (status = 403), (status = 409)))]
pub async fn add(
    State(app): State<App>,
    note: Note,
    Body(input): Body<GroupInput>,
) -> Result<(StatusCode, Json<GroupView>), Refused> {
    let group = app.engine.add_group(input).await?;
    note.about(thing("group", group.id.as_str(), &group.config.name));
    note.detail(rights_of(&group));
    Ok((StatusCode::CREATED, Json(group)))
}

/// The rights and restrictions of a group for the record.
fn rights_of(group: &GroupView) -> String {
    let GroupSettings { pseudonymised_only, one_active_job, jobs_need_approval, studies_per_job, bytes_per_day } =
        group.config.settings;
    let rights: Vec<&str> = group.config.rights.iter().map(|right| right.name()).collect();
    let rights = if rights.is_empty() { "no rights".to_owned() } else { rights.join(", ") };
    let mut said = vec![rights];
    let flags = [
        (pseudonymised_only, "pseudonymised only"),
        (one_active_job, "one job at a time"),
        (jobs_need_approval, "jobs need approval"),
    ];
    said.extend(flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word.to_owned()));
    said.extend((studies_per_job > 0).then(|| format!("{studies_per_job} studies per job")));
    said.extend((bytes_per_day > 0).then(|| format!("{bytes_per_day} bytes per day")));
    said.join("; ")
}

/// Changes a group.
#[utoipa::path(put, path = "/api/groups/{id}", tag = "Groups", description = "Changes name, rights, restrictions and limits of a group; a stale version is refused. It counts from the next request and the next task on. Staff only.", params(("id" = String, Path)), request_body = GroupInput, responses((status = 200, body = GroupView), (status = 400), (status = 403), (status = 404), (status = 409)))]
pub async fn change(
    State(app): State<App>,
    note: Note,
    id: Id,
    Body(input): Body<GroupInput>,
) -> Result<Json<GroupView>, Refused> {
    let group = app.engine.change_group(&id?.0, input).await?;
    note.detail(rights_of(&group));
    Ok(Json(group))
}

/// Deletes a group.
#[utoipa::path(delete, path = "/api/groups/{id}", tag = "Groups", description = "Deletes a group with its memberships and grants; its jobs that have not begun will fail. Staff only.", params(("id" = String, Path)), responses((status = 204), (status = 403), (status = 404), (status = 409)))]
pub async fn remove(State(app): State<App>, id: Id) -> Result<StatusCode, Refused> {
    app.engine.delete_group(&id?.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The members of a group.
#[utoipa::path(get, path = "/api/groups/{id}/members", tag = "Groups", description = "A page of the members of a group. Staff only.", params(("id" = String, Path), PageQuery), responses((status = 200, body = MemberPage), (status = 403), (status = 404)))]
pub async fn members(State(app): State<App>, id: Id, query: Page) -> Result<Json<MemberPage>, Refused> {
    let (found, next) = app.engine.members(&id?.0, &query?.0).await?;
    let mut members = Vec::new();
    for member in found {
        let person = app.access.known(&member.user).await?;
        let username = person.map(|person| person.username).unwrap_or_default();
        members.push(MemberView { user: member.user, username, since: member.since });
    }
    Ok(Json(MemberPage { members, next }))
}

/// Adds a member.
#[utoipa::path(post, path = "/api/groups/{id}/members", tag = "Groups", description = "Lets a person belong to a group. Staff only.", params(("id" = String, Path)), request_body = MemberInput, responses((status = 200, body = MemberView), (status = 400), (status = 403), (status = 404)))]
pub async fn add_member(
    State(app): State<App>,
    note: Note,
    id: Id,
    Body(input): Body<MemberInput>,
) -> Result<Json<MemberView>, Refused> {
    let person = app.access.person_named(&input.username).await?;
    let person = person.ok_or_else(|| {
        Refused::new(ErrorCode::Invalid, "There is nobody of this user name. Look it up in the list of people.")
            .at("username")
    })?;
    note.about(Entity::Person { id: person.id.clone(), name: person.username.clone() });
    let member = app.engine.add_member(&id?.0, &person.id).await?;
    Ok(Json(MemberView { user: member.user, username: person.username, since: member.since }))
}

/// Removes a member.
#[utoipa::path(delete, path = "/api/groups/{id}/members/{user}", tag = "Groups", description = "Lets a person belong to a group no longer; it counts at once. Staff only.", params(("id" = String, Path), ("user" = String, Path)), responses((status = 204), (status = 403), (status = 404)))]
pub async fn remove_member(
    State(app): State<App>,
    path: Result<Path<(GroupId, UserId)>, PathRejection>,
) -> Result<StatusCode, Refused> {
    let (group, user) = path?.0;
    app.engine.remove_member(&group, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The servers and folders of a group.
#[utoipa::path(get, path = "/api/groups/{id}/nodes", tag = "Groups", description = "The servers and folders that a group may use, and how. Staff only.", params(("id" = String, Path)), responses((status = 200, body = Vec<GrantView>), (status = 403), (status = 404)))]
pub async fn grants(State(app): State<App>, id: Id) -> Result<Json<Vec<GrantView>>, Refused> {
    Ok(Json(app.engine.grants_of_group(&id?.0).await?))
}

/// Sets what a group may do with a node.
#[utoipa::path(put, path = "/api/groups/{id}/nodes/{node}", tag = "Groups", description = "Sets what a group may do with a server or folder; neither direction takes it away. It counts from the next request and the next task on. Staff only.", params(("id" = String, Path), ("node" = String, Path)), request_body = GrantInput, responses((status = 200, body = GrantView), (status = 403), (status = 404)))]
pub async fn set_grant(
    State(app): State<App>,
    note: Note,
    path: Result<Path<(GroupId, NodeId)>, PathRejection>,
    Body(input): Body<GrantInput>,
) -> Result<Json<GrantView>, Refused> {
    let (group, node) = path?.0;
    note.detail(match (input.source, input.destination) {
        (true, true) => "source and destination",
        (true, false) => "source only",
        (false, true) => "destination only",
        (false, false) => "taken away",
    });
    Ok(Json(app.engine.set_grant(&group, &node, input).await?))
}
