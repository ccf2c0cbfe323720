//! What de-identification did to the images of a task, in counts and without values.

use serde::{Deserialize, Serialize};

/// Version of the form of [`TaskReport`].
pub const REPORT_FORMAT: u32 = 1;

/// How often something was done to an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeCount {
    /// Tags from the outermost sequence to the attribute: `(0008,1140)/(0008,1155)`.
    pub path: String,
    /// Keyword of the attribute; empty for private and unknown ones.
    pub keyword: String,
    /// What happened: removed, emptied, replaced, mapped, shifted, cleaned, hashed, written, invalid.
    pub what: String,
    /// Which rule asked for it.
    pub why: String,
    /// How often; items of the same sequence count together.
    pub count: u64,
}

/// How many images share a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonCount {
    /// The reason in words.
    pub reason: String,
    /// How many images.
    pub count: u64,
}

/// The report of one task. It holds no values of the source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TaskReport {
    /// [`REPORT_FORMAT`].
    pub format: u32,
    /// Name and version of the rules, as the images carry it.
    pub profile: String,
    /// The project; empty: none.
    pub project: String,
    /// Its revision.
    pub project_revision: u32,
    /// Which of its keys was used.
    pub key_version: u32,
    /// Pseudonyms in the images; one unless the source mixes patients in one study.
    pub pseudonyms: Vec<String>,
    /// Images rewritten. One that was fetched again by a later attempt counts again.
    pub images: u64,
    /// Images with blacked-out regions.
    pub blacked_out: u64,
    /// Images whose texts between or behind the pixels were blanked.
    pub scrubbed: u64,
    /// What was done to which attribute, in the order of the data set.
    pub changes: Vec<ChangeCount>,
    /// Rare lines that were left out to keep the report small.
    pub changes_left_out: u64,
    /// Images in whose produced bytes the patient's identifiers were searched.
    pub searched: u64,
    /// Images stopped because an identifier was found, by reason.
    pub stopped: Vec<ReasonCount>,
    /// Images that stay behind on purpose, by reason.
    pub held_back: Vec<ReasonCount>,
}

impl TaskReport {
    /// Attributes by what happened to them, such as `("removed", 41)`, most first.
    #[must_use]
    pub fn totals(&self) -> Vec<(String, u64)> {
        let mut totals: Vec<(String, u64)> = Vec::new();
        for change in &self.changes {
            match totals.iter_mut().find(|(what, _)| *what == change.what) {
                Some((_, count)) => *count += 1,
                None => totals.push((change.what.clone(), 1)),
            }
        }
        totals.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_count_attributes_not_images() {
        let line = |what: &str| ChangeCount {
            path: "(0010,0010)".into(),
            keyword: "PatientName".into(),
            what: what.into(),
            why: "basic profile".into(),
            count: 62,
        };
        let report =
            TaskReport { changes: vec![line("emptied"), line("removed"), line("removed")], ..Default::default() };
        assert_eq!(report.totals(), [("removed".to_owned(), 2), ("emptied".to_owned(), 1)]);
    }
}
