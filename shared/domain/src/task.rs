//! A task: one study (or chosen series of it) on its way from one node to another. States, steps, what went wrong.

use serde::{Deserialize, Serialize};

use crate::ids::{JobId, NodeId, TaskId};
use crate::retry::{MAX_LOSSES, loss_wait_ms};
use crate::time::Timestamp;

/// States of a task. Only these moves are legal: Pending -> InProgress -> (Success | Warning | Failure | Canceled | Pending),
/// Pending -> Canceled, and back to Pending by resume, retry, reset or restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Waits for a worker.
    Pending,
    /// A worker holds its lease.
    InProgress,
    /// A person ended it.
    Canceled,
    /// Everything expected is at the destination.
    Success,
    /// Something is missing or was odd; the rest is at the destination.
    Warning,
    /// Nothing usable is at the destination.
    Failure,
}

impl TaskStatus {
    /// All states, in the order in which people read them.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::InProgress, Self::Canceled, Self::Success, Self::Warning, Self::Failure];

    /// The name of the job's counter for this state.
    #[must_use]
    pub fn counter(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Canceled => "canceled",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }

    /// Whether nothing happens any more unless a person asks for it.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::InProgress)
    }
}

/// The stations of a transfer, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Waits in the queue.
    #[default]
    Queued,
    /// Finds the study, its series and the expected instances.
    Plan,
    /// Fetches instances from the source.
    Retrieve,
    /// Rewrites headers.
    Transform,
    /// Puts instances into staging.
    Stage,
    /// Sends instances to the destination.
    Deliver,
    /// Asks the destination what it holds.
    Verify,
    /// Records the outcome.
    Settle,
}

/// One line of a task's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogEntry {
    /// When.
    pub at: Timestamp,
    /// Whether the line lowers the outcome.
    pub level: LogLevel,
    /// A few words.
    pub title: String,
    /// One or two sentences.
    pub message: String,
}

/// Weight of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the record.
    Info,
    /// Turns a success into a warning.
    Warning,
    /// Explains a failure.
    Error,
}

/// One instance that is not where it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceFailure {
    /// SOP Instance UID at the source.
    pub sop_instance_uid: String,
    /// Series Instance UID at the source, if known.
    pub series_instance_uid: String,
    /// The station that could not be passed.
    pub step: Step,
    /// What happened, in words for the reader.
    pub reason: String,
}

/// How far a running task is. Written by the worker about twice a second.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Progress {
    /// Present station.
    pub step: Step,
    /// Instances that the source says it holds.
    pub expected: u64,
    /// Instances received, from this run or an earlier one.
    pub received: u64,
    /// Instances acknowledged by the destination.
    pub delivered: u64,
    /// Instances that the destination said it holds.
    pub verified: u64,
    /// Instances that failed so far.
    pub failed: u64,
    /// Instances left behind on purpose.
    pub held_back: u64,
    /// Bytes received in this run.
    pub bytes: u64,
    /// Bytes per second over the last seconds.
    pub bytes_per_second: f64,
    /// Seconds until the end if it goes on like this.
    pub eta_s: Option<u64>,
    /// Warnings so far.
    pub warnings: u32,
    /// When this was written.
    pub at: Timestamp,
}

/// Who works on a task, until when, and which attempt it is (the fencing token: a slower former owner is refused).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The worker process.
    pub owner: String,
    /// After this moment another may take over.
    pub until: Timestamp,
}

/// Workers of a task that were not heard of again, in a row and without anything new at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Losses {
    /// How many.
    pub times: u32,
    /// The most instances that one of them had delivered.
    pub delivered: u64,
}

/// A task as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Identifies the task.
    pub id: TaskId,
    /// The job it belongs to.
    pub job_id: JobId,
    /// Where the study comes from.
    pub source: NodeId,
    /// Where it goes.
    pub destination: NodeId,
    /// Patient ID as given by the search or the row.
    pub patient_id: String,
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// Series to take; empty means all.
    #[serde(default)]
    pub series_instance_uids: Vec<String>,
    /// The pseudonym of this study's patient; empty: the job's, or a derived one.
    #[serde(default)]
    pub pseudonym: String,
    /// What the person saw when choosing: "CT Thorax, 2024-03-01"; never a name.
    #[serde(default)]
    pub label: String,
    /// State.
    pub status: TaskStatus,
    /// How often a worker began; also the fencing token.
    #[serde(default)]
    pub attempts: u32,
    /// Attempts that count against [`crate::retry::MAX_ATTEMPTS`]; deferrals do not.
    #[serde(default)]
    pub failed_attempts: u32,
    /// The outcome in one sentence.
    #[serde(default)]
    pub message: String,
    /// At most [`MAX_LOG`] lines, the newest kept.
    #[serde(default)]
    pub log: Vec<LogEntry>,
    /// At most [`MAX_FAILURES`] instances.
    #[serde(default)]
    pub failures: Vec<InstanceFailure>,
    /// Failures in all, also those not listed.
    #[serde(default)]
    pub failures_total: u64,
    /// Workers that were lost in a row; see [`Task::lose_worker`].
    #[serde(default)]
    pub losses: Losses,
    /// When the task was made.
    pub created: Timestamp,
    /// When a worker began first.
    pub start: Option<Timestamp>,
    /// When it became final.
    pub end: Option<Timestamp>,
    /// The present owner.
    pub lease: Option<Lease>,
    /// A person wants it to end.
    #[serde(default)]
    pub cancel_requested: bool,
    /// Not before this moment.
    pub not_before: Option<Timestamp>,
    /// Whether a queue message was sent for the present wait; false is repaired by the sweeper.
    #[serde(default)]
    pub enqueued: bool,
    /// When that message was sent.
    #[serde(default)]
    pub sent: Option<Timestamp>,
    /// Receipts of an earlier epoch no longer count: a restart begins a new one.
    #[serde(default)]
    pub epoch: u32,
    /// Final figures of the last run.
    #[serde(default)]
    pub progress: Progress,
}

