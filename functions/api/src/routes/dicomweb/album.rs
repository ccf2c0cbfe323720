//! All images of a series or a study as people see them (PS3.18 10.4.1.1.3): a picture of each, of its first frame.

use adit_api::error::ErrorCode;
use adit_dicomweb::pixels::{self as form, Rendered, View};
use adit_engine::Refusal;
use adit_engine::gateway::pixels::Which;
use adit_engine::gateway::retrieval::{Place, Reader};
use axum::extract::State;
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};

use super::several::{Piece, one, several};
use super::{Target, retrieve};
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// Pictures, each made when the one before has been taken. Reports and other objects without pixels are left out.
pub async fn rendered(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    mut target: Target,
) -> Result<Response, Refused> {
    let mut asked = Rendered::parse(&target.query)?;
    target.query = std::mem::take(&mut asked.rest);
    let accept = asked.accept.clone().unwrap_or_else(|| target.accept.clone());
    let wish = retrieve::wish(&target, false)?;
    // Addresses at the server would lead from a pseudonym back to the images.
    let address = (!wish.options.pseudonymises()).then(|| address(&target));
    let mut reader = app.engine.wado(&caller.actor, &target.server, wish).await?;
    let known = retrieve::recorded(&note, &mut reader).await?;
    let taken = form::pictures(&accept, usize::try_from(known.expected).unwrap_or(usize::MAX))?;
    let (view, kind) = (asked.view(taken.format), taken.format.media_type());
    let mut pictures = Box::pin(pictures(reader, view, address));
    let first = pictures.next().await.ok_or_else(no_image)??;
    if taken.is_single {
        Ok(one(first, ()))
    } else {
        several(kind, Box::pin(stream::iter([Ok(first)]).chain(pictures))).await
    }
}

/// The address of the study.
fn address(target: &Target) -> String {
    format!("{}/studies/{}", target.address, target.study.as_deref().unwrap_or_default())
}

fn pictures(reader: Reader, view: View, address: Option<String>) -> impl Stream<Item = Result<Piece, Refusal>> {
    stream::try_unfold((reader, address), move |(mut reader, address)| async move {
        let picture = next(&mut reader, view, address.as_deref()).await?;
        Ok(picture.map(|picture| (picture, (reader, address))))
    })
}

/// The picture of the next instance that has pixels.
async fn next(reader: &mut Reader, view: View, address: Option<&str>) -> Result<Option<Piece>, Refusal> {
    while let Some((object, Place { series, instance })) = reader.next_object().await? {
        let mut frames = match object.frames(Which::These(vec![1])).await {
            Err(refusal) if refusal.body.code == ErrorCode::NotAcceptable => continue,
            frames => frames?,
        };
        let bytes = frames.rendered(1, view).await?;
        let location = address.map(|study| format!("{study}/series/{series}/instances/{instance}/rendered"));
        let kind = view.format.media_type().to_owned();
        return Ok(Some(Piece { kind, location: location.unwrap_or_default(), bytes }));
    }
    Ok(None)
}

fn no_image() -> Refused {
    Refused::new(
        ErrorCode::NotAcceptable,
        "There is no image among these objects, only reports and the like. Fetch them as application/dicom.",
    )
}
