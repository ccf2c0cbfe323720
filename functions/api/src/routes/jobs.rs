//! Jobs. Owners see and act on their own; staff on all. A job of somebody else answers as absent.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use adit_api::error::ErrorCode;
use adit_api::groups::PageQuery;
use adit_api::jobs::{CreateJob, Decision, JobFilter, JobPage, JobPatch, JobSnapshot, JobView};
use adit_api::projects::JobReport;
use adit_audit::{Entity, Role};
use adit_domain::job::JobAction;
use adit_domain::{JobId, NodeId, Uid};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use tokio_stream::wrappers::ReceiverStream;

use super::Body;
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// How often a watched job is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Who looks, and what they may, is found out anew this often while events flow, in looks.
const CHECK_SESSION: u32 = 20;
/// Studies and servers of a job that are named in its record; all of its transfers are recorded by themselves.
const LISTED: usize = 100;

type Id = Result<Path<JobId>, PathRejection>;

/// Jobs, newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "Jobs", description = "The own jobs, newest first; with all=true everybody's (staff). Needs a session.", params(JobFilter), responses((status = 200, body = JobPage), (status = 403)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    filter: Result<Query<JobFilter>, QueryRejection>,
) -> Result<Json<JobPage>, Refused> {
    Ok(Json(app.engine.jobs(&caller.actor, filter?.0).await?))
}

/// Creates a job.
#[utoipa::path(post, path = "/api/jobs", tag = "Jobs", description = "Creates a transfer of the chosen studies or series; it starts at once. Needs a session and its CSRF token.", request_body = CreateJob, responses((status = 201, body = JobView), (status = 400), (status = 404), (status = 409)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    Body(wish): Body<CreateJob>,
) -> Result<(StatusCode, Json<JobView>), Refused> {
    let sources: BTreeSet<&NodeId> = wish.studies.iter().map(|study| &study.source).take(LISTED).collect();
    for (id, role) in sources.into_iter().map(|id| (id, Role::Source)).chain([(&wish.destination, Role::Destination)]) {
        let name = app.engine.name_of_node(id).await;
        note.about(Entity::Node { id: id.clone(), name, role });
    }
    for uid in wish.studies.iter().take(LISTED).filter_map(|study| Uid::parse(&study.study_instance_uid).ok()) {
        note.about(Entity::Study { uid });
    }
    note.count(wish.studies.len());
    note.detail(if wish.options.pseudonymises() { "pseudonymised" } else { "not pseudonymised" });
    if wish.urgent {
        note.detail("urgent");
    }
    let job = app.engine.create_job(&caller.actor, wish).await?;
    note.about(Entity::Job { id: job.id.clone() });
    Ok((StatusCode::CREATED, Json(job)))
}

/// One job with its tasks; with If-None-Match 304 when nothing has changed.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "Jobs", description = "A job with its tasks. Answers with an ETag; with If-None-Match 304 when nothing has changed. Owner or staff.", params(("id" = String, Path)), responses((status = 200, body = JobSnapshot), (status = 304), (status = 404)))]
pub async fn show(State(app): State<App>, caller: Caller, id: Id, headers: HeaderMap) -> Result<Response, Refused> {
    let snapshot = app.engine.snapshot(&caller.actor, &id?.0).await?;
    let text = serde_json::to_string(&snapshot).unwrap_or_default();
    let tag = format!("\"{:x}\"", fingerprint(&text));
    if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(([(header::ETAG, tag), (header::CONTENT_TYPE, "application/json".to_owned())], text).into_response())
}

fn fingerprint(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Urgent or no longer.
#[utoipa::path(patch, path = "/api/jobs/{id}", tag = "Jobs", description = "Lets a job go before others, or no longer. Owner or staff, with CSRF token.", params(("id" = String, Path)), request_body = JobPatch, responses((status = 200, body = JobView), (status = 404)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    id: Id,
    note: Note,
    Body(patch): Body<JobPatch>,
) -> Result<Json<JobView>, Refused> {
    note.detail(if patch.urgent { "urgent" } else { "not urgent" });
    Ok(Json(app.engine.set_urgent(&caller.actor, &id?.0, patch.urgent).await?))
}

