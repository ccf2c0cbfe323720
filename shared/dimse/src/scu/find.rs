//! C-FIND (PS3.4 C.4.1, PS3.7 9.1.2).

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::response_to;
use crate::assembler::Event;
use crate::association::Association;
use crate::command::{Command, field};
use crate::error::{DimseError, Phase, protocol};
use crate::identifier::Identifier;
use crate::proposal::Model;
use crate::status::{Status, StatusClass};

/// How long a peer may go on sending matches after our C-CANCEL before the association is aborted.
const DRAIN: Duration = Duration::from_secs(2);

/// How a search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindOutcome {
    /// The final status.
    pub status: Status,
    /// Matches given to the caller.
    pub matches: u64,
    /// The caller had enough before the peer was done.
    pub limited: bool,
    /// The peer's Error Comment.
    pub error_comment: String,
}

impl Association {
    /// Searches. `on_match` sees every match as it arrives and may stop the search with `Break`; the peer is then asked to cancel.
    /// After a limited search the association may have been aborted: open a new one for the next request.
    pub async fn find(
        &mut self,
        model: Model,
        query: &Identifier,
        on_match: &mut (dyn FnMut(Identifier) -> ControlFlow<()> + Send),
        cancel: &CancellationToken,
    ) -> Result<FindOutcome, DimseError> {
        let context = self.need(model.find(), "search (C-FIND)")?;
        let id = self.take_message_id();
        self.wire.exchange(self.timeouts.total, cancel);
        let mut request = Command::request(field::C_FIND_RQ, id, model.find());
        request.has_data_set = true;
        self.wire.send(context.id, &request, Some(&query.encode(&context.transfer_syntax_uid))).await?;
        let mut outcome =
            FindOutcome { status: Status::PENDING, matches: 0, limited: false, error_comment: String::new() };
        let mut event = self.wire.event(self.timeouts.first_byte, Phase::FirstByte).await?;
        loop {
            let (on, command, status) = response_to(event, field::C_FIND_RQ, id)?;
            let data = if command.has_data_set { Some(self.wire.collect(on).await?) } else { None };
            if status.class() != StatusClass::Pending {
                outcome.status = status;
                outcome.error_comment = command.error_comment;
                return Ok(outcome);
            }
            let found = data.map(|bytes| Identifier::decode(&bytes, &context.transfer_syntax_uid));
            let found = found.transpose().map_err(|error| protocol(error.to_string()))?.unwrap_or_default();
            outcome.matches += 1;
            if on_match(found).is_break() {
                outcome.limited = true;
                outcome.status = self.stop_find(context.id, model, id).await?;
                return Ok(outcome);
            }
            event = self.wire.next().await?;
        }
    }

    /// C-CANCEL, then what still comes is dropped; a peer that does not stop is left by an abort.
    async fn stop_find(&mut self, context: u8, model: Model, id: u16) -> Result<Status, DimseError> {
        let mut request = Command::request(field::C_CANCEL_RQ, 0, model.find());
        request.responds_to = id;
        self.wire.send(context, &request, None).await?;
        let until = Instant::now() + DRAIN;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.wire.event(left, Phase::Idle).await {
                Ok(Event::Command { command, .. }) => match command.status.map(Status) {
                    Some(status) if status.class() != StatusClass::Pending => return Ok(status),
                    _ => {}
                },
                Ok(Event::Data { .. }) => {}
                Ok(_) | Err(DimseError::Timeout(_)) => {
                    self.wire.abort().await;
                    return Ok(Status::CANCEL);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
