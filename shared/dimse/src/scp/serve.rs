//! One accepted association: request after request until release.

use dicom_ul::pdu::PresentationContextNegotiated;

use super::server::End;
use super::{Caller, Provider};
use crate::assembler::Event;
use crate::command::{Command, field};
use crate::error::{DimseError, Phase, protocol};
use crate::scu::receive_instance;
use crate::sink::{InstanceHead, InstanceSink};
use crate::status::Status;
use crate::wire::{Wire, unexpected};

/// An association that is to end goes on while its caller pauses for less than this.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// An accepted association.
pub(super) struct Served {
    pub wire: Wire,
    pub caller: Caller,
    pub contexts: Vec<PresentationContextNegotiated>,
    /// Classes for which the caller takes instances on this association (C-GET).
    pub provided: Vec<String>,
    pub last_message_id: u16,
}

impl Served {
    pub fn new(
        wire: Wire,
        caller: Caller,
        contexts: Vec<PresentationContextNegotiated>,
        provided: Vec<String>,
    ) -> Self {
        Self { wire, caller, contexts, provided, last_message_id: 0 }
    }

    pub async fn abort(&mut self) {
        self.wire.abort().await;
    }

    pub async fn run(&mut self, provider: &dyn Provider, end: &End) -> Result<(), DimseError> {
        self.wire.exchange(None, &end.stop);
        let mut sink = provider.sink(&self.caller);
        let idle = std::time::Duration::from_secs(600);
        loop {
            let event = tokio::select! {
                event = self.wire.event(idle, Phase::Idle) => event?,
                () = async { end.ending.cancelled().await; tokio::time::sleep(PAUSE).await } => {
                    return Err(DimseError::Cancelled);
                }
            };
            match event {
                Event::ReleaseRequest => {
                    self.wire.agree_to_release().await;
                    return Ok(());
                }
                Event::Command { context, command } => self.answer(context, *command, provider, &mut *sink).await?,
                other => return Err(unexpected(&other)),
            }
        }
    }

    async fn answer(
        &mut self,
        on: u8,
        command: Command,
        provider: &dyn Provider,
        sink: &mut dyn InstanceSink,
    ) -> Result<(), DimseError> {
        let Some(context) = self.contexts.iter().find(|context| context.id == on).cloned() else {
            return Err(protocol("a request on a presentation context that was not accepted"));
        };
        match command.field {
            field::C_ECHO_RQ => self.wire.send(on, &Command::response(&command, Status::SUCCESS.0), None).await,
            field::C_STORE_RQ => self.take_instance(&context, &command, sink).await,
            field::C_FIND_RQ | field::C_GET_RQ | field::C_MOVE_RQ => {
                let query = if command.has_data_set { self.wire.collect(on).await? } else { Vec::new() };
                match provider.archive() {
                    Some(archive) => self.query(&context, &command, &query, archive).await,
                    None => {
                        self.wire.send(on, &Command::response(&command, Status::SOP_CLASS_NOT_SUPPORTED.0), None).await
                    }
                }
            }
            // A cancel that comes after the end of its operation has no effect.
            field::C_CANCEL_RQ => Ok(()),
            _ => {
                if command.has_data_set {
                    self.wire.collect(on).await?;
                }
                self.wire.send(on, &Command::response(&command, 0x0211), None).await
            }
        }
    }

    async fn take_instance(
        &mut self,
        context: &PresentationContextNegotiated,
        command: &Command,
        sink: &mut dyn InstanceSink,
    ) -> Result<(), DimseError> {
        if !command.has_data_set {
            return Err(protocol("a C-STORE request without a data set"));
        }
        let head = InstanceHead {
            sop_class_uid: command.sop_class_uid.clone(),
            sop_instance_uid: command.sop_instance_uid.clone(),
            transfer_syntax_uid: context.transfer_syntax.clone(),
            calling_ae_title: self.caller.calling_ae_title.clone(),
            peer_addr: Some(self.caller.addr),
            move_originator: command.move_originator.clone(),
            message_id: command.message_id,
        };
        let status = receive_instance(&mut self.wire, sink, &head, context.id).await?;
        self.wire.send(context.id, &Command::response(command, status.0), None).await
    }
}
