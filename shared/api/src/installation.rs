//! The installation as a whole: its settings, what everybody is told, how it does, and mail to many.

use adit_domain::installation::InstallationConfig;
use adit_domain::job::JobStatus;
use adit_domain::{GroupId, NodeId, Timestamp};
use serde::{Deserialize, Serialize};

/// The settings with what is needed to change them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstallationView {
    /// Everything that is set.
    #[serde(flatten)]
    pub config: InstallationConfig,
    /// To be sent back with a change; 0: nothing was ever set.
    pub version: u64,
}

/// Changes the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstallationInput {
    /// Everything that is set.
    #[serde(flatten)]
    pub config: InstallationConfig,
    /// The version that was edited. A stale one is refused.
    pub version: u64,
}

/// What everybody who is logged in is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Notice {
    /// The announcement as harmless HTML; empty: none.
    pub announcement_html: String,
    /// Why nothing can be changed at the moment.
    pub maintenance: Option<String>,
    /// Why no transfer begins at the moment.
    pub suspension: Option<String>,
}

/// Jobs of one status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusCount {
    /// The status.
    pub status: JobStatus,
    /// How many.
    pub jobs: u64,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueView {
    /// What it is for: `bridge` or `worker`.
    pub lane: String,
    /// Messages that wait and go first.
    pub urgent: u64,
    /// Messages that wait.
    pub normal: u64,
    /// Messages that somebody works on, or that are put off.
    pub in_flight: u64,
    /// Age of the oldest waiting message in seconds.
    pub oldest_age_seconds: u64,
    /// Messages that nobody could read.
    pub dead: u64,
}

/// A process that runs transfers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerView {
    /// Name of the process.
    pub name: String,
    /// Transfers that it runs.
    pub tasks: u64,
    /// Until when it holds them at least, unless it is heard of again.
    pub until: Timestamp,
}

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FolderUse {
    /// The folder.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Bytes of its files when it was measured.
    pub bytes: u64,
    /// Its files.
    pub files: u64,
    /// When it was measured; absent: never yet.
    #[serde(default)]
    pub measured: Option<Timestamp>,
    /// What it may hold, in bytes; 0: anything.
    pub quota_bytes: u64,
    /// Above how many bytes administrators are told; 0: never.
    pub warn_bytes: u64,
}

/// How the installation does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// The newest jobs by status.
    pub jobs: Vec<StatusCount>,
    /// How many of the newest jobs were counted.
    pub counted: u64,
    /// There are older ones, which were not counted.
    pub more: bool,
    /// The queues.
    pub queues: Vec<QueueView>,
    /// Processes that run transfers now.
    pub workers: Vec<WorkerView>,
    /// Folders that receive images.
    #[serde(default)]
    pub folders: Vec<FolderUse>,
}

/// A mail to many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BroadcastInput {
    /// 1 to 200 characters.
    pub subject: String,
    /// What it says, in Markdown.
    pub markdown: String,
    /// Only to the members of this group; absent: to everybody.
    #[serde(default)]
    pub group: Option<GroupId>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BroadcastSent {
    /// Mails that are on their way: one for each active person with an address.
    pub mails: u64,
    /// People who get none, because they have no address or may not log in.
    pub without_address: u64,
}
