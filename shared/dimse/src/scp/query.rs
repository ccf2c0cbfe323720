//! Answering C-FIND, C-GET and C-MOVE from an archive (PS3.4 C.4).

use std::io;
use std::time::Duration;

use dicom_ul::pdu::PresentationContextNegotiated;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::serve::Served;
use super::{Archive, ObjectRef};
use crate::assembler::Event;
use crate::association::{Association, Peer};
use crate::command::{Command, field};
use crate::error::{DimseError, Phase, protocol};
use crate::identifier::{Identifier, tags};
use crate::proposal::{Model, Proposal};
use crate::scu::StoreRequest;
use crate::status::{Status, StatusClass};
use crate::uids;

/// Bytes read from a file at once.
const PIECE: usize = 256 * 1024;

/// Counters of a retrieval.
#[derive(Default)]
struct Tally {
    remaining: u16,
    completed: u16,
    failed: u16,
    warning: u16,
    failed_uids: Vec<String>,
}

impl Tally {
    fn add(&mut self, object: &ObjectRef, status: Option<Status>) {
        self.remaining = self.remaining.saturating_sub(1);
        match status.map(Status::class) {
            Some(StatusClass::Success) => self.completed += 1,
            Some(StatusClass::Warning) => self.warning += 1,
            _ => {
                self.failed += 1;
                self.failed_uids.push(object.sop_instance_uid.clone());
            }
        }
    }

    fn on(&self, response: &mut Command, is_final: bool) {
        let remaining = (!is_final).then_some(self.remaining);
        response.sub_operations = [remaining, Some(self.completed), Some(self.failed), Some(self.warning)];
    }

    fn status(&self) -> Status {
        match (self.failed, self.completed + self.warning) {
            (0, _) => Status::SUCCESS,
            (_, 0) => Status::SUB_OPERATIONS_FAILED,
            _ => Status::PARTLY_FAILED,
        }
    }
}

impl Served {
    pub(super) async fn query(
        &mut self,
        context: &PresentationContextNegotiated,
        command: &Command,
        data: &[u8],
        archive: &dyn Archive,
    ) -> Result<(), DimseError> {
        let class = context.abstract_syntax.as_str();
        let model = if [uids::PATIENT_ROOT_FIND, uids::PATIENT_ROOT_GET, uids::PATIENT_ROOT_MOVE].contains(&class) {
            Model::PatientRoot
        } else {
            Model::StudyRoot
        };
        let Ok(query) = Identifier::decode(data, &context.transfer_syntax) else {
            return self.wire.send(context.id, &Command::response(command, Status::CANNOT_UNDERSTAND.0), None).await;
        };
        match command.field {
            field::C_FIND_RQ => self.answer_find(context, command, model, query, archive).await,
            field::C_GET_RQ => self.answer_get(context, command, model, query, archive).await,
            _ => self.answer_move(context, command, model, query, archive).await,
        }
    }

    /// A C-CANCEL for the running operation, if one has arrived.
    fn canceled(&mut self, command: &Command) -> Result<bool, DimseError> {
        match self.wire.ready()? {
            None => Ok(false),
            Some(Event::Command { command: other, .. }) if other.field == field::C_CANCEL_RQ => {
                Ok(other.responds_to == command.message_id)
            }
            Some(_) => Err(protocol("something else than a cancel during a query")),
        }
    }

    async fn answer_find(
        &mut self,
        context: &PresentationContextNegotiated,
        command: &Command,
        model: Model,
        query: Identifier,
        archive: &dyn Archive,
    ) -> Result<(), DimseError> {
        let (sender, mut matches) = mpsc::channel(16);
        let finding = archive.find(model, query, sender);
        tokio::pin!(finding);
        let mut status = None;
        loop {
            let found = tokio::select! {
                biased;
                found = matches.recv() => found,
                end = &mut finding, if status.is_none() => {
                    status = Some(end);
                    continue;
                }
                event = self.wire.event(Duration::from_secs(3600), Phase::Idle) => match event? {
                    Event::Command { command: other, .. } if other.field == field::C_CANCEL_RQ => {
                        return self.wire.send(context.id, &Command::response(command, Status::CANCEL.0), None).await;
                    }
                    _ => return Err(protocol("something else than a cancel during a query")),
                },
            };
            let Some(found) = found else { break };
            let mut response = Command::response(command, Status::PENDING.0);
            response.has_data_set = true;
            self.wire.send(context.id, &response, Some(&found.encode(&context.transfer_syntax))).await?;
            if self.canceled(command)? {
                return self.wire.send(context.id, &Command::response(command, Status::CANCEL.0), None).await;
            }
        }
        let status = match status {
            Some(status) => status,
            None => finding.await,
        };
        self.wire.send(context.id, &Command::response(command, status.0), None).await
    }

    async fn answer_get(
        &mut self,
        context: &PresentationContextNegotiated,
        command: &Command,
        model: Model,
        query: Identifier,
        archive: &dyn Archive,
    ) -> Result<(), DimseError> {
        let objects = match archive.select(model, query).await {
            Ok(objects) => objects,
            Err(status) => return self.wire.send(context.id, &Command::response(command, status.0), None).await,
        };
        let mut tally = Tally { remaining: u16::try_from(objects.len()).unwrap_or(u16::MAX), ..Tally::default() };
        for object in &objects {
            let status = self.give(object).await?;
            tally.add(object, status);
            if tally.remaining > 0 {
                self.report(context, command, &tally).await?;
            }
            if self.canceled(command)? {
                return self.finish(context, command, &tally, Status::CANCEL).await;
            }
        }
        let status = tally.status();
        self.finish(context, command, &tally, status).await
    }

