//! Instances as the parts of one body, sent while they arrive.

use std::future::ready;
use std::io;
use std::time::Duration;

use adit_dicomweb::accept::Syntaxes;
use adit_dicomweb::multipart::Writer;
use adit_engine::gateway::retrieval::{Content, Part, Reader};
use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

/// How long the first byte waits for the first part. Clients end a request after 20 seconds without a byte, and this byte, the line break
/// of the first part, can be sent only once.
const FIRST_BYTE: Duration = Duration::from_secs(12);
/// Bytes read from staging at once.
const PIECE: usize = 256 * 1024;
/// Type of each part.
const PART: &str = "application/dicom";

struct State {
    reader: Reader,
    writer: Writer,
    syntaxes: Syntaxes,
    /// The first part, where somebody has asked for it already.
    first: Option<Part>,
    stage: Stage,
    /// No part has been sent.
    is_empty: bool,
}

enum Stage {
    /// Nothing was sent.
    Begin,
    /// Between two parts.
    Between,
    Within(BoxStream<'static, io::Result<Bytes>>),
    Over,
}

/// The body. A failure breaks it off, so that nobody takes what came for everything.
pub fn body(reader: Reader, writer: Writer, syntaxes: Syntaxes, first: Option<Part>) -> Body {
    let state = State { reader, writer, syntaxes, first, stage: Stage::Begin, is_empty: true };
    Body::from_stream(stream::try_unfold(state, |mut state| async {
        let piece = state.piece().await?;
        io::Result::Ok(piece.map(|piece| (piece, state)))
    }))
}

impl State {
    async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            match &mut self.stage {
                Stage::Begin => {
                    // Whether it waited or failed shows with the first part.
                    if self.first.is_none() {
                        let _ = timeout(FIRST_BYTE, self.reader.ready()).await;
                    }
                    self.stage = Stage::Between;
                    return Ok(Some(Bytes::from_static(self.writer.opening())));
                }
                Stage::Between => return self.next_part().await.map(Some),
                Stage::Within(bytes) => match bytes.next().await {
                    Some(piece) => return piece.map(Some),
                    None => self.stage = Stage::Between,
                },
                Stage::Over => return Ok(None),
            }
        }
    }

    /// The beginning of the next part, or the end of the body.
    async fn next_part(&mut self) -> io::Result<Bytes> {
        let next = match self.first.take() {
            Some(first) => Some(first),
            None => self.reader.next_in(&self.syntaxes).await.map_err(|refusal| {
                tracing::warn!(retrieval = %self.reader.retrieval(), reason = refusal.body.detail, "an answer was broken off");
                io::Error::other("the answer is not complete")
            })?,
        };
        let Some(part) = next else {
            // Nobody is to take nothing for an answer.
            if self.is_empty {
                return Err(io::Error::other(super::retrieve::NOTHING));
            }
            self.stage = Stage::Over;
            return Ok(self.writer.close().into());
        };
        let kind = format!("{PART}; transfer-syntax={}", part.transfer_syntax_uid);
        let size = part.size.to_string();
        let head = self.writer.part(&[("Content-Type", &kind), ("Content-Length", &size)]);
        (self.stage, self.is_empty) = (Stage::Within(bytes(part)), false);
        Ok(head.into())
    }
}

/// The bytes of a part.
pub fn bytes(part: Part) -> BoxStream<'static, io::Result<Bytes>> {
    match part.content {
        Content::Whole(bytes) => stream::once(ready(Ok(bytes))).boxed(),
        Content::Pieces(stream) => ReaderStream::with_capacity(stream, PIECE).boxed(),
    }
}
