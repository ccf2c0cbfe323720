//! One pointer, from the queue's hand to its answer.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use adit_domain::TaskId;
use adit_domain::job::{Job, JobStatus};
use adit_domain::task::{Task, TaskStatus};
use adit_store::queue::{Delivery, Pointed, Pointer};
use futures_util::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::AGAIN;
use super::claim::{Beat, not_yet, owns};
use super::record::not_on_record;
use super::settle::apply;
use crate::transfer::{self, Outcome};
use crate::{Engine, Refusal, now};

/// When a task is looked at again that may not begin because transfers are suspended.
const SUSPENDED: Duration = Duration::from_secs(15);

/// What became of a pointer, and so what the queue is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worked {
    /// Nothing more to do: acknowledge it.
    Done,
    /// It comes too early, or the store did not answer: release it for this time.
    Later(Duration),
    /// This version cannot read it, for the reason given: set it aside.
    Unreadable(String),
}

/// Tasks of this process and their cancellation.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<TaskId, CancellationToken>>);

impl Running {
    fn begin(&self, id: &TaskId, parent: &CancellationToken) -> CancellationToken {
        let token = parent.child_token();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), token.clone());
        token
    }

    fn end(&self, id: &TaskId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Stops a task of this process at once; a task of another process notices at its next heartbeat.
    pub fn cancel(&self, id: &TaskId) {
        if let Some(token) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            token.cancel();
        }
    }
}

impl Engine {
    /// Does what a queue message asks for. Never panics: a run that breaks counts as a failed attempt of its task. When `stop` is
    /// cancelled the task is handed back with what it has achieved, and that counts as no attempt.
    ///
    /// May run twice for the same message: a task has one owner at a time, and a finished one is left alone.
    pub async fn work_on(&self, delivery: &Delivery, stop: &CancellationToken) -> Worked {
        let pointer = match Pointed::decode(&delivery.message.body) {
            Ok(Pointed::Task(pointer)) => pointer,
            Ok(Pointed::Rule(pointer)) => return self.scheduled(delivery, &pointer, stop).await,
            Ok(Pointed::Mail(pointer)) => return self.mail(delivery, &pointer, stop).await,
            Err(error) => {
                tracing::error!(error = %error, "a queue message cannot be read and is set aside");
                return Worked::Unreadable(error.to_string());
            }
        };
        let span = tracing::info_span!("task", job = %pointer.job_id, task = %pointer.task_id, trace = %delivery.message.trace);
        let handled = AssertUnwindSafe(self.handle(&pointer, delivery, stop).instrument(span.clone())).catch_unwind();
        let _entered;
        match handled.await {
            Ok(Ok(worked)) => worked,
            Ok(Err(error)) => {
                _entered = span.entered();
                tracing::error!(error = %error, "a task could not be handled; it comes again");
                Worked::Later(AGAIN)
            }
            Err(_) => {
                _entered = span.entered();
                tracing::error!("the handling of a task broke; it comes again");
                Worked::Later(AGAIN)
            }
        }
    }

    async fn handle(
        &self,
        pointer: &Pointer,
        delivery: &Delivery,
        stop: &CancellationToken,
    ) -> Result<Worked, Refusal> {
        let (job_id, id) = (&pointer.job_id, &pointer.task_id);
        let Some(record) = self.0.jobs.get(job_id).await? else { return Ok(Worked::Done) };
        let Some(task) = self.0.tasks.get(job_id, id).await? else { return Ok(Worked::Done) };
        if record.job.status == JobStatus::WaitingForApproval {
            // Approval sends another message.
            return Ok(Worked::Done);
        }
        if let Some(wait) = not_yet(&task.value, now()) {
            return Ok(wait);
        }
        if stop.is_cancelled() {
            return Ok(Worked::Later(Duration::ZERO));
        }
        if self.suspended().await?.is_some() {
            return Ok(Worked::Later(SUSPENDED));
        }
        let claimed_at = Instant::now();
        let Some(task) = self.claim(&task.value).await? else {
            if let Some(task) = self.0.tasks.get(job_id, id).await? {
                // It may have been given up just now.
                self.tidy_staging(&record.job, &task.value).await;
            }
            self.settle_job(job_id).await?;
            return Ok(Worked::Later(Duration::from_secs(1)));
        };
        self.settle_job(job_id).await?;
        let token = self.0.running.begin(id, stop);
        let (outcome, lost) = match self.record_beginning(&record.job, &task).await {
            Ok(()) => self.run_owned(&record.job, &task, claimed_at, delivery, &token).await,
            Err(_) => (not_on_record(&task), false),
        };
        self.0.running.end(id);
        let outcome = self.record_ending(&record.job, &task, outcome).await;
        self.settle(&record.job, &task, &outcome, lost || stop.is_cancelled()).await?;
        Ok(Worked::Done)
    }

