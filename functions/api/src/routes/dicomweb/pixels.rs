//! Frames, rendered images, thumbnails and values of an image (PS3.18 10.4.1).

use std::future::ready;

use adit_api::error::ErrorCode;
use adit_dicomweb::pixels::{self as form, InvalidAddress, OCTETS, Rendered, TagPath, View, Viewport};
use adit_engine::Refusal;
use adit_engine::gateway::pixels::{Frames, Object, Which};
use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, Stream, StreamExt};

use super::several::{Piece, one, several};
use super::{Target, retrieve};
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// Longer side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 128;
/// Pixel Data, whose value is its frames.
const PIXEL_DATA: u32 = 0x7FE0_0010;

/// Frames as they are stored, or uncompressed.
pub async fn frames(State(app): State<App>, caller: Caller, note: Note, target: Target) -> Result<Response, Refused> {
    let wanted = form::numbers(target.frames.as_deref().unwrap_or_default())?;
    let accept = retrieve::parameter(&target, "accept").unwrap_or_else(|| target.accept.clone());
    let frames = object(&app, &caller, &note, &target).await?.frames(Which::NoLook).await?;
    frames.check(&wanted)?;
    frames_in_form(frames, wanted, &accept, &target).await
}

/// One value that stands outside of the metadata.
pub async fn bulk(State(app): State<App>, caller: Caller, note: Note, target: Target) -> Result<Response, Refused> {
    let path = TagPath::parse(target.value.as_deref().unwrap_or_default())?;
    let accept = retrieve::parameter(&target, "accept").unwrap_or_else(|| target.accept.clone());
    let mut object = object(&app, &caller, &note, &target).await?;
    if path.sequences.is_empty() && path.tag == PIXEL_DATA && object.is_compressed() {
        let frames = object.frames(Which::NoLook).await?;
        let all = (1..=frames.count()).collect();
        return frames_in_form(frames, all, &accept, &target).await;
    }
    let is_single = form::octets(&accept)?;
    let value = object.value(&path).await?;
    let location = format!("{}/bulkdata/{}", location(&target)?, target.value.as_deref().unwrap_or_default());
    let piece = Piece { kind: OCTETS.to_owned(), location, bytes: value };
    if is_single {
        return Ok(one(piece, object));
    }
    // The object stays until its value has been read.
    let parts = stream::iter([Some(piece), None]).scan(object, |_, piece| ready(piece.map(Ok)));
    several(OCTETS, parts).await
}

/// An image, or its frames, as people see them.
pub async fn rendered(State(app): State<App>, caller: Caller, note: Note, target: Target) -> Result<Response, Refused> {
    shown(&app, &caller, &note, target, None).await
}

/// A small picture of an image, a series or a study.
pub async fn thumbnail(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    target: Target,
) -> Result<Response, Refused> {
    shown(&app, &caller, &note, target, Some(Viewport::whole(THUMBNAIL, THUMBNAIL))).await
}

/// `small`: the viewport of a thumbnail, which shows the middle frame when none is named; else it is the first.
async fn shown(
    app: &App,
    caller: &Caller,
    note: &Note,
    mut target: Target,
    small: Option<Viewport>,
) -> Result<Response, Refused> {
    let mut asked = Rendered::parse(&target.query)?;
    asked.viewport = asked.viewport.or(small);
    target.query = std::mem::take(&mut asked.rest);
    let named = target.frames.as_deref().map(form::numbers).transpose()?;
    let accept = asked.accept.clone().unwrap_or_else(|| target.accept.clone());
    let taken = form::pictures(&accept, named.as_ref().map_or(1, Vec::len))?;
    let is_found = target.instance.is_none();
    if is_found {
        let middle = app.engine.middle_of(&caller.actor, &target.server, &target.resource()?).await?;
        target.series = middle.series.map(|uid| uid.to_string());
        target.instance = middle.instance.map(|uid| uid.to_string());
    }
    let which = match (&named, small) {
        (Some(numbers), _) => Which::These(numbers.clone()),
        (None, Some(_)) => Which::Middle,
        (None, None) => Which::These(vec![1]),
    };
    let frames = object(app, caller, note, &target).await?.frames(which).await?;
    let numbers = named.unwrap_or_else(|| vec![if small.is_some() { frames.middle() } else { 1 }]);
    frames.check(&numbers)?;
    // What a search has found has its names at the server, which a pseudonym hides.
    let is_told = !is_found || !retrieve::wish(&target, false)?.options.pseudonymises();
    let place = is_told.then(|| location(&target)).transpose()?;
    let (view, kind) = (asked.view(taken.format), taken.format.media_type());
    let mut pictures = Box::pin(pictures(frames, numbers, view, place));
    if taken.is_single {
        return Ok(one(pictures.next().await.ok_or_else(nothing)??, pictures));
    }
    several(kind, pictures).await
}

async fn frames_in_form(frames: Frames, wanted: Vec<u32>, accept: &str, target: &Target) -> Result<Response, Refused> {
    let form = form::frames(accept, frames.transfer_syntax_uid(), frames.can_decode())?;
    if form.is_single && wanted.len() != 1 {
        return Err(Refused::new(
            ErrorCode::NotAcceptable,
            format!(
                "Several frames are given in parts. Send multipart/related; type=\"{}\" as the header Accept.",
                form.media_type
            ),
        ));
    }
    let (kind, place) = (form.media_type, location(target)?);
    let is_single = form.is_single;
    let mut pieces = Box::pin(stream::unfold((frames, wanted.into_iter()), move |(mut frames, mut wanted)| {
        let (form, place) = (form.clone(), place.clone());
        async move {
            let number = wanted.next()?;
            let bytes = if form.decode { frames.uncompressed(number).await } else { frames.stored(number).await };
            let kind = format!("{}; transfer-syntax={}", form.media_type, form.transfer_syntax_uid);
            let piece = bytes.map(|bytes| Piece { kind, location: format!("{place}/frames/{number}"), bytes });
            Some((piece, (frames, wanted)))
        }
    }));
    if is_single { Ok(one(pieces.next().await.ok_or_else(nothing)??, pieces)) } else { several(kind, pieces).await }
}

fn pictures(
    frames: Frames,
    wanted: Vec<u32>,
    view: View,
    place: Option<String>,
) -> impl Stream<Item = Result<Piece, Refusal>> {
    stream::unfold((frames, wanted.into_iter()), move |(mut frames, mut wanted)| {
        let place = place.clone();
        async move {
            let number = wanted.next()?;
            let kind = view.format.media_type().to_owned();
            let location = place.map(|place| format!("{place}/frames/{number}/rendered")).unwrap_or_default();
            let piece = frames.rendered(number, view).await.map(|bytes| Piece { kind, location, bytes });
            Some((piece, (frames, wanted)))
        }
    })
}

/// The instance of an address, by a retrieval as any other.
async fn object(app: &App, caller: &Caller, note: &Note, target: &Target) -> Result<Object, Refused> {
    let wish = retrieve::wish(target, false)?;
    let mut reader = app.engine.wado(&caller.actor, &target.server, wish).await?;
    retrieve::recorded(note, &mut reader).await?;
    Ok(reader.object().await?.ok_or_else(nothing)?)
}

fn nothing() -> Refusal {
    Refusal::absent(retrieve::NOTHING)
}

/// The address of the instance.
fn location(target: &Target) -> Result<String, Refused> {
    Ok(format!("{}/{}", target.address, target.resource()?.path()))
}

impl From<InvalidAddress> for Refused {
    fn from(error: InvalidAddress) -> Self {
        Self::new(ErrorCode::Invalid, error.0)
    }
}
