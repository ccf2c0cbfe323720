//! STOW-RS (PS3.18 10.5): a body of parts is read as it arrives and given to the engine part by part: DICOM files, or metadata as JSON and
//! the values that they name.
//!
//! The reading is a task of its own: when a program hangs up, what has come as a whole goes on to its server, and is on record all the same.
//! A program that waits for more than a few seconds gets blanks meanwhile, because its patience is counted from byte to byte.

use std::net::SocketAddr;
use std::time::Duration;

use adit_api::error::ErrorCode;
use adit_audit::Entity;
use adit_dicomweb::accept;
use adit_dicomweb::json::MEDIA_TYPE;
use adit_dicomweb::multipart::MultipartError;
use adit_dicomweb::store::StoreAnswer;
use adit_engine::gateway::store::{MAX_METADATA, NotTaken, StoreWish};
use axum::Extension;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::oneshot;
use tracing::Instrument;

use super::Target;
use super::intake::{Broken, Intake, Received, reader, receive};
use crate::App;
use crate::audit::{self, Note, Sender};
use crate::caller::Caller;
use crate::refused::Refused;
use crate::table::routes;

/// How long an answer may take before its beginning is sent without it, and how often a blank is sent from then on.
const PATIENCE: Duration = Duration::from_secs(5);
/// Studies that an audit event names; it has room for some hundreds.
const NAMED: usize = 100;
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
    let (reader, form) = reader(&headers)?;
    let wish = StoreWish { ae_title: target.server, study_instance_uid: target.study, base_url: target.address };
    let store = app.engine.begin_store(&caller.actor, wish).await?;
    let address = address.map(|Extension(ConnectInfo(address))| address.ip().to_string());
    let sender = Sender { caller: Some(caller), address, has_credentials: true };
    let (read, whole) = oneshot::channel();
    let (ended, answer) = oneshot::channel();
    let receiving = async move {
        let received = receive(Intake::new(store, form), reader, body).await;
        describe(&received, &note);
        let Received { store, broken } = received;
        let store = match (store, broken) {
            (Some(store), None) => store,
            (Some(store), Some(_)) if !store.is_in_vain() => store,
            (_, broken) => {
                let _ = read.send(Err(broken));
                return;
            }
        };
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

fn describe(received: &Received, note: &Note) {
    if let Some(store) = &received.store {
        let studies = store.studies();
        if studies.len() > NAMED {
            note.detail(format!("and {} more studies", studies.len() - NAMED));
        }
        for uid in studies.into_iter().take(NAMED) {
            note.about(Entity::Study { uid });
        }
        note.count(store.count());
    }
    match &received.broken {
        Some(Broken::Body(error)) => note.detail(format!("broken off: {error}")),
        Some(Broken::Content(NotTaken::Metadata(_))) => note.detail("the metadata were not understood"),
        Some(Broken::Content(NotTaken::TooMuch)) => note.detail("the metadata were too large"),
        Some(Broken::Content(NotTaken::NotKept)) => note.detail("the metadata could not be kept"),
        None => {}
    }
}

/// The program has hung up, so that nobody else records what it has sent.
async fn record_late(app: &App, sender: &Sender, note: &Note) {
    if let Some(row) = routes().find(|row| row.audit == Some(EVENT)) {
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

fn refusal(broken: Broken) -> Refused {
    let sentence = match broken {
        Broken::Body(MultipartError::Empty) => {
            "The body is empty. Send the files again; a second try of the same request has lost them.".to_owned()
        }
        Broken::Body(error) => format!("Nothing was stored: {error}."),
        Broken::Content(NotTaken::Metadata(error)) => format!("Nothing was stored, because the metadata are {error}."),
        Broken::Content(NotTaken::NotKept) => {
            let sentence = "Nothing was stored: the metadata could not be kept here. Is the disk full? Ask the people who run ADIT.";
            return Refused::new(ErrorCode::Internal, sentence);
        }
        Broken::Content(NotTaken::TooMuch) => {
            let most = MAX_METADATA >> 20;
            return Refused::new(
                ErrorCode::TooLarge,
                format!(
                    "Nothing was stored: there are more than {most} MB of metadata. Send fewer instances at a time, or large values as bulk data."
                ),
            );
        }
    };
    Refused::new(ErrorCode::Invalid, sentence)
}

fn broke() -> Refused {
    Refused::new(
        ErrorCode::Internal,
        "Something broke here while the images were stored. Look what has arrived before you send them again.",
    )
}
