//! One instance of a store's metadata (PS3.18 10.5.1) as a data set in Explicit VR Little Endian, with gaps where values come beside it.

use adit_dimse::{Tag, tags};
use serde_json::{Map, Value};

use super::read::{InvalidJson, encoded, inline, tag};

/// Levels of sequences in one another at most.
const MAX_DEPTH: usize = 32;
/// (0008,3002) belongs to answers only: it says in which transfer syntax something can be fetched.
const AVAILABLE_TRANSFER_SYNTAX_UID: (u16, u16) = (0x0008, 0x3002);
const NUMBER_OF_FRAMES: (u16, u16) = (0x0028, 0x0008);
const PIXEL_DATA: (u16, u16) = (0x7FE0, 0x0010);
/// Of sequences and items.
const UNDEFINED: u32 = u32::MAX;
const ITEM: [u8; 8] = [0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF];
const ITEM_END: [u8; 8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0];
const SEQUENCE_END: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// SOP Class UID, as it stands there.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// Number of Frames, 1 where it is not said.
    pub frames: u32,
    /// Its data set from the first byte to the last one, or why there is none.
    pub pieces: Result<Vec<Piece>, InvalidJson>,
}

/// A piece of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Encoded elements.
    Bytes(Vec<u8>),
    /// One element whose value comes beside the metadata.
    Elsewhere(Elsewhere),
}

/// An element whose value is at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The element.
    pub tag: Tag,
    /// Its `BulkDataURI`.
    pub address: String,
    /// It is the pixel data of the instance.
    pub is_pixels: bool,
}

/// The header of an element in Explicit VR Little Endian; `length` `u32::MAX`: undefined.
#[must_use]
pub fn element_header(tag: Tag, length: u32) -> Vec<u8> {
    let [g0, g1] = tag.0.to_le_bytes();
    let [e0, e1] = tag.1.to_le_bytes();
    let is_short = !matches!(
        &tag.2,
        b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV"
    );
    let mut out = vec![g0, g1, e0, e1];
    match u16::try_from(length) {
        Ok(length) if is_short => {
            out.extend_from_slice(&tag.2);
            out.extend_from_slice(&length.to_le_bytes());
        }
        // A value that is too long for its VR is written as unknown (PS3.5 6.2.2 Note 2).
        _ => {
            out.extend_from_slice(if is_short { b"UN" } else { &tag.2 });
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&length.to_le_bytes());
        }
    }
    out
}

/// The instance of one data set's text. The error: it is no JSON.
pub fn instance(text: &[u8]) -> Result<Instance, InvalidJson> {
    let object: Map<String, Value> = serde_json::from_slice(text).map_err(|error| InvalidJson(error.to_string()))?;
    Ok(of_object(&object))
}

fn of_object(object: &Map<String, Value>) -> Instance {
    let found = entries(object);
    let text = |wanted: (u16, u16)| {
        let all = found.as_deref().unwrap_or_default();
        let value = all.iter().find(|(tag, _)| (tag.0, tag.1) == wanted).and_then(|(_, one)| one.get("Value")?.get(0));
        match value {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    };
    let of = |tag: Tag| text((tag.0, tag.1));
    Instance {
        sop_class_uid: of(tags::SOP_CLASS_UID),
        sop_instance_uid: of(tags::SOP_INSTANCE_UID),
        study_instance_uid: of(tags::STUDY_INSTANCE_UID),
        frames: text(NUMBER_OF_FRAMES).parse().unwrap_or(1),
        pieces: found.clone().and_then(|found| {
            let mut writer = Writer::default();
            writer.outermost(object, &found)?;
            Ok(writer.pieces)
        }),
    }
}

type Entries<'a> = Vec<(Tag, &'a Map<String, Value>)>;

/// The attributes that belong into a data set, in their order.
fn entries(object: &Map<String, Value>) -> Result<Entries<'_>, InvalidJson> {
    let mut all = Vec::with_capacity(object.len());
    for (name, attribute) in object {
        let tag = tag(name, attribute)?;
        let Value::Object(attribute) = attribute else {
            return Err(InvalidJson(format!("{name} has to be an object")));
        };
        if tag.0 == 0xFFFE || !is_known(tag.2) {
            return Err(InvalidJson(format!("{name} is no attribute with a value representation")));
        }
        // File meta information, group lengths, and what is written for the whole data set.
        let is_ours = tag.0 < 8 || tag.1 == 0 || (tag.0, tag.1) == AVAILABLE_TRANSFER_SYNTAX_UID;
        if !is_ours {
            all.push((tag, attribute));
        }
    }
    all.sort_by_key(|(tag, _)| (tag.0, tag.1));
    match all.windows(2).find(|two| (two[0].0.0, two[0].0.1) == (two[1].0.0, two[1].0.1)) {
        Some(two) => Err(InvalidJson(format!("{:04X}{:04X} is there twice", two[0].0.0, two[0].0.1))),
        None => Ok(all),
    }
}

