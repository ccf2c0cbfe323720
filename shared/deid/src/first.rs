//! The first rule set: a pseudonym for the patient, hashed UIDs, direct identifiers gone, private elements gone, trial marks.
//!
//! It follows the basic profile of PS3.15 Table E.1-1 with these exceptions, which research needs and today's users rely on: dates and
//! times of study, series, acquisition and content, sex, age, size and weight, and the descriptions of study, series and
//! protocol stay.

use crate::element::keyword;
use crate::facts::Facts;
use crate::key::{ProjectKey, map_uid};
use crate::rules::{Action, ElementContext, Inserted, RuleSet};
use crate::tables::{self, Code};

/// Attributes of the table that stay.
const KEPT: [u32; 15] = [
    0x0008_0020, // Study Date
    0x0008_0021, // Series Date
    0x0008_0022, // Acquisition Date
    0x0008_0023, // Content Date
    0x0008_002A, // Acquisition DateTime
    0x0008_0030, // Study Time
    0x0008_0031, // Series Time
    0x0008_0032, // Acquisition Time
    0x0008_0033, // Content Time
    0x0008_1030, // Study Description
    0x0008_103E, // Series Description
    0x0010_0040, // Patient's Sex
    0x0010_1010, // Patient's Age
    0x0010_1020, // Patient's Size
    0x0010_1030, // Patient's Weight
];
/// Protocol Name stays too.
const PROTOCOL_NAME: u32 = 0x0018_1030;
const PATIENT_NAME: u32 = 0x0010_0010;
const PATIENT_ID: u32 = 0x0010_0020;
const PATIENT_COMMENTS: u32 = 0x0010_4000;

/// What the rule set is to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Key for UIDs.
    pub key: ProjectKey,
    /// Replaces Patient ID and Patient's Name; empty: nothing is de-identified.
    pub pseudonym: String,
    /// Clinical Trial Protocol ID; empty: left alone.
    pub trial_protocol_id: String,
    /// Clinical Trial Protocol Name; empty: left alone.
    pub trial_protocol_name: String,
}

/// The first rule set.
#[derive(Debug, Clone)]
pub struct FirstRules {
    options: Options,
}

impl FirstRules {
    /// Rules for these options.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    fn pseudonymises(&self) -> bool {
        !self.options.pseudonym.is_empty()
    }

    fn mapped(&self, element: &ElementContext<'_>) -> Action {
        if is_structural(element.tag) {
            return Action::Keep;
        }
        let text = String::from_utf8_lossy(element.value);
        let mapped: Vec<String> = text.split('\\').map(|uid| map_uid(&self.options.key, uid)).collect();
        Action::Replace(mapped.join("\\").into_bytes())
    }
}

impl RuleSet for FirstRules {
    fn action(&self, element: &ElementContext<'_>) -> Action {
        if !self.pseudonymises() {
            return Action::Keep;
        }
        let group = element.tag >> 16;
        // Private elements; curves and overlays (PS3.15 E.1: 50xx, 60xx); padding and signatures behind the pixels.
        if element.is_private || matches!(group, 0x5000..=0x501E | 0x6000..=0x601E | 0xFFFA | 0xFFFC) {
            return Action::Remove;
        }
        if element.depth > 0 && matches!(element.tag, PATIENT_NAME | PATIENT_ID) {
            return Action::Replace(self.options.pseudonym.clone().into_bytes());
        }
        if KEPT.contains(&element.tag) || element.tag == PROTOCOL_NAME {
            return Action::Keep;
        }
        let code = tables::row(element.tag).map(|row| row.basic);
        match (code, &element.vr) {
            (Some(Code::X), _) => Action::Remove,
            (_, b"UI") => self.mapped(element),
            // References between instances stay, with mapped UIDs.
            (Some(Code::XZU), b"SQ") => Action::Keep,
            (Some(Code::Z | Code::XZ), _) | (Some(_), b"SQ") => Action::Empty,
            (Some(Code::U), _) | (None, b"PN") => Action::Empty,
            (Some(Code::D | Code::XD | Code::ZD | Code::XZD | Code::XZU), vr) => dummy(*vr),
            (None, _) => Action::Keep,
        }
    }