    /// Runs a claimed task while its heart beats. The second value: it ended because its lease was lost.
    async fn run_owned(
        &self,
        job: &Job,
        task: &Task,
        claimed_at: Instant,
        delivery: &Delivery,
        token: &CancellationToken,
    ) -> (Outcome, bool) {
        let run = AssertUnwindSafe(self.transfer(job, task, token)).catch_unwind();
        let beat = self.heartbeat(task, claimed_at, delivery);
        tokio::pin!(run, beat);
        let mut lost = false;
        let ended = tokio::select! {
            ended = &mut run => ended,
            why = &mut beat => {
                lost = why == Beat::Lost;
                if lost {
                    tracing::warn!("the task was taken over or let go; this worker stops");
                }
                token.cancel();
                run.await
            }
        };
        let outcome = ended.unwrap_or_else(|_| {
            tracing::error!("a transfer broke");
            transfer::broken(task)
        });
        (outcome, lost)
    }

    /// Records what a run has achieved; the job's counters follow in the same transaction. A former owner records nothing.
    pub(crate) async fn settle(
        &self,
        job: &Job,
        claimed: &Task,
        outcome: &Outcome,
        handed_back: bool,
    ) -> Result<(), Refusal> {
        let mut moved = Vec::from_iter(self.run_as_use(job, claimed, outcome).await?);
        if let Some(group) = job.group.as_ref().filter(|_| outcome.progress.bytes > 0) {
            moved.push(self.0.limits.add_bytes(group, now(), outcome.progress.bytes).await?);
        }
        let settled = self
            .change_task_with(&claimed.job_id, &claimed.id, moved, |task| {
                let mine = owns(task, claimed);
                if mine {
                    apply(task, outcome, handed_back);
                }
                mine
            })
            .await?;
        let Some(task) = settled else {
            tracing::warn!("another worker has taken this task over");
            return self.tidy_after_losing(job, claimed).await;
        };
        tracing::info!(ending = ?outcome.ending, delivered = outcome.progress.delivered,
            expected = outcome.progress.expected, failed = outcome.failures_total, "task settled");
        if task.status == TaskStatus::Pending {
            let urgent = self.0.jobs.get(&job.id).await?.map_or(job.clone(), |record| record.job);
            self.enqueue(&urgent, &claimed.id).await?;
        }
        self.tidy_staging(job, &task).await;
        self.settle_job(&job.id).await
    }

    /// What a task has staged when it is over. Images that did not get through wait for another try, unless somebody has canceled it, or
    /// wanted series converted; who lets it go on all the same has them fetched again.
    pub(crate) async fn tidy_staging(&self, job: &Job, task: &Task) {
        let goes = task.status == TaskStatus::Canceled || job.options.convert_to_nifti && task.status.is_final();
        // Who never ran has staged nothing.
        if !goes || task.attempts == 0 {
            return;
        }
        if let Err(error) = self.0.ports.staging.delete_task(task.id.as_str()).await {
            tracing::warn!(task = %task.id, error = %error, "what a task has staged could not be deleted");
        }
    }

    /// What a former owner has staged after its task was over belongs to nobody. While the task runs or waits it is of use to the
    /// present owner.
    async fn tidy_after_losing(&self, job: &Job, claimed: &Task) -> Result<(), Refusal> {
        let now = self.0.tasks.get(&claimed.job_id, &claimed.id).await?;
        let is_over = |status: TaskStatus| {
            matches!(status, TaskStatus::Success | TaskStatus::Canceled)
                || (job.options.convert_to_nifti && status.is_final())
        };
        if now.is_none_or(|task| is_over(task.value.status)) {
            self.0.ports.staging.delete_task(claimed.id.as_str()).await.map_err(Refusal::from)?;
        }
        Ok(())
    }
}
