//! What of a study's description may stand in the name of a folder. A folder's name leaves with the images, so it follows the same
//! rules: what the search has told goes through de-identification, and only what comes out unchanged is used.

use std::collections::HashMap;

use adit_deid::{Limits, Report, Rewriter};
use adit_dimse::{Identifier, tags};

use super::Transfer;
use super::plan::Plan;

const IMPLICIT: &str = "1.2.840.10008.1.2";
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const STUDY_DATE: u32 = 0x0008_0020;
const STUDY_TIME: u32 = 0x0008_0030;
/// (0008,103E)
pub(super) const SERIES_DESCRIPTION: u32 = 0x0008_103E;

/// Texts that people outside may read; empty ones are not to be used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outside {
    pub study_date: String,
    pub study_time: String,
    /// Description by Series Instance UID at the source.
    pub series: HashMap<String, String>,
}

/// What the search told about the patient, so that it can be recognised in other texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub issuer: String,
    pub name: String,
    pub birth_date: String,
    pub accession_number: String,
}

impl Transfer {
    /// What may stand outside of the images.
    pub(super) fn outside(&self, plan: &Plan) -> Outside {
        let mut outside = Outside::default();
        if !self.identity.is_active() {
            outside.study_date.clone_from(&plan.study_date);
            outside.study_time.clone_from(&plan.study_time);
            outside.series =
                plan.series.iter().map(|series| (series.uid.clone(), series.description.clone())).collect();
            return outside;
        }
        for series in &plan.series {
            let Some(report) = self.as_if_an_image(plan, &series.modality, &series.description) else { continue };
            if !changed(&report, STUDY_DATE) {
                outside.study_date.clone_from(&plan.study_date);
            }
            if !changed(&report, STUDY_TIME) {
                outside.study_time.clone_from(&plan.study_time);
            }
            if plan.person.is_some() && !changed(&report, SERIES_DESCRIPTION) {
                outside.series.insert(series.uid.clone(), series.description.clone());
            }
        }
        outside
    }

    /// The description of a series as an image without pixels, de-identified.
    fn as_if_an_image(&self, plan: &Plan, modality: &str, description: &str) -> Option<Report> {
        let person = plan.person.clone().unwrap_or_default();
        let image = Identifier::new()
            .with(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 192")
            .with(tags::SOP_CLASS_UID, CT)
            .with(tags::SOP_INSTANCE_UID, "2.25.1")
            .with(tags::STUDY_DATE, &plan.study_date)
            .with(tags::STUDY_TIME, &plan.study_time)
            .with(tags::ACCESSION_NUMBER, &person.accession_number)
            .with(tags::MODALITY, modality)
            .with(tags::SERIES_DESCRIPTION, description)
            .with(tags::PATIENT_NAME, &person.name)
            .with(tags::PATIENT_ID, &plan.patient_id_text)
            .with(tags::PATIENT_BIRTH_DATE, &person.birth_date);
        let mut rewriter = Rewriter::new(IMPLICIT, self.identity.instructions(), Limits::default());
        let mut out = Vec::new();
        rewriter.push(&image.encode(IMPLICIT), &mut out).ok()?;
        rewriter.finish(&mut out).ok()
    }
}

/// Whether something was done to an attribute of the outermost level.
pub(super) fn changed(report: &Report, tag: u32) -> bool {
    report.changes.iter().any(|change| change.path == [tag])
}
