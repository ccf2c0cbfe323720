//! What is written into every instance: pseudonym, trial, and the marks that the standard asks for (PS3.15 E.1.1, PS3.3 C.12).

use crate::deidentifier::{Deidentifier, Instructions};
use crate::element::{ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, put_header, put_value};
use crate::profile::{Dates, Treatment};
use crate::survey::{PriorCode, Survey};
use crate::syntax::Syntax;
use crate::tables::EDITION;
use crate::value::{Outcome, Secrets};

/// An element that is written whether or not it was there; one of the same tag is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inserted {
    pub tag: u32,
    vr: [u8; 2],
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// Without padding.
    Text(Vec<u8>),
    /// One unsigned short.
    Number(u16),
    /// Code value, scheme, meaning.
    Codes(Vec<PriorCode>),
    /// The attribute is not to be there.
    Gone,
}

impl Inserted {
    pub fn text(tag: u32, vr: &[u8; 2], value: &str) -> Self {
        Self { tag, vr: *vr, value: Value::Text(value.as_bytes().to_vec()) }
    }

    /// A text, or for US a decimal number.
    pub fn value(tag: u32, vr: [u8; 2], value: &str) -> Self {
        match value.parse() {
            Ok(number) if vr == *b"US" => Self { tag, vr, value: Value::Number(number) },
            _ => Self::text(tag, &vr, value),
        }
    }

    /// Takes an attribute away.
    pub fn gone(tag: u32) -> Self {
        Self { tag, vr: *b"UN", value: Value::Gone }
    }

    pub fn put(&self, out: &mut Vec<u8>, syntax: Syntax) {
        match &self.value {
            Value::Gone => {}
            Value::Number(number) => {
                put_header(out, syntax, self.tag, self.vr, 2);
                syntax.put_u16(out, *number);
            }
            Value::Text(value) => put_value(out, syntax, self.tag, self.vr, value),
            Value::Codes(codes) => {
                put_header(out, syntax, self.tag, *b"SQ", UNDEFINED);
                for code in codes {
                    put_header(out, syntax, ITEM, *b"  ", UNDEFINED);
                    put_value(out, syntax, 0x0008_0100, *b"SH", &code.value);
                    put_value(out, syntax, 0x0008_0102, *b"SH", &code.scheme);
                    if !code.version.is_empty() {
                        put_value(out, syntax, 0x0008_0103, *b"SH", &code.version);
                    }
                    put_value(out, syntax, 0x0008_0104, *b"LO", &code.meaning);
                    put_header(out, syntax, ITEM_END, *b"  ", 0);
                }
                put_header(out, syntax, SEQUENCE_END, *b"  ", 0);
            }
        }
    }

