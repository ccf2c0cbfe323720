//! Searching (QIDO-RS, PS3.18 10.6).

use adit_api::error::ErrorCode;
use adit_audit::Entity;
use adit_dicomweb::query::Query;
use adit_dicomweb::{accept, json};
use adit_domain::Uid;
use adit_engine::LEFT_OUT;
use adit_engine::gateway::query::{Answers, Level, Search};
use axum::extract::State;
use axum::http::header::WARNING;
use axum::response::Response;
use futures_util::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::{Target, array, warning};
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// Studies.
pub async fn studies(app: State<App>, caller: Caller, note: Note, target: Target) -> Result<Response, Refused> {
    search(app, caller, note, target, Level::Study).await
}

/// Series, of a study or of all.
pub async fn series(app: State<App>, caller: Caller, note: Note, target: Target) -> Result<Response, Refused> {
    search(app, caller, note, target, Level::Series).await
}

/// Instances, of a series, of a study or of all.
pub async fn instances(app: State<App>, caller: Caller, note: Note, target: Target) -> Result<Response, Refused> {
    search(app, caller, note, target, Level::Instance).await
}

async fn search(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    target: Target,
    level: Level,
) -> Result<Response, Refused> {
    let query = Query::parse(&target.query).map_err(|error| Refused::new(ErrorCode::Invalid, error.0))?;
    accept::json(query.accept.as_deref().unwrap_or(&target.accept))?;
    let asked = query.keys.iter().filter(|key| !key.values.is_empty()).map(|key| key.attribute.name());
    note.about(Entity::Query { level: level.name().to_owned(), attributes: asked.collect() });
    let uid = |text: &Option<String>| text.as_deref().map(Uid::parse).transpose();
    let mut said = query.ignored.clone();
    let is_told_no_names = caller.actor.is_told_no_names();
    if is_told_no_names {
        said.push(LEFT_OUT);
    }
    let (study, series) = (uid(&target.study)?, uid(&target.series)?);
    let search = Search { level, study, series, query, address: target.address };
    let Answers { found, remarks } = app.engine.qido(&caller.actor, &target.server, search).await?;
    let found = ReceiverStream::new(found).map(|answer| answer.map(|found| json::to_json(&found)));
    let mut response = array::array(found).await?;
    // What is remarked while the body is sent comes too late. Servers may name a patient in their remarks.
    let of_server = if is_told_no_names { Vec::new() } else { remarks.warnings() };
    for value in said.into_iter().map(str::to_owned).chain(of_server).filter_map(|sentence| warning(&sentence)) {
        response.headers_mut().append(WARNING, value);
    }
    Ok(response)
}
