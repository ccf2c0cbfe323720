//! From the keys of a search to what an archive is asked at one level.

use std::collections::BTreeSet;

use adit_dicomweb::query::{Attribute, Key, Query};
use adit_dimse::{Identifier, Tag, tags};
use adit_domain::text::encode_for_query;

use super::levels::Level;
use crate::Refusal;

/// Requests that alternatives of one level may become.
const MAX_REQUESTS: usize = 16;
/// UIDs in one request: an element of explicit syntaxes holds 64 KiB.
const MAX_UIDS: usize = 500;

/// A search, by levels.
pub(super) struct Plan {
    query: Query,
    /// What the search is for.
    pub wanted: Level,
}

impl Plan {
    /// Sorts the keys of a search for `wanted` by level.
    pub fn new(mut query: Query, wanted: Level) -> Self {
        if wanted == Level::Study {
            // Studies have several modalities; who asks for one at this level means these.
            for key in query.keys.iter_mut().filter(|key| key.attribute.is(tags::MODALITY)) {
                key.attribute.tag = tags::MODALITIES_IN_STUDY;
            }
        }
        Self { query, wanted }
    }

    fn level_of(&self, key: &Key, patients: bool) -> Level {
        let level = Level::of(&key.attribute, self.wanted).min(self.wanted);
        let is_of_patient = Level::Patient.attributes(false).any(|tag| key.attribute.is(tag));
        if patients && is_of_patient { Level::Patient } else { level }
    }

    /// Keys that are to be matched at this level. `patients`: those of patients have a level of their own.
    pub fn keys(&self, level: Level, patients: bool) -> impl Iterator<Item = &Key> {
        self.query.keys.iter().filter(move |key| self.level_of(key, patients) == level)
    }

    /// Whether the search names something of a level above its own, which only that level can tell.
    pub fn asks_for(&self, level: Level) -> bool {
        let is_named = |attribute| Level::of(attribute, self.wanted) == level;
        let is_unique = |key: &&Key| !key.attribute.is(level.unique_key());
        self.query.keys.iter().filter(is_unique).any(|key| is_named(&key.attribute))
            || self.query.include.attributes.iter().any(is_named)
    }

    /// The one thing of a level that the search is about, if it says so.
    pub fn only(&self, level: Level) -> Option<&str> {
        match self.query.key(level.unique_key())?.values.as_slice() {
            [one] if !one.contains(['*', '?']) => Some(one),
            _ => None,
        }
    }

    /// Series or images that are named by their UIDs while nothing is said of their study.
    pub fn named_alone(&self) -> Option<(Level, Vec<String>)> {
        if self.query.key(tags::STUDY_INSTANCE_UID).is_some() {
            return None;
        }
        let named = |level: Level| Some((level, self.query.key(level.unique_key())?.values.clone()));
        let of_search = named(self.wanted).filter(|_| self.wanted > Level::Study);
        let of_series = || named(Level::Series).filter(|_| self.wanted == Level::Instance);
        let (level, uids) = of_search.or_else(of_series)?;
        let is_exact = uids.len() <= MAX_UIDS && uids.iter().all(|uid| !uid.contains(['*', '?']));
        is_exact.then_some((level, uids))
    }

    /// What the search says of the levels above in one plain value each, which may tell copies of a thing apart.
    pub fn said_above(&self, level: Level) -> impl Iterator<Item = (Tag, &str)> {
        self.query.keys.iter().filter_map(move |key| match key.values.as_slice() {
            [one] if self.level_of(key, false) < level && key.attribute.path.is_empty() && one.is_ascii() => {
                let is_text = key.number(one).is_none() && &key.attribute.tag.2 != b"UI";
                is_text.then_some((key.attribute.tag, one.as_str()))
            }
            _ => None,
        })
    }

    /// Restricts the search to these things of a level, unless it has said something of them itself.
    pub fn narrow(&mut self, level: Level, ids: BTreeSet<String>) {
        let attribute = Attribute::of(level.unique_key());
        let is_usable = ids.iter().all(|id| !id.is_empty() && !id.contains(['*', '?', '\\']));
        if is_usable && self.query.key(attribute.tag).is_none() {
            self.query.keys.retain(|key| key.attribute != attribute);
            self.query.keys.push(Key { attribute, values: ids.into_iter().collect() });
        }
    }

