//! Parameters of a search (PS3.18 8.3.4 and 10.6): what a query string asks for. Keys stay as text; what an archive is asked, and in which
//! character set, is the caller's business.

mod attribute;
mod key;

use std::collections::BTreeSet;

use adit_dimse::Tag;
use thiserror::Error;

pub use attribute::Attribute;
pub use key::Key;

const NOT_FUZZY: &str = "The fuzzymatching parameter is not supported. Only literal matching has been performed.";
const NOT_EMPTY: &str =
    "The emptyvaluematching parameter is not supported. Keys without a value have matched everything.";
/// Attributes that one search may name at most.
const MAX_NAMED: usize = 200;

/// A search that cannot be understood. The sentence says what to write instead; it quotes names of parameters, never values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidQuery(pub String);

/// Which attributes answers are to have beside those that they always have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Include {
    /// Everything that the archive knows.
    pub all: bool,
    /// These.
    pub attributes: BTreeSet<Attribute>,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// What has to match.
    pub keys: Vec<Key>,
    /// What answers are to have in addition.
    pub include: Include,
    /// Answers at most.
    pub limit: Option<usize>,
    /// Answers that are skipped.
    pub offset: usize,
    /// What is not done although it was asked for: sentences for the answer's warnings (PS3.18 8.3.4).
    pub ignored: Vec<&'static str>,
    /// Media types that stand in the address in place of a header (PS3.18 8.3.3.1).
    pub accept: Option<String>,
}

impl Query {
    /// Reads a query string.
    pub fn parse(query_string: &str) -> Result<Self, InvalidQuery> {
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
            if [&name, &value].iter().any(|text| text.contains(char::REPLACEMENT_CHARACTER)) {
                return Err(InvalidQuery("Part of the search is not written as UTF-8.".to_owned()));
            }
            query.parameter(&name, &value)?;
            if query.keys.len() + query.include.attributes.len() > MAX_NAMED {
                return Err(InvalidQuery(format!("A search may name {MAX_NAMED} attributes at most.")));
            }
        }
        Ok(query)
    }

    fn parameter(&mut self, name: &str, value: &str) -> Result<(), InvalidQuery> {
        match name {
            "" => {}
            "limit" => self.limit = Some(number(name, value)?),
            "offset" => self.offset = number(name, value)?,
            "fuzzymatching" => self.ignore(switch(name, value)?, NOT_FUZZY),
            "emptyvaluematching" => self.ignore(switch(name, value)?, NOT_EMPTY),
            // Answers are always UTF-8, and so is what is asked.
            "charset" => charset(value)?,
            // Several values of a key are always alternatives.
            "multiplevaluematching" => drop(switch(name, value)?),
            "accept" => self.accept = Some(value.to_owned()),
            "includefield" => {
                for field in value.split(',').map(str::trim).filter(|field| !field.is_empty()) {
                    if field.eq_ignore_ascii_case("all") {
                        self.include.all = true;
                    } else {
                        self.include.attributes.insert(Attribute::parse(field)?);
                    }
                }
            }
            _ => {
                let attribute = Attribute::parse(name)?;
                match self.keys.iter_mut().find(|key| key.attribute == attribute) {
                    Some(known) => known.add(value)?,
                    None => self.keys.push(Key::new(attribute, value)?),
                }
            }
        }
        Ok(())
    }

    fn ignore(&mut self, is_asked: bool, sentence: &'static str) {
        if is_asked && !self.ignored.contains(&sentence) {
            self.ignored.push(sentence);
        }
    }

    /// The key for an attribute of the outermost level, if the search has one with a value.
    #[must_use]
    pub fn key(&self, tag: Tag) -> Option<&Key> {
        self.keys.iter().find(|key| key.attribute.is(tag) && !key.values.is_empty())
    }

    /// Adds a key that the address says, such as the study; one of the query string for the same attribute has to agree with it.
    pub fn fix(&mut self, tag: Tag, value: &str) -> Result<(), InvalidQuery> {
        let attribute = Attribute::of(tag);
        if let Some(place) = self.keys.iter().position(|key| key.attribute == attribute) {
            let key = self.keys.remove(place);
            if !key.values.is_empty() && !key.values.iter().any(|one| one == value) {
                let name = attribute.name();
                return Err(InvalidQuery(format!(
                    "{name} stands in the path and again, with another value, behind it."
                )));
            }
        }
        self.keys.push(Key { attribute, values: vec![value.to_owned()] });
        Ok(())
    }
}

fn number(name: &str, value: &str) -> Result<usize, InvalidQuery> {
    let number = value.trim().parse::<u32>().ok().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| InvalidQuery(format!("Give {name} as a whole number, such as {name}=100.")))
}

/// Character sets that may be wanted of answers, with their weights.
fn charset(value: &str) -> Result<(), InvalidQuery> {
    let names = value.split(',').map(|one| one.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    if names.into_iter().any(|name| matches!(name.as_str(), "utf-8" | "utf8" | "*")) {
        return Ok(());
    }
    Err(InvalidQuery("Answers are written in UTF-8 alone: leave charset out, or write charset=utf-8.".to_owned()))
}

fn switch(name: &str, value: &str) -> Result<bool, InvalidQuery> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(InvalidQuery(format!("Give {name} as true or false."))),
    }
}

