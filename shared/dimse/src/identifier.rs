//! Identifiers of C-FIND, C-GET and C-MOVE (PS3.4 C.4): flat, bounded data sets. Values stay raw bytes; decoding text is the
//! caller's duty, because only the caller knows which character set to believe.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::uids;

/// Nested sequences in an answer are passed over down to this depth.
const MAX_DEPTH: usize = 16;

/// An attribute with its value representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u16, pub u16, pub [u8; 2]);

/// Attributes used in queries (PS3.6).
pub mod tags {
    use super::Tag;

    macro_rules! tags {
        ($($name:ident ($group:literal, $element:literal) $vr:literal;)*) => {
            $(#[doc = concat!("(", stringify!($group), ",", stringify!($element), ")")] pub const $name: Tag = Tag($group, $element, *$vr);)*
            /// All of them.
            pub const ALL: &[Tag] = &[$($name),*];
        };
    }

    tags! {
        SPECIFIC_CHARACTER_SET (0x0008, 0x0005) b"CS";
        SOP_CLASS_UID (0x0008, 0x0016) b"UI";
        SOP_INSTANCE_UID (0x0008, 0x0018) b"UI";
        STUDY_DATE (0x0008, 0x0020) b"DA";
        STUDY_TIME (0x0008, 0x0030) b"TM";
        ACCESSION_NUMBER (0x0008, 0x0050) b"SH";
        QUERY_RETRIEVE_LEVEL (0x0008, 0x0052) b"CS";
        RETRIEVE_AE_TITLE (0x0008, 0x0054) b"AE";
        INSTANCE_AVAILABILITY (0x0008, 0x0056) b"CS";
        FAILED_SOP_INSTANCE_UID_LIST (0x0008, 0x0058) b"UI";
        MODALITY (0x0008, 0x0060) b"CS";
        MODALITIES_IN_STUDY (0x0008, 0x0061) b"CS";
        STUDY_DESCRIPTION (0x0008, 0x1030) b"LO";
        SERIES_DESCRIPTION (0x0008, 0x103E) b"LO";
        PATIENT_NAME (0x0010, 0x0010) b"PN";
        PATIENT_ID (0x0010, 0x0020) b"LO";
        ISSUER_OF_PATIENT_ID (0x0010, 0x0021) b"LO";
        PATIENT_BIRTH_DATE (0x0010, 0x0030) b"DA";
        PATIENT_SEX (0x0010, 0x0040) b"CS";
        STUDY_INSTANCE_UID (0x0020, 0x000D) b"UI";
        SERIES_INSTANCE_UID (0x0020, 0x000E) b"UI";
        SERIES_NUMBER (0x0020, 0x0011) b"IS";
        INSTANCE_NUMBER (0x0020, 0x0013) b"IS";
        NUMBER_OF_PATIENT_RELATED_STUDIES (0x0020, 0x1200) b"IS";
        NUMBER_OF_STUDY_RELATED_SERIES (0x0020, 0x1206) b"IS";
        NUMBER_OF_STUDY_RELATED_INSTANCES (0x0020, 0x1208) b"IS";
        NUMBER_OF_SERIES_RELATED_INSTANCES (0x0020, 0x1209) b"IS";
    }
}

/// An answer that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a data set that is malformed or nested too deeply")]
pub struct InvalidIdentifier;

/// A flat data set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identifier {
    elements: BTreeMap<(u16, u16), ([u8; 2], Vec<u8>)>,
}

impl Identifier {
    /// Without any element.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A query at `level`: PATIENT, STUDY, SERIES or IMAGE.
    #[must_use]
    pub fn at_level(level: &str) -> Self {
        Self::new().with(tags::QUERY_RETRIEVE_LEVEL, level)
    }

    /// Sets an element; an empty value asks for it.
    #[must_use]
    pub fn with(mut self, tag: Tag, value: &str) -> Self {
        self.set_raw(tag, value.as_bytes());
        self
    }

