//! Store (STOW-RS, PS3.18 10.5): several instances in one request, streamed from wherever they lie.

use std::io;
use std::sync::Arc;

use adit_dicomweb::multipart::Writer;
use adit_dicomweb::store::StoreAnswer;
use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::Method;
use hyper::body::Frame;
use hyper::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::body::{self, Outgoing, Progress};
use crate::client::{Ask, Client, Service};
use crate::error::WebError;
use crate::retry::{Failed, patiently};
use crate::warnings;

/// Bytes of an answer at most.
const MAX_ANSWER: usize = 64 << 20;
/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;

/// Instances that are to be stored: DICOM files (PS3.10). It may be asked for each several times.
pub trait Source: Send + Sync {
    /// Bytes of each file, in their order.
    fn sizes(&self) -> Vec<u64>;
    /// Opens the file at this place.
    fn open(&self, place: usize) -> impl Future<Output = io::Result<Box<dyn AsyncRead + Send + Unpin>>> + Send;
}

/// How a store has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreOutcome {
    /// The HTTP status: 200, 202 or 409, each with an answer.
    pub status: u16,
    /// What has become of each instance, as far as the server says. A server may say nothing of what it has stored.
    pub answer: Option<StoreAnswer>,
    /// What it has remarked.
    pub warnings: Vec<String>,
}

impl Client {
    /// Stores instances of any studies. An answer says what has become of each, also where all of them were refused; an error means that
    /// nothing is known of them.
    pub async fn store<S: Source + 'static>(&self, source: &Arc<S>) -> Result<StoreOutcome, WebError> {
        let around = Around::new()?;
        let url = self.inner().url(Service::Store, "studies", &[]);
        let kind = HeaderValue::from_str(&around.content_type).map_err(|error| WebError::Setup(error.to_string()))?;
        let length = HeaderValue::from(around.length(&source.sizes()));
        let headers: [(HeaderName, HeaderValue); 3] = [
            (CONTENT_TYPE, kind),
            (CONTENT_LENGTH, length),
            (ACCEPT, HeaderValue::from_static("application/dicom+json")),
        ];
        let once = async || {
            let progress = Progress::new();
            progress.step();
            let body = parts(Arc::clone(source), &around, &progress);
            let ask = Ask { method: Method::POST, url: &url, headers: &headers, body, progress };
            let answer = self.inner().ask_any(ask, 409).await?;
            let (status, warnings) = (answer.status().as_u16(), warnings(answer.headers()));
            let bytes = body::whole(answer.into_body(), MAX_ANSWER, self.inner().idle).await?;
            let answer = StoreAnswer::parse(&bytes).ok();
            if status == 409
                && answer.as_ref().is_none_or(|answer| answer.failed.is_empty() && answer.stored.is_empty())
            {
                return Err(Failed::from(WebError::Status(409)));
            }
            Ok(StoreOutcome { status, answer, warnings })
        };
        let is_one = source.sizes().len() < 2;
        patiently(|| async { once().await.map_err(|failed: Failed| if is_one { failed } else { failed.of_several() }) })
            .await
    }
}

/// What stands around the files.
struct Around {
    content_type: String,
    /// Before each.
    opening: Bytes,
    /// After the last.
    closing: Bytes,
}

impl Around {
    fn new() -> Result<Self, WebError> {
        let mut writer = Writer::new().map_err(|error| WebError::Setup(error.to_string()))?;
        let begin = writer.opening();
        let part = writer.part(&[("Content-Type", "application/dicom")]);
        Ok(Self {
            content_type: writer.content_type("application/dicom"),
            opening: [begin, &part].concat().into(),
            closing: writer.close().into(),
        })
    }

    fn length(&self, sizes: &[u64]) -> u64 {
        sizes.iter().sum::<u64>() + self.opening.len() as u64 * sizes.len() as u64 + self.closing.len() as u64
    }
}

/// What a body is doing.
enum State {
    Opening(usize),
    File(usize, Box<dyn AsyncRead + Send + Unpin>, u64),
    Done,
}

fn parts<S: Source + 'static>(source: Arc<S>, around: &Around, progress: &Progress) -> Outgoing {
    let (opening, closing, progress) = (around.opening.clone(), around.closing.clone(), progress.clone());
    let sizes = source.sizes();
    let pieces: BoxStream<'static, io::Result<Bytes>> = stream::unfold(State::Opening(0), move |state| {
        let (source, opening, closing, progress) =
            (Arc::clone(&source), opening.clone(), closing.clone(), progress.clone());
        let size = |place: usize| sizes.get(place).copied();
        let (here, count) = (
            match &state {
                State::Opening(place) => size(*place),
                _ => None,
            },
            sizes.len(),
        );
        async move {
            progress.step();
            let next = match state {
                State::Done => {
                    progress.sent();
                    return None;
                }
                State::Opening(place) if place >= count => Ok((closing, State::Done)),
                State::Opening(place) => {
                    source.open(place).await.map(|file| (opening, State::File(place, file, here.unwrap_or(0))))
                }
                State::File(place, file, left) => piece(place, file, left).await,
            };
            Some(match next {
                Ok((bytes, state)) => (Ok(bytes), state),
                Err(error) => (Err(error), State::Done),
            })
        }
    })
    .boxed();
    StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync()
}

/// The next piece of a file. One that ends early breaks the request: half of an instance must never look whole.
async fn piece(place: usize, mut file: Box<dyn AsyncRead + Send + Unpin>, left: u64) -> io::Result<(Bytes, State)> {
    let want = PIECE.min(usize::try_from(left).unwrap_or(PIECE));
    let mut bytes = BytesMut::zeroed(want);
    file.read_exact(&mut bytes).await?;
    let left = left - want as u64;
    let state = if left == 0 { State::Opening(place + 1) } else { State::File(place, file, left) };
    Ok((bytes.freeze(), state))
}