    /// What an archive is asked at a level: one request, or several for alternatives. `above`: what is known of the levels above.
    pub fn requests(&self, level: Level, above: &Identifier, patients: bool) -> Result<Vec<Identifier>, Refusal> {
        let mut base = Identifier::at_level(level.name());
        for tag in level.attributes(self.query.include.all && level == self.wanted) {
            base.ask(tag);
        }
        for attribute in &self.query.include.attributes {
            if Level::of(attribute, self.wanted).min(self.wanted) == level {
                base.within(&attribute.path, &mut |set| set.ask(attribute.tag));
            }
        }
        let keys: Vec<&Key> = self.keys(level, patients).collect();
        let texts: String = keys.iter().flat_map(|key| &key.values).map(String::as_str).collect();
        let charset = encode_for_query(&texts).1;
        if !charset.is_empty() {
            base.set_raw(tags::SPECIFIC_CHARACTER_SET, charset.as_bytes());
        }
        let mut requests = vec![base];
        for key in keys {
            requests = with_key(&requests, key, charset);
            if requests.len() > MAX_REQUESTS {
                return Err(Refusal::invalid(
                    "The search has too many alternatives. Name fewer values, or send several searches.",
                ));
            }
        }
        for request in &mut requests {
            for (tag, raw) in above.elements() {
                request.set_raw(tag, raw);
            }
        }
        Ok(requests)
    }
}

/// The same requests for each alternative of a key.
fn with_key(requests: &[Identifier], key: &Key, charset: &str) -> Vec<Identifier> {
    let alternatives: Vec<String> = match &key.attribute.tag.2 {
        _ if key.values.is_empty() => vec![String::new()],
        // A list of UIDs is one key (PS3.4 C.2.2.2.2).
        b"UI" => key.values.chunks(MAX_UIDS).map(|some| some.join("\\")).collect(),
        _ => key.values.clone(),
    };
    let one = |request: &Identifier, value: &str| {
        let mut request = request.clone();
        let (tag, raw) = key.number(value).unwrap_or_else(|| (key.attribute.tag, encoded(value, charset)));
        request.within(&key.attribute.path, &mut |set| set.set_raw(tag, &raw));
        request
    };
    alternatives.iter().flat_map(|value| requests.iter().map(move |request| one(request, value))).collect()
}

