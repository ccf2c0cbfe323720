//! C-STORE (PS3.4 B.2, PS3.7 9.1.1).

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

    /// Sends an object whose data set of `length` bytes comes from `source`, holding a few hundred kilobytes at a time. A source that ends
    /// early aborts the association: a truncated data set must never look complete.
    pub async fn store(
        &mut self,
        request: &StoreRequest,
        length: u64,
        source: &mut (dyn AsyncRead + Send + Unpin),
        cancel: &CancellationToken,
    ) -> Result<StoreOutcome, DimseError> {
        let (context, command) = self.begin_store(request, cancel)?;
        self.wire.send_command(context.id, &command).await?;
        let mut piece = vec![0; PIECE];
        let mut left = length;
        loop {
            let want = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if let Err(error) = source.read_exact(&mut piece[..want]).await {
                self.wire.abort().await;
                return Err(DimseError::Source(error));
            }
            left -= want as u64;
            self.wire.send_data(context.id, &piece[..want], left == 0).await?;
            if left == 0 {
                return self.stored(command.message_id).await;
            }
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
