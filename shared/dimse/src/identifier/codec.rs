//! Identifiers as bytes: explicit and implicit VR little endian (PS3.5 7.1, 7.5).

use super::{Identifier, InvalidIdentifier, Value};
use crate::dictionary;
use crate::uids;

/// Levels of sequences in one another at most.
const MAX_DEPTH: usize = 16;

const ITEM: (u16, u16) = (0xFFFE, 0xE000);
const ITEM_END: (u16, u16) = (0xFFFE, 0xE00D);
const SEQUENCE_END: (u16, u16) = (0xFFFE, 0xE0DD);
/// (0028,0103): whether samples, and what describes them, are signed.
const PIXEL_REPRESENTATION: (u16, u16) = (0x0028, 0x0103);
const UNDEFINED: u32 = u32::MAX;

impl Identifier {
    /// Encodes in explicit or implicit VR little endian; sequences and items get their lengths.
    #[must_use]
    pub fn encode(&self, transfer_syntax_uid: &str) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(transfer_syntax_uid != uids::IMPLICIT_VR_LITTLE_ENDIAN, &mut out);
        out
    }

    fn write(&self, explicit: bool, out: &mut Vec<u8>) {
        for (key, (vr, value)) in &self.elements {
            match value {
                Value::Bytes(value) => {
                    let even = value.len().next_multiple_of(2);
                    write_header(*key, *vr, even, explicit, out);
                    out.extend_from_slice(value);
                    if even > value.len() {
                        out.push(if is_binary(*vr) { 0 } else { b' ' });
                    }
                }
                Value::Items(items) => {
                    let mut inside = Vec::new();
                    for item in items {
                        let mut elements = Vec::new();
                        item.write(explicit, &mut elements);
                        write_header(ITEM, *b"  ", elements.len(), false, &mut inside);
                        inside.extend_from_slice(&elements);
                    }
                    write_header(*key, *b"SQ", inside.len(), explicit, out);
                    out.extend_from_slice(&inside);
                }
            }
        }
    }

    /// Decodes explicit or implicit VR little endian.
    pub fn decode(bytes: &[u8], transfer_syntax_uid: &str) -> Result<Self, InvalidIdentifier> {
        Self::decode_until(bytes, transfer_syntax_uid, u16::MAX)
    }

    /// Decodes the beginning of a data set: the groups up to `last_group`. What follows need not be complete.
    pub fn decode_until(bytes: &[u8], transfer_syntax_uid: &str, last_group: u16) -> Result<Self, InvalidIdentifier> {
        let explicit = transfer_syntax_uid != uids::IMPLICIT_VR_LITTLE_ENDIAN;
        Reader { bytes, explicit, signed: false }.set(last_group, false, 0)
    }
}

fn write_header(key: (u16, u16), vr: [u8; 2], length: usize, explicit: bool, out: &mut Vec<u8>) {
    let length = u32::try_from(length).unwrap_or(0);
    out.extend_from_slice(&key.0.to_le_bytes());
    out.extend_from_slice(&key.1.to_le_bytes());
    match u16::try_from(length) {
        _ if !explicit => out.extend_from_slice(&length.to_le_bytes()),
        Ok(short) if !is_long(vr) => {
            out.extend_from_slice(&vr);
            out.extend_from_slice(&short.to_le_bytes());
        }
        // A value that is too long for its VR is written as unknown (PS3.5 6.2.2 Note 2).
        _ => {
            out.extend_from_slice(if is_long(vr) { &vr } else { b"UN" });
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&length.to_le_bytes());
        }
    }
}

