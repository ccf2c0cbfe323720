//! Jobs and tasks: creating, listing, watching, acting on them.

use adit_domain::job::{Approval, Cause, JobAction, JobStatus, TaskCounts};
use adit_domain::task::{InstanceFailure, LogEntry, Progress, TaskStatus};
use adit_domain::transfer::TransferOptions;
use adit_domain::{GroupId, JobId, NodeId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::projects::ReportSummary;

/// A new selective transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateJob {
    /// Where everything goes.
    pub destination: NodeId,
    /// What is done on the way.
    #[serde(default)]
    pub options: TransferOptions,
    /// Goes before others.
    #[serde(default)]
    pub urgent: bool,
    /// What is transferred, 1 to 90 studies.
    pub studies: Vec<StudySelection>,
}

/// One study, or series of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudySelection {
    /// Where it is.
    pub source: NodeId,
    /// Patient ID as the search showed it.
    pub patient_id: String,
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// Chosen series; empty means all.
    #[serde(default)]
    pub series_instance_uids: Vec<String>,
    /// The pseudonym of this study's patient; empty: the job's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pseudonym: String,
    /// A short description without a name, such as "CT Thorax, 2024-03-01".
    #[serde(default)]
    pub label: String,
    /// How many images the search has told of, for people until the source is asked; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
}

/// Why somebody decides about a job that waits as they do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Decision {
    /// Shown to the owner, 300 characters at most; may be empty.
    pub reason: String,
}

/// A job as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobView {
    /// Identifies the job.
    pub id: JobId,
    /// The owner's user name.
    pub owner: String,
    /// Status.
    pub status: JobStatus,
    /// Outcome in one sentence.
    pub message: String,
    /// Names of the sources.
    pub source_name: String,
    /// Name of the destination.
    pub destination_name: String,
    /// What is done on the way.
    pub options: TransferOptions,
    /// Goes before others.
    pub urgent: bool,
    /// Tasks by state.
    pub tasks: TaskCounts,
    /// When it was made.
    pub created: Timestamp,
    /// When the first task began.
    pub start: Option<Timestamp>,
    /// When it became final.
    pub end: Option<Timestamp>,
    /// What the reader may do now.
    pub actions: Vec<JobAction>,
    /// What made it, if a rule did.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// The group for which it was made.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// Where its approval stands, if it needs one.
    #[serde(default)]
    pub approval: Option<Approval>,
    /// While it waits for approval: images as far as the search has told, for all its studies together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u64>,
}

/// A page of jobs, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<JobView>,
    /// Give this back as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

/// Which jobs to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct JobFilter {
    /// Only this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<JobStatus>,
    /// Jobs of everybody (staff).
    pub all: bool,
    /// 1 to 200, default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// From the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A task as a job's page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskView {
    /// Identifies the task.
    pub id: TaskId,
    /// What it transfers, without a name.
    pub label: String,
    /// Status.
    pub status: TaskStatus,
    /// Outcome in one sentence; for a waiting task: why it waits.
    pub message: String,
    /// How often a worker began.
    pub attempts: u32,
    /// How far it is.
    pub progress: Progress,
    /// The newest warnings, as they occur.
    pub warnings: Vec<String>,
    /// When a worker began.
    pub start: Option<Timestamp>,
    /// When it became final.
    pub end: Option<Timestamp>,
    /// Not before this moment.
    pub not_before: Option<Timestamp>,
}

/// A job with its tasks and totals: the answer of GET job and each of its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobSnapshot {
    /// The job.
    pub job: JobView,
    /// Its tasks in the order in which they were chosen.
    pub tasks: Vec<TaskView>,
    /// Sums over all tasks (`eta_s` is the longest).
    pub progress: Progress,
}

/// Everything about a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskDetail {
    /// The short form.
    pub task: TaskView,
    /// Patient ID at the source (the owner and staff chose it; it is shown to nobody else).
    pub patient_id: String,
    /// Study Instance UID at the source.
    pub study_instance_uid: String,
    /// Chosen series; empty means all.
    pub series_instance_uids: Vec<String>,
    /// Instances that are not at the destination, at most 150.
    pub failures: Vec<InstanceFailure>,
    /// Failures in all.
    pub failures_total: u64,
    /// What de-identification did, if it did anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deidentification: Option<ReportSummary>,
    /// The log; empty unless the reader is staff.
    pub log: Vec<LogEntry>,
    /// Whether the log is left out because the reader is not staff.
    pub log_hidden: bool,
}

/// Changes a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobPatch {
    /// Goes before others, or no longer.
    pub urgent: bool,
}
