//! A job: a person's wish, made of tasks. Its status is derived from its tasks; its actions stand in one table.

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, JobId, NodeId, RuleId, UserId};
use crate::task::TaskStatus;
use crate::time::Timestamp;
use crate::transfer::TransferOptions;

/// Status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Nothing begins before somebody with the right approves it.
    WaitingForApproval,
    /// No task has begun.
    Pending,
    /// A task runs, or some are finished and others wait.
    InProgress,
    /// A person canceled; running tasks are winding down.
    Canceling,
    /// Ended by a person.
    Canceled,
    /// All tasks succeeded.
    Success,
    /// Something is missing.
    Warning,
    /// At least one task failed.
    Failure,
}

impl JobStatus {
    /// Whether nothing happens any more unless a person asks for it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::Success | Self::Warning | Self::Failure)
    }
}

/// What a person may do with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobAction {
    /// Lets a job that waits for approval begin.
    Approve,
    /// Ends a job that waits for approval.
    Reject,
    /// Ends waiting tasks at once and running ones promptly.
    Cancel,
    /// Lets canceled tasks wait again.
    Resume,
    /// Lets failed and incomplete tasks run again; only what is missing moves.
    Retry,
    /// Lets every task run again from the start (staff).
    Restart,
    /// Removes the job and its tasks.
    Delete,
}

impl JobAction {
    /// All actions, in the order in which they are offered.
    pub const ALL: [Self; 7] =
        [Self::Approve, Self::Reject, Self::Cancel, Self::Resume, Self::Retry, Self::Restart, Self::Delete];

    /// The one table of legal moves: in which status an action is allowed.
    #[must_use]
    pub fn allowed_in(self, status: JobStatus) -> bool {
        use JobStatus::{Canceled, Canceling, Failure, InProgress, Pending, Success, WaitingForApproval, Warning};
        match self {
            Self::Approve | Self::Reject => status == WaitingForApproval,
            Self::Cancel => matches!(status, WaitingForApproval | Pending | InProgress),
            Self::Resume => status == Canceled,
            Self::Retry => matches!(status, Failure | Warning),
            Self::Restart => matches!(status, Canceled | Success | Warning | Failure),
            Self::Delete => !matches!(status, InProgress | Canceling),
        }
    }

    /// Whether only staff may do it.
    #[must_use]
    pub fn staff_only(self) -> bool {
        self == Self::Restart
    }

    /// Whether it decides about somebody's wish: not for the owner, unless they are staff.
    #[must_use]
    pub fn is_decision(self) -> bool {
        matches!(self, Self::Approve | Self::Reject)
    }

    /// Whether it lets a finished job go on.
    #[must_use]
    pub fn lets_go_on(self) -> bool {
        matches!(self, Self::Resume | Self::Retry | Self::Restart)
    }

    /// Which tasks the action puts back into the queue.
    #[must_use]
    pub fn reopens(self, task: TaskStatus) -> bool {
        match self {
            Self::Resume => task == TaskStatus::Canceled,
            Self::Retry => matches!(task, TaskStatus::Failure | TaskStatus::Warning),
            Self::Restart => task.is_final(),
            Self::Approve | Self::Reject | Self::Cancel | Self::Delete => false,
        }
    }
}

/// How many tasks of a job are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TaskCounts {
    /// Waiting.
    pub pending: u32,
    /// Running.
    pub in_progress: u32,
    /// Ended by a person.
    pub canceled: u32,
    /// Complete.
    pub success: u32,
    /// Incomplete or odd.
    pub warning: u32,
    /// Failed.
    pub failure: u32,
}

impl TaskCounts {
    /// All tasks.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.pending + self.in_progress + self.finished()
    }

    /// Tasks in a final state.
    #[must_use]
    pub fn finished(&self) -> u32 {
        self.canceled + self.success + self.warning + self.failure
    }

    /// The job's status and the sentence for it. `canceling`: a person has asked the job to end.
    #[must_use]
    pub fn derive(&self, canceling: bool) -> (JobStatus, &'static str) {
        if self.total() == 0 {
            return (JobStatus::Success, "There was nothing to transfer.");
        }
        if self.in_progress > 0 || self.pending > 0 {
            let status = match (canceling, self.in_progress > 0 || self.finished() > 0) {
                (true, _) => JobStatus::Canceling,
                (false, true) => JobStatus::InProgress,
                (false, false) => JobStatus::Pending,
            };
            return (status, "");
        }
        if canceling {
            return (JobStatus::Canceled, "The job was canceled.");
        }
        self.outcome()
    }

    fn outcome(&self) -> (JobStatus, &'static str) {
        let all = self.finished();
        match *self {
            Self { failure, .. } if failure == all => (JobStatus::Failure, "All transfers failed."),
            Self { failure, .. } if failure > 0 => (JobStatus::Failure, "Some transfers failed."),
            Self { warning, .. } if warning == all => (JobStatus::Warning, "All transfers finished with warnings."),
            Self { warning, .. } if warning > 0 => (JobStatus::Warning, "Some transfers finished with warnings."),
            Self { success, .. } if success == all => (JobStatus::Success, "All transfers succeeded."),
            Self { success, .. } if success > 0 => {
                (JobStatus::Success, "Some transfers succeeded, the others were canceled.")
            }
            _ => (JobStatus::Canceled, "The job was canceled."),
        }
    }
}

