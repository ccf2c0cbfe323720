//! The loop that moves images: receive a pointer, claim the task, run it, record the outcome, acknowledge.
//!
//! A task has one owner at a time: the claim is a conditional write with a lease and an attempt number; heartbeats renew it;
//! a process that lost its lease finds out at its next write and stops.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_domain::job::Job;
use adit_domain::retry::{HEARTBEAT_MS, LEASE_MS, MAX_ATTEMPTS, backoff_ms};
use adit_domain::task::{Lease, LogLevel, MAX_FAILURES, Step, Task, TaskStatus};
use adit_domain::{JobId, TaskId, Timestamp};
use adit_store::queue::{Delivery, Lane, Pointed, RulePointer};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::jitter;
use crate::transfer::{Ending, Outcome};
use crate::{Engine, Refusal, now};

/// How long a received pointer is hidden from others before it must be extended.
const HOLD: Duration = Duration::from_secs(30);
/// How long an idle worker sleeps before it looks again by itself.
const IDLE: Duration = Duration::from_secs(2);

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

/// Runs tasks, several at a time, until it is told to stop.
pub struct Worker {
    engine: Engine,
    parallel: usize,
}

/// What became of one pointer.
enum Handled {
    /// Nothing more to do.
    Done,
    /// Look again after this time.
    Later(Duration),
}

impl Worker {
    /// A worker that runs up to `parallel` tasks at a time.
    #[must_use]
    pub fn new(engine: Engine, parallel: usize) -> Self {
        Self { engine, parallel: parallel.max(1) }
    }

