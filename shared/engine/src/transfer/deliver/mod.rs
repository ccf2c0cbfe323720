//! Deliver: from staging to the destination, several instances at a time where the destination allows.

mod bucket;
mod dimse;
mod folder;
mod gathered;
mod home;
mod naming;
mod nifti;
mod swap;
mod web;

pub(super) use home::Homes;
pub(super) use naming::place_for;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use adit_domain::task::Step;
use adit_store::repositories::{Conversion, Receipt, ReceiptState};
use adit_store::staging::StagedKey;
use tokio::sync::{Mutex, OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::Transfer;
use super::ledger::Unsaved;
use super::measure;
use super::plan::Plan;
use super::problem::Problem;
use super::sink::StagedInstance;
use crate::peers::Taking;
use crate::worker::owns;

/// Staged instances that may wait for the destination before the source is held back.
const WAITING: usize = 32;
/// Parallel writes to a bucket: each waits for an answer.
const BUCKET_WRITERS: usize = 8;
/// Parallel writes to a folder.
const FOLDER_WRITERS: usize = 2;

/// What the deliverers share.
pub(super) type Queue = Arc<Mutex<mpsc::Receiver<StagedInstance>>>;

/// The bounded channel between retrieval and delivery.
pub(super) fn channel() -> (mpsc::Sender<StagedInstance>, mpsc::Receiver<StagedInstance>) {
    mpsc::channel(WAITING)
}

impl Transfer {
    /// Delivers everything that comes through the channel. A problem ends the whole run: the retrieval is stopped.
    pub(super) async fn deliver(
        self: Arc<Self>,
        plan: Arc<Plan>,
        staged: mpsc::Receiver<StagedInstance>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Problem> {
        let queue: Queue = Arc::new(Mutex::new(staged));
        let mut workers = JoinSet::new();
        match self.destination.server() {
            None if self.destination.is_bucket() => {
                for _ in 0..BUCKET_WRITERS {
                    workers
                        .spawn(Arc::clone(&self).into_bucket(Arc::clone(&plan), Arc::clone(&queue)).in_current_span());
                }
            }
            None if self.converts() => {
                workers.spawn(Arc::clone(&self).into_nifti(plan, Arc::clone(&queue)).in_current_span());
            }
            None => {
                for _ in 0..FOLDER_WRITERS {
                    workers
                        .spawn(Arc::clone(&self).into_folder(Arc::clone(&plan), Arc::clone(&queue)).in_current_span());
                }
            }
            Some(server) => {
                let mut permits = vec![permit];
                while permits.len() < usize::from(server.limits.associations) && permits.len() < 8 {
                    match self.destination.state.try_permit() {
                        Some(permit) => permits.push(Some(permit)),
                        None => break,
                    }
                }
                let (taking, by_web) = (Arc::<Taking>::default(), self.delivers_by_web.load(Ordering::Relaxed));
                for permit in permits {
                    let (this, queue) = (Arc::clone(&self), Arc::clone(&queue));
                    if by_web {
                        workers.spawn(this.into_web(queue, Arc::clone(&taking), permit).in_current_span());
                    } else {
                        workers.spawn(this.into_server(queue, permit).in_current_span());
                    }
                }
            }
        }
        let mut result = Ok(());
        while let Some(ended) = workers.join_next().await {
            let ended = ended.unwrap_or_else(|_| Err(Problem::Transient("A part of the delivery broke.".into())));
            if let (Ok(()), Err(problem)) = (&result, ended) {
                result = Err(problem);
                self.stop.cancel();
            }
        }
        result
    }

    /// The destination has the instance. Receipts are stored by the hundred, and what they are about leaves staging after that: until
    /// then a crash delivers it once more, which changes nothing.
    async fn delivered(&self, instance: &StagedInstance) -> Result<(), Problem> {
        measure::moved(instance.size);
        self.ledger.delivered_with(receipt(instance, None), Some(&instance.key));
        if self.ledger.is_save_due() {
            self.save_receipts().await?;
            self.save_report_sometimes().await;
        }
        Ok(())
    }

    /// Stores the receipts that are not stored yet; what they are about leaves staging.
    pub(super) async fn save_receipts(&self) -> Result<(), Problem> {
        let _turn = self.ledger.saving.lock().await;
        let Unsaved { receipts, staged, .. } = self.ledger.take_unsaved();
        self.engine.0.receipts.put(&self.task.id, self.task.epoch, &receipts).await?;
        if !staged.is_empty()
            && let Err(problem) = self.unstage_ours(&staged).await
        {
            tracing::warn!(error = problem.sentence(), "what was delivered is still staged; it is removed later");
            self.ledger.stays_staged(staged);
        }
        Ok(())
    }

    async fn unstage_ours(&self, keys: &[StagedKey]) -> Result<(), Problem> {
        if self.is_ours().await? {
            self.engine.0.ports.staging.delete_all(keys).await?;
        }
        Ok(())
    }

    /// Earlier runs have left nothing to do: what they left in staging goes.
    pub(super) async fn clear_staging(&self) -> Result<(), Problem> {
        if self.is_ours().await? {
            self.engine.0.ports.staging.delete_task(self.task.id.as_str()).await?;
        }
        Ok(())
    }

    /// Who has lost the task removes nothing: its next owner may be reading it.
    async fn is_ours(&self) -> Result<bool, Problem> {
        let present = self.engine.0.tasks.get(&self.task.job_id, &self.task.id).await?;
        Ok(present.is_some_and(|present| owns(&present.value, &self.task)))
    }

    /// An instance cannot be delivered; the others go on.
    async fn undeliverable(&self, instance: &StagedInstance, reason: &str, transient: bool) -> Result<(), Problem> {
        self.ledger.fail(&instance.note.original, &instance.note.series, Step::Deliver, reason, transient);
        Ok(self.engine.0.ports.staging.delete(&instance.key).await?)
    }
}

fn receipt(instance: &StagedInstance, conversion: Option<Conversion>) -> Receipt {
    Receipt {
        sop_instance_uid: instance.note.original.clone(),
        series_instance_uid: instance.note.series.clone(),
        delivered_as: instance.note.delivered_as.clone(),
        pseudonym: instance.note.pseudonym.clone(),
        size: instance.size,
        state: ReceiptState::Delivered,
        conversion,
    }
}

/// The next staged instance; `None` when all have come.
async fn next(queue: &Queue) -> Option<StagedInstance> {
    queue.lock().await.recv().await
}
