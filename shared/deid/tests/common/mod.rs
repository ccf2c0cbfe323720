//! Data sets made by hand.

#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(missing_docs, reason = "names say it")]

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub const RLE: &str = "1.2.840.10008.1.2.5";
pub const JPEG: &str = "1.2.840.10008.1.2.4.70";

/// Writes elements in one syntax.
#[derive(Clone, Copy)]
pub struct Maker {
    /// VRs are written.
    pub explicit: bool,
    /// Big endian.
    pub big: bool,
    /// Sequences have lengths.
    pub defined: bool,
}

impl Maker {
    pub fn of(syntax: &str, defined: bool) -> Self {
        Self { explicit: syntax != IMPLICIT, big: syntax == BIG_ENDIAN, defined }
    }

    pub fn u16(self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub fn u32(self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub fn head(self, tag: u32, vr: &str, length: u32) -> Vec<u8> {
        let mut out = self.u16((tag >> 16) as u16).to_vec();
        out.extend(self.u16((tag & 0xFFFF) as u16));
        if tag >> 16 == 0xFFFE || !self.explicit {
            out.extend(self.u32(length));
        } else if ["OB", "OW", "SQ", "UN", "UT"].contains(&vr) {
            out.extend(vr.bytes());
            out.extend([0, 0]);
            out.extend(self.u32(length));
        } else {
            out.extend(vr.bytes());
            out.extend(self.u16(length as u16));
        }
        out
    }

    pub fn element(self, tag: u32, vr: &str, value: &[u8]) -> Vec<u8> {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(if vr == "UI" { 0 } else { b' ' });
        }
        let mut out = self.head(tag, vr, value.len() as u32);
        out.extend(value);
        out
    }

    pub fn sequence(self, tag: u32, items: &[Vec<u8>]) -> Vec<u8> {
        let mut body = Vec::new();
        for item in items {
            body.extend(self.head(0xFFFE_E000, "", if self.defined { item.len() as u32 } else { u32::MAX }));
            body.extend(item);
            if !self.defined {
                body.extend(self.head(0xFFFE_E00D, "", 0));
            }
        }
        let mut out = self.head(tag, "SQ", if self.defined { body.len() as u32 } else { u32::MAX });
        out.extend(body);
        if !self.defined {
            out.extend(self.head(0xFFFE_E0DD, "", 0));
        }
        out
    }
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
