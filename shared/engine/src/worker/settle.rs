//! What a run has achieved becomes the task's next state.

use adit_domain::Timestamp;
use adit_domain::retry::{MAX_ATTEMPTS, backoff_ms};
use adit_domain::task::{LogLevel, Losses, MAX_FAILURES, Step, Task, TaskStatus};

use crate::clock::jitter;
use crate::now;
use crate::transfer::{Ending, Outcome};

/// Turns what a run has achieved into the task's next state. `handed_back`: nobody wants the task to end, but its worker cannot go on;
/// that uses up no attempt.
pub(super) fn apply(task: &mut Task, outcome: &Outcome, handed_back: bool) {
    let now = now();
    for entry in &outcome.log {
        task.note(entry.at, entry.level, entry.title.clone(), entry.message.clone());
    }
    task.progress = outcome.progress;
    task.counted = task.counted.max(outcome.progress.delivered);
    task.failures = outcome.failures.iter().take(MAX_FAILURES).cloned().collect();
    task.failures_total = outcome.failures_total;
    task.message.clone_from(&outcome.message);
    task.lease = None;
    task.losses = Losses::default();
    match outcome.ending {
        Ending::Finished(status) => finish(task, status, now),
        Ending::Canceled if handed_back && !task.cancel_requested => {
            "The transfer was interrupted and goes on soon; what has arrived stays.".clone_into(&mut task.message);
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
    task.sent = None;
    task.progress.step = Step::Queued;
    task.progress.bytes_per_second = 0.0;
    task.progress.eta_s = None;
}