fn is_long(vr: [u8; 2]) -> bool {
    matches!(&vr, b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV")
}

/// Whether values of this kind are filled up with NUL.
fn is_binary(vr: [u8; 2]) -> bool {
    matches!(&vr, b"UI" | b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"UN")
}

/// Key, value representation, length.
type Header = ((u16, u16), [u8; 2], u32);

struct Reader<'a> {
    bytes: &'a [u8],
    explicit: bool,
    /// Pixel Representation says so; implicit VR needs it.
    signed: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], InvalidIdentifier> {
        let (value, rest) = self.bytes.split_at_checked(count).ok_or(InvalidIdentifier)?;
        self.bytes = rest;
        Ok(value)
    }

    fn u16(&mut self) -> Result<u16, InvalidIdentifier> {
        self.take(2).map(|b| u16::from_le_bytes([b[0], b[1]]))
    }

    fn u32(&mut self) -> Result<u32, InvalidIdentifier> {
        self.take(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// Key, value representation, length of the next element.
    fn header(&mut self) -> Result<Header, InvalidIdentifier> {
        let key = (self.u16()?, self.u16()?);
        if key.0 == 0xFFFE || !self.explicit {
            return Ok((key, dictionary::vr_of(key.0, key.1, self.signed), self.u32()?));
        }
        let vr = self.take(2).map(|b| [b[0], b[1]])?;
        if is_long(vr) {
            self.take(2)?;
            return Ok((key, vr, self.u32()?));
        }
        Ok((key, vr, u32::from(self.u16()?)))
    }

    /// A data set: up to its end, to the delimiter of its item if it has one, or to the first group after `last_group`.
    fn set(&mut self, last_group: u16, delimited: bool, depth: usize) -> Result<Identifier, InvalidIdentifier> {
        let mut set = Identifier::new();
        while delimited || !self.bytes.is_empty() {
            let (key, vr, length) = self.header()?;
            if delimited && key == ITEM_END {
                break;
            }
            if key.0 > last_group {
                break;
            }
            if let Some((vr, value)) = self.value(vr, length, depth)? {
                if let (PIXEL_REPRESENTATION, Value::Bytes(value)) = (key, &value) {
                    self.signed = value.first() == Some(&1);
                }
                set.elements.insert(key, (vr, value));
            }
        }
        Ok(set)
    }

    /// A value; none for one that is passed over: fragments of pixels, and sequences that nobody can read.
    fn value(&mut self, vr: [u8; 2], length: u32, depth: usize) -> Result<Option<([u8; 2], Value)>, InvalidIdentifier> {
        if length == UNDEFINED {
            if depth >= MAX_DEPTH {
                return Err(InvalidIdentifier);
            }
            if matches!(&vr, b"OB" | b"OW") {
                return self.fragments().map(|()| None);
            }
            // Of unknown VR with undefined length: implicit inside (PS3.5 6.2.2 Note 5).
            let explicit = self.explicit && vr != *b"UN";
            let mut inside = Reader { bytes: self.bytes, explicit, signed: self.signed };
            let items = inside.items(true, depth + 1)?;
            self.bytes = inside.bytes;
            return Ok(Some((*b"SQ", Value::Items(items))));
        }
        let value = self.take(length as usize)?;
        if vr != *b"SQ" {
            return Ok(Some((vr, Value::Bytes(value.to_vec()))));
        }
        let mut inside = Reader { bytes: value, explicit: self.explicit, signed: self.signed };
        let items = if depth >= MAX_DEPTH { Err(InvalidIdentifier) } else { inside.items(false, depth + 1) };
        Ok(items.ok().map(|items| (vr, Value::Items(items))))
    }

    fn items(&mut self, delimited: bool, depth: usize) -> Result<Vec<Identifier>, InvalidIdentifier> {
        let mut items = Vec::new();
        while delimited || !self.bytes.is_empty() {
            let (key, _, length) = self.header()?;
            match key {
                SEQUENCE_END if delimited => break,
                ITEM if length == UNDEFINED => items.push(self.set(u16::MAX, true, depth)?),
                ITEM => {
                    let bytes = self.take(length as usize)?;
                    let mut inside = Reader { bytes, explicit: self.explicit, signed: self.signed };
                    items.push(inside.set(u16::MAX, false, depth)?);
                }
                _ => return Err(InvalidIdentifier),
            }
        }
        Ok(items)
    }

    /// Passes over encapsulated pixels (PS3.5 A.4).
    fn fragments(&mut self) -> Result<(), InvalidIdentifier> {
        loop {
            match self.header()? {
                (SEQUENCE_END, _, _) => return Ok(()),
                (ITEM, _, length) if length != UNDEFINED => {
                    self.take(length as usize)?;
                }
                _ => return Err(InvalidIdentifier),
            }
        }
    }
}