#[cfg(test)]
mod tests {
    use adit_dimse::tags;

    use super::*;

    fn values(text: &str) -> Vec<String> {
        Query::parse(text).unwrap().keys[0].values.clone()
    }

    #[test]
    fn attributes_are_named_by_keyword_tag_and_path() {
        let query = Query::parse(
            "PatientName=Doe%5EJ*&00100020=P+1&00400275.Modality=CT&RequestAttributesSequence.StudyDate=20240101",
        )
        .unwrap();
        let names: Vec<String> = query.keys.iter().map(|key| key.attribute.name()).collect();
        assert_eq!(
            names,
            ["PatientName", "PatientID", "RequestAttributesSequence.Modality", "RequestAttributesSequence.StudyDate"]
        );
        assert_eq!(query.key(tags::PATIENT_NAME).unwrap().values, ["Doe^J*"]);
        assert_eq!(query.key(tags::PATIENT_ID).unwrap().values, ["P 1"]);
        assert!(query.key(tags::MODALITY).is_none(), "it is asked for inside a sequence only");
    }

    #[test]
    fn lists_and_repeated_keys_are_alternatives() {
        assert_eq!(values("StudyInstanceUID=1.2,1.3&StudyInstanceUID=1.4%5C1.2"), ["1.2", "1.3", "1.4"]);
        assert_eq!(values("ModalitiesInStudy=CT&ModalitiesInStudy=MR"), ["CT", "MR"]);
        assert_eq!(values("ModalitiesInStudy=CT,MR"), ["CT", "MR"]);
        assert_eq!(values("PatientName=Doe,+John"), ["Doe, John"], "a comma belongs to the name");
        assert_eq!(values("PatientID="), Vec::<String>::new());
        assert_eq!(values("PatientID=*"), Vec::<String>::new(), "matches everything");
        assert_eq!(values("StudyDate=20240101-20240131"), ["20240101-20240131"]);
        assert_eq!(values("StudyDate=-20240131"), ["-20240131"]);
        assert_eq!(values("StudyDate=2024-01-31"), ["20240131"]);
    }

    #[test]
    fn parameters_that_are_no_keys_are_read() {
        let query = Query::parse(
            "limit=10&offset=5&fuzzymatching=true&emptyvaluematching=true&charset=utf-8&includefield=all&includefield=PatientAge,00100040&includefield=00400275.00080060",
        )
        .unwrap();
        assert_eq!((query.limit, query.offset, query.include.all), (Some(10), 5, true));
        assert_eq!(query.ignored, [NOT_FUZZY, NOT_EMPTY]);
        let without = "fuzzymatching=false&emptyvaluematching=false&charset=iso-8859-1;q=0.5,UTF-8&charset=*";
        assert_eq!(Query::parse(without), Ok(Query::default()));
        let names: Vec<String> = query.include.attributes.iter().map(Attribute::name).collect();
        assert_eq!(names, ["PatientSex", "PatientAge", "RequestAttributesSequence.Modality"]);
        assert!(query.keys.is_empty());
    }

    #[test]
    fn what_cannot_be_understood_is_refused_with_a_sentence() {
        let deep = ["RequestAttributesSequence"; 12].join(".") + "=1";
        for (text, part) in [
            ("Nonsense=1", "no attribute named Nonsense"),
            ("patientname=1", "no attribute named patientname"),
            ("limit=-1", "limit=100"),
            ("offset=x", "offset=100"),
            ("fuzzymatching=maybe", "true or false"),
            ("emptyvaluematching=", "true or false"),
            ("charset=iso-8859-1", "charset=utf-8"),
            ("includefield=Nonsense", "no attribute named Nonsense"),
            ("PatientName.PatientID=1", "PatientName is no sequence"),
            ("RequestAttributesSequence=1", "name an attribute inside"),
            ("StudyDate=yesterday", "StudyDate"),
            ("StudyDate=20241301", "StudyDate"),
            ("StudyInstanceUID=abc", "StudyInstanceUID"),
            ("PixelData=1", "cannot be searched"),
            ("Rows=many", "whole number from 0 to 65535"),
            ("SmallestImagePixelValue=-40000", "whole number from -32768 to 65535"),
            ("Rows=70000", "whole number from 0 to 65535"),
            ("FrameIncrementPointer=1063", "eight hexadecimal digits"),
            ("RealWorldValueSlope=steep", "as a number"),
            ("PatientID=a%5Cb%01", "control"),
            (deep.as_str(), "nested"),
        ] {
            let error = Query::parse(text).unwrap_err().0;
            assert!(error.contains(part), "{text}: {error}");
            assert!(error.ends_with('.'), "{error}");
        }
        let many: String = (0..400).map(|number| format!("0011{:04X}=1&", 0x1000 + number)).collect();
        assert!(Query::parse(&many).is_err());
    }

    #[test]
    fn what_the_path_says_has_the_last_word() {
        let mut query = Query::parse("StudyInstanceUID=1.2").unwrap();
        query.fix(tags::STUDY_INSTANCE_UID, "1.2").unwrap();
        assert_eq!(query.key(tags::STUDY_INSTANCE_UID).unwrap().values, ["1.2"]);
        assert!(query.fix(tags::STUDY_INSTANCE_UID, "1.3").is_err());
    }
}
