//! From what a person entered to what a C-FIND asks, and back-checking what servers match loosely.

use adit_api::search::{StudyQuery, StudyRow};
use adit_dimse::{Identifier, Tag, tags};
use adit_domain::dicom::{check_text, wildcard_matches};
use adit_domain::text::encode_for_query;

use crate::Refusal;

/// What a study-level answer should hold.
pub(super) const STUDY_KEYS: [Tag; 14] = [
    tags::PATIENT_ID,
    tags::PATIENT_NAME,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_INSTANCE_UID,
    tags::ACCESSION_NUMBER,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::STUDY_DESCRIPTION,
    tags::MODALITIES_IN_STUDY,
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
    tags::INSTANCE_AVAILABILITY,
    tags::QUERY_RETRIEVE_LEVEL,
];

/// Trims and checks a query; the refusal names the field.
pub(super) fn checked(mut query: StudyQuery) -> Result<StudyQuery, Refusal> {
    if query.sources.is_empty() {
        return Err(Refusal::invalid("Choose at least one server to search.").at("sources"));
    }
    for (field, text, max) in [
        ("patient_id", &mut query.patient_id, 64),
        ("patient_name", &mut query.patient_name, 324),
        ("accession_number", &mut query.accession_number, 32),
        ("study_description", &mut query.study_description, 64),
        ("study_instance_uid", &mut query.study_instance_uid, 64),
    ] {
        *text = text.trim().to_owned();
        check_text("search text", text, max).map_err(|error| Refusal::from(error).at(field))?;
    }
    for (field, date) in [
        ("patient_birth_date", &mut query.patient_birth_date),
        ("study_date_from", &mut query.study_date_from),
        ("study_date_until", &mut query.study_date_until),
    ] {
        *date = date.trim().to_owned();
        if !is_date(date) {
            return Err(Refusal::invalid("Write dates as year-month-day, such as 2024-03-01.").at(field));
        }
    }
    if !query.study_date_from.is_empty()
        && !query.study_date_until.is_empty()
        && query.study_date_from > query.study_date_until
    {
        return Err(Refusal::invalid("The first study date must not be later than the last one.").at("study_date_from"));
    }
    query.modalities = query
        .modalities
        .iter()
        .flat_map(|text| text.split([',', ' ']))
        .map(|text| text.trim().to_uppercase())
        .filter(|text| !text.is_empty())
        .collect();
    if query.modalities.len() > 20
        || query.modalities.iter().any(|text| text.len() > 16 || !text.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        return Err(
            Refusal::invalid("Modalities are short codes such as CT or MR, separated by commas.").at("modalities")
        );
    }
    Ok(query)
}

fn is_date(text: &str) -> bool {
    let parts: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    match parts.as_slice() {
        [Some(_), Some(month), Some(day)] => text.len() == 10 && (1..=12).contains(month) && (1..=31).contains(day),
        _ => text.is_empty(),
    }
}

/// The keys of a study-level query; `modality` is one of those asked for, or empty.
pub(super) fn study_level(query: &StudyQuery, modality: &str) -> Identifier {
    let mut identifier = Identifier::at_level("STUDY");
    let (name, name_charset) = encode_for_query(&name_key(&query.patient_name));
    let (description, description_charset) = encode_for_query(&query.study_description);
    let (patient_id, id_charset) = encode_for_query(&query.patient_id);
    for (tag, value) in
        [(tags::PATIENT_NAME, name), (tags::STUDY_DESCRIPTION, description), (tags::PATIENT_ID, patient_id)]
    {
        identifier.set_raw(tag, &value);
    }
    // One character set must do for all texts: UTF-8 if any needs it.
    let charsets = [name_charset, description_charset, id_charset];
    if let Some(charset) = ["ISO_IR 192", "ISO_IR 100"].into_iter().find(|charset| charsets.contains(charset)) {
        if charset == "ISO_IR 192" {
            identifier.set_raw(tags::PATIENT_NAME, name_key(&query.patient_name).as_bytes());
            identifier.set_raw(tags::STUDY_DESCRIPTION, query.study_description.as_bytes());
            identifier.set_raw(tags::PATIENT_ID, query.patient_id.as_bytes());
        }
        identifier.set_raw(tags::SPECIFIC_CHARACTER_SET, charset.as_bytes());
    }
    identifier
        .with(tags::PATIENT_BIRTH_DATE, &query.patient_birth_date.replace('-', ""))
        .with(tags::STUDY_DATE, &range(&query.study_date_from, &query.study_date_until))
        .with(tags::ACCESSION_NUMBER, &query.accession_number)
        .with(tags::STUDY_INSTANCE_UID, &query.study_instance_uid)
        .with(tags::MODALITIES_IN_STUDY, modality)
        .asking(&STUDY_KEYS)
}

