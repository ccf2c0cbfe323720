//! Matching and answering queries (PS3.4 C.2.2.2, C.4.1).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use adit_dimse::{Identifier, Status, Tag, Value, tags};
use adit_domain::dicom::wildcard_matches;
use adit_domain::text::decode;
use adit_domain::vr::word;

use crate::index::Entry;

/// Query/retrieve levels with the attribute that tells their things apart.
const LEVELS: [(&str, Tag); 4] = [
    ("PATIENT", tags::PATIENT_ID),
    ("STUDY", tags::STUDY_INSTANCE_UID),
    ("SERIES", tags::SERIES_INSTANCE_UID),
    ("IMAGE", tags::SOP_INSTANCE_UID),
];

/// Objects that match, grouped by the things of the query's level, in order.
fn groups(entries: &[Arc<Entry>], query: &Identifier) -> Result<Vec<Vec<Arc<Entry>>>, Status> {
    let level = query.text(tags::QUERY_RETRIEVE_LEVEL);
    let Some((_, key)) = LEVELS.iter().find(|(name, _)| *name == level) else { return Err(Status::CANNOT_UNDERSTAND) };
    let mut groups: Vec<Vec<Arc<Entry>>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for entry in entries.iter().filter(|entry| matches(entry, query)) {
        let id = entry.header.text(*key);
        let place = *places.entry(id).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(Arc::clone(entry));
    }
    Ok(groups)
}

/// Objects that a retrieval wants.
pub(crate) fn select(entries: &[Arc<Entry>], query: &Identifier) -> Result<Vec<Arc<Entry>>, Status> {
    Ok(groups(entries, query)?.into_iter().flatten().collect())
}

/// Answers of a search.
pub(crate) fn find(entries: &[Arc<Entry>], query: &Identifier) -> Result<Vec<Identifier>, Status> {
    let wanted = query.text(tags::MODALITIES_IN_STUDY);
    let answers = groups(entries, query)?.into_iter().filter(|group| {
        wanted.is_empty()
            || modalities(entries, group)
                .iter()
                .any(|modality| wanted.split('\\').any(|one| wildcard_matches(one, modality)))
    });
    Ok(answers.map(|group| answer(entries, &group, query)).collect())
}

fn matches(entry: &Entry, query: &Identifier) -> bool {
    query.elements().all(|(tag, raw)| {
        let computed = [
            tags::QUERY_RETRIEVE_LEVEL,
            tags::SPECIFIC_CHARACTER_SET,
            tags::MODALITIES_IN_STUDY,
            tags::INSTANCE_AVAILABILITY,
            tags::RETRIEVE_AE_TITLE,
        ];
        if raw.is_empty() || computed.contains(&tag) || (tag.0 == 0x0020 && tag.1 >= 0x1200) {
            return true;
        }
        number_matches(tag, query, &entry.header)
            .unwrap_or_else(|| value_matches(tag, &text_of(query, tag), &text_of(&entry.header, tag)))
    })
}

fn text_of(identifier: &Identifier, tag: Tag) -> String {
    let charset = identifier.raw(tags::SPECIFIC_CHARACTER_SET).unwrap_or_default();
    decode(identifier.raw(tag).unwrap_or_default(), charset).text.trim().to_owned()
}

fn value_matches(tag: Tag, wanted: &str, value: &str) -> bool {
    match &tag.2 {
        _ if wanted.is_empty() || wanted == "*" => true,
        b"UI" => wanted.split('\\').any(|uid| uid.trim_end_matches('\0') == value),
        b"DA" | b"TM" => match wanted.split_once('-') {
            Some((from, until)) => {
                !value.is_empty() && (from.is_empty() || value >= from) && (until.is_empty() || value <= until)
            }
            None => wanted == value,
        },
        _ => wildcard_matches(wanted, value),
    }
}

/// Whether the element holds the bytes of a number that the query asks for; none: its values are no binary numbers.
fn number_matches(tag: Tag, query: &Identifier, header: &Identifier) -> Option<bool> {
    (word(tag.2) > 1).then(|| query.raw(tag) == header.raw(tag))
}

fn modalities(entries: &[Arc<Entry>], group: &[Arc<Entry>]) -> BTreeSet<String> {
    let study = group.first().map(|entry| entry.study.as_str()).unwrap_or_default();
    entries.iter().filter(|entry| entry.study == study).map(|entry| entry.header.text(tags::MODALITY)).collect()
}

fn answer(entries: &[Arc<Entry>], group: &[Arc<Entry>], query: &Identifier) -> Identifier {
    let Some(first) = group.first() else { return Identifier::new() };
    let header = &first.header;
    let mut answer = Identifier::new();
    if let Some(charset) = header.raw(tags::SPECIFIC_CHARACTER_SET) {
        answer.set_raw(tags::SPECIFIC_CHARACTER_SET, charset);
    }
    let in_study = || entries.iter().filter(|entry| entry.study == first.study);
    for (tag, asked) in query.elements() {
        let value: Vec<u8> = match tag {
            tags::SPECIFIC_CHARACTER_SET => continue,
            tags::QUERY_RETRIEVE_LEVEL => asked.to_vec(),
            tags::INSTANCE_AVAILABILITY => b"ONLINE".to_vec(),
            tags::MODALITIES_IN_STUDY => {
                modalities(entries, group).into_iter().collect::<Vec<_>>().join("\\").into_bytes()
            }
            tags::NUMBER_OF_STUDY_RELATED_INSTANCES => in_study().count().to_string().into_bytes(),
            tags::NUMBER_OF_STUDY_RELATED_SERIES => {
                in_study().map(|entry| &entry.series).collect::<BTreeSet<_>>().len().to_string().into_bytes()
            }
            tags::NUMBER_OF_SERIES_RELATED_INSTANCES => {
                entries.iter().filter(|entry| entry.series == first.series).count().to_string().into_bytes()
            }
            tags::NUMBER_OF_PATIENT_RELATED_STUDIES => {
                let patient = header.raw(tags::PATIENT_ID);
                let studies: BTreeSet<&String> = entries
                    .iter()
                    .filter(|entry| entry.header.raw(tags::PATIENT_ID) == patient)
                    .map(|entry| &entry.study)
                    .collect();
                studies.len().to_string().into_bytes()
            }
            // Numbers may end with zeros that are no padding.
            tag => match header.entry(tag) {
                Some((_, Value::Bytes(value))) => value.clone(),
                _ => Vec::new(),
            },
        };
        answer.set_raw(tag, &value);
    }
    answer
}