    /// Works until `stop`; running tasks are then handed back to the queue with what they have achieved.
    pub async fn run(self, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        let this = Arc::new(self);
        while !stop.is_cancelled() {
            while tasks.try_join_next().is_some() {}
            let free = this.parallel - tasks.len();
            if free == 0 {
                tasks.join_next().await;
                continue;
            }
            let queue = &this.engine.0.ports.queue;
            match queue.receive(Lane::Bridge, free, HOLD).await {
                Ok(deliveries) if deliveries.is_empty() => {
                    tokio::select! {
                        () = queue.wait(Lane::Bridge, IDLE) => {}
                        _ = tasks.join_next(), if !tasks.is_empty() => {}
                        () = stop.cancelled() => {}
                    }
                }
                Ok(deliveries) => {
                    for delivery in deliveries {
                        let (this, stop) = (Arc::clone(&this), stop.clone());
                        tasks.spawn(async move { this.deliver(delivery, stop).await });
                    }
                }
                Err(error) => {
                    tracing::error!(error = %error, "the queue did not answer");
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn deliver(&self, delivery: Delivery, stop: CancellationToken) {
        let queue = &self.engine.0.ports.queue;
        let receipt = &delivery.receipt;
        let pointer = match Pointed::decode(&delivery.message.body) {
            Ok(Pointed::Task(pointer)) => pointer,
            Ok(Pointed::Rule(pointer)) => return self.deliver_rule(&delivery, &pointer, &stop).await,
            Err(error) => {
                tracing::error!(error = %error, "a queue message cannot be read and is set aside");
                let _ = queue.dead_letter(receipt, "unreadable").await;
                return;
            }
        };
        let answer = match self.engine.handle(&pointer.job_id, &pointer.task_id, &delivery, &stop).await {
            Ok(Handled::Done) => queue.ack(receipt).await,
            Ok(Handled::Later(wait)) => queue.release(receipt, wait).await,
            Err(error) => {
                tracing::error!(task = %pointer.task_id, error = %error, "a task could not be handled; it comes again");
                queue.release(receipt, Duration::from_secs(10)).await
            }
        };
        if let Err(error) = answer {
            tracing::warn!(task = %pointer.task_id, error = %error, "the queue did not take the answer; the pointer comes again");
        }
    }

    /// A scheduled search. It may run twice: what has fired does not fire again.
    async fn deliver_rule(&self, delivery: &Delivery, pointer: &RulePointer, stop: &CancellationToken) {
        let queue = &self.engine.0.ports.queue;
        let holding = async {
            loop {
                tokio::time::sleep(HOLD / 3).await;
                if queue.extend(&delivery.receipt, HOLD).await.is_err() {
                    tracing::warn!(rule = %pointer.rule_id, "the hold on a queue message could not be renewed");
                }
            }
        };
        let due = tokio::select! {
            due = self.engine.rule_due(pointer) => due,
            () = stop.cancelled() => Ok(Some(Duration::ZERO)),
            () = holding => Ok(None),
        };
        let answer = match due {
            Ok(None) => queue.ack(&delivery.receipt).await,
            Ok(Some(wait)) => queue.release(&delivery.receipt, wait).await,
            Err(error) => {
                tracing::error!(rule = %pointer.rule_id, error = %error, "a scheduled search could not be handled; it comes again");
                queue.release(&delivery.receipt, Duration::from_secs(10)).await
            }
        };
        if let Err(error) = answer {
            tracing::warn!(rule = %pointer.rule_id, error = %error, "the queue did not take the answer; the pointer comes again");
        }
    }
}

impl Engine {
    async fn handle(
        &self,
        job_id: &JobId,
        id: &TaskId,
        delivery: &Delivery,
        stop: &CancellationToken,
    ) -> Result<Handled, Refusal> {
        let Some(record) = self.0.jobs.get(job_id).await? else { return Ok(Handled::Done) };
        let Some(task) = self.0.tasks.get(job_id, id).await? else { return Ok(Handled::Done) };
        if let Some(wait) = not_yet(&task.value, now()) {
            return Ok(wait);
        }
        let Some(task) = self.claim(job_id, id).await? else { return Ok(Handled::Later(Duration::from_secs(1))) };
        self.settle_job(job_id).await?;
        let token = self.0.running.begin(id, stop);
        let outcome = {
            let beat = self.heartbeat(&task, delivery, &token);
            let run = self.transfer(&record.job, &task, &token);
            tokio::pin!(run);
            tokio::select! {
                outcome = &mut run => outcome,
                () = beat => {
                    // The lease is lost or the task is to end: let the run wind down.
                    token.cancel();
                    run.await
                }
            }
        };
        self.0.running.end(id);
        self.settle(&record.job, &task, outcome, stop.is_cancelled()).await?;
        Ok(Handled::Done)
    }

    /// The claim: pending (or abandoned) becomes in progress, with a lease and the next attempt number.
    async fn claim(&self, job: &JobId, id: &TaskId) -> Result<Option<Task>, Refusal> {
        let owner = self.0.settings.process.clone();
        self.change_task(job, id, |task| {
            let now = now();
            if not_yet(task, now).is_some() {
                return false;
            }
            task.status = TaskStatus::InProgress;
            task.attempts += 1;
            task.start = task.start.or(Some(now));
            task.not_before = None;
            task.message.clear();
            task.lease = Some(Lease { owner: owner.clone(), until: now.plus_ms(LEASE_MS) });
            true
        })
        .await
    }

    /// Renews lease and hold until the lease is lost or a person wants the task to end.
    async fn heartbeat(&self, claimed: &Task, delivery: &Delivery, token: &CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(HEARTBEAT_MS)) => {}
                () = token.cancelled() => return,
            }
            let mut cancel = false;
            let renewed = self
                .change_task(&claimed.job_id, &claimed.id, |task| {
                    cancel = task.cancel_requested;
                    let mine = owns(task, claimed);
                    if let (true, Some(lease)) = (mine, task.lease.as_mut()) {
                        lease.until = now().plus_ms(LEASE_MS);
                    }
                    mine
                })
                .await;
            if let Err(error) = self.0.ports.queue.extend(&delivery.receipt, HOLD).await {
                tracing::warn!(task = %claimed.id, error = %error, "the hold on a queue message could not be renewed");
            }
            if cancel || matches!(renewed, Ok(None)) {
                return;
            }
        }
    }

    /// Records what a run has achieved; the job's counters follow in the same transaction.
    async fn settle(&self, job: &Job, claimed: &Task, outcome: Outcome, stopping: bool) -> Result<(), Refusal> {
        let mut again = false;
        let settled = self
            .change_task(&claimed.job_id, &claimed.id, |task| {
                if !owns(task, claimed) {
                    return false;
                }
                apply(task, &outcome, stopping);
                again = task.status == TaskStatus::Pending;
                true
            })
            .await?;
        if settled.is_none() {
            tracing::warn!(task = %claimed.id, "another worker has taken this task over");
            return Ok(());
        }
        tracing::info!(job = %job.id, task = %claimed.id, ending = ?outcome.ending, delivered = outcome.progress.delivered,
            expected = outcome.progress.expected, failed = outcome.failures_total, "task settled");
        if again {
            let urgent = self.0.jobs.get(&job.id).await?.map_or(job.clone(), |record| record.job);
            self.enqueue(&urgent, &claimed.id).await?;
        }
        self.settle_job(&job.id).await
    }
}

/// Whether the stored task is still the one that was claimed (fencing by attempt number).
fn owns(task: &Task, claimed: &Task) -> bool {
    task.status == TaskStatus::InProgress && task.attempts == claimed.attempts
}

/// Why a task cannot be claimed now, if it cannot.
fn not_yet(task: &Task, now: Timestamp) -> Option<Handled> {
    let until =
        |moment: Timestamp| Handled::Later(Duration::from_millis(u64::try_from(moment.since_ms(now)).unwrap_or(0)));
    match task.status {
        TaskStatus::Pending => task.not_before.filter(|moment| *moment > now).map(until),
        TaskStatus::InProgress => task.lease.as_ref().filter(|lease| lease.until > now).map(|lease| until(lease.until)),
        _ => Some(Handled::Done),
    }
}

/// Turns what a run has achieved into the task's next state.
fn apply(task: &mut Task, outcome: &Outcome, stopping: bool) {
    let now = now();
    for entry in &outcome.log {
        task.note(entry.at, entry.level, entry.title.clone(), entry.message.clone());
    }
    task.progress = outcome.progress;
    task.failures = outcome.failures.iter().take(MAX_FAILURES).cloned().collect();
    task.failures_total = outcome.failures_total;
    task.message.clone_from(&outcome.message);
    task.lease = None;
    match outcome.ending {
        Ending::Finished(status) => finish(task, status, now),
        Ending::Canceled if stopping && !task.cancel_requested => {
            "ADIT was stopped; the transfer goes on after the next start.".clone_into(&mut task.message);
            wait(task, None);
        }
        Ending::Canceled => finish(task, TaskStatus::Canceled, now),
        _ if task.cancel_requested => finish(task, TaskStatus::Canceled, now),
        Ending::Deferred(until) => wait(task, Some(until)),
        Ending::Retry(fallback) => {
            task.failed_attempts += 1;
            match backoff_ms(task.failed_attempts, jitter()) {
                Some(ms) => {
                    let seconds = ms / 1000;
                    task.note(
                        now,
                        LogLevel::Info,
                        "Will be tried again",
                        format!(
                            "Attempt {} of {MAX_ATTEMPTS} did not succeed; the next one begins in {seconds} s.",
                            task.failed_attempts
                        ),
                    );
                    wait(task, Some(now.plus_ms(i64::try_from(ms).unwrap_or(i64::MAX))));
                }
                None => finish(task, fallback, now),
            }
        }
    }
}

fn finish(task: &mut Task, status: TaskStatus, now: Timestamp) {
    task.status = status;
    task.end = Some(now);
    task.cancel_requested = false;
    task.progress.bytes_per_second = 0.0;
    task.progress.eta_s = None;
    if status == TaskStatus::Canceled && task.message.is_empty() {
        "Canceled while it ran.".clone_into(&mut task.message);
    }
    task.progress.step = Step::Settle;
}

fn wait(task: &mut Task, until: Option<Timestamp>) {
    task.status = TaskStatus::Pending;
    task.not_before = until;
    task.enqueued = false;
    task.progress.step = Step::Queued;
    task.progress.bytes_per_second = 0.0;
    task.progress.eta_s = None;
}
