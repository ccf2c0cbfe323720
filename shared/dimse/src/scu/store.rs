//! C-STORE (PS3.4 B.2, PS3.7 9.1.1).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::sync::CancellationToken;

use super::response_to;
use crate::association::{Association, Context};
use crate::command::{Command, field};
use crate::error::DimseError;
use crate::status::Status;

/// Bytes read from a source at once.
const PIECE: usize = 256 * 1024;

/// An object to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreRequest {
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// Transfer syntax of the data set.
    pub transfer_syntax_uid: String,
    /// Move Originator AE title and message id, when sent because of a C-MOVE.
    pub move_originator: Option<(String, u16)>,
}

/// The peer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOutcome {
    /// Its status.
    pub status: Status,
    /// Its Error Comment.
    pub error_comment: String,
}

impl Association {
    /// Sends an object whose data set is in memory, in one write.
    pub async fn store_bytes(
        &mut self,
        request: &StoreRequest,
        data_set: &[u8],
        cancel: &CancellationToken,
    ) -> Result<StoreOutcome, DimseError> {
        let (context, command) = self.begin_store(request, cancel)?;
        self.wire.send(context.id, &command, Some(data_set)).await?;
        self.stored(command.message_id).await
    }

    /// Sends an object whose data set comes from `source`, holding a few hundred kilobytes at a time. `length`: its bytes; none: it ends where
    /// the source ends. A source that ends early or fails aborts the association: a truncated data set must never look complete.
    pub async fn store(
        &mut self,
        request: &StoreRequest,
        length: Option<u64>,
        source: &mut (dyn AsyncRead + Send + Unpin),
        cancel: &CancellationToken,
    ) -> Result<StoreOutcome, DimseError> {
        let (context, command) = self.begin_store(request, cancel)?;
        self.wire.send_command(context.id, &command).await?;
        let mut input = Input { source, left: length };
        // The last piece has a mark, so each one waits until it is known whether another follows; that one is read meanwhile.
        let (mut piece, mut next) = (Vec::with_capacity(PIECE), Vec::with_capacity(PIECE));
        let mut read = input.fill(&mut piece).await;
        let mut after = Vec::with_capacity(PIECE);
        if read.is_ok() {
            read = input.fill(&mut next).await;
        }
        loop {
            if let Err(error) = read {
                self.wire.abort().await;
                return Err(DimseError::Source(error));
            }
            if next.is_empty() {
                self.wire.send_data(context.id, &piece, true).await?;
                return self.stored(command.message_id).await;
            }
            let sent;
            (sent, read) = tokio::join!(self.wire.send_data(context.id, &piece, false), input.fill(&mut after));
            sent?;
            std::mem::swap(&mut piece, &mut next);
            std::mem::swap(&mut next, &mut after);
        }
    }

    fn begin_store(
        &mut self,
        request: &StoreRequest,
        cancel: &CancellationToken,
    ) -> Result<(Context, Command), DimseError> {
        let context =
            self.context_for(&request.sop_class_uid, Some(&request.transfer_syntax_uid)).ok_or_else(|| {
                DimseError::NoContext(format!(
                    "storage of class {} in transfer syntax {}",
                    request.sop_class_uid, request.transfer_syntax_uid
                ))
            })?;
        let id = self.take_message_id();
        self.wire.exchange(self.timeouts.total, cancel);
        let mut command = Command::request(field::C_STORE_RQ, id, &request.sop_class_uid);
        command.sop_instance_uid.clone_from(&request.sop_instance_uid);
        command.move_originator.clone_from(&request.move_originator);
        command.has_data_set = true;
        Ok((context, command))
    }

    async fn stored(&mut self, id: u16) -> Result<StoreOutcome, DimseError> {
        let (_, command, status) = response_to(self.wire.next().await?, field::C_STORE_RQ, id)?;
        Ok(StoreOutcome { status, error_comment: command.error_comment })
    }
}

/// A data set that is read piece by piece.
struct Input<'a> {
    source: &'a mut (dyn AsyncRead + Send + Unpin),
    /// Bytes that are still to come, where that is known.
    left: Option<u64>,
}

impl Input<'_> {
    /// Reads one piece; an empty one: that was all.
    async fn fill(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        piece.clear();
        let want = self.left.unwrap_or(u64::MAX).min(PIECE as u64);
        let mut some = (&mut *self.source).take(want);
        while (piece.len() as u64) < want && some.read_buf(piece).await? > 0 {}
        if let Some(left) = &mut self.left {
            if (piece.len() as u64) < want {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            *left -= want;
        }
        Ok(())
    }
}
