//! C-ECHO (PS3.7 9.1.5).

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::response_to;
use crate::association::Association;
use crate::command::{Command, field};
use crate::error::DimseError;
use crate::status::Status;
use crate::uids;

impl Association {
    /// Asks whether the peer is there; answers with its status and how long it took.
    pub async fn echo(&mut self, cancel: &CancellationToken) -> Result<(Status, Duration), DimseError> {
        let context = self.need(uids::VERIFICATION, "verification (C-ECHO)")?;
        let id = self.take_message_id();
        self.wire.exchange(self.timeouts.total, cancel);
        let begun = Instant::now();
        self.wire.send(context.id, &Command::request(field::C_ECHO_RQ, id, uids::VERIFICATION), None).await?;
        let (_, _, status) = response_to(self.wire.next().await?, field::C_ECHO_RQ, id)?;
        Ok((status, begun.elapsed()))
    }
}