fn encoded(value: &str, charset: &str) -> Vec<u8> {
    if charset == "ISO_IR 100" { encode_for_query(value).0 } else { value.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use adit_dimse::Tag;

    use super::*;

    fn plan(query: &str, wanted: Level) -> Plan {
        Plan::new(Query::parse(query).unwrap(), wanted)
    }

    #[test]
    fn keys_are_asked_at_their_level() {
        let plan =
            plan("PatientName=Doe*&Modality=CT&includefield=Rows,PatientWeight&StudyInstanceUID=1.2", Level::Instance);
        let none = Identifier::new();
        let study = &plan.requests(Level::Study, &none, false).unwrap()[0];
        assert_eq!(
            (study.text(tags::PATIENT_NAME), study.text(tags::STUDY_INSTANCE_UID)),
            ("Doe*".into(), "1.2".into())
        );
        assert!(study.contains(Tag(0x10, 0x1030, *b"DS")) && !study.contains(tags::MODALITY));
        let series = &plan.requests(Level::Series, &none, false).unwrap()[0];
        assert_eq!(series.text(tags::MODALITY), "CT");
        let above = none.with(tags::SERIES_INSTANCE_UID, "1.3");
        let image = &plan.requests(Level::Instance, &above, false).unwrap()[0];
        assert_eq!(image.text(tags::QUERY_RETRIEVE_LEVEL), "IMAGE");
        assert_eq!(image.text(tags::SERIES_INSTANCE_UID), "1.3");
        assert!(plan.asks_for(Level::Study) && plan.asks_for(Level::Series));
        assert_eq!((plan.only(Level::Study), plan.only(Level::Series)), (Some("1.2"), None));
    }

    #[test]
    fn alternatives_become_requests_and_uids_a_list() {
        let none = Identifier::new();
        let plan_of = plan("Modality=CT,MR&StudyInstanceUID=1.2,1.3&PatientName=M%C3%BCller", Level::Study);
        let requests = plan_of.requests(Level::Study, &none, false).unwrap();
        let modalities: Vec<String> = requests.iter().map(|one| one.text(tags::MODALITIES_IN_STUDY)).collect();
        assert_eq!(modalities, ["CT", "MR"]);
        assert_eq!(requests[0].text(tags::STUDY_INSTANCE_UID), "1.2\\1.3");
        assert_eq!(requests[0].raw(tags::PATIENT_NAME), Some(&b"M\xfcller"[..]));
        assert_eq!(requests[0].text(tags::SPECIFIC_CHARACTER_SET), "ISO_IR 100");
        let many: Vec<String> = (0..17).map(|number| format!("M{number}")).collect();
        let many = plan(&format!("Modality={}", many.join(",")), Level::Study);
        assert!(many.requests(Level::Study, &none, false).is_err());
    }

    #[test]
    fn numbers_are_asked_in_their_representation() {
        let plan = plan(
            "Rows=5&SmallestImagePixelValue=-5&FrameIncrementPointer=00181063&RealWorldValueSlope=0.5",
            Level::Instance,
        );
        let request = &plan.requests(Level::Instance, &Identifier::new(), false).unwrap()[0];
        let raw = |group, element| match request.entry(Tag(group, element, *b"UN")) {
            Some((_, adit_dimse::Value::Bytes(raw))) => raw.clone(),
            _ => Vec::new(),
        };
        assert_eq!((raw(0x28, 0x10), raw(0x28, 0x9)), (vec![5, 0], vec![0x18, 0, 0x63, 0x10]));
        assert_eq!(request.entry(Tag(0x28, 0x106, *b"US")).map(|(vr, _)| vr), Some(*b"SS"));
        assert_eq!(raw(0x28, 0x106), (-5_i16).to_le_bytes());
        assert_eq!(raw(0x40, 0x9225), 0.5_f64.to_le_bytes());
    }

    #[test]
    fn what_is_named_alone_is_known_and_narrowed() {
        let named = |query: &str, wanted| plan(query, wanted).named_alone();
        let one = |level, uid: &str| Some((level, vec![uid.to_owned()]));
        assert_eq!(named("SeriesInstanceUID=1.3", Level::Series), one(Level::Series, "1.3"));
        assert_eq!(named("SeriesInstanceUID=1.3&SOPInstanceUID=1.4", Level::Instance), one(Level::Instance, "1.4"));
        assert_eq!(named("SeriesInstanceUID=1.3", Level::Instance), one(Level::Series, "1.3"));
        for (query, wanted) in [
            ("SeriesInstanceUID=1.*", Level::Series),
            ("SeriesInstanceUID=1.3&StudyInstanceUID=1.2", Level::Series),
            ("StudyInstanceUID=1.2", Level::Study),
            ("Modality=CT", Level::Series),
        ] {
            assert_eq!(named(query, wanted), None, "{query}");
        }
        let mut plan = plan("SOPInstanceUID=1.4&SeriesInstanceUID=1.3", Level::Instance);
        plan.narrow(Level::Study, ["1.2".to_owned()].into());
        plan.narrow(Level::Series, ["1.9".to_owned()].into());
        plan.narrow(Level::Patient, [String::new()].into());
        assert_eq!((plan.only(Level::Study), plan.only(Level::Series)), (Some("1.2"), Some("1.3")));
        assert_eq!(plan.only(Level::Patient), None);
    }

    #[test]
    fn keys_inside_sequences_are_nested() {
        let plan = plan(
            "RequestAttributesSequence.Modality=CT&includefield=RequestAttributesSequence.StudyDate",
            Level::Series,
        );
        let request = &plan.requests(Level::Series, &Identifier::new(), false).unwrap()[0];
        let items = request.items(Tag(0x40, 0x275, *b"SQ")).unwrap();
        assert_eq!((items.len(), items[0].text(tags::MODALITY)), (1, "CT".into()));
        assert!(items[0].contains(tags::STUDY_DATE));
    }

    #[test]
    fn a_patient_root_asks_for_patients_first() {
        let plan = plan("PatientName=Doe&StudyDate=20240101", Level::Study);
        let names = |level| plan.keys(level, true).map(|key| key.attribute.name()).collect::<Vec<_>>();
        assert_eq!(
            (names(Level::Patient), names(Level::Study)),
            (vec!["PatientName".to_owned()], vec!["StudyDate".to_owned()])
        );
    }
}
