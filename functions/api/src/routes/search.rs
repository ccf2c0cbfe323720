//! Searching: answers are passed on line by line while the servers answer. The question is a body, so that no name stands in an address.

use adit_api::search::{SearchLine, SeriesQuery, SeriesRow, StudyQuery};
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
use crate::caller::Caller;
use crate::refused::Refused;

/// Searches studies. Closing the connection ends the search at the servers.
#[utoipa::path(post, path = "/api/search", tag = "Search", description = "Searches studies at one or several servers. Answers with newline-delimited JSON, a SearchLine each, while the servers answer; closing the connection ends the search. Needs a session and its CSRF token, and the right to search.", request_body = StudyQuery, responses((status = 200, body = SearchLine, content_type = "application/x-ndjson"), (status = 400), (status = 404)))]
pub async fn studies(
    State(app): State<App>,
    caller: Caller,
    Body(query): Body<StudyQuery>,
) -> Result<Response, Refused> {
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
    Body(query): Body<SeriesQuery>,
) -> Result<Json<Vec<SeriesRow>>, Refused> {
    Ok(Json(app.engine.series(&caller.actor, query).await?))
}
