//! Delivery by C-STORE over associations that are used again and again.

use std::sync::Arc;
use std::time::Duration;

use adit_dimse::{Association, DimseError, Proposal, Service, Status, StatusClass, StoreOutcome, StoreRequest};
use adit_domain::task::LogLevel;
use tokio::sync::OwnedSemaphorePermit;

use super::{Queue, next};
use crate::transfer::Transfer;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

/// Objects up to this size are read at once and sent in one write, in bytes.
const SMALL: u64 = 2 << 20;
/// How often an instance is sent again after the connection broke or the destination was out of resources.
const TRIES: u32 = 4;

/// One association to the destination with the kinds of objects it was opened for.
#[derive(Default)]
struct Line {
    association: Option<Association>,
    kinds: Vec<(String, String)>,
}

impl Transfer {
    /// Sends instances until no more come.
    pub(super) async fn into_server(
        self: Arc<Self>,
        queue: Queue,
        _permit: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Problem> {
        let mut line = Line::default();
        let result = self.send_all(&queue, &mut line).await;
        if let Some(association) = line.association {
            if result.is_ok() { association.release().await } else { association.abort().await }
        }
        result
    }

    async fn send_all(&self, queue: &Queue, line: &mut Line) -> Result<(), Problem> {
        while let Some(instance) = next(queue).await {
            if self.stop.is_cancelled() {
                return Err(Problem::Canceled);
            }
            match self.send_with_patience(&instance, line).await? {
                Ok(outcome) => self.accepted(&instance, &outcome).await?,
                Err((reason, transient)) => self.undeliverable(&instance, &reason, transient).await?,
            }
        }
        Ok(())
    }

    async fn accepted(&self, instance: &StagedInstance, outcome: &StoreOutcome) -> Result<(), Problem> {
        if outcome.status.class() == StatusClass::Warning {
            let sentence = format!(
                "The destination took an image with a remark: {} (status {}).",
                outcome.status.sentence(Service::Store),
                outcome.status
            );
            self.ledger.note(LogLevel::Warning, "Remark of the destination", &sentence);
        }
        self.delivered(instance).await
    }

    /// Sends one instance, again if that may help. Outer error: the run is over. Inner error: this instance cannot be delivered.
    async fn send_with_patience(
        &self,
        instance: &StagedInstance,
        line: &mut Line,
    ) -> Result<Result<StoreOutcome, (String, bool)>, Problem> {
        let mut tried = 0;
        loop {
            tried += 1;
            let problem = match self.send(instance, line).await {
                Ok(outcome) if outcome.status.is_done() => return Ok(Ok(outcome)),
                Ok(outcome) if tried < TRIES && outcome.status.is_transient(Service::Store) => {
                    Problem::Transient(refusal(outcome.status, &outcome))
                }
                Ok(outcome) => {
                    return Ok(Err((refusal(outcome.status, &outcome), outcome.status.is_transient(Service::Store))));
                }
                Err(Problem::Permanent(sentence)) => return Ok(Err((sentence, false))),
                Err(problem @ Problem::Transient(_)) if tried < TRIES => {
                    line.association = None;
                    problem
                }
                Err(problem) => return Err(problem),
            };
            if let Problem::Transient(sentence) = &problem {
                self.ledger.note(LogLevel::Info, "Sending again", sentence);
            }
            let wait = Duration::from_millis(300 * 3_u64.pow(tried));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stop.cancelled() => return Err(Problem::Canceled),
            }
        }
    }

    async fn send(&self, instance: &StagedInstance, line: &mut Line) -> Result<StoreOutcome, Problem> {
        let note = &instance.note;
        let association = self.line_for(&note.sop_class_uid, &note.transfer_syntax_uid, line).await?;
        let request = StoreRequest {
            sop_class_uid: note.sop_class_uid.clone(),
            sop_instance_uid: note.delivered_as.clone(),
            transfer_syntax_uid: note.transfer_syntax_uid.clone(),
            move_originator: None,
        };
        if let Some(server) = self.destination.server() {
            self.destination.state.pace(server.limits.instances_per_second).await;
        }
        let staging = &self.engine.0.ports.staging;
        let sent = if instance.size <= SMALL {
            let bytes = staging.read_all(&instance.key, SMALL).await?;
            let data_set = bytes.get(usize::try_from(note.offset).unwrap_or(usize::MAX)..).unwrap_or_default();
            self.destination.measured("C-STORE", association.store_bytes(&request, data_set, &self.stop)).await
        } else {
            let mut source = staging.open(&instance.key, Some(note.offset..instance.size)).await?;
            let store = association.store(&request, instance.size - note.offset, &mut *source, &self.stop);
            self.destination.measured("C-STORE", store).await
        };
        match sent {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                if let Some(broken) = line.association.take() {
                    broken.abort().await;
                }
                Err(Problem::of_peer(self.destination.name(), "C-STORE", &error))
            }
        }
    }

    /// The open association if it takes this kind of object, else a new one that takes it too.
    async fn line_for<'a>(
        &self,
        class: &str,
        syntax: &str,
        line: &'a mut Line,
    ) -> Result<&'a mut Association, Problem> {
        let kind = (class.to_owned(), syntax.to_owned());
        let fits = line.association.as_ref().is_some_and(|association| association.accepts(class, syntax));
        if !fits {
            let known = line.kinds.contains(&kind);
            if known && line.association.is_some() {
                return Err(Problem::Permanent(self.not_taken(class, syntax)));
            }
            if !known {
                // The newest kinds stay when there are more than an association holds.
                line.kinds.insert(0, kind);
                line.kinds.truncate(adit_dimse::MAX_CONTEXTS);
            }
            if let Some(old) = line.association.take() {
                old.release().await;
            }
            let opened =
                self.open(&self.destination, "opening an association", &Proposal::new().store(&line.kinds)).await?;
            let accepted = opened.accepts(class, syntax);
            line.association = Some(opened);
            if !accepted {
                return Err(Problem::Permanent(self.not_taken(class, syntax)));
            }
        }
        line.association
            .as_mut()
            .ok_or_else(|| Problem::of_peer(self.destination.name(), "C-STORE", &DimseError::Closed))
    }

    fn not_taken(&self, class: &str, syntax: &str) -> String {
        format!(
            "{} does not take this kind of image (SOP class {class} in transfer syntax {syntax})",
            self.destination.name()
        )
    }
}

fn refusal(status: Status, outcome: &StoreOutcome) -> String {
    let comment =
        if outcome.error_comment.is_empty() { String::new() } else { format!(", it says: {}", outcome.error_comment) };
    format!("the destination refused it: {} (status {status}){comment}", status.sentence(Service::Store))
}