/// Log lines kept per task.
pub const MAX_LOG: usize = 150;
/// Failed instances listed per task.
pub const MAX_FAILURES: usize = 150;

impl Task {
    /// Adds a log line, dropping the oldest above the limit.
    pub fn note(&mut self, at: Timestamp, level: LogLevel, title: impl Into<String>, message: impl Into<String>) {
        if self.log.len() >= MAX_LOG {
            self.log.remove(0);
        }
        self.log.push(LogEntry { at, level, title: title.into(), message: message.into() });
    }

    /// Makes the task wait again. `forget` clears what the last runs left (retry, reset, restart); without it attempts and
    /// log stay (resume). Receipts of instances stay in any case: only what is missing moves.
    pub fn wait_again(&mut self, forget: bool) {
        self.status = TaskStatus::Pending;
        self.lease = None;
        self.cancel_requested = false;
        self.not_before = None;
        self.enqueued = false;
        self.sent = None;
        self.end = None;
        if forget {
            self.failed_attempts = 0;
            self.losses = Losses::default();
            self.message.clear();
            self.log.clear();
            self.failures.clear();
            self.failures_total = 0;
            self.start = None;
            self.progress = Progress::default();
        }
    }

    /// The task's worker is gone without a word, or never took it up. `delivered`: how many instances it had delivered when it was last
    /// heard of; more than ever before means that the task gets on. The task waits again; after [`MAX_LOSSES`] losses in a row it
    /// fails, because it may be what its workers die of. `jitter` in 0.0..1.0 spreads the waits, so that those who died together come back apart.
    pub fn lose_worker(&mut self, now: Timestamp, delivered: u64, jitter: f64) {
        let gets_on = delivered > self.losses.delivered;
        self.losses.times = if gets_on { 1 } else { self.losses.times + 1 };
        self.losses.delivered = self.losses.delivered.max(delivered);
        if self.cancel_requested {
            self.end_as(TaskStatus::Canceled, now, "Canceled while it ran.");
            return;
        }
        match loss_wait_ms(self.losses.times, jitter) {
            Some(0) => self.wait_again(false),
            Some(wait) => {
                self.wait_again(false);
                self.not_before = Some(now.plus_ms(wait));
            }
            None => {
                let sentence = format!(
                    "ADIT gave this transfer up: {MAX_LOSSES} times in a row the process that ran it ended without a word. Retry it; if the same happens again, tell an administrator, since an image of this study may be the cause."
                );
                self.note(now, LogLevel::Error, "Given up", sentence.clone());
                self.end_as(TaskStatus::Failure, now, &sentence);
            }
        }
    }

    fn end_as(&mut self, status: TaskStatus, now: Timestamp, message: &str) {
        self.status = status;
        self.lease = None;
        self.not_before = None;
        self.cancel_requested = false;
        self.end = Some(now);
        message.clone_into(&mut self.message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Task {
        serde_json::from_value(serde_json::json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "job_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "source": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "destination": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "patient_id": "1", "study_instance_uid": "1.2.3", "status": "in_progress", "created": 0,
            "start": 0, "end": null, "lease": { "owner": "w", "until": 30_000 }, "not_before": null
        }))
        .unwrap()
    }

    fn lose(task: &mut Task, delivered: u64) {
        task.status = TaskStatus::InProgress;
        task.lose_worker(Timestamp(100_000), delivered, 0.5);
    }

    #[test]
    fn a_task_that_kills_its_workers_ends() {
        let mut task = running();
        lose(&mut task, 0);
        assert_eq!((task.status, task.not_before, task.enqueued), (TaskStatus::Pending, None, false));
        lose(&mut task, 0);
        assert!(task.status == TaskStatus::Pending && task.not_before > Some(Timestamp(100_000)));
        lose(&mut task, 0);
        assert_eq!((task.status, task.end), (TaskStatus::Failure, Some(Timestamp(100_000))));
        assert!(task.message.contains("3 times") && task.log.len() == 1 && task.lease.is_none());
        task.wait_again(true);
        assert_eq!(task.losses, Losses::default());
    }

    #[test]
    fn a_task_that_gets_on_goes_on_for_ever() {
        let mut task = running();
        for delivered in 1..50 {
            lose(&mut task, delivered);
            assert_eq!((task.status, task.not_before), (TaskStatus::Pending, None), "{delivered}");
        }
        // What was delivered once is no progress when it is delivered again.
        lose(&mut task, 49);
        lose(&mut task, 30);
        assert_eq!(task.status, TaskStatus::Failure);
    }

    #[test]
    fn a_wish_to_end_is_granted_when_the_worker_is_gone() {
        let mut task = running();
        task.cancel_requested = true;
        lose(&mut task, 0);
        assert_eq!((task.status, task.cancel_requested), (TaskStatus::Canceled, false));
    }
}
