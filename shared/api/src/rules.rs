//! Rules: transfers that begin by themselves.

use adit_domain::rule::{Rule, RuleConfig};
use adit_domain::{JobId, RuleId, Timestamp};
use serde::{Deserialize, Serialize};

/// Adds or changes a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleInput {
    /// The rule.
    #[serde(flatten)]
    pub config: RuleConfig,
    /// The version that was edited; absent for a new rule. A stale one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A rule as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleView {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Give it back to change the rule.
    pub version: u64,
    /// In words: when it fires, for what, and what happens.
    pub summary: String,
    /// Next time by the schedule.
    pub next: Option<Timestamp>,
    /// Why it cannot work at present, such as a deleted destination; empty: it works.
    pub problem: String,
    /// The newest firing.
    pub last: Option<Firing>,
}

/// A rule met a study (or, by schedule, several).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Firing {
    /// When.
    pub at: Timestamp,
    /// What happened, in one sentence without patient data.
    pub event: String,
    /// The job that was made; none: nothing matched, or the firing failed.
    pub job: Option<JobId>,
    /// Why no job was made, if that is a problem.
    pub problem: String,
}

/// Tries a rule on what has arrived lately, or runs its search once. Nothing is transferred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DryRunInput {
    /// The rule; it need not be saved.
    #[serde(flatten)]
    pub config: RuleConfig,
    /// The saved rule that is being edited, so that studies it has fired for are told apart.
    #[serde(default)]
    pub id: Option<RuleId>,
}

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DryRun {
    /// Studies that were looked at.
    pub looked_at: u64,
    /// Those that it would take, newest first, at most 100.
    pub matches: Vec<DryRunMatch>,
    /// Matches in all.
    pub matched: u64,
}

/// A study that a rule would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DryRunMatch {
    /// When it arrived, or its study date by a search.
    pub at: Timestamp,
    /// Modality, description, date: never a name.
    pub label: String,
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// Images.
    pub images: u64,
    /// Series that match and series in all.
    pub series: (u32, u32),
    /// The rule has fired for this study already.
    pub fired: bool,
}
