//! The data of images without their pixels (PS3.18 10.4.1.1.2). Values that are left out have an address, which leads to the same object:
//! in the layout that was asked, with the parameters that were sent. Those of an image with a pseudonym have none.

use std::sync::Arc;

use adit_dicomweb::{accept, json, paths};
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
    array::array(Box::pin(objects(reader, Around::of(&target)))).await
}

/// What stands around the address of a value.
struct Around {
    before: String,
    after: String,
}

impl Around {
    fn of(target: &Target) -> Arc<Self> {
        let study = paths::path(target.study.as_deref().unwrap_or_default(), None, None);
        let parameters =
            form_urlencoded::parse(target.query.as_bytes()).filter(|(name, _)| name != "accept" && name != "charset");
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let after = if query.is_empty() { query } else { format!("?{query}") };
        Arc::new(Self { before: format!("{}/{study}/", target.address), after })
    }
}

/// The objects, one after the other.
fn objects(reader: Reader, around: Arc<Around>) -> impl Stream<Item = Result<Vec<u8>, Refusal>> {
    stream::unfold((Some(reader), true), move |(reader, is_first)| {
        let around = Arc::clone(&around);
        async move {
            let mut reader = reader?;
            match one(&mut reader).await {
                Ok(Some(object)) => {
                    let object = json::complete(&object, &around.before, &around.after);
                    Some((Ok(object), (Some(reader), false)))
                }
                // Nobody is to take nothing for an answer.
                Ok(None) if is_first => Some((Err(Refusal::absent(NOTHING)), (None, false))),
                Ok(None) => None,
                Err(refusal) => Some((Err(refusal), (None, false))),
            }
        }
    })
    .fuse()
}

async fn one(reader: &mut Reader) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(part) = reader.next().await? else { return Ok(None) };
    let mut json = Vec::with_capacity(usize::try_from(part.size).unwrap_or(0));
    part.content.stream().read_to_end(&mut json).await.map_err(|error| {
        tracing::error!(error = %error, "a staged object cannot be read");
        Refusal::peer("The staging area cannot be read.")
    })?;
    Ok(Some(json))
}
