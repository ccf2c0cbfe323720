//! A task: one study (or chosen series of it) on its way from one node to another. States, steps, what went wrong.

use serde::{Deserialize, Serialize};

use crate::ids::{JobId, NodeId, TaskId};
pub use crate::losses::Losses;
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
    /// Its job waits for approval: nobody sends a message for it.
    #[serde(default)]
    pub held: bool,
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
    /// Delivered instances of this epoch that are counted as moved, in whatever run. Figures of a run that ended before it knew of its
    /// receipts are lower.
    #[serde(default)]
    pub counted: u64,
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
}
