//! A line of the report for every input file: what became of it and what was done, without values.

use std::path::Path;

use adit_deid::{Change, Pixels, Report};
use serde::{Serialize, Serializer};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Written,
    HeldBack,
    Refused,
}

/// The line.
#[derive(Serialize)]
pub struct Line<'a> {
    input: &'a str,
    output: Option<String>,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(flatten)]
    done: Option<Done>,
}

#[derive(Serialize)]
struct Done {
    profile: String,
    pseudonym: String,
    sop_instance_uid: String,
    pixels: &'static str,
    residual_scan: &'static str,
    /// Path, what, why.
    #[serde(serialize_with = "changes")]
    changes: Vec<Change>,
}

impl<'a> Line<'a> {
    /// A file that was not written.
    pub fn not_written(input: &'a str, outcome: Outcome, reason: String) -> Self {
        Self { input, output: None, outcome, reason: Some(reason), done: None }
    }

    /// A file that was written.
    pub fn written(input: &'a str, output: &Path, report: Report) -> Self {
        let done = Done {
            profile: report.profile,
            pseudonym: report.pseudonym,
            sop_instance_uid: report.sop_instance_uid,
            pixels: match report.pixels {
                Pixels::Untouched => "untouched",
                Pixels::Scrubbed => "scrubbed",
                Pixels::BlackedOut => "blacked out",
            },
            residual_scan: "no original identifier found",
            changes: report.changes,
        };
        let output = Some(output.to_string_lossy().into_owned());
        Self { input, output, outcome: Outcome::Written, reason: None, done: Some(done) }
    }
}

/// Sixty changes a file: written without a text in between.
fn changes<S: Serializer>(all: &[Change], serializer: S) -> Result<S::Ok, S::Error> {
    struct Path<'a>(&'a Change);
    impl Serialize for Path<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&self.0.path())
        }
    }
    serializer.collect_seq(all.iter().map(|change| (Path(change), change.what.as_str(), change.why.as_str())))
}