/// A job as it is stored. Counters of its tasks are kept beside it by the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Identifies the job.
    pub id: JobId,
    /// Who wants it.
    pub owner: UserId,
    /// The owner's user name when the job was made.
    pub owner_name: String,
    /// Where the studies come from (several sources are possible, this is the first).
    pub source: NodeId,
    /// All of them, in no order; empty: the job is older than this list.
    #[serde(default)]
    pub sources: Vec<NodeId>,
    /// Names of all sources when the job was made.
    pub source_name: String,
    /// Where they go.
    pub destination: NodeId,
    /// Its name when the job was made.
    pub destination_name: String,
    /// What is done on the way.
    pub options: TransferOptions,
    /// Goes before others.
    pub urgent: bool,
    /// A person has asked the job to end.
    pub canceling: bool,
    /// Derived from the tasks, kept for lists.
    pub status: JobStatus,
    /// The outcome in one sentence.
    pub message: String,
    /// When it was made.
    pub created: Timestamp,
    /// When the first task began; set once.
    pub start: Option<Timestamp>,
    /// When it became final.
    pub end: Option<Timestamp>,
    /// Follows the job through all processes, in the form of an X-Ray trace header's `Root=...`.
    #[serde(default)]
    pub trace: String,
    /// Why there is this job, if no person asked for it.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// The group for which it was made; none: it is older than groups, and no group is asked.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// Made by an administrator, who holds every right of the group.
    #[serde(default)]
    pub by_staff: bool,
    /// Where its approval stands; none: it needs none.
    #[serde(default)]
    pub approval: Option<Approval>,
}

/// Where the approval of a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Approval {
    /// Nobody has decided.
    Waiting,
    /// It may begin.
    Given {
        /// User name of who decided.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It may not.
    Rejected {
        /// User name of who decided.
        by: String,
        /// When.
        at: Timestamp,
        /// Why, if they said so.
        #[serde(default)]
        reason: String,
    },
}

impl Job {
    /// Whether nothing of it may begin before somebody has approved it.
    #[must_use]
    pub fn lacks_approval(&self) -> bool {
        self.approval.as_ref().is_some_and(|approval| !matches!(approval, Approval::Given { .. }))
    }
}

/// What made a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cause {
    /// The rule.
    pub rule: RuleId,
    /// Its name when it fired.
    pub rule_name: String,
    /// What happened, in one sentence without patient data: "120 images arrived from CT1.".
    pub event: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_job_never_flips_back_to_pending() {
        let counts = TaskCounts { pending: 3, success: 1, ..TaskCounts::default() };
        assert_eq!(counts.derive(false).0, JobStatus::InProgress);
        assert_eq!(TaskCounts { pending: 3, ..TaskCounts::default() }.derive(false).0, JobStatus::Pending);
    }

    #[test]
    fn outcomes_follow_the_worst_task() {
        let base = TaskCounts { success: 2, canceled: 1, ..TaskCounts::default() };
        assert_eq!(base.derive(false), (JobStatus::Success, "Some transfers succeeded, the others were canceled."));
        assert_eq!(TaskCounts { warning: 1, ..base }.derive(false).0, JobStatus::Warning);
        assert_eq!(TaskCounts { warning: 1, failure: 1, ..base }.derive(false).0, JobStatus::Failure);
        assert_eq!(base.derive(true).0, JobStatus::Canceled);
        assert_eq!(TaskCounts { in_progress: 1, ..base }.derive(true).0, JobStatus::Canceling);
    }

    #[test]
    fn every_final_job_can_be_deleted_and_a_running_one_cannot() {
        for status in [JobStatus::Canceled, JobStatus::Success, JobStatus::Warning, JobStatus::Failure] {
            assert!(JobAction::Delete.allowed_in(status) && JobAction::Restart.allowed_in(status));
        }
        let waiting = JobStatus::WaitingForApproval;
        assert!(!waiting.is_final() && JobAction::Cancel.allowed_in(waiting) && JobAction::Delete.allowed_in(waiting));
        for action in [JobAction::Approve, JobAction::Reject] {
            assert!(action.allowed_in(waiting) && !action.allowed_in(JobStatus::Pending));
        }
        assert!(!JobAction::Resume.allowed_in(waiting) && !JobAction::Restart.allowed_in(waiting));
        assert!(!JobAction::Delete.allowed_in(JobStatus::InProgress));
        assert!(JobAction::Retry.allowed_in(JobStatus::Warning));
        assert!(!JobAction::Retry.allowed_in(JobStatus::Success));
    }
}