    fn inserted(&self, facts: &Facts) -> Vec<Inserted> {
        let options = &self.options;
        let element = |tag, vr: &[u8; 2], value: &str| Inserted { tag, vr: *vr, value: value.as_bytes().to_vec() };
        let mut all = Vec::new();
        if !options.trial_protocol_id.is_empty() {
            all.push(element(0x0012_0020, b"LO", &options.trial_protocol_id));
        }
        if !options.trial_protocol_name.is_empty() {
            all.push(element(0x0012_0021, b"LO", &options.trial_protocol_name));
        }
        if !self.pseudonymises() {
            return all;
        }
        all.push(element(PATIENT_NAME, b"PN", &options.pseudonym));
        all.push(element(PATIENT_ID, b"LO", &options.pseudonym));
        all.push(element(0x0012_0062, b"CS", "YES"));
        all.push(Inserted { tag: 0x0012_0063, vr: *b"LO", value: method(&facts.deidentification_method) });
        // Longitudinal Temporal Information Modified: the study's own dates stay as they are.
        all.push(element(0x0028_0303, b"CS", "UNMODIFIED"));
        if !options.trial_protocol_id.is_empty() {
            let (id, subject) = (&options.trial_protocol_id, &options.pseudonym);
            let time = facts.study_time.split('.').next().unwrap_or_default();
            // The convention by which XNAT sorts images.
            let comment = format!("Project:{id} Subject:{subject} Session:{subject}_{}-{time}", facts.study_date);
            all.push(element(PATIENT_COMMENTS, b"LT", &comment));
        }
        all
    }

    fn drops_group_lengths(&self) -> bool {
        true
    }
}

/// UIDs that name a kind of thing, never a patient's own object.
fn is_structural(tag: u32) -> bool {
    let Some(keyword) = keyword(tag) else { return false };
    keyword.ends_with("ClassUID")
        || keyword.contains("TransferSyntaxUID")
        || matches!(
            keyword,
            "CodingSchemeUID" | "ContextUID" | "MappingResourceUID" | "ContextGroupExtensionCreatorUID"
        )
}

/// De-identification Method gets one more value, once.
fn method(before: &[u8]) -> Vec<u8> {
    const SHORT: &[u8] = b"ADIT rules 1: basic profile, study dates and descriptions kept";
    debug_assert!(SHORT.len() <= 64, "VR LO");
    if before.is_empty() || before == SHORT {
        return SHORT.to_vec();
    }
    [before, b"\\", SHORT].concat()
}

/// A value that says nothing, valid for the VR.
fn dummy(vr: [u8; 2]) -> Action {
    let text: &[u8] = match &vr {
        b"DA" => b"19000101",
        b"TM" => b"000000",
        b"DT" => b"19000101000000",
        b"IS" | b"DS" => b"0",
        b"AS" => b"000Y",
        b"CS" | b"LO" | b"SH" | b"ST" | b"LT" | b"UT" | b"UC" | b"AE" | b"PN" => b"REMOVED",
        b"US" | b"SS" | b"OB" | b"OW" | b"UN" => &[0, 0],
        b"UL" | b"SL" | b"FL" | b"OF" | b"OL" | b"AT" => &[0; 4],
        b"FD" | b"OD" | b"SV" | b"UV" | b"OV" => &[0; 8],
        _ => b"",
    };
    Action::Replace(text.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_fits_its_attribute_and_is_appended_once() {
        let first = method(b"");
        assert!(first.len() <= 64);
        assert_eq!(method(&first), first);
        assert!(method(b"Other tool").starts_with(b"Other tool\\ADIT"));
    }
}
