//! Sweep: what a dead process left behind is put right. Everything here may run at any time, at several places at once, and twice.

use std::collections::HashMap;
use std::time::Duration;

use adit_domain::retry::{ORPHAN_MS, STALE_MESSAGE_MS, STRANDED_MS};
use adit_domain::task::{Task, TaskStatus};
use adit_domain::{JobId, Timestamp};
use adit_store::queue::Lane;
use adit_store::repositories::Versioned;
use adit_store::repositories::jobs::JobRecord;
use tokio_util::sync::CancellationToken;

use crate::clock::jitter;
use crate::{Engine, Refusal, now};

/// How often a sweep runs.
const EVERY: Duration = Duration::from_secs(10);
/// A task written this long ago without a queue message was forgotten.
const OUTBOX_MS: i64 = 10_000;

impl Engine {
    /// Sweeps until `stop`, and resolves the addresses of servers anew.
    pub async fn sweep_forever(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.sweep().await {
                tracing::error!(error = %error, "the sweep failed and is tried again");
            }
            self.refresh_reception().await;
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Frees expired leases, enqueues forgotten tasks, brings their jobs in line, puts lost queue messages right, and lets rules see what has
    /// arrived.
    pub async fn sweep(&self) -> Result<(), Refusal> {
        let mut after = None;
        loop {
            let page = self.0.tasks.leases_ended(now(), after).await?;
            for task in page.tasks {
                self.free(&task.value, Gone::Died).await?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.enqueue_forgotten(now().plus_ms(-OUTBOX_MS)).await?;
        self.resend_stranded().await?;
        self.sweep_mails().await?;
        self.sweep_spools(false).await?;
        self.sweep_rules().await
    }

    /// To be called once at start by a process that is alone on its data: every lease in the table is a dead process's.
    pub async fn recover(&self) -> Result<(), Refusal> {
        let far = now().plus_ms(i64::from(u32::MAX));
        let mut after = None;
        loop {
            let page = self.0.tasks.leases_ended(far, after).await?;
            for task in page.tasks {
                if task.value.lease.as_ref().is_some_and(|lease| lease.owner != self.0.settings.process) {
                    self.free(&task.value, Gone::Ended).await?;
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.enqueue_forgotten(far).await?;
        self.sweep_spools(true).await?;
        self.tidy_inbox().await?;
        self.forget_readings().await?;
        self.tidy_scratch().await;
        self.settle_unfinished().await
    }

    /// Takes a task away from an owner that is gone and lets it wait again; what it has delivered stays delivered.
    async fn free(&self, seen: &Task, gone: Gone) -> Result<(), Refusal> {
        let delivered = self.last_heard(seen).await?;
        let freed = self
            .change_task(&seen.job_id, &seen.id, |task| {
                let same =
                    task.status == TaskStatus::InProgress && task.attempts == seen.attempts && task.lease == seen.lease;
                match gone {
                    Gone::Ended if same && !task.cancel_requested => task.wait_again(false),
                    _ if same => task.lose_worker(now(), delivered, jitter()),
                    _ => {}
                }
                same
            })
            .await?;
        if let Some(task) = freed {
            tracing::warn!(job = %task.job_id, task = %task.id, losses = task.losses.times, status = ?task.status, "a task has lost its worker");
            self.enqueue_and_settle(&task).await?;
        }
        Ok(())
    }

    async fn enqueue_and_settle(&self, task: &Task) -> Result<(), Refusal> {
        if let Some(record) = self.0.jobs.get(&task.job_id).await? {
            self.enqueue(&record.job, &task.id).await?;
            self.tidy_staging(&record.job, task).await;
        }
        self.settle_job(&task.job_id).await
    }

    /// Tasks that were written before this moment but not put into the queue. Without a job they are what is left of a job that was never made.
    async fn enqueue_forgotten(&self, before: Timestamp) -> Result<(), Refusal> {
        let mut jobs: HashMap<JobId, Option<JobRecord>> = HashMap::new();
        let mut after = None;
        loop {
            let page = self.0.tasks.not_enqueued(before, after).await?;
            for Versioned { value: task, version } in page.tasks {
                if !jobs.contains_key(&task.job_id) {
                    jobs.insert(task.job_id.clone(), self.0.jobs.get(&task.job_id).await?);
                }
                match jobs.get(&task.job_id).and_then(Option::as_ref) {
                    Some(record) => self.enqueue(&record.job, &task.id).await?,
                    None if now().since_ms(task.created) > ORPHAN_MS => {
                        self.remove_orphan(&task, version).await;
                    }
                    None => {}
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for id in jobs.iter().filter_map(|(id, record)| record.as_ref().map(|_| id)) {
            self.settle_job(id).await?;
        }
        Ok(())
    }

    async fn remove_orphan(&self, task: &Task, version: u64) {
        match self.0.tasks.delete_orphan(task, version).await {
            Ok(()) => tracing::warn!(job = %task.job_id, task = %task.id, "a task without a job was removed"),
            // It has changed or has a job by now, or it is removed the next time.
            Err(error) => tracing::debug!(task = %task.id, error = %error, "a task without a job stays"),
        }
    }

    /// Waiting tasks whose queue message is gone: it was set aside because its receivers died, or the queue lost it.
    async fn resend_stranded(&self) -> Result<(), Refusal> {
        if self.suspended().await?.is_some() {
            // They wait on purpose.
            return Ok(());
        }
        let page = self.0.tasks.waiting(now().plus_ms(-STRANDED_MS), None).await?;
        if page.tasks.is_empty() {
            return Ok(());
        }
        let mut empty = HashMap::new();
        for lane in [Lane::Bridge, Lane::Worker] {
            let depth = self.0.ports.queue.depth(lane).await?;
            empty.insert(lane, depth.urgent + depth.normal + depth.in_flight == 0);
        }
        for Versioned { value: seen, .. } in page.tasks {
            let lane = self.lane_between(&seen.source, &seen.destination).await?;
            let lost = empty.get(&lane).copied().unwrap_or_default();
            let stale = seen.sent.is_some_and(|sent| now().since_ms(sent) > STALE_MESSAGE_MS);
            if lost || stale {
                self.resend(&seen, lost).await?;
            }
        }
        Ok(())
    }

    async fn resend(&self, seen: &Task, lost: bool) -> Result<(), Refusal> {
        let changed = self
            .change_task(&seen.job_id, &seen.id, |task| {
                let same = task.status == TaskStatus::Pending && task.enqueued && task.sent == seen.sent;
                if same && lost {
                    task.lose_worker(now(), 0, jitter());
                } else if same {
                    task.enqueued = false;
                }
                same
            })
            .await?;
        if let Some(task) = changed {
            tracing::warn!(job = %task.job_id, task = %task.id, losses = task.losses.times, "a queue message was lost and is sent again");
            self.enqueue_and_settle(&task).await?;
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

/// How a worker went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// It fell silent while others live: the task may be to blame.
    Died,
    /// It was ended together with everything else, by a person or a machine.
    Ended,
}
