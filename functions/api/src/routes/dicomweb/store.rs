//! STOW-RS (PS3.18 10.5): a body of parts is read as it arrives and given to the engine part by part.
//!
//! The reading is a task of its own: when a program hangs up, what has come as a whole goes on to its server, and is on record all the same.
//! A program that waits for more than a few seconds gets blanks meanwhile, because its patience is counted from byte to byte.

use std::net::SocketAddr;
use std::time::Duration;

use adit_api::error::ErrorCode;
use adit_audit::Entity;
use adit_dicomweb::accept::{self, MediaType};
use adit_dicomweb::json::MEDIA_TYPE;
use adit_dicomweb::multipart::{Event, Limits, MultipartError, Reader, part_type};
use adit_dicomweb::store::StoreAnswer;
use adit_engine::gateway::store::{Store, StoreWish};
use axum::Extension;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::oneshot;
use tracing::Instrument;

use super::Target;
use crate::App;
use crate::audit::{self, Note, Sender};
use crate::caller::Caller;
use crate::refused::Refused;
use crate::table::ROUTES;

/// How long an answer may take before its beginning is sent without it, and how often a blank is sent from then on.
const PATIENCE: Duration = Duration::from_secs(5);
/// The event that a store makes, as the table names it.
pub const EVENT: &str = "images_stored";

/// Stores instances of any study, or of the study of the path.
pub async fn instances(
    State(app): State<App>,
    caller: Caller,
    note: Note,
    target: Target,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    accept::json(&target.accept)?;
    let reader = reader(&headers)?;
    let wish = StoreWish { ae_title: target.server, study_instance_uid: target.study, base_url: target.address };
    let store = app.engine.begin_store(&caller.actor, wish).await?;
    let address = address.map(|Extension(ConnectInfo(address))| address.ip().to_string());
    let sender = Sender { caller: Some(caller), address, has_credentials: true };
    let (read, whole) = oneshot::channel();
    let (ended, answer) = oneshot::channel();
    let receiving = async move {
        let received = receive(store, reader, body).await;
        describe(&received, &note);
        let Received { store, broken } = received;
        if broken.is_some() && store.is_in_vain() {
            let _ = read.send(Err(broken));
            return;
        }
        if read.send(Ok(())).is_err() {
            record_late(&app, &sender, &note).await;
        }
        let _ = ended.send(store.finish().await);
    };
    tokio::spawn(receiving.in_current_span());
    match whole.await {
        Ok(Ok(())) => Ok(respond(answer).await),
        Ok(Err(Some(error))) => Err(refusal(error)),
        _ => Err(broke()),
    }
}

/// A reader of the body that the headers announce.
fn reader(headers: &HeaderMap) -> Result<Reader, Refused> {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = MediaType::parse(said);
    let is_dicom = part_type(&said).is_none_or(|kind| kind == "application/dicom");
    if said.essence != "multipart/related" || !is_dicom {
        return Err(Refused::new(
            ErrorCode::UnsupportedMedia,
            "Send DICOM files as multipart/related; type=\"application/dicom\"; boundary=...",
        ));
    }
    let boundary = said.parameter("boundary").unwrap_or_default();
    Reader::new(boundary, Limits::default()).map_err(|_| {
        Refused::new(ErrorCode::NotAcceptable, "The header Content-Type has to name the boundary between the parts.")
    })
}

/// What has come.
struct Received {
    store: Store,
    /// Why the body was not read to its end; none: it was.
    broken: Option<MultipartError>,
}

async fn receive(mut store: Store, mut reader: Reader, body: Body) -> Received {
    let mut pieces = body.into_data_stream();
    loop {
        match reader.next() {
            Ok(Some(Event::Part(_))) => store.begin().await,
            Ok(Some(Event::Data(data))) => store.write(&data).await,
            Ok(Some(Event::PartEnd)) => store.end().await,
            Ok(Some(Event::End)) => {}
            Ok(None) => match pieces.next().await {
                Some(Ok(piece)) => reader.push(&piece),
                Some(Err(_)) => return broken(store, MultipartError::Truncated).await,
                None => match reader.finish() {
                    Ok(()) => return Received { store, broken: None },
                    Err(error) => return broken(store, error).await,
                },
            },
            Err(error) => return broken(store, error).await,
        }
    }
}

/// The rest cannot be read: the open part leaves nothing, and the answer tells of one that is missing.
async fn broken(mut store: Store, error: MultipartError) -> Received {
    if store.count() > 0 {
        store.give_up().await;
    }
    Received { store, broken: Some(error) }
}

fn describe(received: &Received, note: &Note) {
    for uid in received.store.studies() {
        note.about(Entity::Study { uid });
    }
    note.count(received.store.count());
    if let Some(error) = received.broken {
        note.detail(format!("broken off: {error}"));
    }
}

/// The program has hung up, so that nobody else records what it has sent.
async fn record_late(app: &App, sender: &Sender, note: &Note) {
    if let Some(row) = ROUTES.iter().find(|row| row.audit == Some(EVENT)) {
        let _ = audit::conclude(app, row, sender, note, StatusCode::OK.into_response()).await;
    }
}

/// The answer, or its beginning when it takes long: then the status comes before anybody knows how it ends.
async fn respond(mut answer: oneshot::Receiver<StoreAnswer>) -> Response {
    let kind = [(CONTENT_TYPE, MEDIA_TYPE)];
    match tokio::time::timeout(PATIENCE, &mut answer).await {
        Ok(Ok(answer)) => {
            let flawless = answer.failed.is_empty() && answer.stored.iter().all(|one| one.warning.is_none());
            let status = if flawless { StatusCode::OK } else { StatusCode::ACCEPTED };
            (status, kind, answer.to_json()).into_response()
        }
        Ok(Err(_)) => broke().into_response(),
        Err(_) => (StatusCode::ACCEPTED, kind, Body::from_stream(padded(answer))).into_response(),
    }
}

/// Blanks until the answer is there. A store that broke breaks the body.
fn padded(
    answer: oneshot::Receiver<StoreAnswer>,
) -> impl futures_util::Stream<Item = Result<Bytes, oneshot::error::RecvError>> {
    stream::unfold(Some(answer), |waiting| async move {
        let mut answer = waiting?;
        match tokio::time::timeout(PATIENCE, &mut answer).await {
            Ok(Ok(answer)) => Some((Ok(Bytes::from(answer.to_json())), None)),
            Ok(Err(error)) => Some((Err(error), None)),
            Err(_) => Some((Ok(Bytes::from_static(b" ")), Some(answer))),
        }
    })
}

fn refusal(error: MultipartError) -> Refused {
    let sentence = match error {
        MultipartError::Empty => {
            "The body is empty. Send the files again; a second try of the same request has lost them.".to_owned()
        }
        error => format!("Nothing was stored: {error}."),
    };
    Refused::new(ErrorCode::Invalid, sentence)
}

fn broke() -> Refused {
    Refused::new(
        ErrorCode::Internal,
        "Something broke here while the images were stored. Look what has arrived before you send them again.",
    )
}
