//! Saving a study as a file on one's own computer.

use adit_domain::NodeId;
use adit_domain::transfer::TransferOptions;
use serde::{Deserialize, Serialize};

/// What is to be saved, and what becomes of the people in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DownloadInput {
    /// The server that holds the study.
    pub source: NodeId,
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// Only these series; empty: all of them.
    #[serde(default)]
    pub series_instance_uids: Vec<String>,
    /// As for a transfer. Mail and direct transfer mean nothing here.
    #[serde(default)]
    pub options: TransferOptions,
}

/// A download that can be begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Download {
    /// Its place in the addresses of the file and of its progress. Worth nothing to anybody else, and after a minute to nobody.
    pub ticket: String,
    /// Images that will come, by the server's word.
    pub images: u64,
    /// Images that stay behind because their text names people.
    pub held_back: u64,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DownloadProgress {
    /// Images that will come, by the server's word.
    pub images: u64,
    /// Images that have come from the server.
    pub fetched: u64,
    /// Nothing more comes from the server, or this part of ADIT knows nothing of it.
    pub ended: bool,
    /// It ended because something went wrong: the file is not whole.
    pub failed: bool,
}
