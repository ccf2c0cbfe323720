//! Searching servers: the question, and the lines that come back while the servers answer.

use adit_domain::NodeId;
use serde::{Deserialize, Serialize};

/// Studies wanted. Empty fields are not asked for; `*` and `?` are wild cards where the standard allows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct StudyQuery {
    /// Servers to ask, all at once.
    pub sources: Vec<NodeId>,
    /// Patient ID.
    pub patient_id: String,
    /// "Last, First" or "Last^First"; the beginning of each part is enough.
    pub patient_name: String,
    /// Birth date, `YYYY-MM-DD`.
    pub patient_birth_date: String,
    /// First study date, `YYYY-MM-DD`; alone it means that day and later.
    pub study_date_from: String,
    /// Last study date, `YYYY-MM-DD`.
    pub study_date_until: String,
    /// Modalities, such as `CT`; any of them.
    pub modalities: Vec<String>,
    /// Accession number.
    pub accession_number: String,
    /// Study description; wild cards, without regard to case.
    pub study_description: String,
    /// Study Instance UID.
    pub study_instance_uid: String,
}

/// One line of the answer (newline-delimited JSON).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SearchLine {
    /// A study was found.
    Study(Box<StudyRow>),
    /// A server has finished, well or not.
    Source(SourceOutcome),
}

/// A study as a server describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct StudyRow {
    /// The server's id.
    pub source: String,
    /// The server's name.
    pub source_name: String,
    /// Patient ID.
    pub patient_id: String,
    /// "Last, First".
    pub patient_name: String,
    /// `YYYY-MM-DD`, or empty.
    pub patient_birth_date: String,
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// Accession number.
    pub accession_number: String,
    /// `YYYY-MM-DD`, or empty when the server gave none or nonsense.
    pub study_date: String,
    /// `HH:MM:SS`, or empty.
    pub study_time: String,
    /// Study description.
    pub study_description: String,
    /// Modalities in the study.
    pub modalities: Vec<String>,
    /// Series in the study, if the server counts them.
    pub series_count: Option<u32>,
    /// Instances in the study, if the server counts them.
    pub instance_count: Option<u32>,
    /// ONLINE, NEARLINE, OFFLINE, UNAVAILABLE, or empty (PS3.3 C.4.23.1.1).
    pub availability: String,
    /// The character set was missing or wrong: texts are a best guess.
    pub text_guessed: bool,
}

/// How one server's answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceOutcome {
    /// The server's id.
    pub source: String,
    /// The server's name.
    pub source_name: String,
    /// Studies sent.
    pub found: u32,
    /// There is more than the limit allows.
    pub limited: bool,
    /// Why the server could not answer fully; empty if it did.
    pub error: String,
}

/// Asks for the series of one study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesQuery {
    /// The server.
    pub source: NodeId,
    /// Patient ID.
    #[serde(default)]
    pub patient_id: String,
    /// Study Instance UID.
    pub study_instance_uid: String,
}

/// A series as a server describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SeriesRow {
    /// Series Instance UID.
    pub series_instance_uid: String,
    /// Series number, if it is one.
    pub series_number: Option<i32>,
    /// Modality.
    pub modality: String,
    /// Series description.
    pub series_description: String,
    /// Instances, if the server counts them.
    pub instance_count: Option<u32>,
    /// ONLINE, NEARLINE, OFFLINE, UNAVAILABLE, or empty.
    pub availability: String,
    /// Stays behind in a pseudonymised transfer unless documents are included.
    pub is_document: bool,
}
