//! Sweep: what a dead process left behind is put right. Everything here may run at any time and twice.

use std::time::Duration;

use adit_domain::task::{Task, TaskStatus};
use tokio_util::sync::CancellationToken;

use crate::{Engine, Refusal, now};

/// How often a sweep runs.
const EVERY: Duration = Duration::from_secs(10);
/// A task written this long ago without a queue message was forgotten.
const OUTBOX_MS: i64 = 10_000;
/// Rows looked at per sweep.
const BATCH: usize = 100;

impl Engine {
    /// Sweeps until `stop`.
    pub async fn sweep_forever(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.sweep().await {
                tracing::error!(error = %error, "the sweep failed and is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Frees expired leases, enqueues forgotten tasks, brings jobs in line, resolves the addresses of servers anew, and lets rules see what
    /// has arrived.
    pub async fn sweep(&self) -> Result<(), Refusal> {
        for task in self.0.tasks.leases_ended(now(), BATCH).await? {
            self.free(&task.value).await?;
        }
        for task in self.0.tasks.not_enqueued(now().plus_ms(-OUTBOX_MS), BATCH).await? {
            if let Some(record) = self.0.jobs.get(&task.value.job_id).await? {
                self.enqueue(&record.job, &task.value.id).await?;
                self.settle_job(&record.job.id).await?;
            }
        }
        self.refresh_reception().await;
        self.sweep_rules().await
    }

    /// To be called once at start by a process that is alone on its data: every lease in the table is a dead process's.
    pub async fn recover(&self) -> Result<(), Refusal> {
        let far = now().plus_ms(i64::from(u32::MAX));
        for task in self.0.tasks.leases_ended(far, 10_000).await? {
            if task.value.lease.as_ref().is_some_and(|lease| lease.owner != self.0.settings.process) {
                self.free(&task.value).await?;
            }
        }
        for task in self.0.tasks.not_enqueued(far, 10_000).await? {
            if let Some(record) = self.0.jobs.get(&task.value.job_id).await? {
                self.enqueue(&record.job, &task.value.id).await?;
            }
        }
        self.tidy_inbox().await?;
        self.settle_unfinished().await
    }

    /// Takes a task away from an owner that is gone and lets it wait again; what it has delivered stays delivered.
    async fn free(&self, seen: &Task) -> Result<(), Refusal> {
        let freed = self
            .change_task(&seen.job_id, &seen.id, |task| {
                let same =
                    task.status == TaskStatus::InProgress && task.attempts == seen.attempts && task.lease == seen.lease;
                if same && task.cancel_requested {
                    task.status = TaskStatus::Canceled;
                    task.end = Some(now());
                    task.lease = None;
                } else if same {
                    task.wait_again(false);
                }
                same
            })
            .await?;
        if let Some(task) = freed {
            tracing::warn!(job = %task.job_id, task = %task.id, "a task lost its worker and goes on");
            if let Some(record) = self.0.jobs.get(&task.job_id).await? {
                self.enqueue(&record.job, &task.id).await?;
            }
            self.settle_job(&task.job_id).await?;
        }
        Ok(())
    }

    async fn settle_unfinished(&self) -> Result<(), Refusal> {
        let mut after = None;
        loop {
            let (records, next) = self.0.jobs.list(None, 200, after).await?;
            for record in records.iter().filter(|record| !record.job.status.is_final()) {
                self.settle_job(&record.job.id).await?;
            }
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
