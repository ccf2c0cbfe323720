//! One key of a search with its values, checked by its value representation.

use adit_dimse::{Tag, dictionary};
use adit_domain::Uid;

use super::{Attribute, InvalidQuery};
use crate::json;

/// Values of one key at most.
const MAX_VALUES: usize = 1000;
/// Letters of one value at most.
const MAX_LENGTH: usize = 1024;

/// What an attribute has to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The attribute.
    pub attribute: Attribute,
    /// Alternatives, with wild cards and ranges as PS3.4 C.2.2.2 writes them; none: it matches everything and is only asked for.
    pub values: Vec<String>,
}

impl Key {
    pub(super) fn new(attribute: Attribute, value: &str) -> Result<Self, InvalidQuery> {
        if &attribute.tag.2 == b"SQ" {
            let name = attribute.name();
            if value.trim().is_empty() {
                return Ok(Self { attribute, values: Vec::new() });
            }
            return Err(InvalidQuery(format!(
                "{name} is a sequence: name an attribute inside it, such as {name}.Modality."
            )));
        }
        let mut key = Self { attribute, values: Vec::new() };
        key.add(value)?;
        Ok(key)
    }

    /// Adds alternatives.
    pub(super) fn add(&mut self, value: &str) -> Result<(), InvalidQuery> {
        let vr = self.attribute.tag.2;
        // A comma may belong to a text; in codes and UIDs it can only separate them.
        let separators: &[char] = if matches!(&vr, b"UI" | b"CS") { &['\\', ','] } else { &['\\'] };
        for one in value.split(separators).map(str::trim) {
            if one.is_empty() || one.bytes().all(|byte| byte == b'*') {
                continue;
            }
            let checked = self.checked(one)?;
            if !self.values.contains(&checked) {
                self.values.push(checked);
            }
        }
        if self.values.len() > MAX_VALUES {
            return Err(InvalidQuery(format!("{} may have {MAX_VALUES} values at most.", self.attribute.name())));
        }
        Ok(())
    }

    /// A value as an archive is asked for it: the attribute with its value representation, and bytes in little endian. None if values of
    /// the attribute are no binary numbers.
    #[must_use]
    pub fn number(&self, value: &str) -> Option<(Tag, Vec<u8>)> {
        let Tag(group, element, _) = self.attribute.tag;
        let encoded = |vr| Some((Tag(group, element, vr), json::from_text(vr, value)?));
        self.representations().into_iter().find_map(encoded)
    }

    /// The representation, and the one that signed images have instead.
    fn representations(&self) -> [[u8; 2]; 2] {
        let Tag(group, element, vr) = self.attribute.tag;
        [vr, if &vr == b"US" { dictionary::vr_of(group, element, true) } else { vr }]
    }

    fn checked(&self, value: &str) -> Result<String, InvalidQuery> {
        let name = self.attribute.name();
        if value.chars().count() > MAX_LENGTH {
            return Err(InvalidQuery(format!("The value of {name} is too long.")));
        }
        if value.chars().any(char::is_control) {
            return Err(InvalidQuery(format!("The value of {name} must not contain control characters.")));
        }
        match &self.attribute.tag.2 {
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"UN" if self.attribute.tag.0.is_multiple_of(2) => {
                Err(InvalidQuery(format!("{name} cannot be searched: its value is not text.")))
            }
            b"UI" => match Uid::parse(value) {
                Ok(uid) => Ok(uid.as_str().to_owned()),
                // Some archives understand wild cards in UIDs although the standard has none.
                Err(_) if value.bytes().all(|byte| byte.is_ascii_digit() || b".*?".contains(&byte)) => Ok(value.to_owned()),
                Err(error) => Err(InvalidQuery(format!("{name}: {error}."))),
            },
            b"DA" => date(value).ok_or_else(|| {
                InvalidQuery(format!(
                    "Write {name} as year, month and day, such as {name}=20240131, or as a range such as {name}=20240101-20240131."
                ))
            }),
            b"TM" if !value.bytes().all(|byte| byte.is_ascii_digit() || b".-:".contains(&byte)) => Err(InvalidQuery(
                format!("Write {name} as hours, minutes and seconds, such as {name}=083000, or as a range such as {name}=0800-0900."),
            )),
            b"TM" => Ok(value.replace(':', "")),
            b"DT" if !value.bytes().all(|byte| byte.is_ascii_digit() || b".-+".contains(&byte)) => {
                Err(InvalidQuery(format!("Write {name} as one row of digits, such as {name}=20240131083000.")))
            }
            vr if json::is_binary(*vr) && self.number(value).is_none() => {
                Err(InvalidQuery(no_number(&name, self.representations())))
            }
            _ => Ok(value.to_owned()),
        }
    }
}

/// What is to be written where a number has to stand.
fn no_number(name: &str, [vr, signed]: [[u8; 2]; 2]) -> String {
    let range = match &vr {
        _ if vr != signed => " from -32768 to 65535",
        b"AT" => return format!("Write {name} as a tag of eight hexadecimal digits, such as {name}=00200013."),
        b"FL" | b"FD" => return format!("Write {name} as a number, such as {name}=1.5."),
        b"US" => " from 0 to 65535",
        b"SS" => " from -32768 to 32767",
        b"UL" => " from 0 to 4294967295",
        b"SL" => " from -2147483648 to 2147483647",
        _ => "",
    };
    format!("Write {name} as a whole number{range}, such as {name}=512.")
}

/// A date or a range of dates as DICOM writes it.
fn date(value: &str) -> Option<String> {
    if let Some(day) = day(value) {
        return Some(day);
    }
    // A single date with hyphens has been understood by now.
    let places = value.match_indices('-').map(|(place, _)| place);
    places.into_iter().find_map(|place| {
        let (from, until) = (value[..place].trim(), value[place + 1..].trim());
        let end = |text: &str| if text.is_empty() { Some(String::new()) } else { day(text) };
        let (from, until) = (end(from)?, end(until)?);
        (!from.is_empty() || !until.is_empty()).then(|| format!("{from}-{until}"))
    })
}

fn day(text: &str) -> Option<String> {
    let digits = match text.as_bytes() {
        [y @ .., b'-', _, _, b'-', _, _] if y.len() == 4 => text.replace('-', ""),
        bytes if bytes.len() == 10 && bytes[4] == b'.' && bytes[7] == b'.' => text.replace('.', ""),
        _ => text.to_owned(),
    };
    let number = |from: usize, until: usize| digits.get(from..until).and_then(|part| part.parse::<u8>().ok());
    let is_day = digits.len() == 8
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && number(4, 6).is_some_and(|month| (1..=12).contains(&month))
        && number(6, 8).is_some_and(|day| (1..=31).contains(&day));
    is_day.then_some(digits)
}