    /// Sends one object on this association; `None`: no presentation context fits it, or its file cannot be read.
    async fn give(&mut self, object: &ObjectRef) -> Result<Option<Status>, DimseError> {
        let fits = |context: &&PresentationContextNegotiated| {
            context.abstract_syntax == object.sop_class_uid
                && context.transfer_syntax == object.transfer_syntax_uid
                && self.provided.contains(&context.abstract_syntax)
        };
        let Some(id) = self.contexts.iter().find(fits).map(|context| context.id) else { return Ok(None) };
        let Ok(mut file) = open(object).await else { return Ok(None) };
        self.last_message_id = self.last_message_id.wrapping_add(1).max(1);
        let mut request = Command::request(field::C_STORE_RQ, self.last_message_id, &object.sop_class_uid);
        request.sop_instance_uid.clone_from(&object.sop_instance_uid);
        request.has_data_set = true;
        let mut left = object.length;
        let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE)).max(1)];
        let mut first = true;
        while first || left > 0 {
            let want = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            file.read_exact(&mut piece[..want]).await.map_err(DimseError::Source)?;
            left -= want as u64;
            if first && left == 0 {
                self.wire.send(id, &request, Some(&piece[..want])).await?;
            } else {
                if first {
                    self.wire.send_command(id, &request).await?;
                }
                self.wire.send_data(id, &piece[..want], left == 0).await?;
            }
            first = false;
        }
        match self.wire.next().await? {
            Event::Command { command, .. } if command.field == field::C_STORE_RQ | field::RESPONSE => {
                Ok(command.status.map(Status))
            }
            _ => Err(protocol("something else than the answer to a C-STORE")),
        }
    }

    async fn answer_move(
        &mut self,
        context: &PresentationContextNegotiated,
        command: &Command,
        model: Model,
        query: Identifier,
        archive: &dyn Archive,
    ) -> Result<(), DimseError> {
        let Some(peer) = archive.destination(&command.move_destination) else {
            return self.wire.send(context.id, &Command::response(command, Status::UNKNOWN_DESTINATION.0), None).await;
        };
        let objects = match archive.select(model, query).await {
            Ok(objects) => objects,
            Err(status) => return self.wire.send(context.id, &Command::response(command, status.0), None).await,
        };
        let mut tally = Tally { remaining: u16::try_from(objects.len()).unwrap_or(u16::MAX), ..Tally::default() };
        let originator = (self.caller.calling_ae_title.clone(), command.message_id);
        let mut association: Option<Association> = None;
        for object in &objects {
            let status = send(&peer, object, &objects, &originator, &mut association).await;
            tally.add(object, status);
            if tally.remaining > 0 {
                self.report(context, command, &tally).await?;
            }
            if self.canceled(command)? {
                break;
            }
        }
        if let Some(association) = association {
            association.release().await;
        }
        let status = if tally.remaining > 0 { Status::CANCEL } else { tally.status() };
        self.finish(context, command, &tally, status).await
    }

    async fn report(
        &mut self,
        context: &PresentationContextNegotiated,
        command: &Command,
        tally: &Tally,
    ) -> Result<(), DimseError> {
        let mut response = Command::response(command, Status::PENDING.0);
        tally.on(&mut response, false);
        self.wire.send(context.id, &response, None).await
    }

    async fn finish(
        &mut self,
        context: &PresentationContextNegotiated,
        command: &Command,
        tally: &Tally,
        status: Status,
    ) -> Result<(), DimseError> {
        let mut response = Command::response(command, status.0);
        tally.on(&mut response, true);
        if tally.failed_uids.is_empty() {
            return self.wire.send(context.id, &response, None).await;
        }
        response.has_data_set = true;
        // VR UI holds 64 KiB in explicit syntaxes: about a thousand UIDs.
        let listed = tally.failed_uids.iter().take(900).cloned().collect::<Vec<_>>().join("\\");
        let failed = Identifier::new().with(tags::FAILED_SOP_INSTANCE_UID_LIST, &listed);
        self.wire.send(context.id, &response, Some(&failed.encode(&context.transfer_syntax))).await
    }
}

async fn open(object: &ObjectRef) -> io::Result<File> {
    let mut file = File::open(&object.path).await?;
    file.set_max_buf_size(PIECE);
    file.seek(io::SeekFrom::Start(object.offset)).await?;
    Ok(file)
}

/// Sends one object to a Move Destination, opening the association for all kinds of objects on first use.
async fn send(
    peer: &Peer,
    object: &ObjectRef,
    all: &[ObjectRef],
    originator: &(String, u16),
    association: &mut Option<Association>,
) -> Option<Status> {
    let never = CancellationToken::new();
    if association.is_none() {
        let mut kinds: Vec<(String, String)> =
            all.iter().map(|object| (object.sop_class_uid.clone(), object.transfer_syntax_uid.clone())).collect();
        kinds.sort();
        kinds.dedup();
        *association = Association::connect(peer, &Proposal::new().store(&kinds), &never).await.ok();
    }
    let open_association = association.as_mut()?;
    let request = StoreRequest {
        sop_class_uid: object.sop_class_uid.clone(),
        sop_instance_uid: object.sop_instance_uid.clone(),
        transfer_syntax_uid: object.transfer_syntax_uid.clone(),
        move_originator: Some(originator.clone()),
    };
    if !open_association.accepts(&request.sop_class_uid, &request.transfer_syntax_uid) {
        return None;
    }
    let mut file = open(object).await.ok()?;
    match open_association.store(&request, Some(object.length), &mut file, &never).await {
        Ok(outcome) => Some(outcome.status),
        Err(_) => {
            *association = None;
            None
        }
    }
}
