//! Whether an answer is what was asked for: archives ignore keys that they do not know (PS3.4 C.2.2.1), and then send everything.

use adit_dicomweb::query::{Attribute, Key};
use adit_dimse::{Identifier, tags};
use adit_domain::dicom::wildcard_matches;

use crate::text::uid_key;

/// Whether an answer in UTF-8 matches a key.
pub(super) fn fits(key: &Key, answer: &Identifier) -> bool {
    if key.values.is_empty() || is_trusted(&key.attribute) {
        return true;
    }
    let values = values(&key.attribute, answer);
    if values.is_empty() {
        // Few archives count modalities; of all else, an answer without the attribute is none that was asked for.
        return key.attribute.is(tags::MODALITIES_IN_STUDY);
    }
    values.iter().any(|value| key.values.iter().any(|wanted| matches(&key.attribute.tag.2, wanted, value)))
}

/// What every archive matches, each in its own way: with or without regard to accents, to the order of names, to leading zeros.
fn is_trusted(attribute: &Attribute) -> bool {
    let by_every_archive = [tags::PATIENT_ID, tags::ACCESSION_NUMBER];
    matches!(&attribute.tag.2, b"PN" | b"TM" | b"DT") || by_every_archive.iter().any(|tag| attribute.is(*tag))
}

/// All values of the attribute, over all items of the sequences around it.
fn values(attribute: &Attribute, answer: &Identifier) -> Vec<String> {
    let mut sets = vec![answer];
    for sequence in &attribute.path {
        sets = sets.into_iter().flat_map(|set| set.items(*sequence).unwrap_or_default()).collect();
    }
    let texts = sets.into_iter().map(|set| set.text(attribute.tag));
    let all = texts.flat_map(|text| text.split('\\').map(|one| uid_key(one).to_owned()).collect::<Vec<_>>());
    all.filter(|one| !one.is_empty()).collect()
}

fn matches(vr: &[u8; 2], wanted: &str, value: &str) -> bool {
    match vr {
        b"DA" => {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            match wanted.split_once('-') {
                Some((from, until)) => {
                    (from.is_empty() || digits.as_str() >= from) && (until.is_empty() || digits.as_str() <= until)
                }
                None => digits == wanted,
            }
        }
        b"IS" | b"DS" | b"US" | b"SS" | b"UL" | b"SL" | b"FL" | b"FD" => {
            match (wanted.trim().parse::<f64>(), value.trim().parse::<f64>()) {
                (Ok(wanted), Ok(value)) => (wanted - value).abs() < f64::EPSILON,
                _ => wildcard_matches(wanted, value),
            }
        }
        _ => wildcard_matches(wanted, value),
    }
}

#[cfg(test)]
mod tests {
    use adit_dicomweb::query::Query;
    use adit_dimse::Tag;

    use super::*;

    fn fit(query: &str, answer: &Identifier) -> bool {
        Query::parse(query).unwrap().keys.iter().all(|key| fits(key, answer))
    }

    #[test]
    fn answers_that_do_not_match_are_dropped() {
        let mut answer = Identifier::new()
            .with(tags::STUDY_DATE, "2024.03.01")
            .with(tags::STUDY_DESCRIPTION, "CT Thorax")
            .with(tags::SERIES_NUMBER, " 007")
            .with(tags::MODALITY, "CT")
            .with(tags::STUDY_INSTANCE_UID, "1.2");
        let item = |modality: &str| Identifier::new().with(tags::MODALITY, modality);
        answer.set_items(Tag(0x40, 0x275, *b"SQ"), vec![item("US"), item("MR")]);
        for query in [
            "StudyDate=20240101-20240331",
            "StudyDate=20240301",
            "StudyDate=-20240301",
            "StudyDescription=*thorax",
            "SeriesNumber=7",
            "Modality=CT,MR",
            "StudyInstanceUID=1.1,1.2",
            "RequestAttributesSequence.Modality=MR",
            "PatientName=somebody",
            "ModalitiesInStudy=CT",
        ] {
            assert!(fit(query, &answer), "{query}");
        }
        for query in [
            "StudyDate=20240302-",
            "StudyDescription=thorax",
            "SeriesNumber=70",
            "Modality=MR",
            "StudyInstanceUID=1.20",
            "InstitutionName=A",
            "RequestAttributesSequence.Modality=CT",
        ] {
            assert!(!fit(query, &answer), "{query}");
        }
        let counted = answer.with(tags::MODALITIES_IN_STUDY, "CT\\SR");
        assert!(fit("ModalitiesInStudy=SR", &counted) && !fit("ModalitiesInStudy=MR", &counted));
    }
}
