//! Images of one series on their way to the converter, and what becomes of a series that is not converted: nobody would see in its files
//! that slices are missing.

use std::collections::HashSet;

use adit_domain::task::{LogLevel, Step};
use adit_store::staging::StagedKey;

use crate::transfer::Transfer;
use crate::transfer::converted::CONVERTER;
use crate::transfer::counted::{UNKNOWN, Wholeness};
use crate::transfer::ledger::INCOMPLETE;
use crate::transfer::plan::Plan;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

/// A series whose images are staged.
pub(super) struct Gathered {
    /// Series Instance UID at the source.
    pub uid: String,
    /// How people are told of it.
    pub label: String,
    pub images: Vec<StagedInstance>,
}

impl Gathered {
    pub fn new(plan: &Plan, uid: String, images: Vec<StagedInstance>) -> Self {
        Self { label: label(plan, &uid, &images), uid, images }
    }
}

impl Transfer {
    /// Whether everything has come that the source lists of a series, apart from what stays behind on purpose. What an earlier run has
    /// converted is not missing.
    pub(super) fn has_listed(&self, plan: &Plan, uid: &str, images: &[StagedInstance]) -> bool {
        let converted = self.converted.instances(uid);
        let behind = usize::try_from(self.ledger.held_back_on_the_way()).unwrap_or(usize::MAX);
        let most = images.len().saturating_add(converted.len()).saturating_add(behind);
        // Most of the time they are too few, and it is not worth to look at each.
        listed(plan, uid).count() <= most && self.missing(plan, uid, images) == 0
    }

    /// Whether a series may be converted when nothing more will come.
    pub(super) fn is_whole(&self, plan: &Plan, series: &Gathered) -> bool {
        if plan.exact {
            return self.missing(plan, &series.uid, &series.images) == 0;
        }
        self.wholeness(plan, &series.uid) == Wholeness::Whole
    }

    /// Images that the source lists and that are not here.
    fn missing(&self, plan: &Plan, uid: &str, images: &[StagedInstance]) -> usize {
        let converted = self.converted.instances(uid);
        let here = images.iter().map(|image| &image.note.original).chain(&converted);
        let here: HashSet<&str> = here.map(String::as_str).collect();
        listed(plan, uid).filter(|uid| !here.contains(uid.as_str()) && !self.ledger.stays(uid)).count()
    }

    /// A series that is not whole is not converted. What has come of it stays staged for another try, unless none can help.
    pub(super) async fn incomplete(&self, plan: &Plan, series: &Gathered) -> Result<(), Problem> {
        let Gathered { uid, label, images } = series;
        let (why, for_good) = if plan.exact {
            let why = format!("{} of its images did not come", self.missing(plan, uid, images));
            (why, listed(plan, uid).any(|uid| self.ledger.is_lost(uid)))
        } else {
            match self.wholeness(plan, uid) {
                Wholeness::Lacks { why, for_good } => (why, for_good),
                Wholeness::Unknown | Wholeness::Whole => return self.unconverted(series, UNKNOWN).await,
            }
        };
        let sentence = format!("{label} was not converted to NIfTI: {why}");
        self.ledger.note(LogLevel::Warning, CONVERTER, &format!("{sentence}."));
        // Images that are listed have reasons of their own why they did not come.
        let reason = if plan.exact { INCOMPLETE } else { &sentence };
        for image in images {
            self.ledger.fail(&image.note.original, uid, Step::Deliver, reason, !for_good);
        }
        if for_good { self.unstage(images).await } else { Ok(()) }
    }

    /// Nothing will come of a series: its images stay behind, with the reason.
    pub(super) async fn unconverted(&self, series: &Gathered, why: &str) -> Result<(), Problem> {
        let reason = format!("{} cannot be converted to NIfTI: {why}", series.label);
        for image in &series.images {
            self.ledger.hold_back(&image.note.original, &reason);
        }
        self.unstage(&series.images).await
    }

    /// Images that nobody wants any more leave staging.
    pub(super) async fn unstage(&self, images: &[StagedInstance]) -> Result<(), Problem> {
        let keys: Vec<StagedKey> = images.iter().map(|image| image.key.clone()).collect();
        Ok(self.engine.0.ports.staging.delete_all(&keys).await?)
    }
}

/// What the source lists of a series.
fn listed<'a>(plan: &'a Plan, uid: &str) -> impl Iterator<Item = &'a String> {
    let place = plan.series.iter().position(|series| series.uid == uid);
    plan.expected.iter().filter(move |(_, one)| Some(one.series) == place).map(|(uid, _)| uid)
}

/// A series by number and description, as far as people outside may know them.
fn label(plan: &Plan, uid: &str, images: &[StagedInstance]) -> String {
    let number = plan.series.iter().find(|series| series.uid == uid).and_then(|series| series.number);
    let keeps = images.iter().all(|image| image.note.keeps_description);
    let description = plan.outside.series.get(uid).filter(|text| keeps && !text.is_empty());
    match (number, description) {
        (Some(number), Some(description)) => format!("Series {number} ({description})"),
        (Some(number), None) => format!("Series {number}"),
        (None, Some(description)) => format!("Series {description}"),
        (None, None) => "A series without a number".to_owned(),
    }
}
