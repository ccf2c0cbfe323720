//! The installation as a whole: what everybody is told, settings, how it does, mail to many.

use adit_api::error::ErrorCode;
use adit_api::groups::PageQuery;
use adit_api::installation::{BroadcastInput, BroadcastSent, InstallationInput, InstallationView, Notice, Overview};
use adit_domain::installation::{InstallationConfig, Lock};
use adit_domain::{GroupId, UserId};
use adit_engine::{AddressBook, Addressee};
use adit_mail::Letter;
use axum::Json;
use axum::extract::State;

use super::Body;
use crate::App;
use crate::audit::Note;
use crate::directory::Directory;
use crate::refused::Refused;
use crate::subject::thing;

/// Longest subject of a mail, in characters.
const MAX_SUBJECT: usize = 200;
/// Longest text of a mail, in characters.
const MAX_TEXT: usize = 20_000;

/// What everybody is told.
#[utoipa::path(get, path = "/api/notice", tag = "Installation", description = "The announcement as harmless HTML, and why nothing can be changed or transferred at the moment. Needs a session.", responses((status = 200, body = Notice)))]
pub async fn notice(State(app): State<App>) -> Result<Json<Notice>, Refused> {
    Ok(Json(app.engine.notice().await?))
}

/// The settings.
#[utoipa::path(get, path = "/api/installation", tag = "Installation", description = "The settings of the installation. Staff only.", responses((status = 200, body = InstallationView), (status = 403)))]
pub async fn show(State(app): State<App>) -> Result<Json<InstallationView>, Refused> {
    Ok(Json(app.engine.installation_view().await?))
}

/// Changes the settings.
#[utoipa::path(put, path = "/api/installation", tag = "Installation", description = "Changes the settings of the installation; a stale version is refused. All processes follow within two seconds. Staff only.", request_body = InstallationInput, responses((status = 200, body = InstallationView), (status = 400), (status = 403), (status = 409)))]
pub async fn change(
    State(app): State<App>,
    note: Note,
    Body(input): Body<InstallationInput>,
) -> Result<Json<InstallationView>, Refused> {
    let view = app.engine.change_installation(input).await?;
    note.about(thing("settings", "installation", "of the installation"));
    note.detail(in_words(&view.config));
    Ok(Json(view))
}

/// The settings for the record.
fn in_words(config: &InstallationConfig) -> String {
    let lock = |name: &str, lock: &Lock| match lock.closed() {
        Some(reason) => format!("{name} on ({reason})"),
        None => format!("{name} off"),
    };
    let announcement = if config.announcement.is_empty() { "no announcement" } else { "an announcement" };
    format!(
        "{}, {}, {announcement}, audit events kept for {} days, requests per minute {}/{}/{}, {} retrievals at a time, {} bytes a day",
        lock("maintenance", &config.maintenance),
        lock("suspension", &config.suspension),
        config.audit_days,
        config.limits.per_person,
        config.limits.per_token,
        config.limits.per_address,
        config.limits.open_retrievals,
        config.limits.bytes_per_day
    )
}

/// How it does.
#[utoipa::path(get, path = "/api/overview", tag = "Installation", description = "The newest thousand jobs by status, the queues, and who runs transfers. Staff only.", responses((status = 200, body = Overview), (status = 403)))]
pub async fn overview(State(app): State<App>) -> Result<Json<Overview>, Refused> {
    Ok(Json(app.engine.overview().await?))
}

/// A mail to many.
#[utoipa::path(post, path = "/api/broadcast", tag = "Installation", description = "Sends a mail to everybody with an account that is in use, or to the members of a group. Each gets a mail of their own and learns of no other. Staff only.", request_body = BroadcastInput, responses((status = 200, body = BroadcastSent), (status = 400), (status = 403), (status = 404)))]
pub async fn broadcast(
    State(app): State<App>,
    note: Note,
    Body(input): Body<BroadcastInput>,
) -> Result<Json<BroadcastSent>, Refused> {
    let BroadcastInput { subject, markdown, group } = input;
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    if subject.is_empty() || subject.chars().count() > MAX_SUBJECT || subject.chars().any(char::is_control) {
        let detail = format!("The subject must have 1 to {MAX_SUBJECT} characters.");
        return Err(Refused::new(ErrorCode::Invalid, detail).at("subject"));
    }
    if markdown.trim().is_empty() || markdown.chars().count() > MAX_TEXT {
        let detail = format!("The text must have 1 to {MAX_TEXT} characters.");
        return Err(Refused::new(ErrorCode::Invalid, detail).at("markdown"));
    }
    let people = match &group {
        Some(group) => {
            note.about(thing("group", group.as_str(), &app.engine.group(group).await?.config.name));
            members(&app, group).await?
        }
        None => app.access.everybody().await?,
    };
    let (all, directory) = (people.len(), Directory(app.access.clone()));
    let mut reached = Vec::new();
    for user in people {
        if directory.address(&user).await.map_err(adit_engine::Refusal::from)?.is_some() {
            reached.push(Addressee::Person(user));
        }
    }
    note.count(reached.len());
    let (mails, without) = (reached.len() as u64, (all - reached.len()) as u64);
    app.engine.post_to_all(reached, &Letter::Broadcast { subject, markdown }).await?;
    Ok(Json(BroadcastSent { mails, without_address: without }))
}

async fn members(app: &App, group: &GroupId) -> Result<Vec<UserId>, Refused> {
    let (mut all, mut query) = (Vec::new(), PageQuery { limit: Some(200), after: None });
    loop {
        let (found, next) = app.engine.members(group, &query).await?;
        all.extend(found.into_iter().map(|member| member.user));
        query.after = next;
        if query.after.is_none() {
            return Ok(all);
        }
    }
}
