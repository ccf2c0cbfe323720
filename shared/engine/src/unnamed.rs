//! What a token for pseudonymised data is told by searches: which studies, series and images there are, and nothing that names a patient.
//!
//! Answers are cut down to what is known to be harmless: archives return what they like. Dates and descriptions are left out as well, but
//! may be searched by; so may what names a patient, by who knows it already and writes it in full.

use adit_api::search::{SeriesRow, StudyQuery, StudyRow};
use adit_dicomweb::query::{Key, Query};
use adit_dimse::{Identifier, Tag};

use crate::{Actor, Refusal};

/// Attributes of the outermost level that answers may have: UIDs, numbers within the study, kinds and sizes of images, sex.
const TOLD: [(u16, u16); 25] = [
    (0x0008, 0x0005),
    (0x0008, 0x0016),
    (0x0008, 0x0018),
    (0x0008, 0x0052),
    (0x0008, 0x0056),
    (0x0008, 0x0060),
    (0x0008, 0x0061),
    (0x0008, 0x0062),
    (0x0008, 0x0201),
    (0x0008, 0x1190),
    (0x0010, 0x0040),
    (0x0018, 0x0015),
    (0x0020, 0x000D),
    (0x0020, 0x000E),
    (0x0020, 0x0011),
    (0x0020, 0x0013),
    (0x0020, 0x1206),
    (0x0020, 0x1208),
    (0x0020, 0x1209),
    (0x0028, 0x0002),
    (0x0028, 0x0008),
    (0x0028, 0x0010),
    (0x0028, 0x0011),
    (0x0028, 0x0100),
    (0x0028, 0x0101),
];
/// What may be searched by with ranges and wild cards besides: dates and times of study, series, acquisition and content, descriptions, protocol.
const ASKED: [(u16, u16); 11] = [
    (0x0008, 0x0020),
    (0x0008, 0x0021),
    (0x0008, 0x0022),
    (0x0008, 0x0023),
    (0x0008, 0x0030),
    (0x0008, 0x0031),
    (0x0008, 0x0032),
    (0x0008, 0x0033),
    (0x0008, 0x1030),
    (0x0008, 0x103E),
    (0x0018, 0x1030),
];

/// What is said beside answers that were cut down.
pub const LEFT_OUT: &str =
    "This token is for pseudonymised data only. What names a patient, dates and descriptions are left out.";

impl Actor {
    /// Whether searches tell the actor nothing that names a patient: their token is for pseudonymised data only.
    #[must_use]
    pub fn is_told_no_names(&self) -> bool {
        self.token.as_ref().is_some_and(|token| token.pseudonymised_only)
    }
}

/// Refuses keys by which a name could be guessed letter by letter.
pub(crate) fn check(query: &Query) -> Result<(), Refusal> {
    match query.keys.iter().find(|key| !is_whole(key)) {
        None => Ok(()),
        Some(key) => Err(Refusal::forbidden(format!(
            "This token is for pseudonymised data only: it can search by {} only with the whole value, without wild cards and ranges.",
            key.attribute.name()
        ))),
    }
}

/// Whether a key matches nothing but what it says, or something that may be guessed.
fn is_whole(key: &Key) -> bool {
    let Tag(group, element, vr) = key.attribute.tag;
    let may_be_guessed =
        key.attribute.path.is_empty() && (TOLD.contains(&(group, element)) || ASKED.contains(&(group, element)));
    let is_range = |value: &str| matches!(&vr, b"DA" | b"TM" | b"DT") && value.contains('-');
    may_be_guessed || key.values.iter().all(|value| !value.contains(['*', '?']) && !is_range(value))
}

/// Takes everything from an answer that may name a patient.
pub(crate) fn cut_down(answer: &mut Identifier) {
    let others: Vec<Tag> = answer.entries().map(|(tag, _)| tag).filter(|tag| !TOLD.contains(&(tag.0, tag.1))).collect();
    others.into_iter().for_each(|tag| answer.remove(tag));
}