#[derive(Default)]
struct Writer {
    pieces: Vec<Piece>,
}

impl Writer {
    /// Text is UTF-8 in JSON, and stays so.
    fn outermost(&mut self, object: &Map<String, Value>, entries: &Entries<'_>) -> Result<(), InvalidJson> {
        let charset = tags::SPECIFIC_CHARACTER_SET;
        let is_said = entries.iter().any(|(tag, _)| (tag.0, tag.1) == (charset.0, charset.1));
        let mut is_due = is_said || !object.values().all(is_ascii);
        for (tag, attribute) in entries {
            if is_due && (tag.0, tag.1) >= (charset.0, charset.1) {
                self.value(charset, b"ISO_IR 192".to_vec())?;
                is_due = false;
            }
            self.element(*tag, attribute, 0)?;
        }
        if is_due { self.value(charset, b"ISO_IR 192".to_vec()) } else { Ok(()) }
    }

    fn element(&mut self, tag: Tag, attribute: &Map<String, Value>, depth: usize) -> Result<(), InvalidJson> {
        if (tag.0, tag.1) == (tags::SPECIFIC_CHARACTER_SET.0, tags::SPECIFIC_CHARACTER_SET.1) {
            return Ok(());
        }
        let wrong = |what: &str| InvalidJson(format!("{:04X}{:04X} {what}", tag.0, tag.1));
        let values = match attribute.get("Value") {
            Some(Value::Array(values)) => values.as_slice(),
            None | Some(Value::Null) => &[],
            Some(_) => return Err(wrong("has a value that is no array")),
        };
        match (attribute.get("BulkDataURI"), attribute.get("InlineBinary")) {
            (Some(Value::String(address)), _) if &tag.2 != b"SQ" => {
                let is_pixels = depth == 0 && (tag.0, tag.1) == PIXEL_DATA;
                self.pieces.push(Piece::Elsewhere(Elsewhere { tag, address: address.clone(), is_pixels }));
                Ok(())
            }
            (Some(_), _) => Err(wrong("cannot be elsewhere")),
            (None, Some(Value::String(_))) if &tag.2 == b"SQ" => Err(wrong("has items, no bytes")),
            (None, Some(Value::String(text))) => self.value(tag, inline(text).ok_or_else(|| wrong("is not Base64"))?),
            _ if &tag.2 == b"SQ" => self.sequence(tag, values, depth),
            _ if is_bytes(tag.2) && !values.is_empty() => Err(wrong("has bytes, which are given as InlineBinary")),
            _ => self.value(tag, encoded(tag, values)?),
        }
    }

    fn sequence(&mut self, tag: Tag, items: &[Value], depth: usize) -> Result<(), InvalidJson> {
        if depth >= MAX_DEPTH {
            return Err(InvalidJson("sequences are nested too deeply".into()));
        }
        if items.is_empty() {
            self.bytes(&element_header(tag, 0));
            return Ok(());
        }
        self.bytes(&element_header(tag, UNDEFINED));
        for item in items {
            self.bytes(&ITEM);
            match item {
                Value::Object(item) => {
                    for (tag, attribute) in entries(item)? {
                        self.element(tag, attribute, depth + 1)?;
                    }
                }
                Value::Null => {}
                _ => return Err(InvalidJson("an item of a sequence has to be an object".into())),
            }
            self.bytes(&ITEM_END);
        }
        self.bytes(&SEQUENCE_END);
        Ok(())
    }

    fn value(&mut self, tag: Tag, mut value: Vec<u8>) -> Result<(), InvalidJson> {
        if value.len() % 2 == 1 {
            value.push(if is_bytes(tag.2) || &tag.2 == b"UI" { 0 } else { b' ' });
        }
        let length = u32::try_from(value.len()).map_err(|_| InvalidJson("a value is too long".into()))?;
        self.bytes(&element_header(tag, length));
        self.bytes(&value);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Bytes(last)) => last.extend_from_slice(bytes),
            _ => self.pieces.push(Piece::Bytes(bytes.to_vec())),
        }
    }
}

fn is_bytes(vr: [u8; 2]) -> bool {
    matches!(&vr, b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"UN")
}

fn is_known(vr: [u8; 2]) -> bool {
    let others = b"AEASATCSDADSDTFDFLISLOLTPNSHSLSQSSSTSVTMUCUIULURUSUTUV";
    is_bytes(vr) || others.chunks_exact(2).any(|one| one == vr)
}

fn is_ascii(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_ascii(),
        Value::Array(all) => all.iter().all(is_ascii),
        Value::Object(all) => all.values().all(is_ascii),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
