//! Ownership of a task: claim, heartbeat, fencing.
//!
//! A task has one owner at a time: the claim is a conditional write with a lease and an attempt number; heartbeats renew it; an owner
//! that has lost its lease, or cannot reach the store for as long as a lease lasts, stops by itself and can settle nothing.

use std::time::Duration;

use adit_domain::Timestamp;
use adit_domain::retry::{HEARTBEAT_MS, LEASE_MS};
use adit_domain::task::{Lease, Task, TaskStatus};
use adit_store::queue::Delivery;
use tokio::time::Instant;

use super::{HOLD, Worked};
use crate::clock::jitter;
use crate::{Engine, Refusal, now};

/// How long an owner goes on without having renewed its lease: it ends before another may begin.
const ALONE: Duration = Duration::from_millis(LEASE_MS.unsigned_abs() - HEARTBEAT_MS);

/// Why a heart stopped beating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// A person wants the task to end.
    Unwanted,
    /// The task is somebody else's, or may be by now.
    Lost,
}

impl Engine {
    /// The claim: pending (or abandoned) becomes in progress, with a lease and the next attempt number. `None`: not to be had now.
    /// `seen` is the task as it was read a moment ago.
    pub(crate) async fn claim(&self, seen: &Task) -> Result<Option<Task>, Refusal> {
        let owner = self.0.settings.process.clone();
        let delivered = self.last_heard(seen).await?;
        let changed = self
            .change_task(&seen.job_id, &seen.id, |task| {
                let now = now();
                if not_yet(task, now).is_some() {
                    return false;
                }
                if task.status == TaskStatus::InProgress {
                    task.lose_worker(now, delivered, jitter());
                    if not_yet(task, now).is_some() {
                        return true;
                    }
                }
                task.status = TaskStatus::InProgress;
                task.attempts += 1;
                task.start = task.start.or(Some(now));
                task.not_before = None;
                task.message.clear();
                task.lease = Some(Lease { owner: owner.clone(), until: now.plus_ms(LEASE_MS) });
                true
            })
            .await?;
        if let Some(task) = changed.as_ref().filter(|task| task.status != TaskStatus::InProgress) {
            tracing::warn!(status = ?task.status, losses = task.losses.times, "a task has lost its worker");
        }
        Ok(changed.filter(|task| task.status == TaskStatus::InProgress))
    }

    /// Instances that the last worker had delivered when it was last heard of.
    pub(crate) async fn last_heard(&self, seen: &Task) -> Result<u64, Refusal> {
        if seen.status != TaskStatus::InProgress {
            return Ok(0);
        }
        Ok(self.0.tasks.live(&seen.job_id, &seen.id).await?.map_or(0, |live| live.progress.delivered))
    }

    /// Renews lease and hold for as long as it is polled; ends when the lease is lost or a person wants the task to end.
    pub(super) async fn heartbeat(&self, claimed: &Task, claimed_at: Instant, delivery: &Delivery) -> Beat {
        let mut renewed_at = claimed_at;
        loop {
            tokio::time::sleep(Duration::from_millis(HEARTBEAT_MS)).await;
            let begun = Instant::now();
            match tokio::time::timeout_at(renewed_at + ALONE, self.renew_lease(claimed)).await {
                Ok(Ok(Renewed::Yes)) => renewed_at = begun,
                Ok(Ok(Renewed::Unwanted)) => return Beat::Unwanted,
                Ok(Ok(Renewed::No)) => return Beat::Lost,
                Ok(Err(error)) if begun < renewed_at + ALONE => {
                    tracing::warn!(error = %error, "a lease could not be renewed; it is tried again");
                }
                Ok(Err(_)) | Err(_) => {
                    tracing::error!("a lease could not be renewed for too long; the task is let go");
                    return Beat::Lost;
                }
            }
            // A queue that hangs must not keep the lease from being renewed or given up in time.
            let extended = self.0.ports.queue.extend(&delivery.receipt, HOLD);
            match tokio::time::timeout(Duration::from_millis(HEARTBEAT_MS), extended).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(error = %error, "the hold on a queue message could not be renewed"),
                Err(_) => tracing::warn!("the hold on a queue message could not be renewed: the queue does not answer"),
            }
        }
    }

    async fn renew_lease(&self, claimed: &Task) -> Result<Renewed, Refusal> {
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
            .await?;
        Ok(match renewed {
            None => Renewed::No,
            Some(_) if cancel => Renewed::Unwanted,
            Some(_) => Renewed::Yes,
        })
    }
}

/// What became of a renewal.
enum Renewed {
    Yes,
    /// It is renewed, but a person wants the task to end.
    Unwanted,
    No,
}

/// Whether the stored task is still the one that was claimed (fencing by attempt number).
pub(crate) fn owns(task: &Task, claimed: &Task) -> bool {
    task.status == TaskStatus::InProgress && task.attempts == claimed.attempts
}

/// Why a task cannot be claimed now, if it cannot.
pub(super) fn not_yet(task: &Task, now: Timestamp) -> Option<Worked> {
    let until =
        |moment: Timestamp| Worked::Later(Duration::from_millis(u64::try_from(moment.since_ms(now)).unwrap_or(0)));
    match task.status {
        TaskStatus::Pending => task.not_before.filter(|moment| *moment > now).map(until),
        TaskStatus::InProgress => task.lease.as_ref().filter(|lease| lease.until > now).map(|lease| until(lease.until)),
        _ => Some(Worked::Done),
    }
}
