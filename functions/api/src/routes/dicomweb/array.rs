//! A JSON array that is sent while its entries arrive.

use std::io;
use std::time::Duration;

use adit_engine::Refusal;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::time::timeout;

use crate::refused::Refused;

/// How long the status waits for the first entry: until then a failure has a status of its own.
const FIRST: Duration = Duration::from_secs(10);
/// How long a client waits for a byte at most. Blanks between the entries of an array mean nothing.
const GAP: Duration = Duration::from_secs(10);

struct State<S> {
    entries: S,
    /// The first entry, if it came before the status.
    first: Option<Option<Result<Vec<u8>, Refusal>>>,
    is_open: bool,
    is_over: bool,
}

/// Answers with the array of these entries. A failure before the first one is the answer; a later one breaks the body, so that nobody takes
/// what came for everything.
pub async fn array<S>(entries: S) -> Result<Response, Refused>
where
    S: Stream<Item = Result<Vec<u8>, Refusal>> + Send + Unpin + 'static,
{
    let mut state = State { entries, first: None, is_open: false, is_over: false };
    state.first = match timeout(FIRST, state.entries.next()).await {
        Ok(Some(Err(refusal))) => return Err(refusal.into()),
        Ok(first) => Some(first),
        Err(_) => None,
    };
    let mut response = Response::new(Body::from_stream(stream::unfold(state, |mut state| async {
        if state.is_over {
            return None;
        }
        let piece = state.piece().await;
        Some((piece, state))
    })));
    // Exactly this: clients compare it with what they expect.
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(adit_dicomweb::json::MEDIA_TYPE));
    Ok(response)
}

impl<S: Stream<Item = Result<Vec<u8>, Refusal>> + Unpin> State<S> {
    async fn piece(&mut self) -> io::Result<Bytes> {
        let entry = match self.first.take() {
            Some(first) => first,
            None => match timeout(GAP, self.entries.next()).await {
                Ok(entry) => entry,
                Err(_) => return Ok(Bytes::from_static(b"\n")),
            },
        };
        match entry {
            Some(Ok(json)) => {
                let before: u8 = if std::mem::replace(&mut self.is_open, true) { b',' } else { b'[' };
                Ok([&[before][..], &json].concat().into())
            }
            Some(Err(refusal)) => {
                self.is_over = true;
                tracing::warn!(reason = refusal.body.detail, "an answer was broken off");
                Err(io::Error::other("the answer is not complete"))
            }
            None => {
                self.is_over = true;
                Ok(Bytes::from_static(if self.is_open { b"]" } else { b"[]" }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn body(entries: Vec<Result<Vec<u8>, Refusal>>) -> Result<Bytes, axum::Error> {
        to_bytes(array(stream::iter(entries)).await.unwrap().into_body(), 1000).await
    }

    #[tokio::test]
    async fn entries_become_an_array_and_a_failure_breaks_it() {
        let entry = |text: &str| Ok(text.as_bytes().to_vec());
        assert_eq!(&body(Vec::new()).await.unwrap()[..], b"[]");
        assert_eq!(&body(vec![entry("{}"), entry("{\"a\":1}")]).await.unwrap()[..], b"[{},{\"a\":1}]");
        assert!(body(vec![entry("{}"), Err(Refusal::peer("gone"))]).await.is_err());
        let refused = array(stream::iter([Err(Refusal::peer("gone"))])).await.unwrap_err();
        assert_eq!(refused.body.code, adit_api::error::ErrorCode::Peer);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_waits_gets_blanks() {
        let slow = stream::once(async {
            tokio::time::sleep(Duration::from_secs(45)).await;
            Ok(b"{}".to_vec())
        });
        let response = array(Box::pin(slow)).await.unwrap();
        let all = to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(&all[..], b"\n\n\n[{}]");
    }
}