    /// Asks for these elements unless they have a value already.
    #[must_use]
    pub fn asking(mut self, wanted: &[Tag]) -> Self {
        for tag in wanted {
            self.elements.entry((tag.0, tag.1)).or_insert_with(|| (tag.2, Vec::new()));
        }
        self
    }

    /// Sets an element to encoded bytes; padding is added on writing.
    pub fn set_raw(&mut self, tag: Tag, value: &[u8]) {
        self.elements.insert((tag.0, tag.1), (tag.2, value.to_vec()));
    }

    /// The value without padding, if the element is there.
    #[must_use]
    pub fn raw(&self, tag: Tag) -> Option<&[u8]> {
        self.elements.get(&(tag.0, tag.1)).map(|(_, value)| {
            let end = value.iter().rposition(|byte| *byte != 0 && *byte != b' ').map_or(0, |last| last + 1);
            &value[..end]
        })
    }

    /// The value as text of the default repertoire, trimmed; empty if it is absent. For codes, UIDs, dates and numbers.
    #[must_use]
    pub fn text(&self, tag: Tag) -> String {
        self.raw(tag).map(|value| String::from_utf8_lossy(value).trim().to_owned()).unwrap_or_default()
    }

    /// The elements in order: tag, value representation, value.
    pub fn elements(&self) -> impl Iterator<Item = (Tag, &[u8])> {
        self.elements.iter().map(|((group, element), (vr, value))| (Tag(*group, *element, *vr), value.as_slice()))
    }

    /// Encodes in explicit or implicit VR little endian.
    #[must_use]
    pub fn encode(&self, transfer_syntax_uid: &str) -> Vec<u8> {
        let explicit = transfer_syntax_uid != uids::IMPLICIT_VR_LITTLE_ENDIAN;
        let mut out = Vec::new();
        for ((group, element), (vr, value)) in &self.elements {
            let even = value.len().next_multiple_of(2);
            out.extend_from_slice(&group.to_le_bytes());
            out.extend_from_slice(&element.to_le_bytes());
            if explicit {
                out.extend_from_slice(vr);
                if is_long(*vr) {
                    out.extend_from_slice(&[0, 0]);
                    out.extend_from_slice(&u32::try_from(even).unwrap_or(0).to_le_bytes());
                } else {
                    out.extend_from_slice(&u16::try_from(even).unwrap_or(0).to_le_bytes());
                }
            } else {
                out.extend_from_slice(&u32::try_from(even).unwrap_or(0).to_le_bytes());
            }
            out.extend_from_slice(value);
            if even > value.len() {
                out.push(if vr == b"UI" { 0 } else { b' ' });
            }
        }
        out
    }

    /// Decodes explicit or implicit VR little endian; sequences are passed over.
    pub fn decode(bytes: &[u8], transfer_syntax_uid: &str) -> Result<Self, InvalidIdentifier> {
        Self::decode_until(bytes, transfer_syntax_uid, u16::MAX)
    }

    /// Decodes the beginning of a data set: the groups up to `last_group`. What follows need not be complete.
    pub fn decode_until(bytes: &[u8], transfer_syntax_uid: &str, last_group: u16) -> Result<Self, InvalidIdentifier> {
        let explicit = transfer_syntax_uid != uids::IMPLICIT_VR_LITTLE_ENDIAN;
        let mut identifier = Self::new();
        let mut reader = Reader { bytes, explicit };
        while !reader.bytes.is_empty() {
            let (key, vr, length) = reader.header()?;
            if key.0 > last_group {
                break;
            }
            if length == u32::MAX || vr == *b"SQ" {
                reader.skip_value(length, 0)?;
                continue;
            }
            let value = reader.take(length as usize)?;
            identifier.elements.insert(key, (vr, value.to_vec()));
        }
        Ok(identifier)
    }
}