/// The same for a search of the page's kind, where names are searched by their beginnings.
pub(crate) fn check_studies(query: &StudyQuery) -> Result<(), Refusal> {
    if !query.patient_name.trim().is_empty() {
        let sentence = "This token is for pseudonymised data only: it cannot search by name. Give the Patient ID, or dates and modalities.";
        return Err(Refusal::forbidden(sentence).at("patient_name"));
    }
    check_number("patient_id", &query.patient_id)?;
    check_number("accession_number", &query.accession_number)
}

/// Refuses a number of which archives could match a part.
pub(crate) fn check_number(field: &str, value: &str) -> Result<(), Refusal> {
    if value.contains(['*', '?', '\\']) {
        let sentence = "This token is for pseudonymised data only: give the whole number, without wild cards.";
        return Err(Refusal::forbidden(sentence).at(field));
    }
    Ok(())
}

/// Whether a study has what was asked for as a whole, whatever its archive takes for a match.
pub(crate) fn is_whole_match(query: &StudyQuery, row: &StudyRow) -> bool {
    [
        (&query.patient_id, &row.patient_id),
        (&query.accession_number, &row.accession_number),
        (&query.patient_birth_date, &row.patient_birth_date),
    ]
    .into_iter()
    .all(|(wanted, found)| wanted.trim().is_empty() || wanted.trim().eq_ignore_ascii_case(found.trim()))
}

/// A study without what may name a patient.
pub(crate) fn study(row: StudyRow) -> StudyRow {
    StudyRow {
        source: row.source,
        source_name: row.source_name,
        study_instance_uid: row.study_instance_uid,
        modalities: row.modalities,
        series_count: row.series_count,
        instance_count: row.instance_count,
        availability: row.availability,
        ..StudyRow::default()
    }
}

/// A series without what may name a patient.
pub(crate) fn series(row: SeriesRow) -> SeriesRow {
    SeriesRow { series_description: String::new(), ..row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_guessed_letter_by_letter() {
        for (query, passes) in [
            ("PatientID=4711", true),
            ("PatientID=47*", false),
            ("PatientName=Doe%5EJane", true),
            ("PatientName=D*", false),
            ("PatientName=D%3Fe", false),
            ("PatientName=", true),
            ("PatientBirthDate=19700101", true),
            ("PatientBirthDate=19700101-19701231", false),
            ("ReferringPhysicianName=A*", false),
            ("StudyDate=20240101-&ModalitiesInStudy=C*&StudyDescription=*thorax*", true),
            ("SeriesDescription=T1*&Modality=MR", true),
            ("RequestAttributesSequence.StudyDate=20240101-", false),
            ("RequestAttributesSequence.RequestedProcedureID=7", true),
            ("includefield=all&limit=3", true),
        ] {
            assert_eq!(check(&Query::parse(query).unwrap()).is_ok(), passes, "{query}");
        }
    }

    #[test]
    fn answers_keep_what_is_listed_and_nothing_else() {
        let mut answer = Identifier::new();
        for (tag, value) in [
            (Tag(0x0020, 0x000D, *b"UI"), "1.2"),
            (Tag(0x0010, 0x0010, *b"PN"), "Doe^Jane"),
            (Tag(0x0008, 0x0020, *b"DA"), "20240101"),
            (Tag(0x0009, 0x1010, *b"LO"), "Doe"),
            (Tag(0x0008, 0x0060, *b"CS"), "CT"),
        ] {
            answer.set_raw(tag, value.as_bytes());
        }
        answer.set_items(Tag(0x0008, 0x1111, *b"SQ"), vec![Identifier::new()]);
        cut_down(&mut answer);
        let left: Vec<_> = answer.entries().map(|(tag, _)| (tag.0, tag.1)).collect();
        assert_eq!(left, [(0x0008, 0x0060), (0x0020, 0x000D)]);
    }
}