    /// The value as a person reads it.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Gone => String::new(),
            Value::Number(number) => number.to_string(),
            Value::Text(value) => String::from_utf8_lossy(value).into_owned(),
            Value::Codes(codes) => {
                codes.iter().map(|code| String::from_utf8_lossy(&code.value)).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// The trial's attributes, which are written with and without de-identification.
pub(crate) fn trial(instructions: &Instructions) -> Vec<Inserted> {
    let pairs = [
        (0x0012_0020, instructions.trial_protocol_id.as_str()),
        (0x0012_0021, instructions.trial_protocol_name.as_str()),
    ];
    pairs.into_iter().filter(|(_, text)| !text.is_empty()).map(|(tag, text)| Inserted::text(tag, b"LO", text)).collect()
}

/// What an earlier de-identification has left, without the patient's identifiers.
pub(crate) struct Before {
    method: Vec<u8>,
    codes: Vec<PriorCode>,
}

impl Before {
    pub fn of(survey: &Survey, secrets: &Secrets<'_>) -> Self {
        let cleaned =
            |vr: &[u8; 2], raw: &[u8]| match secrets.apply(&Treatment::Text { free: false }, *vr, raw, &survey.sets) {
                Outcome::Keep { .. } => raw.to_vec(),
                Outcome::Put(left, _) => left,
                _ => b"REMOVED".to_vec(),
            };
        let codes = survey.prior_codes.iter().map(|code| PriorCode {
            value: cleaned(b"SH", &code.value),
            scheme: cleaned(b"SH", &code.scheme),
            version: cleaned(b"SH", &code.version),
            meaning: cleaned(b"LO", &code.meaning),
        });
        Self { method: cleaned(b"LO", &survey.facts.deidentification_method), codes: codes.collect() }
    }
}

/// Everything that a de-identified instance carries. `when`: the study's date and time as they will be written.
pub(crate) fn all(
    deidentifier: &Deidentifier,
    instructions: &Instructions,
    before: &Before,
    pseudonym: &str,
    when: (&str, &str),
    is_cleaned: bool,
) -> Vec<Inserted> {
    let mut all = trial(instructions);
    all.push(Inserted::text(0x0010_0010, b"PN", pseudonym));
    all.push(Inserted::text(0x0010_0020, b"LO", pseudonym));
    all.push(Inserted::text(0x0012_0062, b"CS", "YES"));
    let method = method(&before.method, &deidentifier.label());
    all.push(Inserted { tag: 0x0012_0063, vr: *b"LO", value: Value::Text(method) });
    let codes = codes(deidentifier, &before.codes, is_cleaned);
    all.push(Inserted { tag: 0x0012_0064, vr: *b"SQ", value: Value::Codes(codes) });
    if is_cleaned {
        all.push(Inserted::text(0x0028_0301, b"CS", "NO"));
    }
    let dates = match deidentifier.options().dates {
        Dates::Remove => "REMOVED",
        Dates::Shift => "MODIFIED",
        Dates::Keep | Dates::KeepOfStudy => "UNMODIFIED",
    };
    all.push(Inserted::text(0x0028_0303, b"CS", dates));
    if !instructions.trial_protocol_id.is_empty() {
        let (id, (date, time)) = (&instructions.trial_protocol_id, when);
        let time = time.split('.').next().unwrap_or_default();
        // The convention by which XNAT sorts images.
        let comment = format!("Project:{id} Subject:{pseudonym} Session:{pseudonym}_{date}-{time}");
        all.push(Inserted::text(0x0010_4000, b"LT", &comment));
    }
    all.sort_by_key(|element| element.tag);
    all
}

/// De-identification Method gets our values, once each. What others wrote stays in front.
fn method(before: &[u8], label: &str) -> Vec<u8> {
    let mut all = before.to_vec();
    for value in [label.as_bytes(), EDITION.as_bytes()] {
        debug_assert!(value.len() <= 64, "VR LO");
        if !all.split(|byte| *byte == b'\\').any(|known| known.trim_ascii() == value) {
            if !all.is_empty() {
                all.push(b'\\');
            }
            all.extend_from_slice(value);
        }
    }
    all
}

/// De-identification Method Code Sequence: codes of CID 7050 for the profile and its options.
fn codes(deidentifier: &Deidentifier, before: &[PriorCode], is_cleaned: bool) -> Vec<PriorCode> {
    let options = deidentifier.options();
    let dates = options.dates;
    let wanted = [
        (true, "113100", "Basic Application Confidentiality Profile"),
        (is_cleaned, "113101", "Clean Pixel Data Option"),
        (options.clean_graphics, "113103", "Clean Graphics Option"),
        (options.clean_structured_content, "113104", "Clean Structured Content Option"),
        (options.clean_descriptors, "113105", "Clean Descriptors Option"),
        (
            matches!(dates, Dates::Keep | Dates::KeepOfStudy),
            "113106",
            "Retain Longitudinal Temporal Information Full Dates Option",
        ),
        (dates == Dates::Shift, "113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
        (options.patient_characteristics, "113108", "Retain Patient Characteristics Option"),
        (options.device_identity, "113109", "Retain Device Identity Option"),
        (options.uids, "113110", "Retain UIDs Option"),
        (options.safe_private, "113111", "Retain Safe Private Option"),
        (options.institution_identity, "113112", "Retain Institution Identity Option"),
    ];
    let mut all = before.to_vec();
    for (_, value, meaning) in wanted.into_iter().filter(|(is_on, ..)| *is_on) {
        if !all.iter().any(|known| known.value == value.as_bytes() && known.scheme == b"DCM") {
            all.push(PriorCode {
                value: value.into(),
                scheme: b"DCM".to_vec(),
                meaning: meaning.into(),
                ..PriorCode::default()
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_fits_its_attribute_and_is_appended_once() {
        let first = method(b"", "ADIT research 1 with project rules");
        assert!(first.split(|byte| *byte == b'\\').all(|value| value.len() <= 64));
        assert_eq!(method(&first, "ADIT research 1 with project rules"), first);
        assert!(method(b"Other tool", "ADIT basic 1").starts_with(b"Other tool\\ADIT basic 1"));
    }
}
