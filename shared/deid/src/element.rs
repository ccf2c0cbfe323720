//! Element headers: reading and writing.

use crate::dictionary::dictionary_vr;
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
