//! Bodies in both directions, with a limit for every silence.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::error::WebError;

/// What is sent.
pub(crate) type Outgoing = UnsyncBoxBody<Bytes, io::Error>;

/// Nothing is sent.
pub(crate) fn nothing() -> Outgoing {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// How far the body of a request is.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Seen>);

struct Seen {
    begun: Instant,
    /// Milliseconds after `begun` at which the last piece was taken.
    last_ms: AtomicU64,
    is_sent: AtomicBool,
}

impl Progress {
    pub fn new() -> Self {
        Self(Arc::new(Seen { begun: Instant::now(), last_ms: AtomicU64::new(0), is_sent: AtomicBool::new(false) }))
    }

    /// A piece was taken.
    pub fn step(&self) {
        let ms = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last_ms.store(ms, Ordering::Relaxed);
    }

    /// There is no more to send: the server's turn.
    pub fn sent(&self) {
        self.step();
        self.0.is_sent.store(true, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.0.begun + Duration::from_millis(self.0.last_ms.load(Ordering::Relaxed))
    }
}

/// Waits for the answer to a request: `idle` for each piece that is sent, `first` for the answer after the last one.
pub(crate) async fn answer<T>(
    progress: &Progress,
    idle: Duration,
    first: Duration,
    exchange: impl Future<Output = T>,
) -> Result<T, WebError> {
    tokio::pin!(exchange);
    loop {
        let is_sent = progress.0.is_sent.load(Ordering::Relaxed);
        let until = progress.last() + if is_sent { first } else { idle };
        tokio::select! {
            done = exchange.as_mut() => return Ok(done),
            () = tokio::time::sleep_until(until) => {}
        }
        let is_same = is_sent == progress.0.is_sent.load(Ordering::Relaxed);
        if is_same && progress.last() + if is_sent { first } else { idle } <= Instant::now() {
            return Err(WebError::Timeout(if is_sent { "waiting for the answer" } else { "sending" }));
        }
    }
}

/// The next bytes of an answer; none: its end.
pub(crate) async fn next(body: &mut Incoming, limit: Duration) -> Result<Option<Bytes>, WebError> {
    loop {
        let frame = tokio::time::timeout(limit, body.frame()).await;
        match frame.map_err(|_| WebError::Timeout("waiting for the next data"))? {
            None => return Ok(None),
            Some(Err(error)) => return Err(WebError::Broken(error.to_string())),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data()
                    && !data.is_empty()
                {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// A whole answer of at most `most` bytes.
pub(crate) async fn whole(mut body: Incoming, most: usize, limit: Duration) -> Result<Vec<u8>, WebError> {
    let mut all = Vec::new();
    while let Some(piece) = next(&mut body, limit).await? {
        if all.len() + piece.len() > most {
            return Err(WebError::Protocol(format!("it is longer than {most} bytes")));
        }
        all.extend_from_slice(&piece);
    }
    Ok(all)
}
