//! The audit trail for auditors: a page of it, a file of it, and whether it holds. That it was read is recorded by the guard.

use std::time::Duration;

use adit_api::audit::{AuditEntry, AuditPage, AuditQuery, AuditVerdict, ExportQuery};
use adit_api::error::ErrorCode;
use adit_audit::{Entity, Entry, Filter, Kind, Outcome, Trail, TrailError};
use adit_domain::{Timestamp, Uid};
use adit_engine::Refusal;
use axum::Json;
use axum::body::Body as Stream;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use crate::App;
use crate::audit::Note;
use crate::refused::Refused;

/// Events on a page unless asked otherwise.
const PAGE: usize = 50;
/// How long a verification may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Parts of an export that wait for a slow reader.
const WAITING: usize = 2;

/// A page.
#[utoipa::path(get, path = "/api/audit", tag = "Audit", description = "A page of the audit trail, newest first; it may hold few events and still not be the last one. Needs a session and the right to read the audit record.", params(AuditQuery), responses((status = 200, body = AuditPage), (status = 400), (status = 403)))]
pub async fn list(
    State(app): State<App>,
    note: Note,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditPage>, Refused> {
    let query = query?.0;
    let (limit, after) = (query.limit.unwrap_or(PAGE), query.after.clone());
    let Some(filter) = filter(&app, query).await? else {
        return Ok(Json(AuditPage { entries: Vec::new(), unreadable: 0, next: None }));
    };
    note.detail(asked(&filter));
    let found = app.engine.trail().search(&filter, limit, after.as_deref()).await?;
    Ok(Json(AuditPage {
        entries: found.entries.into_iter().map(entry).collect(),
        unreadable: found.unreadable as u64,
        next: found.next,
    }))
}

/// What is searched for; `None`: done by somebody who does not exist.
async fn filter(app: &App, query: AuditQuery) -> Result<Option<Filter>, Refused> {
    let kinds = match query.kind.as_deref().filter(|kind| !kind.is_empty()) {
        Some(name) => vec![Kind::from_name(name).ok_or_else(|| invalid("kind", "There is no such kind of event."))?],
        None => Vec::new(),
    };
    let outcome = query.outcome.map(Outcome::try_from).transpose().map_err(Refused::from)?;
    let study = query.study.filter(|uid| !uid.trim().is_empty());
    let study = study.map(|uid| Uid::parse(uid.trim())).transpose().map_err(Refused::from)?;
    let user = match query.person.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => match app.access.person_named(name).await? {
            Some(person) => Some(person.id),
            None => return Ok(None),
        },
        None => None,
    };
    let (from, to) = (query.from.map(Timestamp), query.to.map(Timestamp));
    Ok(Some(Filter { from, to, kinds, outcome, user, node: query.node, job: query.job, study }))
}

fn invalid(field: &str, detail: &str) -> Refused {
    Refused::new(ErrorCode::Invalid, detail).at(field)
}

/// Which filters were set, for the record.
fn asked(filter: &Filter) -> String {
    let set = [
        (filter.from.is_some() || filter.to.is_some(), "time"),
        (!filter.kinds.is_empty(), "kind"),
        (filter.outcome.is_some(), "outcome"),
        (filter.user.is_some(), "person"),
        (filter.node.is_some(), "server"),
        (filter.job.is_some(), "job"),
        (filter.study.is_some(), "study"),
    ];
    let set: Vec<&str> = set.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word).collect();
    if set.is_empty() { "everything".to_owned() } else { format!("by {}", set.join(", ")) }
}

