//! What is known of an object that has arrived: the values of those attributes that rules usually ask for or do ask for.

use std::collections::{BTreeMap, BTreeSet};

use adit_deid::{Glance, tag_of};
use adit_dimse::{Identifier, Tag, tags};
use adit_domain::rule::{PseudonymRule, RuleConfig};
use adit_domain::text;

/// Values by keyword; absent attributes are left out.
pub(crate) type Facts = BTreeMap<String, Vec<String>>;

/// What is remembered of every object, so that dry runs on the past know it.
const USUAL: [&str; 17] = [
    "AccessionNumber",
    "BodyPartExamined",
    "ClinicalTrialProtocolID",
    "ClinicalTrialSubjectID",
    "ImageType",
    "InstitutionName",
    "Manufacturer",
    "Modality",
    "PatientID",
    "PatientSex",
    "ProtocolName",
    "SeriesDescription",
    "SeriesNumber",
    "StationName",
    "StudyDate",
    "StudyDescription",
    "StudyTime",
];
/// Values of one attribute that are remembered, and characters of each.
const MAX_VALUES: usize = 10;
const MAX_CHARACTERS: usize = 200;

const CHARSET: u32 = 0x0008_0005;
const SOP_CLASS: u32 = 0x0008_0016;
const SOP_INSTANCE: u32 = 0x0008_0018;
const PATIENT_NAME: u32 = 0x0010_0010;
const ISSUER: u32 = 0x0010_0021;
const BIRTH_DATE: u32 = 0x0010_0030;
/// Study Instance UID.
pub(crate) const STUDY: u32 = 0x0020_000D;
/// Series Instance UID.
pub(crate) const SERIES: u32 = 0x0020_000E;

/// What an object's header says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub study_instance_uid: String,
    pub series_instance_uid: String,
    pub facts: Facts,
    /// Attributes beyond the usual ones that were looked for.
    pub also: Vec<String>,
    /// Issuer of Patient ID, name and birth date, which are not remembered.
    pub person: [String; 3],
}

/// Attributes beyond the usual ones that these rules ask for.
pub(crate) fn beyond<'a>(rules: impl Iterator<Item = &'a RuleConfig>) -> Vec<String> {
    let asked: BTreeSet<&str> = rules.flat_map(asked_by).filter(|keyword| !USUAL.contains(keyword)).collect();
    asked.into_iter().map(str::to_owned).collect()
}

/// The attributes that a rule asks for.
pub(crate) fn asked_by(rule: &RuleConfig) -> Vec<&str> {
    let mut asked: Vec<&str> = rule.filter.conditions.iter().map(|condition| condition.attribute.as_str()).collect();
    if let PseudonymRule::Attribute { attribute } = &rule.pseudonym {
        asked.push(attribute);
    }
    asked
}

/// A glance at everything that a [`Header`] holds.
pub(crate) fn glance(transfer_syntax_uid: &str, also: &[String]) -> Glance {
    let keywords = USUAL.iter().copied().chain(also.iter().map(String::as_str));
    let mut wanted = vec![CHARSET, SOP_CLASS, SOP_INSTANCE, STUDY, SERIES, PATIENT_NAME, ISSUER, BIRTH_DATE];
    wanted.extend(keywords.filter_map(tag_of).map(|(tag, _)| tag));
    Glance::new(transfer_syntax_uid, wanted)
}

/// What a glance has seen.
pub(crate) fn header(glance: &Glance, also: &[String]) -> Header {
    let charset = glance.raw(CHARSET).unwrap_or_default();
    let decoded = |tag: u32| glance.raw(tag).map(|raw| text::decode(raw, charset).text).unwrap_or_default();
    let mut facts = Facts::new();
    for keyword in USUAL.iter().copied().chain(also.iter().map(String::as_str)) {
        let Some((tag, _)) = tag_of(keyword) else { continue };
        insert(&mut facts, keyword, &decoded(tag));
    }
    Header {
        sop_class_uid: glance.text(SOP_CLASS),
        sop_instance_uid: glance.text(SOP_INSTANCE),
        study_instance_uid: glance.text(STUDY),
        series_instance_uid: glance.text(SERIES),
        facts,
        also: also.to_vec(),
        person: [ISSUER, PATIENT_NAME, BIRTH_DATE].map(|tag| decoded(tag).trim().to_owned()),
    }
}

/// What a rule asks for, as keys of a search.
pub(crate) fn keys(rule: &RuleConfig) -> Vec<Tag> {
    let asked = asked_by(rule).into_iter().filter_map(tag_of);
    asked
        .filter(|(tag, _)| *tag != CHARSET)
        .map(|(tag, vr)| {
            let [g0, g1, e0, e1] = tag.to_be_bytes();
            Tag(u16::from_be_bytes([g0, g1]), u16::from_be_bytes([e0, e1]), vr)
        })
        .collect()
}

/// What the answers of a search say, the more particular ones last.
pub(crate) fn of_answers(answers: &[&Identifier], rule: &RuleConfig) -> Facts {
    let mut facts = Facts::new();
    for answer in answers {
        let charset = answer.raw(tags::SPECIFIC_CHARACTER_SET).unwrap_or_default();
        for keyword in USUAL.iter().copied().chain(asked_by(rule)) {
            let Some((tag, vr)) = tag_of(keyword) else { continue };
            let [g0, g1, e0, e1] = tag.to_be_bytes();
            let tag = Tag(u16::from_be_bytes([g0, g1]), u16::from_be_bytes([e0, e1]), vr);
            insert(&mut facts, keyword, &text::decode(answer.raw(tag).unwrap_or_default(), charset).text);
        }
    }
    facts
}

fn insert(facts: &mut Facts, keyword: &str, text: &str) {
    let values = text.split('\\').map(str::trim).filter(|value| !value.is_empty()).take(MAX_VALUES);
    let values: Vec<String> = values.map(|value| value.chars().take(MAX_CHARACTERS).collect()).collect();
    if !values.is_empty() {
        facts.insert(keyword.to_owned(), values);
    }
}

/// The first value of an attribute, or empty.
pub(crate) fn first<'a>(facts: &'a Facts, keyword: &str) -> &'a str {
    facts.get(keyword).and_then(|values| values.first()).map_or("", String::as_str)
}

/// What a study is called without naming anybody: "CT, CT Thorax, 2024-03-01".
pub(crate) fn label(modalities: &BTreeSet<String>, facts: &Facts) -> String {
    let date = first(facts, "StudyDate");
    let date = match (date.get(..4), date.get(4..6), date.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => String::new(),
    };
    let modalities: Vec<&str> = modalities.iter().map(String::as_str).collect();
    let description: String = first(facts, "StudyDescription").chars().take(100).collect();
    let parts = [modalities.join("/"), description, date];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
}
