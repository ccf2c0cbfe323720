//! The preview of de-identification. Only staff: who may feed any Patient ID to a project's key could find out who is behind a pseudonym.

use adit_api::error::ErrorCode;
use adit_api::projects::{Preview, PreviewQuery};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use futures_util::StreamExt;

use crate::App;
use crate::refused::Refused;

/// Largest file in bytes; it streams by and is not kept.
const MAX_FILE: u64 = 1 << 30;

/// What de-identification would do to a file.
#[utoipa::path(post, path = "/api/deid/preview", tag = "Projects", description = "Tells what de-identification by a project's rules would do to one DICOM file, the body: every change with the value before and after. Nothing is stored. Staff only.", params(PreviewQuery), request_body(content = Vec<u8>, content_type = "application/dicom"), responses((status = 200, body = Preview), (status = 400), (status = 403), (status = 404)))]
pub async fn preview(
    State(app): State<App>,
    query: Result<Query<PreviewQuery>, QueryRejection>,
    file: Body,
) -> Result<Json<Preview>, Refused> {
    let mut run = app.engine.preview(query?.0).await?;
    let (mut pieces, mut size) = (file.into_data_stream(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Refused::new(ErrorCode::Invalid, "The file broke off. Try again."))?;
        size += piece.len() as u64;
        if size > MAX_FILE {
            return Err(Refused::new(ErrorCode::Invalid, "The file is larger than 1 GB. Choose a smaller one."));
        }
        run.push(&piece)?;
    }
    Ok(Json(run.finish()?))
}