fn entry(found: Entry) -> AuditEntry {
    let event = &found.record.event;
    let job = event.entities.iter().find_map(|entity| match entity {
        Entity::Job { id } => Some(id.clone()),
        _ => None,
    });
    let study = event.entities.iter().find_map(|entity| match entity {
        Entity::Study { uid } => Some(uid.to_string()),
        _ => None,
    });
    AuditEntry {
        id: found.record.id.to_string(),
        at: found.record.at,
        kind: event.kind().name().to_owned(),
        outcome: event.outcome.into(),
        sentence: event.sentence(),
        person: event.actor.name.clone(),
        user: event.actor.user.clone(),
        address: event.actor.address.clone(),
        process: found.record.process.clone(),
        patient_id: event.patient_id().map(str::to_owned),
        job,
        study,
        intact: found.intact,
    }
}

/// A file.
#[utoipa::path(get, path = "/api/audit/export", tag = "Audit", description = "The audit trail as a file: a FHIR R4 AuditEvent a line, oldest first, with its place in the chain. It holds patient IDs. Needs a session and the right to read the audit record.", params(ExportQuery), responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = 400), (status = 403)))]
pub async fn export(
    State(app): State<App>,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, Refused> {
    let query = query?.0;
    let (from, to) = (Timestamp(query.from.unwrap_or(0)), Timestamp(query.to.unwrap_or(i64::MAX)));
    let (sender, receiver) = mpsc::channel(WAITING);
    let trail = app.engine.trail();
    tokio::spawn(async move {
        if let Err(error) = pass_on(&trail, from, to, &sender).await {
            tracing::error!(error = %error, "an export of the audit trail broke off");
            // The reader notices: the file ends as a broken one.
            let _ = sender.send(Err(std::io::Error::other("the export broke off"))).await;
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit-trail.ndjson\""),
    ];
    Ok((headers, Stream::from_stream(ReceiverStream::new(receiver))).into_response())
}

async fn pass_on(
    trail: &Trail,
    from: Timestamp,
    to: Timestamp,
    sender: &mpsc::Sender<std::io::Result<Bytes>>,
) -> Result<(), TrailError> {
    let mut place = None;
    loop {
        let part = trail.export(from, to, place).await?;
        if !part.lines.is_empty() {
            let text = part.lines.join("\n") + "\n";
            if sender.send(Ok(Bytes::from(text))).await.is_err() {
                return Ok(());
            }
        }
        place = part.next;
        if place.is_none() {
            return Ok(());
        }
    }
}

/// Whether it holds.
#[utoipa::path(post, path = "/api/audit/verify", tag = "Audit", description = "Verifies the whole audit trail: whether anything was changed, added or taken away. One at a time, for 20 seconds at most. Needs a session with its CSRF token and the right to read the audit record.", responses((status = 200, body = AuditVerdict), (status = 403), (status = 409)))]
pub async fn verify(State(app): State<App>, note: Note) -> Result<Json<AuditVerdict>, Refused> {
    static ONE: Semaphore = Semaphore::const_new(1);
    let _turn = ONE.try_acquire().map_err(|_| {
        Refused::new(ErrorCode::Conflict, "The audit trail is being verified already. Try again in a minute.")
    })?;
    let report = tokio::time::timeout(PATIENCE, app.engine.trail().verify()).await.map_err(|_| {
        Refused::new(
            ErrorCode::Conflict,
            "The audit trail is too long to be verified here. Use the command line on the server: adit audit verify.",
        )
    })??;
    note.detail(if report.holds() { "it holds" } else { "it does NOT hold" });
    Ok(Json(AuditVerdict {
        holds: report.holds(),
        chains: report.chains,
        events: report.events,
        expired: report.expired,
        findings: report.findings.into_iter().map(|finding| finding.sentence).collect(),
        more: report.more,
    }))
}

impl From<TrailError> for Refused {
    fn from(error: TrailError) -> Self {
        match error {
            TrailError::ForeignPage => invalid("after", "This page of the list does not exist any more. Search again."),
            TrailError::Store(error) => Refusal::from(error).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use adit_api::audit::KINDS;
    use adit_audit::Kind;

    #[test]
    fn every_kind_has_words() {
        let named: BTreeSet<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(named, Kind::ALL.iter().map(|kind| kind.name()).collect());
    }
}