/// Deletes a job.
#[utoipa::path(delete, path = "/api/jobs/{id}", tag = "Jobs", description = "Deletes a job that does not run. Owner or staff, with CSRF token.", params(("id" = String, Path)), responses((status = 204), (status = 404), (status = 409)))]
pub async fn remove(State(app): State<App>, caller: Caller, id: Id) -> Result<StatusCode, Refused> {
    app.engine.act(&caller.actor, &id?.0, JobAction::Delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Jobs that wait for approval.
#[utoipa::path(get, path = "/api/jobs/waiting", tag = "Jobs", description = "The jobs of the active group that wait for approval, the oldest first. Needs a session and the right to approve jobs.", params(PageQuery), responses((status = 200, body = JobPage), (status = 403)))]
pub async fn waiting(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<JobPage>, Refused> {
    Ok(Json(app.engine.waiting_jobs(&caller.actor, &query?.0).await?))
}

/// Cancel, resume, retry, restart, approve, reject.
#[utoipa::path(post, path = "/api/jobs/{id}/{action}", tag = "Jobs", description = "Does cancel, resume, retry or restart (staff), as the job's list of actions allows: owner or staff, with CSRF token. approve and reject decide about a job that waits: members of its group with the right to approve, not its owner.", params(("id" = String, Path), ("action" = JobAction, Path)), request_body = Option<Decision>, responses((status = 200, body = JobView), (status = 403), (status = 404), (status = 409)))]
pub async fn act(
    State(app): State<App>,
    caller: Caller,
    path: Result<Path<(JobId, JobAction)>, PathRejection>,
    body: Bytes,
) -> Result<Response, Refused> {
    let (id, action) = path?.0;
    if action.is_decision() {
        // Nothing, or null, is no reason.
        let decision: Option<Decision> = if body.is_empty() {
            None
        } else {
            serde_json::from_slice(&body).map_err(|_| {
                Refused::new(ErrorCode::Invalid, "The reason cannot be understood. Send it as {\"reason\": \"...\"}.")
            })?
        };
        let reason = decision.unwrap_or_default().reason;
        return Ok(Json(app.engine.decide(&caller.actor, &id, action, &reason).await?).into_response());
    }
    Ok(match app.engine.act(&caller.actor, &id, action).await? {
        Some(view) => Json(view).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// The report of de-identification.
#[utoipa::path(get, path = "/api/jobs/{id}/deidentification", tag = "Jobs", description = "What de-identification did to the images of a job, as a JSON file to keep; it holds no values of the source. Owner or staff.", params(("id" = String, Path)), responses((status = 200, body = JobReport), (status = 404)))]
pub async fn report(State(app): State<App>, caller: Caller, id: Id) -> Result<Response, Refused> {
    let report = app.engine.job_report(&caller.actor, &id?.0).await?;
    let name = format!("attachment; filename=\"de-identification-{}.json\"", report.job);
    let text = serde_json::to_string_pretty(&report).unwrap_or_default();
    Ok(([(header::CONTENT_DISPOSITION, name), (header::CONTENT_TYPE, "application/json".to_owned())], text)
        .into_response())
}

/// Live snapshots of a job.
#[utoipa::path(get, path = "/api/jobs/{id}/events", tag = "Jobs", description = "Server-sent events named snapshot, each a JobSnapshot, whenever something has changed. Ends when the job is deleted or the session ends. Owner or staff.", params(("id" = String, Path)), responses((status = 200, body = JobSnapshot, content_type = "text/event-stream"), (status = 404)))]
pub async fn events(
    State(app): State<App>,
    mut caller: Caller,
    id: Id,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let id = id?.0;
    app.engine.snapshot(&caller.actor, &id).await?;
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        let (mut last, mut looks) = (String::new(), 0_u32);
        while let Ok(snapshot) = app.engine.snapshot(&caller.actor, &id).await {
            let text = serde_json::to_string(&snapshot).unwrap_or_default();
            if text != last {
                if sender.send(Ok(Event::default().event("snapshot").data(&text))).await.is_err() {
                    return;
                }
                last = text;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = sender.closed() => return,
            }
            looks += 1;
            if looks.is_multiple_of(CHECK_SESSION) {
                let Some(again) = caller.again(&app).await else { return };
                caller = again;
            }
        }
    });
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::default()))
}
