//! An instance that we pass on to another bridge: the sink to which its sender writes.

use adit_dimse::{InstanceHead, InstanceSink, Status};
use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use crate::connections::Line;
use crate::pieces::Piece;
use crate::wire::{SILENCE, read_status};

/// One exchange: the data set goes there, the status comes back.
pub(crate) struct Exchange {
    pieces: mpsc::Sender<Piece>,
    answer: Incoming,
    /// Digits of the status, as far as they have come.
    digits: Vec<u8>,
}

/// What was heard from the other side.
enum Heard {
    Life,
    Status(Status),
    /// It broke off, fell silent, or talks nonsense.
    Nothing,
}

impl Exchange {
    pub fn new(pieces: mpsc::Sender<Piece>, answer: Incoming) -> Self {
        Self { pieces, answer, digits: Vec::new() }
    }

    /// Sends a piece as soon as the other side has room for it.
    async fn push(&mut self, piece: Piece) -> Result<(), Status> {
        loop {
            let pieces = self.pieces.clone();
            tokio::select! {
                room = pieces.reserve() => {
                    let Ok(room) = room else { return Err(refusal(self.status().await)) };
                    room.send(piece);
                    return Ok(());
                }
                heard = self.listen() => match heard {
                    Heard::Life => {}
                    Heard::Status(status) => return Err(refusal(status)),
                    Heard::Nothing => return Err(Status::OUT_OF_RESOURCES),
                },
            }
        }
    }

    async fn listen(&mut self) -> Heard {
        let Ok(Some(Ok(frame))) = tokio::time::timeout(SILENCE, self.answer.frame()).await else {
            return Heard::Nothing;
        };
        let Ok(bytes) = frame.into_data() else { return Heard::Life };
        self.digits.extend(bytes.iter().filter(|byte| **byte != b' '));
        match read_status(&self.digits) {
            Some(status) => Heard::Status(status),
            None if self.digits.len() < 4 => Heard::Life,
            None => Heard::Nothing,
        }
    }

    /// Waits for the status; a failure that may pass if none comes.
    async fn status(&mut self) -> Status {
        loop {
            match self.listen().await {
                Heard::Life => {}
                Heard::Status(status) => return status,
                Heard::Nothing => return Status::OUT_OF_RESOURCES,
            }
        }
    }

    /// Whether the answer is complete, so that the connection can be used again.
    async fn is_over(&mut self) -> bool {
        matches!(tokio::time::timeout(SILENCE, self.answer.frame()).await, Ok(None))
    }
}

/// A status that came before the end of the data set can only be a refusal.
fn refusal(status: Status) -> Status {
    if status.is_done() { Status::OUT_OF_RESOURCES } else { status }
}

/// The sink of an instance that another bridge has taken on.
pub(crate) struct Relayed {
    /// None: it has ended.
    exchange: Option<Exchange>,
    line: Option<Line>,
}

impl Relayed {
    pub fn new(exchange: Exchange, line: Line) -> Self {
        Self { exchange: Some(exchange), line: Some(line) }
    }
}

#[async_trait]
impl InstanceSink for Relayed {
    /// The other side has begun already.
    async fn begin(&mut self, _head: &InstanceHead) -> Result<(), Status> {
        Ok(())
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        let Some(exchange) = &mut self.exchange else { return Err(Status::OUT_OF_RESOURCES) };
        let pushed = exchange.push(Piece::Data(Bytes::copy_from_slice(chunk))).await;
        if let Err(status) = pushed {
            tracing::warn!(status = %status, "an instance could not be passed on to the bridge that waits for it");
            self.exchange = None;
        }
        pushed
    }

    async fn end(&mut self) -> Status {
        let Some(mut exchange) = self.exchange.take() else { return Status::OUT_OF_RESOURCES };
        let status = match exchange.push(Piece::End).await {
            Ok(()) => exchange.status().await,
            Err(status) => status,
        };
        if !status.is_done() {
            tracing::warn!(status = %status, "an instance could not be passed on to the bridge that waits for it");
        } else if exchange.is_over().await
            && let Some(line) = self.line.take()
        {
            line.hang_up();
        }
        status
    }

    /// Dropping the exchange without its end breaks the body off; the other side then drops the instance.
    async fn abort(&mut self) {
        self.exchange = None;
    }
}

/// A sink that refuses.
pub(crate) struct Refusing(pub Status);

#[async_trait]
impl InstanceSink for Refusing {
    async fn begin(&mut self, _head: &InstanceHead) -> Result<(), Status> {
        Err(self.0)
    }

    async fn write(&mut self, _chunk: &[u8]) -> Result<(), Status> {
        Err(self.0)
    }

    async fn end(&mut self) -> Status {
        self.0
    }

    async fn abort(&mut self) {}
}
