//! Saving a study as a file.

use adit_api::downloads::{Download, DownloadInput, DownloadProgress};
use adit_audit::{Entity, Role};
use adit_domain::Uid;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::Body;
use crate::App;
use crate::archive;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// Asks the server and says what will come.
#[utoipa::path(post, path = "/api/downloads", tag = "Downloads", description = "Prepares a download of a study, or of some series of it, and says what will come. It has to be begun within a minute. Needs a session, its CSRF token, and the right to download.", request_body = DownloadInput, responses((status = 200, body = Download), (status = 400), (status = 403), (status = 404), (status = 503)))]
pub async fn prepare(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    Body(input): Body<DownloadInput>,
) -> Result<Json<Download>, Refused> {
    describe(&app, &note, &input).await;
    Ok(Json(app.engine.prepare_download(&caller.actor, input).await?))
}

/// The file.
#[utoipa::path(get, path = "/api/downloads/{ticket}", tag = "Downloads", description = "The study as a zip file, sent while it is fetched. A failure breaks it off. Needs the session or token that prepared it.", params(("ticket" = String, Path)), responses((status = 200, content_type = "application/zip"), (status = 404)))]
pub async fn file(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    Path(ticket): Path<String>,
) -> Result<Response, Refused> {
    let (mut reader, input) = app.engine.begin_download(&caller.actor, &ticket).await?;
    describe(&app, &note, &input).await;
    let known = reader.known().await?;
    note.patient(&known.patient_id);
    note.count(usize::try_from(known.expected).unwrap_or(usize::MAX));
    // Until something has come a failure has a status of its own.
    let first = reader.ready().await?;
    if first.is_none() {
        return Err(super::dicomweb::nothing());
    }
    // The name says nothing that the images do not say.
    let name = if input.options.pseudonymises() {
        "study_download.zip".to_owned()
    } else {
        format!("study_download_{}.zip", input.study_instance_uid)
    };
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, archive::zip(reader, name.trim_end_matches(".zip").to_owned())).into_response())
}

/// How far it is.
#[utoipa::path(get, path = "/api/downloads/{ticket}/progress", tag = "Downloads", description = "How many images have come. Needs the session or token that prepared it.", params(("ticket" = String, Path)), responses((status = 200, body = DownloadProgress), (status = 404)))]
pub async fn progress(
    State(app): State<App>,
    caller: Caller,
    Path(ticket): Path<String>,
) -> Result<Json<DownloadProgress>, Refused> {
    Ok(Json(app.engine.download_progress(&caller.actor, &ticket).await?))
}

async fn describe(app: &App, note: &Note, input: &DownloadInput) {
    let name = app.engine.name_of_node(&input.source).await;
    note.about(Entity::Node { id: input.source.clone(), name, role: Role::Object });
    if let Ok(uid) = Uid::parse(&input.study_instance_uid) {
        note.about(Entity::Study { uid });
    }
    note.detail(if input.options.pseudonymises() { "pseudonymised" } else { "not pseudonymised" });
}
