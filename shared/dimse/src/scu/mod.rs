//! Services as user: what we ask of a peer. One file per service class.

mod echo;
mod find;
mod retrieve;
mod store;

pub use find::FindOutcome;
pub use retrieve::{RetrieveOutcome, SubOperations};
pub use store::{StoreOutcome, StoreRequest};

use crate::assembler::Event;
use crate::command::{Command, field};
use crate::error::{DimseError, protocol};
use crate::sink::{InstanceHead, InstanceSink};
use crate::status::Status;
use crate::wire::{Wire, unexpected};

/// The response to request `message_id`; any other command is an error.
fn response_to(event: Event, field: u16, message_id: u16) -> Result<(u8, Box<Command>, Status), DimseError> {
    match event {
        Event::Command { context, command }
            if command.field == field | field::RESPONSE && command.responds_to == message_id =>
        {
            let status = Status(command.status.ok_or_else(|| protocol("a response without a status"))?);
            Ok((context, command, status))
        }
        other => Err(unexpected(&other)),
    }
}

/// Receives the data set of a C-STORE request into `sink` and answers with the status to be sent. An instance that is cut off is aborted
/// in the sink.
pub(crate) async fn receive_instance(
    wire: &mut Wire,
    sink: &mut dyn InstanceSink,
    head: &InstanceHead,
    context: u8,
) -> Result<Status, DimseError> {
    let mut refused = sink.begin(head).await.err();
    loop {
        let event = match wire.next().await {
            Ok(Event::Data { context: on, bytes, last }) if on == context => (bytes, last),
            Ok(other) => {
                abort_unless(refused, sink).await;
                return Err(unexpected(&other));
            }
            Err(error) => {
                abort_unless(refused, sink).await;
                return Err(error);
            }
        };
        if refused.is_none() && !event.0.is_empty() {
            refused = sink.write(&event.0).await.err();
        }
        if event.1 {
            return Ok(match refused {
                Some(status) => status,
                None => sink.end().await,
            });
        }
    }
}

async fn abort_unless(refused: Option<Status>, sink: &mut dyn InstanceSink) {
    if refused.is_none() {
        sink.abort().await;
    }
}
