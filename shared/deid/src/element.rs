//! Element headers: reading, writing, and the value representation of a tag.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use crate::syntax::Syntax;

/// A value of undefined length (PS3.5 7.1.1).
pub(crate) const UNDEFINED: u32 = u32::MAX;
pub(crate) const ITEM: u32 = 0xFFFE_E000;
pub(crate) const ITEM_END: u32 = 0xFFFE_E00D;
pub(crate) const SEQUENCE_END: u32 = 0xFFFE_E0DD;

/// The header of an element, an item or a delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub tag: u32,
    pub vr: [u8; 2],
    pub length: u32,
    /// Bytes of the header itself.
    pub size: usize,
}

/// Reads a header; `None`: more bytes are needed.
pub(crate) fn header(bytes: &[u8], syntax: Syntax) -> Option<Header> {
    let head = bytes.first_chunk::<8>()?;
    let group = syntax.u16([head[0], head[1]]);
    let tag = u32::from(group) << 16 | u32::from(syntax.u16([head[2], head[3]]));
    if group == 0xFFFE || !syntax.explicit {
        let vr = if group == 0xFFFE { *b"  " } else { dictionary_vr(tag) };
        return Some(Header { tag, vr, length: syntax.u32([head[4], head[5], head[6], head[7]]), size: 8 });
    }
    let vr = [head[4], head[5]];
    if !is_long(vr) {
        return Some(Header { tag, vr, length: u32::from(syntax.u16([head[6], head[7]])), size: 8 });
    }
    let length = bytes.get(8..12)?;
    Some(Header { tag, vr, length: syntax.u32([length[0], length[1], length[2], length[3]]), size: 12 })
}

/// Writes a header.
pub(crate) fn put_header(out: &mut Vec<u8>, syntax: Syntax, tag: u32, vr: [u8; 2], length: u32) {
    let [g0, g1, e0, e1] = tag.to_be_bytes();
    syntax.put_u16(out, u16::from_be_bytes([g0, g1]));
    syntax.put_u16(out, u16::from_be_bytes([e0, e1]));
    if tag >> 16 == 0xFFFE || !syntax.explicit {
        syntax.put_u32(out, length);
    } else if is_long(vr) {
        out.extend_from_slice(&vr);
        out.extend_from_slice(&[0, 0]);
        syntax.put_u32(out, length);
    } else {
        out.extend_from_slice(&vr);
        syntax.put_u16(out, u16::try_from(length).unwrap_or(u16::MAX - 1));
    }
}

/// Writes an element with the padding of its VR.
pub(crate) fn put_value(out: &mut Vec<u8>, syntax: Syntax, tag: u32, vr: [u8; 2], value: &[u8]) {
    put_padded(out, syntax, tag, vr, value, padding(vr));
}

/// Writes an element; `pad` makes its length even.
pub(crate) fn put_padded(out: &mut Vec<u8>, syntax: Syntax, tag: u32, vr: [u8; 2], value: &[u8], pad: u8) {
    let even = value.len().next_multiple_of(2);
    put_header(out, syntax, tag, vr, u32::try_from(even).unwrap_or(0));
    out.extend_from_slice(value);
    if even > value.len() {
        out.push(pad);
    }
}

/// What makes a value's length even (PS3.5 6.2).
pub(crate) fn padding(vr: [u8; 2]) -> u8 {
    if matches!(&vr, b"UI" | b"OB" | b"UN") { 0 } else { b' ' }
}

/// VRs with a 32-bit length in explicit syntaxes (PS3.5 7.1.2).
pub(crate) fn is_long(vr: [u8; 2]) -> bool {
    matches!(&vr, b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV")
}

/// The VR that the standard's dictionary gives a tag; `UN` for what it does not know.
pub(crate) fn dictionary_vr(tag: u32) -> [u8; 2] {
    let [_, element] = split(tag);
    if element == 0 {
        return *b"UL";
    }
    let entry = StandardDataDictionary.by_tag(as_tag(tag));
    let vr = entry.and_then(|entry| entry.vr().exact()).unwrap_or(VR::UN);
    let text = vr.to_string().as_bytes();
    [text.first().copied().unwrap_or(b'U'), text.get(1).copied().unwrap_or(b'N')]
}

/// The keyword of a tag in the standard's dictionary.
pub(crate) fn keyword(tag: u32) -> Option<&'static str> {
    StandardDataDictionary.by_tag(as_tag(tag)).map(DataDictionaryEntry::alias)
}

fn split(tag: u32) -> [u16; 2] {
    let [g0, g1, e0, e1] = tag.to_be_bytes();
    [u16::from_be_bytes([g0, g1]), u16::from_be_bytes([e0, e1])]
}

fn as_tag(tag: u32) -> Tag {
    let [group, element] = split(tag);
    Tag(group, element)
}
