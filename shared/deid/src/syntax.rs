//! How a transfer syntax writes elements (PS3.5 Section 10, Annex A).

/// Byte order and presence of VRs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub explicit: bool,
    pub big_endian: bool,
}

impl Syntax {
    pub const IMPLICIT: Self = Self { explicit: false, big_endian: false };
    pub const EXPLICIT: Self = Self { explicit: true, big_endian: false };

    /// The syntax of data sets in a transfer syntax, and whether they are deflated. Every compressed and every unknown
    /// syntax is explicit little endian (PS3.5 A.4).
    pub fn of(transfer_syntax_uid: &str) -> (Self, bool) {
        match transfer_syntax_uid {
            "1.2.840.10008.1.2" => (Self::IMPLICIT, false),
            "1.2.840.10008.1.2.2" => (Self { explicit: true, big_endian: true }, false),
            "1.2.840.10008.1.2.1.99" | "1.2.840.10008.1.2.4.95" | "1.2.840.10008.1.2.4.205" => (Self::EXPLICIT, true),
            _ => (Self::EXPLICIT, false),
        }
    }

    pub fn u16(self, bytes: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    pub fn put_u16(self, out: &mut Vec<u8>, value: u16) {
        out.extend_from_slice(&if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    pub fn put_u32(self, out: &mut Vec<u8>, value: u32) {
        out.extend_from_slice(&if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }
}
