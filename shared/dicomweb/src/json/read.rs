//! JSON objects of the model as data sets.

use adit_dimse::{Identifier, Tag, dictionary, tags};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use thiserror::Error;

/// Levels of sequences in one another at most.
const MAX_DEPTH: usize = 16;

/// A text that is not of the DICOM JSON model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not of the DICOM JSON model: {0}")]
pub struct InvalidJson(pub(super) String);

impl InvalidJson {
    /// There are more than [`MAX_INSTANCES`](super::MAX_INSTANCES).
    #[must_use]
    pub fn too_many() -> Self {
        Self("there are too many instances".to_owned())
    }
}

/// Data sets of an answer: an array of objects, one object, or nothing at all.
pub fn identifiers(body: &[u8]) -> Result<Vec<Identifier>, InvalidJson> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    match serde_json::from_slice(body).map_err(|error| InvalidJson(error.to_string()))? {
        Value::Array(all) => all.iter().map(identifier).collect(),
        one => Ok(vec![identifier(&one)?]),
    }
}

/// One object as a data set whose text is UTF-8. Attributes whose values are elsewhere (`BulkDataURI`) come without a value.
pub fn identifier(json: &Value) -> Result<Identifier, InvalidJson> {
    let Value::Object(object) = json else { return Err(InvalidJson("a data set has to be an object".into())) };
    let mut set = data_set(object, 0)?;
    if set.elements().any(|(_, value)| !value.is_ascii()) || set.contains(tags::SPECIFIC_CHARACTER_SET) {
        set.set_raw(tags::SPECIFIC_CHARACTER_SET, b"ISO_IR 192");
    }
    Ok(set)
}

fn data_set(object: &Map<String, Value>, depth: usize) -> Result<Identifier, InvalidJson> {
    if depth > MAX_DEPTH {
        return Err(InvalidJson("sequences are nested too deeply".into()));
    }
    let mut set = Identifier::new();
    for (name, attribute) in object {
        let tag = tag(name, attribute)?;
        let Value::Object(attribute) = attribute else {
            return Err(InvalidJson(format!("{name} has to be an object")));
        };
        let values = match attribute.get("Value") {
            Some(Value::Array(values)) => values.as_slice(),
            None | Some(Value::Null) => &[],
            Some(_) => return Err(InvalidJson(format!("the value of {name} has to be an array"))),
        };
        if &tag.2 == b"SQ" {
            let items = values.iter().map(|item| match item {
                Value::Object(item) => data_set(item, depth + 1),
                Value::Null => Ok(Identifier::new()),
                _ => Err(InvalidJson(format!("an item of {name} has to be an object"))),
            });
            set.set_items(tag, items.collect::<Result<_, _>>()?);
        } else if let Some(Value::String(text)) = attribute.get("InlineBinary") {
            let bytes = inline(text).ok_or_else(|| InvalidJson(format!("{name} is not Base64")))?;
            set.set_raw(tag, &bytes);
        } else {
            set.set_raw(tag, &encoded(tag, values)?);
        }
    }
    Ok(set)
}