/// "Last, First" or "Last^First": the beginning of each part is enough.
pub(super) fn name_key(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    let parts: Vec<String> =
        name.split([',', '^']).map(|part| format!("{}*", part.trim().trim_end_matches('*'))).collect();
    parts.join("^")
}

/// A DICOM date range (PS3.4 C.2.2.2.5).
fn range(from: &str, until: &str) -> String {
    let (from, until) = (from.replace('-', ""), until.replace('-', ""));
    match (from.as_str(), until.as_str()) {
        ("", "") => String::new(),
        (from, until) if from == until => from.to_owned(),
        (from, until) => format!("{from}-{until}"),
    }
}

/// Whether an answer is what was asked for: some servers ignore keys that they do not know.
pub(super) fn fits(query: &StudyQuery, row: &StudyRow) -> bool {
    let modality = query.modalities.is_empty()
        || row.modalities.is_empty()
        || row.modalities.iter().any(|modality| query.modalities.contains(modality));
    let description =
        query.study_description.is_empty() || wildcard_matches(&query.study_description, &row.study_description);
    let birth = query.patient_birth_date.is_empty()
        || row.patient_birth_date.is_empty()
        || row.patient_birth_date == query.patient_birth_date;
    modality && description && birth
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> StudyQuery {
        StudyQuery { sources: vec!["01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap()], ..StudyQuery::default() }
    }

    #[test]
    fn names_are_matched_by_their_beginnings() {
        assert_eq!(name_key("Müller, Ha"), "Müller*^Ha*");
        assert_eq!(name_key("Doe^J*"), "Doe*^J*");
        assert_eq!(name_key(""), "");
    }

    #[test]
    fn dates_become_ranges() {
        assert_eq!(range("2024-03-01", "2024-03-01"), "20240301");
        assert_eq!(range("2024-03-01", ""), "20240301-");
        assert_eq!(range("", "2024-03-01"), "-20240301");
    }

    #[test]
    fn bad_input_names_its_field() {
        let wrong = StudyQuery { study_date_from: "01/02/2020".into(), ..query() };
        assert_eq!(checked(wrong).unwrap_err().body.field.as_deref(), Some("study_date_from"));
        let wrong = StudyQuery { patient_id: "a\\b".into(), ..query() };
        assert_eq!(checked(wrong).unwrap_err().body.field.as_deref(), Some("patient_id"));
        assert_eq!(
            checked(StudyQuery { modalities: vec!["ct, mr".into()], ..query() }).unwrap().modalities,
            ["CT", "MR"]
        );
    }

    #[test]
    fn texts_of_different_sets_are_sent_in_one() {
        let both = StudyQuery { patient_name: "王".into(), study_description: "Schädel".into(), ..query() };
        let identifier = study_level(&both, "CT");
        assert_eq!(identifier.text(tags::SPECIFIC_CHARACTER_SET), "ISO_IR 192");
        assert_eq!(identifier.raw(tags::STUDY_DESCRIPTION).unwrap(), "Schädel".as_bytes());
    }
}
