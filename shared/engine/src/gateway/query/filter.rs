//! Whether an answer is what was asked for: archives ignore keys that they do not know (PS3.4 C.2.2.1), and then send everything.

use adit_deid::comparable;
use adit_dicomweb::json;
use adit_dicomweb::query::{Attribute, Key};
use adit_dimse::{Identifier, Tag, Value, tags};
use adit_domain::dicom::wildcard_matches;

use super::times;
use crate::text::uid_key;

/// Whether an answer in UTF-8 matches a key. `strictly`: archives are not trusted with what they match in their own way, because some
/// take a beginning for the whole.
pub(super) fn fits(key: &Key, answer: &Identifier, strictly: bool) -> bool {
    if key.values.is_empty() || !strictly && is_trusted(&key.attribute) {
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
const BY_EVERY_ARCHIVE: [Tag; 5] =
    [tags::PATIENT_ID, tags::ACCESSION_NUMBER, tags::PATIENT_NAME, tags::STUDY_TIME, tags::REFERRING_PHYSICIAN_NAME];

fn is_trusted(attribute: &Attribute) -> bool {
    BY_EVERY_ARCHIVE.iter().any(|tag| attribute.is(*tag))
}

/// All values of the attribute, over all items of the sequences around it.
fn values(attribute: &Attribute, answer: &Identifier) -> Vec<String> {
    let mut sets = vec![answer];
    for sequence in &attribute.path {
        sets = sets.into_iter().flat_map(|set| set.items(*sequence).unwrap_or_default()).collect();
    }
    sets.into_iter().flat_map(|set| texts(set, attribute.tag)).filter(|one| !one.is_empty()).collect()
}

/// The values in one data set.
fn texts(set: &Identifier, tag: Tag) -> Vec<String> {
    let Some((vr, Value::Bytes(raw))) = set.entry(tag) else { return Vec::new() };
    // As it is, a number may be signed where the standard leaves that to the image.
    let vr = if &vr == b"UN" { tag.2 } else { vr };
    let split = || set.text(tag).split('\\').map(|one| uid_key(one).to_owned()).collect();
    json::to_texts(vr, raw).unwrap_or_else(split)
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
        b"TM" | b"DT" => times::lies_in(wanted, value),
        b"PN" => is_name(wanted, value),
        b"FL" => is_single(wanted.trim(), value.trim()).unwrap_or_else(|| wildcard_matches(wanted, value)),
        b"IS" | b"DS" | b"US" | b"SS" | b"UL" | b"SL" | b"UV" | b"SV" | b"FD" => {
            is_number(wanted.trim(), value.trim()).unwrap_or_else(|| wildcard_matches(wanted, value))
        }
        _ => wildcard_matches(wanted, value),
    }
}

/// Whether both are the same number; none: one of them is no number.
fn is_number(wanted: &str, value: &str) -> Option<bool> {
    // Whole numbers of 64 bits have more digits than others can hold.
    if let (Ok(wanted), Ok(value)) = (wanted.parse::<i128>(), value.parse::<i128>()) {
        return Some(wanted == value);
    }
    let (wanted, value) = (wanted.parse::<f64>().ok()?, value.parse::<f64>().ok()?);
    Some((wanted - value).abs() <= f64::EPSILON * wanted.abs())
}

/// The same for numbers of single precision, of which clients write out more digits than they have.
fn is_single(wanted: &str, value: &str) -> Option<bool> {
    let (wanted, value) = (wanted.parse::<f32>().ok()?, value.parse::<f32>().ok()?);
    Some((wanted - value).abs() <= f32::EPSILON * wanted.abs())
}

/// Whether it is the name, or one of its spellings (PS3.5 6.2.1.1), without regard to case and accents.
fn is_name(wanted: &str, value: &str) -> bool {
    let comparable = |name: &str| comparable(name.trim_end_matches([' ', '^', '=']));
    let wanted = comparable(wanted);
    std::iter::once(value).chain(value.split('=')).any(|name| wildcard_matches(&wanted, &comparable(name)))
}

#[cfg(test)]
mod tests {
    use adit_dicomweb::query::Query;

    use super::*;

    fn fit(query: &str, answer: &Identifier) -> bool {
        Query::parse(query).unwrap().keys.iter().all(|key| fits(key, answer, false))
    }

    #[test]
    fn answers_that_do_not_match_are_dropped() {
        let mut answer = Identifier::new()
            .with(tags::STUDY_DATE, "2024.03.01")
            .with(tags::STUDY_DESCRIPTION, "CT Thorax")
            .with(tags::SERIES_NUMBER, " 007")
            .with(tags::MODALITY, "CT")
            .with(tags::STUDY_INSTANCE_UID, "1.2");
        answer.set_raw(Tag(0x28, 0x10, *b"US"), &[5, 0]);
        answer.set_raw(Tag(0x28, 0x106, *b"SS"), &(-5_i16).to_le_bytes());
        answer.set_raw(Tag(0x40, 0x9225, *b"FD"), &0.1_f64.to_le_bytes());
        answer.set_raw(Tag(0x28, 0x9, *b"AT"), &[0x18, 0, 0x63, 0x10]);
        answer.set_raw(Tag(0x8, 0x1050, *b"PN"), "Müller^Jürgen^^=山田^太郎".as_bytes());
        answer.set_raw(Tag(0x8, 0x31, *b"TM"), b"08:30:15.5");
        answer.set_raw(Tag(0x8, 0x2A, *b"DT"), b"20240301083015");
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
            "Rows=5",
            "Rows=005",
            "RealWorldValueSlope=0.1",
            "FrameIncrementPointer=00181063",
            "PerformingPhysicianName=muller^JURGEN",
            "PerformingPhysicianName=M%C3%BCller*",
            "PerformingPhysicianName=%E5%B1%B1%E7%94%B0*",
            "SeriesTime=0830",
            "SeriesTime=08:30-",
            "AcquisitionDateTime=20240301-20240302",
            "StudyTime=0900",
            "ReferringPhysicianName=somebody",
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
            "Rows=6",
            "Rows=1280",
            "SmallestImagePixelValue=5",
            "RealWorldValueSlope=0.2",
            "FrameIncrementPointer=00181065",
            "PerformingPhysicianName=Miller*",
            "SeriesTime=0831-0900",
            "AcquisitionDateTime=-202402",
            "RequestAttributesSequence.ReferringPhysicianName=somebody",
        ] {
            assert!(!fit(query, &answer), "{query}");
        }
        let counted = answer.with(tags::MODALITIES_IN_STUDY, "CT\\SR");
        assert!(fit("ModalitiesInStudy=SR", &counted) && !fit("ModalitiesInStudy=MR", &counted));
    }
}