/// The bytes of an `InlineBinary`.
pub(super) fn inline(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The attribute: eight hexadecimal digits, and the representation that stands beside them or that the standard knows.
pub(super) fn tag(name: &str, attribute: &Value) -> Result<Tag, InvalidJson> {
    let number = (name.len() == 8).then(|| u32::from_str_radix(name, 16).ok()).flatten();
    let number = number.ok_or_else(|| InvalidJson(format!("{} is no tag", short(name))))?;
    let [g0, g1, e0, e1] = number.to_be_bytes();
    let (group, element) = (u16::from_be_bytes([g0, g1]), u16::from_be_bytes([e0, e1]));
    let vr = match attribute.get("vr").and_then(Value::as_str).map(str::as_bytes) {
        Some([first, second]) => [*first, *second],
        Some(_) => return Err(InvalidJson(format!("{name} has no value representation"))),
        None => dictionary::vr_of(group, element, false),
    };
    Ok(Tag(group, element, vr))
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

pub(super) fn encoded(tag: Tag, values: &[Value]) -> Result<Vec<u8>, InvalidJson> {
    let wrong = || InvalidJson(format!("{:04X}{:04X} has a value of the wrong kind", tag.0, tag.1));
    let mut bytes = Vec::new();
    for (number, value) in values.iter().enumerate() {
        match &tag.2 {
            b"US" | b"SS" | b"UL" | b"SL" | b"UV" | b"SV" => {
                let size = super::number::size(tag.2);
                let number = whole(value).filter(|number| fits(tag.2, *number)).ok_or_else(wrong)?;
                bytes.extend_from_slice(&number.to_le_bytes()[..size]);
            }
            b"FL" => {
                #[expect(clippy::cast_possible_truncation, reason = "the attribute is of single precision")]
                let single = real(value).ok_or_else(wrong)? as f32;
                if single.is_infinite() && !real(value).is_some_and(f64::is_infinite) {
                    return Err(wrong());
                }
                bytes.extend_from_slice(&single.to_le_bytes());
            }
            b"FD" => bytes.extend_from_slice(&real(value).ok_or_else(wrong)?.to_le_bytes()),
            b"AT" => {
                let number = value.as_str().and_then(|text| u32::from_str_radix(text, 16).ok()).ok_or_else(wrong)?;
                let [g0, g1, e0, e1] = number.to_be_bytes();
                bytes.extend_from_slice(&[g1, g0, e1, e0]);
            }
            vr => {
                if number > 0 {
                    bytes.push(b'\\');
                }
                let text = match (vr, value) {
                    (b"PN", _) => person(value),
                    (b"DS", Value::Number(number)) => Some(super::number::decimal_text(number)),
                    _ => text(value),
                };
                bytes.extend_from_slice(text.ok_or_else(wrong)?.as_bytes());
            }
        }
    }
    Ok(bytes)
}

/// Whether a whole number has room in a binary value.
fn fits(vr: [u8; 2], number: i128) -> bool {
    match &vr {
        b"US" => u16::try_from(number).is_ok(),
        b"SS" => i16::try_from(number).is_ok(),
        b"UL" => u32::try_from(number).is_ok(),
        b"SL" => i32::try_from(number).is_ok(),
        b"UV" => u64::try_from(number).is_ok(),
        _ => i64::try_from(number).is_ok(),
    }
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    }
}

/// A name from its groups; some servers write it as plain text.
fn person(value: &Value) -> Option<String> {
    let Value::Object(groups) = value else { return text(value) };
    let group = |name: &str| groups.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = ["Alphabetic", "Ideographic", "Phonetic"].map(group).join("=");
    Some(name.trim_end_matches('=').to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::to_json;
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut item = Identifier::new().with(tags::MODALITY, "CT");
        item.set_raw(Tag(0x28, 0x10, *b"US"), &[0, 2]);
        let mut set = Identifier::new()
            .with(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 192")
            .with(tags::PATIENT_NAME, "Müller^Hans==x")
            .with(tags::MODALITIES_IN_STUDY, "CT\\\\MR")
            .with(tags::SERIES_NUMBER, "7")
            .asking(&[tags::STUDY_TIME]);
        set.set_items(Tag(0x40, 0x275, *b"SQ"), vec![item]);
        set.set_raw(Tag(0x9, 0x1001, *b"OB"), &[1, 2]);
        set.set_raw(Tag(0x28, 0x9, *b"AT"), &[0x18, 0, 0x63, 0x10]);
        set.set_raw(Tag(0x18, 0x9087, *b"FD"), &1.25_f64.to_le_bytes());
        set.set_raw(Tag(0x18, 0x9088, *b"SV"), &(-3_i64).to_le_bytes());
        assert_eq!(identifiers(&to_json(&set)).unwrap(), [set]);
    }

    #[test]
    fn answers_of_any_kind_are_understood_and_others_refused() {
        assert_eq!(identifiers(b" \r\n").unwrap(), []);
        assert_eq!(identifiers(b"[]").unwrap(), []);
        let told = identifiers(br#"[{"00100010":{"vr":"PN","Value":["Doe^J"]},"00100020":{"Value":["1"]}}]"#).unwrap();
        assert_eq!((told[0].text(tags::PATIENT_NAME), told[0].text(tags::PATIENT_ID)), ("Doe^J".into(), "1".into()));
        for wrong in ["1", "[1]", r#"{"x":{}}"#, r#"{"00100010":1}"#, r#"{"00280010":{"vr":"US","Value":["x"]}}"#] {
            assert!(identifiers(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let deep = r#"{"00400275":{"vr":"SQ","Value":["#.repeat(40) + "{}" + &"]}}".repeat(40);
        assert!(identifiers(deep.as_bytes()).is_err());
    }
}
