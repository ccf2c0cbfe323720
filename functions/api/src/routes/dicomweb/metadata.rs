//! The data of images without their pixels (PS3.18 10.4.1.1.2).

use adit_dicomweb::accept;
use adit_engine::Refusal;
use adit_engine::gateway::retrieval::Reader;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::io::AsyncReadExt;

use super::retrieve::{NOTHING, parameter, recorded, wish};
use super::{Target, array};
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// Metadata of a study, a series, or one image.
pub async fn show(State(app): State<App>, caller: Caller, note: Note, target: Target) -> Result<Response, Refused> {
    let wish = wish(&target, true)?;
    accept::json(&parameter(&target, "accept").unwrap_or_else(|| target.accept.clone()))?;
    let mut reader = app.engine.wado(&caller.actor, &target.server, wish).await?;
    recorded(&note, &mut reader).await?;
    array::array(Box::pin(objects(reader))).await
}

/// The objects, one after the other.
fn objects(reader: Reader) -> impl Stream<Item = Result<Vec<u8>, Refusal>> {
    stream::unfold((Some(reader), true), |(reader, is_first)| async move {
        let mut reader = reader?;
        match one(&mut reader).await {
            Ok(Some(json)) => Some((Ok(json), (Some(reader), false))),
            // Nobody is to take nothing for an answer.
            Ok(None) if is_first => Some((Err(Refusal::absent(NOTHING)), (None, false))),
            Ok(None) => None,
            Err(refusal) => Some((Err(refusal), (None, false))),
        }
    })
    .fuse()
}

async fn one(reader: &mut Reader) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(mut part) = reader.next().await? else { return Ok(None) };
    let mut json = Vec::with_capacity(usize::try_from(part.size).unwrap_or(0));
    part.bytes.read_to_end(&mut json).await.map_err(|error| {
        tracing::error!(error = %error, "a staged object cannot be read");
        Refusal::peer("The staging area cannot be read.")
    })?;
    Ok(Some(json))
}
