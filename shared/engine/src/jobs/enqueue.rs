//! Putting a waiting task into the queue, and the compare-and-swap loop by which tasks and jobs are changed.

use std::time::Duration;

use adit_domain::job::Job;
use adit_domain::task::{Task, TaskStatus};
use adit_domain::{JobId, TaskId};
use adit_store::items::Kind;
use adit_store::queue::{Band, Lane, Message, Pointer};
use adit_store::repositories::Versioned;
use adit_store::repositories::jobs::JobRecord;

use crate::{Engine, Refusal, now};

/// How often a change is tried again when somebody else was faster.
const TRIES: usize = 20;

impl Engine {
    /// Sends a queue message for a waiting task and records that it was sent.
    pub(crate) async fn enqueue(&self, job: &Job, id: &TaskId) -> Result<(), Refusal> {
        let Some(task) = self.0.tasks.get(&job.id, id).await? else { return Ok(()) };
        if task.value.status != TaskStatus::Pending {
            return Ok(());
        }
        let wait = task.value.not_before.map_or(0, |moment| moment.since_ms(now()).max(0));
        let message = Message {
            body: Pointer::task(&job.id, id).encode(),
            lane: Lane::Bridge,
            band: if job.urgent { Band::Urgent } else { Band::Normal },
            group: job.owner.to_string(),
            trace: job.trace.clone(),
        };
        let delay = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        self.0.ports.queue.send(message, delay).await.map_err(Refusal::from)?;
        self.change_task(&job.id, id, |task| {
            let waits = task.status == TaskStatus::Pending && !task.enqueued;
            task.enqueued = true;
            waits
        })
        .await?;
        Ok(())
    }

    /// Changes a task by compare-and-swap: `change` sees the present value and answers whether it is to be written.
    /// The counters of the job move in the same transaction. `None`: the task is gone or `change` said no.
    pub(crate) async fn change_task(
        &self,
        job: &JobId,
        id: &TaskId,
        mut change: impl FnMut(&mut Task) -> bool,
    ) -> Result<Option<Task>, Refusal> {
        for _ in 0..TRIES {
            let Some(Versioned { value: mut task, version }) = self.0.tasks.get(job, id).await? else {
                return Ok(None);
            };
            let before = task.status;
            if !change(&mut task) {
                return Ok(None);
            }
            match self.0.tasks.update(&task, before, version).await {
                Ok(()) => return Ok(Some(task)),
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::conflict("This task changes too quickly just now. Try again."))
    }

    /// Changes a job by compare-and-swap; see [`Engine::change_task`].
    pub(crate) async fn change_job(
        &self,
        id: &JobId,
        mut change: impl FnMut(&mut JobRecord) -> bool,
    ) -> Result<Option<JobRecord>, Refusal> {
        for _ in 0..TRIES {
            let Some(mut record) = self.0.jobs.get(id).await? else { return Ok(None) };
            if !change(&mut record) {
                return Ok(None);
            }
            match self.0.jobs.update(&record.job, record.version).await {
                Ok(()) => return Ok(Some(record)),
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::conflict("This job changes too quickly just now. Try again."))
    }

    /// Brings a job's status in line with its tasks. Safe to call at any time and twice.
    pub(crate) async fn settle_job(&self, id: &JobId) -> Result<(), Refusal> {
        let changed = self
            .change_job(id, |record| {
                let (status, message) = record.counts.derive(record.job.canceling);
                let job = &mut record.job;
                let started = job.start.is_none() && record.counts.in_progress > 0;
                if job.status == status && !started {
                    return false;
                }
                if started {
                    job.start = Some(now());
                }
                job.status = status;
                message.clone_into(&mut job.message);
                job.end = status.is_final().then(now);
                if status.is_final() {
                    job.canceling = false;
                }
                true
            })
            .await?;
        if let Some(record) = changed.filter(|record| record.job.status.is_final()) {
            tracing::info!(job = %id, status = ?record.job.status, "job finished");
            if record.job.options.send_finished_mail {
                tracing::info!(job = %id, "the owner wants a mail; no way to send mail is set up");
            }
        }
        Ok(())
    }
}
