//! C-GET and C-MOVE (PS3.4 C.4.2 and C.4.3, PS3.7 9.1.3 and 9.1.4).

use tokio_util::sync::CancellationToken;

use super::{receive_instance, response_to};
use crate::assembler::Event;
use crate::association::{Association, Context};
use crate::command::{Command, field};
use crate::error::{DimseError, Phase, protocol};
use crate::identifier::{Identifier, tags};
use crate::proposal::Model;
use crate::sink::{InstanceHead, InstanceSink};
use crate::status::{Status, StatusClass};
use crate::wire::unexpected;

/// Counters of a C-GET or C-MOVE as the peer reports them (0000,1020..1023).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubOperations {
    /// Not begun yet.
    pub remaining: Option<u16>,
    /// Done.
    pub completed: Option<u16>,
    /// Failed.
    pub failed: Option<u16>,
    /// Done with a warning.
    pub warning: Option<u16>,
}

/// How a retrieval ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrieveOutcome {
    /// The final status.
    pub status: Status,
    /// The final counters.
    pub sub_operations: SubOperations,
    /// Instances that the peer could not send, if it says which.
    pub failed_sop_instance_uids: Vec<String>,
    /// The peer's Error Comment.
    pub error_comment: String,
}

impl Association {
    /// Lets the peer send what `query` describes on this association, instance by instance into `sink`.
    pub async fn get(
        &mut self,
        model: Model,
        query: &Identifier,
        sink: &mut dyn InstanceSink,
        on_progress: &mut (dyn FnMut(SubOperations) + Send),
        cancel: &CancellationToken,
    ) -> Result<RetrieveOutcome, DimseError> {
        let context = self.need(model.get(), "retrieval by C-GET")?;
        let id = self.take_message_id();
        self.ask(&context, Command::request(field::C_GET_RQ, id, model.get()), query, cancel).await?;
        let mut event = self.wire.event(self.timeouts.first_byte, Phase::FirstByte).await?;
        loop {
            match event {
                Event::Command { context: on, command } if command.field == field::C_STORE_RQ => {
                    self.take_instance(on, &command, sink).await?
                }
                event => {
                    if let Some(outcome) = self.progress(event, field::C_GET_RQ, id, &context, on_progress).await? {
                        return Ok(outcome);
                    }
                }
            }
            event = self.wire.next().await?;
        }
    }

    /// Lets the peer send what `query` describes to `destination_ae_title`. Between its reports the peer may be silent for as long as
    /// the first-byte timeout allows.
    pub async fn move_to(
        &mut self,
        model: Model,
        query: &Identifier,
        destination_ae_title: &str,
        on_progress: &mut (dyn FnMut(SubOperations) + Send),
        cancel: &CancellationToken,
    ) -> Result<RetrieveOutcome, DimseError> {
        let context = self.need(model.move_(), "retrieval by C-MOVE")?;
        let id = self.take_message_id();
        let mut request = Command::request(field::C_MOVE_RQ, id, model.move_());
        destination_ae_title.clone_into(&mut request.move_destination);
        self.ask(&context, request, query, cancel).await?;
        loop {
            let event = self.wire.event(self.timeouts.first_byte, Phase::FirstByte).await?;
            if let Some(outcome) = self.progress(event, field::C_MOVE_RQ, id, &context, on_progress).await? {
                return Ok(outcome);
            }
        }
    }

    async fn ask(
        &mut self,
        context: &Context,
        mut request: Command,
        query: &Identifier,
        cancel: &CancellationToken,
    ) -> Result<(), DimseError> {
        self.wire.exchange(self.timeouts.total, cancel);
        request.has_data_set = true;
        self.wire.send(context.id, &request, Some(&query.encode(&context.transfer_syntax_uid))).await
    }

    async fn take_instance(
        &mut self,
        on: u8,
        command: &Command,
        sink: &mut dyn InstanceSink,
    ) -> Result<(), DimseError> {
        let Some(context) = self.context_by_id(on).cloned() else {
            return Err(protocol("an instance on a presentation context that was not accepted"));
        };
        if !command.has_data_set {
            return Err(protocol("a C-STORE request without a data set"));
        }
        let head = InstanceHead {
            sop_class_uid: command.sop_class_uid.clone(),
            sop_instance_uid: command.sop_instance_uid.clone(),
            transfer_syntax_uid: context.transfer_syntax_uid,
            calling_ae_title: String::new(),
            peer_addr: self.wire.peer_addr(),
            move_originator: None,
            message_id: command.message_id,
        };
        let status = receive_instance(&mut self.wire, sink, &head, on).await?;
        self.wire.send(on, &Command::response(command, status.0), None).await
    }

    /// Reads a report of the peer; the final one is the outcome.
    async fn progress(
        &mut self,
        event: Event,
        field: u16,
        id: u16,
        context: &Context,
        on_progress: &mut (dyn FnMut(SubOperations) + Send),
    ) -> Result<Option<RetrieveOutcome>, DimseError> {
        if matches!(event, Event::Data { .. }) {
            return Err(unexpected(&event));
        }
        let (on, command, status) = response_to(event, field, id)?;
        let data = if command.has_data_set { self.wire.collect(on).await? } else { Vec::new() };
        let [remaining, completed, failed, warning] = command.sub_operations;
        let sub_operations = SubOperations { remaining, completed, failed, warning };
        if status.class() == StatusClass::Pending {
            on_progress(sub_operations);
            return Ok(None);
        }
        let listed = Identifier::decode(&data, &context.transfer_syntax_uid)
            .unwrap_or_default()
            .text(tags::FAILED_SOP_INSTANCE_UID_LIST);
        Ok(Some(RetrieveOutcome {
            status,
            sub_operations,
            failed_sop_instance_uids: listed
                .split('\\')
                .map(|uid| uid.trim_matches('\0').to_owned())
                .filter(|uid| !uid.is_empty())
                .collect(),
            error_comment: command.error_comment,
        }))
    }
}