fn is_long(vr: [u8; 2]) -> bool {
    matches!(&vr, b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV")
}

/// Key, value representation, length.
type Header = ((u16, u16), [u8; 2], u32);

struct Reader<'a> {
    bytes: &'a [u8],
    explicit: bool,
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
            let vr = tags::ALL.iter().find(|tag| (tag.0, tag.1) == key).map_or(*b"UN", |tag| tag.2);
            return Ok((key, vr, self.u32()?));
        }
        let vr = self.take(2).map(|b| [b[0], b[1]])?;
        if is_long(vr) {
            self.take(2)?;
            return Ok((key, vr, self.u32()?));
        }
        Ok((key, vr, u32::from(self.u16()?)))
    }

    /// Passes over a value; of undefined length: item by item up to its delimiter.
    fn skip_value(&mut self, length: u32, depth: usize) -> Result<(), InvalidIdentifier> {
        if length != u32::MAX {
            return self.take(length as usize).map(|_| ());
        }
        if depth >= MAX_DEPTH {
            return Err(InvalidIdentifier);
        }
        loop {
            let (key, _, length) = self.header()?;
            match key {
                (0xFFFE, 0xE0DD) => return Ok(()),
                (0xFFFE, 0xE000) if length == u32::MAX => self.skip_item(depth + 1)?,
                (0xFFFE, 0xE000) => self.skip_value(length, depth)?,
                _ => return Err(InvalidIdentifier),
            }
        }
    }

    fn skip_item(&mut self, depth: usize) -> Result<(), InvalidIdentifier> {
        loop {
            let (key, _, length) = self.header()?;
            if key == (0xFFFE, 0xE00D) {
                return Ok(());
            }
            self.skip_value(length, depth)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Identifier {
        Identifier::at_level("STUDY")
            .with(tags::PATIENT_ID, "P1")
            .with(tags::STUDY_INSTANCE_UID, "1.2.3")
            .asking(&[tags::STUDY_DATE, tags::PATIENT_ID])
    }

    #[test]
    fn identifiers_round_trip_in_both_syntaxes() {
        for syntax in uids::UNCOMPRESSED {
            let bytes = sample().encode(syntax);
            assert_eq!(bytes.len() % 2, 0);
            let back = Identifier::decode(&bytes, syntax).unwrap();
            assert_eq!(back.text(tags::PATIENT_ID), "P1");
            assert_eq!(back.text(tags::STUDY_INSTANCE_UID), "1.2.3");
            assert_eq!(back.raw(tags::STUDY_DATE), Some(&b""[..]));
            assert_eq!(back.raw(tags::MODALITY), None);
        }
    }

    #[test]
    fn sequences_are_passed_over_and_deep_ones_refused() {
        let mut bytes = vec![
            0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF,
        ];
        bytes.extend_from_slice(&sample().encode(uids::EXPLICIT_VR_LITTLE_ENDIAN));
        bytes.extend_from_slice(&[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&Identifier::new().with(tags::MODALITY, "CT").encode(uids::EXPLICIT_VR_LITTLE_ENDIAN));
        let found = Identifier::decode(&bytes, uids::EXPLICIT_VR_LITTLE_ENDIAN).unwrap();
        assert_eq!((found.text(tags::MODALITY), found.text(tags::PATIENT_ID)), ("CT".into(), String::new()));
        let deep: Vec<u8> =
            [0x08, 0, 0x40, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF].repeat(10_000);
        assert_eq!(Identifier::decode(&deep, uids::IMPLICIT_VR_LITTLE_ENDIAN), Err(InvalidIdentifier));
    }

    #[test]
    fn huge_lengths_are_refused_at_once() {
        let bytes = [0x10, 0, 0x20, 0, 0xF0, 0xFF, 0xFF, 0xFF, b'A'];
        assert_eq!(Identifier::decode(&bytes, uids::IMPLICIT_VR_LITTLE_ENDIAN), Err(InvalidIdentifier));
    }
}
