//! Delivery by STOW-RS: several instances in one request, each judged by itself.

use std::sync::Arc;

use adit_dicomweb_client::StoreOutcome;
use adit_dimse::{Service, Status};
use adit_domain::task::LogLevel;
use tokio::sync::OwnedSemaphorePermit;

use super::Queue;
use crate::peers::{BATCH, BATCH_MOMENT, Content, Stowed, Taking, Verdict, Verdicts};
use crate::transfer::Transfer;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

impl Transfer {
    /// Sends instances until no more come.
    pub(super) async fn into_web(
        self: Arc<Self>,
        queue: Queue,
        taking: Arc<Taking>,
        _permit: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Problem> {
        let mut left = None;
        loop {
            let instances = gather(&queue, &mut left, taking.most()).await;
            if instances.is_empty() {
                return Ok(());
            }
            if self.stop.is_cancelled() {
                return Err(Problem::Canceled);
            }
            // What the server does not take as a whole is sent in halves.
            let mut parts = vec![instances.as_slice()];
            while let Some(part) = parts.pop() {
                if !self.send_batch(part, &taking).await? {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
    }

    /// Sends some instances in one request; false: less may pass.
    async fn send_batch(&self, instances: &[StagedInstance], taking: &Taking) -> Result<bool, Problem> {
        let staging = &self.engine.0.ports.staging;
        let contents = instances.iter().map(|one| Content::staged(staging, one.key.clone(), one.size));
        match self.destination.stow(contents.collect(), taking, &self.stop).await? {
            Stowed::Answered(outcome) => self.settle_batch(instances, outcome).await?,
            Stowed::InParts => return Ok(false),
            Stowed::Refused { sentence, transient } => {
                for instance in instances {
                    self.undeliverable(instance, sentence.trim_end_matches('.'), transient).await?;
                }
            }
        }
        Ok(true)
    }

    /// Takes the answer into the books.
    async fn settle_batch(&self, instances: &[StagedInstance], outcome: StoreOutcome) -> Result<(), Problem> {
        for warning in &outcome.warnings {
            let sentence = format!("The destination says: {warning}");
            self.ledger.note(LogLevel::Warning, "Remark of the destination", &sentence);
        }
        let verdicts = Verdicts::of(outcome);
        for instance in instances {
            let warning = match verdicts.on(&instance.note.delivered_as) {
                Verdict::Stored { warning } => warning,
                Verdict::Failed(code) => {
                    let (status, words) = (Status(code), Status(code).sentence(Service::Store));
                    let reason = format!("the destination refused it: {words} (failure reason {status})");
                    self.undeliverable(instance, &reason, status.is_transient(Service::Store)).await?;
                    continue;
                }
            };
            if let Some(code) = warning {
                let (status, words) = (Status(code), Status(code).sentence(Service::Store));
                let sentence =
                    format!("The destination took an image with a remark: {words} (warning reason {status}).");
                self.ledger.note(LogLevel::Warning, "Remark of the destination", &sentence);
            }
            self.delivered(instance).await?;
        }
        Ok(())
    }
}

/// Waits for an instance and takes what else comes within a moment, up to the limits of one request, one of them in bytes. `left`: one that
/// did not fit any more.
async fn gather(queue: &Queue, left: &mut Option<StagedInstance>, most: u64) -> Vec<StagedInstance> {
    let (first, waiting) = match left.take() {
        // Another worker may hold the queue while it waits for more.
        Some(first) => (Some(first), queue.try_lock().ok()),
        None => {
            let mut waiting = queue.lock().await;
            (waiting.recv().await, Some(waiting))
        }
    };
    let Some(first) = first else { return Vec::new() };
    let mut bytes = first.size;
    let mut all = vec![first];
    let Some(mut waiting) = waiting else { return all };
    let until = tokio::time::Instant::now() + BATCH_MOMENT;
    while all.len() < BATCH
        && let Ok(Some(next)) = tokio::time::timeout_at(until, waiting.recv()).await
    {
        bytes += next.size;
        if bytes > most {
            *left = Some(next);
            break;
        }
        all.push(next);
    }
    all
}
