//! The audit trail as auditors see it.

use adit_domain::{JobId, NodeId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// All kinds of events with the words by which people look for them, in the order of the words.
pub const KINDS: [(&str, &str); 28] = [
    ("access_refused", "Access refused"),
    ("account_approved", "Account approved"),
    ("account_changed", "Account changed"),
    ("account_created", "Account created"),
    ("account_deactivated", "Account deactivated"),
    ("application_started", "ADIT started"),
    ("application_stopped", "ADIT stopped"),
    ("audit_read", "Audit trail read"),
    ("configuration_changed", "Configuration changed"),
    ("patient_data_viewed", "Data of a patient viewed"),
    ("downloaded", "Download"),
    ("instances_transferred", "Images transferred"),
    ("job_acted", "Job action"),
    ("job_created", "Job created"),
    ("log_in_failed", "Log-in failed"),
    ("logged_in", "Logged in"),
    ("logged_out", "Logged out"),
    ("mail_broadcast", "Mail to many"),
    ("password_changed", "Password changed"),
    ("recording_started", "Recording began"),
    ("rights_changed", "Rights changed"),
    ("searched", "Search"),
    ("second_factor_changed", "Second factor changed"),
    ("token_created", "Token created"),
    ("token_revoked", "Token revoked"),
    ("token_used", "Token used"),
    ("transfer_began", "Transfer began"),
    ("uploaded", "Upload"),
];

/// The words for a kind.
#[must_use]
pub fn kind_title(name: &str) -> &'static str {
    KINDS.iter().find(|(kind, _)| *kind == name).map_or("Other", |(_, title)| title)
}

/// Which events are wanted; what is absent does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct AuditQuery {
    /// From this moment on, in milliseconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// Until this moment, in milliseconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
    /// Kind, such as `logged_in`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Outcome: 0 success, 4 minor, 8 serious, 12 major failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<u8>,
    /// User name of who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Id of a server or folder that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Id of a job that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// Study Instance UID that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study: Option<String>,
    /// 1 to 200, default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// From the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The time that an export covers; without it everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct ExportQuery {
    /// From this moment on, in milliseconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// Until this moment, in milliseconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Identifies it.
    pub id: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// Kind, such as `logged_in`.
    pub kind: String,
    /// Outcome: 0 success, 4 minor, 8 serious, 12 major failure.
    pub outcome: u8,
    /// What happened, in plain English and without the patient.
    pub sentence: String,
    /// User name of who did it; empty: unknown.
    pub person: String,
    /// Their id.
    pub user: Option<UserId>,
    /// Network address.
    pub address: Option<String>,
    /// The process that has recorded it.
    pub process: String,
    /// Patient ID, where the standard's message demands one.
    pub patient_id: Option<String>,
    /// Job that it was about.
    pub job: Option<JobId>,
    /// Study Instance UID that it was about.
    pub study: Option<String>,
    /// Whether it is as it was recorded.
    pub intact: bool,
}

/// A page of the audit trail, newest first. It may hold few events, or none, and still not be the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// The events.
    pub entries: Vec<AuditEntry>,
    /// Rows that are no readable event.
    pub unreadable: u64,
    /// Give this back as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

/// What a verification has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditVerdict {
    /// Everything holds.
    pub holds: bool,
    /// Chains that were walked.
    pub chains: u64,
    /// Events that hold.
    pub events: u64,
    /// Events that are gone because their time is over.
    pub expired: u64,
    /// What does not hold, in plain sentences, at most 200.
    pub findings: Vec<String>,
    /// How many more findings there are.
    pub more: u64,
}
