//! Writing into the spool in pieces, so that what has come can be read while the rest arrives.

use std::io;
use std::sync::Arc;

use adit_store::staging::{StagedKey, StagedWriter, Staging, StagingError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::peers::{Arrival, ArrivalState, Content};

/// Bytes of a piece, the last one has fewer. No backend takes more than one request for so many.
pub(super) const PIECE: u64 = 8 << 20;

/// Something on its way into the spool. Dropping it gives it up; what it has left there goes with the spool.
pub(super) struct Pieces {
    staging: Arc<dyn Staging>,
    spool: String,
    name: String,
    content: Content,
    arrival: watch::Sender<Arrival>,
    /// The piece that is filled, and what is in it.
    open: Option<(Box<dyn StagedWriter>, u64)>,
    /// The piece before, which becomes readable meanwhile.
    closing: Option<JoinHandle<Result<(), StagingError>>>,
    begun: usize,
}

impl Pieces {
    pub fn new(staging: &Arc<dyn Staging>, spool: &str, name: &str) -> Self {
        let (arrival, content) = Content::arriving(staging);
        let (staging, spool, name) = (Arc::clone(staging), spool.to_owned(), name.to_owned());
        Self { staging, spool, name, content, arrival, open: None, closing: None, begun: 0 }
    }

    /// What others read.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Whether there is something to read already.
    pub fn has_begun(&self) -> bool {
        !self.arrival.borrow().pieces.is_empty()
    }

    /// Appends bytes.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StagingError> {
        while !bytes.is_empty() {
            let (mut writer, held) = match self.open.take() {
                Some(open) => open,
                None => (self.next().await?, 0),
            };
            let room = usize::try_from(PIECE - held).unwrap_or(usize::MAX);
            let (some, rest) = bytes.split_at(room.min(bytes.len()));
            writer.write(some).await?;
            bytes = rest;
            let held = held + some.len() as u64;
            if held < PIECE {
                self.open = Some((writer, held));
            } else {
                self.close(writer).await?;
            }
        }
        Ok(())
    }

    /// Nothing more comes: all of it is there.
    pub async fn commit(mut self) -> Result<Content, StagingError> {
        if self.open.is_none() && self.begun == 0 {
            self.open = Some((self.next().await?, 0));
        }
        if let Some((writer, _)) = self.open.take() {
            self.close(writer).await?;
        }
        self.closed().await?;
        self.arrival.send_modify(|arrival| arrival.state = ArrivalState::Whole);
        Ok(self.content)
    }

    /// Nothing of it stays, and whoever reads it hears that.
    pub async fn abort(mut self) {
        self.arrival.send_modify(|arrival| arrival.state = ArrivalState::GivenUp);
        if let Some((writer, _)) = self.open.take() {
            writer.abort().await;
        }
        // A piece that could not be written has left nothing.
        let _ = self.closed().await;
        remove(&self.staging, &self.content).await;
    }

    async fn next(&mut self) -> Result<Box<dyn StagedWriter>, StagingError> {
        let key = StagedKey::new(&self.spool, &self.name, &self.begun.to_string());
        self.begun += 1;
        self.staging.begin(&key).await
    }

    /// Ends a piece beside the arrival of the next one, but never two at a time: they become readable in their order.
    async fn close(&mut self, writer: Box<dyn StagedWriter>) -> Result<(), StagingError> {
        self.closed().await?;
        let arrival = self.arrival.clone();
        self.closing = Some(tokio::spawn(async move {
            let staged = writer.commit(serde_json::Value::Null).await?;
            arrival.send_modify(|arrival| arrival.pieces.push((staged.key, staged.size)));
            Ok(())
        }));
        Ok(())
    }

    async fn closed(&mut self) -> Result<(), StagingError> {
        match self.closing.take() {
            Some(closing) => closing.await.map_err(io::Error::other)?,
            None => Ok(()),
        }
    }
}

/// Removes from the spool what is not needed any more.
pub(super) async fn remove(staging: &Arc<dyn Staging>, content: &Content) {
    for key in content.keys() {
        if let Err(error) = staging.delete(&key).await {
            tracing::warn!(error = %error, "a spooled instance could not be removed yet");
        }
    }
}
