//! Projects, the preview of de-identification, and the report of a job.

use adit_domain::deidentification::{ChangeCount, ReasonCount, TaskReport};
use adit_domain::{JobId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

/// Adds or changes a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ProjectInput {
    /// 1 to 64 plain characters; it can never be changed, because the project's key hangs on it.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// `basic`, `research` or `adit-compatible`.
    pub profile: String,
    /// The project's own rules on attributes, one a line.
    pub rules: String,
    /// Which regions of which images are blacked out: a pixel-anonymiser script.
    pub pixel_rules: String,
    /// No new job may use it.
    pub archived: bool,
    /// Begins with a new key: from now on the same patients get other pseudonyms, UIDs and date shifts.
    pub rotate_key: bool,
    /// The revision that was edited; absent for a new project. A stale one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
}

/// Which rules a preview follows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct PreviewQuery {
    /// The project; empty: none.
    pub project: String,
    /// The profile; empty: the project's.
    pub profile: String,
    /// Go on although text may be burned into the image.
    pub allow_risky_pixels: bool,
}

/// What de-identification would do to a file. Nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// Name and version of the rules.
    pub profile: String,
    /// The pseudonym that the patient would get.
    pub pseudonym: String,
    /// Why the file would stay behind; empty: it would go.
    pub held_back: String,
    /// What would become of the pixels, in words.
    pub pixels: String,
    /// Every change, in the order of the data set.
    pub changes: Vec<PreviewChange>,
    /// Changes above the limit of the list.
    pub changes_left_out: u64,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewChange {
    /// Tags from the outermost sequence to the attribute.
    pub path: String,
    /// Keyword of the attribute; empty for private and unknown ones.
    pub keyword: String,
    /// What would happen.
    pub what: String,
    /// Which rule asks for it.
    pub why: String,
    /// The value now.
    pub old: Option<String>,
    /// The value afterwards.
    pub new: Option<String>,
}

/// The short form of a task's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportSummary {
    /// The report with its first lines only.
    #[serde(flatten)]
    pub report: TaskReport,
    /// Attributes by what happened to them, counted over all lines.
    pub totals: Vec<ReasonCount>,
}

impl ReportSummary {
    /// Lines that are shown.
    pub const LINES: usize = 60;

    /// The short form of `report`: attributes of the outermost level go first.
    #[must_use]
    pub fn of(mut report: TaskReport) -> Self {
        let totals = report.totals().into_iter().map(|(reason, count)| ReasonCount { reason, count }).collect();
        report.changes.sort_by_key(|change: &ChangeCount| change.path.matches('/').count());
        let more = report.changes.len().saturating_sub(Self::LINES);
        report.changes.truncate(Self::LINES);
        report.changes_left_out += more as u64;
        Self { report, totals }
    }
}

/// The report of a job, for those who answer for it. It holds no values of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobReport {
    /// Version of this form.
    pub format: u32,
    /// The job.
    pub job: JobId,
    /// Its owner's user name.
    pub owner: String,
    /// When it was made.
    pub created: Timestamp,
    /// Where the images went.
    pub destination: String,
    /// The project; empty: none.
    pub project: String,
    /// Its revision.
    pub project_revision: u32,
    /// The profile of the job.
    pub profile: String,
    /// Whether a person said that risky pixels may pass.
    pub allow_risky_pixels: bool,
    /// A report for each task that has de-identified anything.
    pub tasks: Vec<ReportOfTask>,
}

/// The report of one of a job's tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportOfTask {
    /// The task.
    pub task: TaskId,
    /// Its report.
    #[serde(flatten)]
    pub report: TaskReport,
}
