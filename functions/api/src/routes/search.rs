//! Searching: answers are passed on line by line while the servers answer. The question is a body, so that no name stands in an address.

use adit_api::search::{SearchLine, SeriesQuery, SeriesRow, StudyQuery};
use adit_audit::{Entity, Role};
use adit_domain::{NodeId, Uid};
use axum::Json;
use axum::body::Body as Stream;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::Body;
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// Servers that are named in a record.
const MOST: usize = 100;

/// Searches studies. Closing the connection ends the search at the servers.
#[utoipa::path(post, path = "/api/search", tag = "Search", description = "Searches studies at one or several servers. Answers with newline-delimited JSON, a SearchLine each, while the servers answer; closing the connection ends the search. Needs a session and its CSRF token, and the right to search.", request_body = StudyQuery, responses((status = 200, body = SearchLine, content_type = "application/x-ndjson"), (status = 400), (status = 404)))]
pub async fn studies(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    Body(query): Body<StudyQuery>,
) -> Result<Response, Refused> {
    for id in query.sources.iter().take(MOST) {
        note.about(asked(&app, id).await);
    }
    note.about(Entity::Query { level: "STUDY".to_owned(), attributes: attributes(&query) });
    let lines = ReceiverStream::new(app.engine.search(&caller.actor, query).await?);
    let bytes = lines.map(|line| {
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        Ok::<_, serde_json::Error>(Bytes::from(text))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Stream::from_stream(bytes)).into_response())
}

/// The series of a study.
#[utoipa::path(post, path = "/api/search/series", tag = "Search", description = "The series of one study. Needs a session and its CSRF token.", request_body = SeriesQuery, responses((status = 200, body = Vec<SeriesRow>), (status = 400), (status = 404), (status = 502)))]
pub async fn series(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    Body(query): Body<SeriesQuery>,
) -> Result<Json<Vec<SeriesRow>>, Refused> {
    note.about(asked(&app, &query.source).await);
    if let Ok(uid) = Uid::parse(&query.study_instance_uid) {
        note.about(Entity::Study { uid });
    }
    note.about(Entity::Query { level: "SERIES".to_owned(), attributes: vec!["StudyInstanceUID".to_owned()] });
    let rows = app.engine.series(&caller.actor, query).await?;
    note.count(rows.len());
    Ok(Json(rows))
}

async fn asked(app: &App, id: &NodeId) -> Entity {
    Entity::Node { id: id.clone(), name: app.engine.name_of_node(id).await, role: Role::Object }
}

/// Keywords of the attributes that are asked for. Their values name patients and are not recorded.
fn attributes(query: &StudyQuery) -> Vec<String> {
    let asked = [
        ("PatientID", !query.patient_id.is_empty()),
        ("PatientName", !query.patient_name.is_empty()),
        ("PatientBirthDate", !query.patient_birth_date.is_empty()),
        ("StudyDate", !query.study_date_from.is_empty() || !query.study_date_until.is_empty()),
        ("ModalitiesInStudy", !query.modalities.is_empty()),
        ("AccessionNumber", !query.accession_number.is_empty()),
        ("StudyDescription", !query.study_description.is_empty()),
        ("StudyInstanceUID", !query.study_instance_uid.is_empty()),
    ];
    asked.into_iter().filter(|(_, is_asked)| *is_asked).map(|(keyword, _)| keyword.to_owned()).collect()
}
