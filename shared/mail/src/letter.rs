//! What ADIT writes to people. Stored sealed until it is sent, so it is a wire value: fields are added, never renamed.

use std::fmt;

use adit_domain::JobId;
use adit_domain::job::{JobStatus, TaskCounts};
use serde::{Deserialize, Serialize};

/// A letter. No field may hold patient data. A `path` is a path of the page that begins with `/`, with its token if it has one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// To who has registered or wants another address: follow the link to show that the address is theirs.
    ConfirmAddress {
        /// Where to confirm.
        path: String,
        /// Hours for which the link works.
        valid_hours: u32,
    },
    /// To who has registered: follow the link, choose a password.
    AccountBegun {
        /// User name.
        username: String,
        /// Where.
        path: String,
        /// Days for which the link works.
        valid_days: u32,
        /// An administrator made the account.
        invited: bool,
    },
    /// To an address that has an account already: one can log in, or ask for a new password.
    AddressKnown {
        /// User name.
        username: String,
        /// Where to log in.
        path: String,
    },
    /// To an address without an account for which a new password or link was asked.
    AddressUnknown {},
    /// A new password was chosen by a link.
    PasswordChanged {
        /// Where to log in.
        path: String,
    },
    /// To an administrator: somebody waits for approval.
    AccountWaits {
        /// User name.
        username: String,
        /// Name as entered; may be empty.
        name: String,
        /// Address as confirmed.
        address: String,
        /// Where to decide.
        path: String,
    },
    /// The account may be used.
    AccountApproved {
        /// Where to log in.
        path: String,
    },
    /// The account was not approved.
    AccountRejected {
        /// What the administrator wrote; may be empty.
        reason: String,
    },
    /// A new password may be chosen.
    PasswordReset {
        /// Where.
        path: String,
        /// Minutes for which the link works.
        valid_minutes: u32,
    },
    /// To the former address: the account has another one now.
    AddressChanged {
        /// The new address.
        address: String,
    },
    /// The account is protected by its password alone from now on.
    SecondFactorRemoved {
        /// An administrator did it, not the owner.
        by_administrator: bool,
        /// Where to set it up again.
        path: String,
    },
    /// A job has ended.
    JobEnded(JobEnded),
    /// To who may approve jobs: one waits.
    JobWaits(JobWaits),
    /// The job may run.
    JobApproved {
        /// The job.
        job: JobId,
        /// User name of who approved it.
        by: String,
    },
    /// The job may not run.
    JobRejected {
        /// The job.
        job: JobId,
        /// User name of who rejected it.
        by: String,
        /// What they wrote; may be empty.
        reason: String,
    },
    /// Something is used up, and work waits because of it.
    QuotaExceeded {
        /// Whose quota, such as "Folder Research 3" or "Group Neuroradiology, per day".
        what: String,
        /// Bytes used.
        used: u64,
        /// Bytes allowed.
        allowed: u64,
        /// Where more is told.
        path: String,
    },
    /// A folder holds more than its warning allows; nothing waits yet.
    FolderFills {
        /// Which, such as "Folder Research 3".
        what: String,
        /// Bytes that it holds.
        used: u64,
        /// Bytes above which administrators are told.
        warn: u64,
        /// Where more is told.
        path: String,
    },
    /// From an administrator to many; each gets a mail of their own.
    Broadcast {
        /// Subject.
        subject: String,
        /// Text in Markdown. HTML in it is shown as text, images are left out.
        markdown: String,
    },
}

/// How a job has ended. Counts and names of servers, no patient data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnded {
    /// The job.
    pub job: JobId,
    /// A final status.
    pub status: JobStatus,
    /// Its tasks by state.
    pub counts: TaskCounts,
    /// Names of the sources.
    pub source: String,
    /// Name of the destination.
    pub destination: String,
}

/// A job that waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobWaits {
    /// The job.
    pub job: JobId,
    /// The owner's user name.
    pub owner: String,
    /// Name of the group that the owner acts for.
    pub group: String,
    /// Studies to be transferred.
    pub studies: u32,
    /// Names of the sources.
    pub source: String,
    /// Name of the destination.
    pub destination: String,
    /// Patients' identities are removed on the way.
    pub pseudonymised: bool,
}

impl Letter {
    /// Its kind, for logs: it tells nothing of what is written.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AccountBegun { .. } => "account_begun",
            Self::AddressKnown { .. } => "address_known",
            Self::AddressUnknown {} => "address_unknown",
            Self::PasswordChanged { .. } => "password_changed",
            Self::AccountWaits { .. } => "account_waits",
            Self::AccountApproved { .. } => "account_approved",
            Self::AccountRejected { .. } => "account_rejected",
            Self::PasswordReset { .. } => "password_reset",
            Self::AddressChanged { .. } => "address_changed",
            Self::SecondFactorRemoved { .. } => "second_factor_removed",
            Self::JobEnded(_) => "job_ended",
            Self::JobWaits(_) => "job_waits",
            Self::JobApproved { .. } => "job_approved",
            Self::JobRejected { .. } => "job_rejected",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::FolderFills { .. } => "folder_fills",
            Self::Broadcast { .. } => "broadcast",
        }
    }
}

/// Only the kind: links hold tokens.
impl fmt::Debug for Letter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Letter({})", self.kind())
    }
}
