//! Fetching images (WADO-RS, PS3.18 10.4).

use std::time::Duration;

use adit_api::error::ErrorCode;
use adit_dicomweb::accept::{self, Instances, Syntaxes};
use adit_dicomweb::multipart::Writer;
use adit_domain::transfer::TransferOptions;
use adit_engine::gateway::retrieval::{Known, Part, Reader, Wish};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, WARNING};
use axum::response::Response;
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{Target, parts, warning};
use crate::App;
use crate::audit::Note;
use crate::caller::Caller;
use crate::refused::Refused;

/// How long the status waits for the first image: until then a failure has a status of its own.
pub(super) const FIRST: Duration = Duration::from_secs(10);
/// Type of an image that is given as one file.
const FILE: &str = "application/dicom";

/// Why there is nothing although the server holds something.
pub(super) const NOTHING: &str =
    "Nothing of this may leave: all of it is held back, because it may show who the patient is.";

/// Images of a study, a series, or one image.
pub async fn instances(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    target: Target,
) -> Result<Response, Refused> {
    let wish = wish(&target, false)?;
    let accept = parameter(&target, "accept").unwrap_or_else(|| target.accept.clone());
    let ways = accept::instances(&accept, target.instance.is_some())?;
    let mut reader = app.engine.wado(&caller.actor, &target.server, wish).await?;
    let known = recorded(&note, &mut reader).await?;
    let mut response = answer(reader, ways).await?;
    if known.held_back > 0 {
        let sentence = format!("{} objects stay behind because their text names people", known.held_back);
        response.headers_mut().extend(warning(&sentence).map(|value| (WARNING, value)));
    }
    Ok(response)
}

/// What the address and the parameters of a client ask for.
pub(super) fn wish(target: &Target, metadata: bool) -> Result<Wish, Refused> {
    let mut options = TransferOptions::default();
    for (name, value) in form_urlencoded::parse(target.query.as_bytes()) {
        match &*name {
            "pseudonym" => options.pseudonym = value.into_owned(),
            "trial_protocol_id" => options.trial_protocol_id = value.into_owned(),
            "trial_protocol_name" => options.trial_protocol_name = value.into_owned(),
            "project" => options.project = value.into_owned(),
            "profile" => options.profile = value.into_owned(),
            "accept" | "" => {}
            // Everything is in this one (PS3.18 8.3.3.2).
            "charset" if value.eq_ignore_ascii_case("utf-8") => {}
            "charset" => {
                return Err(Refused::new(
                    ErrorCode::Invalid,
                    "Text is given in UTF-8 only. Send charset=utf-8, or no charset.",
                ));
            }
            _ => {
                let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                return Err(Refused::new(
                    ErrorCode::Invalid,
                    format!(
                        "There is no parameter {name} here. Possible are pseudonym, trial_protocol_id, trial_protocol_name, project and profile."
                    ),
                ));
            }
        }
    }
    Ok(Wish { resource: target.resource()?, series: Vec::new(), options, metadata })
}

pub(super) fn parameter(target: &Target, wanted: &str) -> Option<String> {
    form_urlencoded::parse(target.query.as_bytes())
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
}

/// Waits until it is known what will come, and puts it on record.
pub(super) async fn recorded(note: &Note, reader: &mut Reader) -> Result<Known, Refused> {
    note.detail(format!("retrieval {}", reader.retrieval()));
    let known = reader.known().await?;
    put_on_record(note, &known);
    Ok(known)
}

pub(super) fn put_on_record(note: &Note, known: &Known) {
    note.patient(&known.patient_id);
    note.count(usize::try_from(known.expected).unwrap_or(usize::MAX));
}

/// What is read, in the best way that is possible.
async fn answer(mut reader: Reader, mut ways: Vec<Instances>) -> Result<Response, Refused> {
    if let [Instances { as_file: false, syntaxes }, ..] = &ways[..]
        && syntaxes.are_stored()
    {
        let first = timeout(FIRST, reader.ready()).await.ok().transpose()?;
        if first == Some(None) {
            return Err(super::nothing());
        }
        return in_parts(reader, ways.swap_remove(0).syntaxes, None);
    }
    // Which transfer syntax an image has, and whether it can be decoded, shows when it is there.
    let taken: Vec<&Syntaxes> = ways.iter().map(|way| &way.syntaxes).collect();
    let (number, part) = reader.next_in_one_of(&taken).await?.ok_or_else(super::nothing)?;
    let Instances { as_file, syntaxes } = ways.swap_remove(number);
    if as_file { Ok(file(reader, part)) } else { in_parts(reader, syntaxes, Some(part)) }
}

/// `first`: the first part, where it is known already whether it can be given.
fn in_parts(reader: Reader, syntaxes: Syntaxes, first: Option<Part>) -> Result<Response, Refused> {
    let writer = writer()?;
    let kind = HeaderValue::from_str(&writer.content_type("application/dicom"));
    let mut response = Response::new(parts::body(reader, writer, syntaxes, first));
    response.headers_mut().extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    Ok(response)
}

/// A body of parts that begins.
pub(super) fn writer() -> Result<Writer, Refused> {
    Writer::new().map_err(|error| {
        tracing::error!(error = %error, "the system gives no random numbers");
        Refused::new(
            ErrorCode::Internal,
            "Something broke here. Try again; if it stays like this, tell an administrator.",
        )
    })
}

fn file(reader: Reader, part: Part) -> Response {
    let kind = format!("{FILE}; transfer-syntax={}", part.transfer_syntax_uid);
    let size = part.size;
    // The reader goes when the last byte has gone.
    let bytes = parts::bytes(part).map(move |piece| {
        let _reading = &reader;
        piece
    });
    let mut response = Response::new(Body::from_stream(bytes));
    response.headers_mut().insert(CONTENT_LENGTH, size.into());
    response.headers_mut().extend(HeaderValue::from_str(&kind).map(|kind| (CONTENT_TYPE, kind)));
    response
}
