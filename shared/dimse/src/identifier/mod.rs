//! Identifiers of C-FIND, C-GET and C-MOVE (PS3.4 C.4): bounded data sets with nested items. Values stay raw bytes; decoding text is the
//! caller's duty, because only the caller knows which character set to believe.

mod codec;

use std::collections::BTreeMap;

use thiserror::Error;

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
        REFERRING_PHYSICIAN_NAME (0x0008, 0x0090) b"PN";
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

/// What an element holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Encoded bytes, little endian.
    Bytes(Vec<u8>),
    /// Items of a sequence.
    Items(Vec<Identifier>),
}

/// A data set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identifier {
    elements: BTreeMap<(u16, u16), ([u8; 2], Value)>,
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
            self.ask(*tag);
        }
        self
    }

    /// Asks for an element unless it has a value already.
    pub fn ask(&mut self, tag: Tag) {
        let empty = if &tag.2 == b"SQ" { Value::Items(Vec::new()) } else { Value::Bytes(Vec::new()) };
        self.elements.entry((tag.0, tag.1)).or_insert((tag.2, empty));
    }

    /// Sets an element to encoded bytes; padding is added on writing.
    pub fn set_raw(&mut self, tag: Tag, value: &[u8]) {
        self.elements.insert((tag.0, tag.1), (tag.2, Value::Bytes(value.to_vec())));
    }

    /// Sets a sequence.
    pub fn set_items(&mut self, tag: Tag, items: Vec<Self>) {
        self.elements.insert((tag.0, tag.1), (*b"SQ", Value::Items(items)));
        debug_assert!(&tag.2 == b"SQ", "only sequences have items");
    }

    /// Changes the first item of the innermost sequence of `path`; sequences and items on the way are made where they are missing. An empty
    /// path is this data set itself.
    pub fn within(&mut self, path: &[Tag], change: &mut dyn FnMut(&mut Self)) {
        let Some((first, rest)) = path.split_first() else { return change(self) };
        let mut items = match self.elements.remove(&(first.0, first.1)) {
            Some((_, Value::Items(items))) => items,
            _ => Vec::new(),
        };
        if items.is_empty() {
            items.push(Self::new());
        }
        items[0].within(rest, change);
        self.set_items(*first, items);
    }

    /// Takes an element out.
    pub fn remove(&mut self, tag: Tag) {
        self.elements.remove(&(tag.0, tag.1));
    }

    /// The value without padding, if the element is there and no sequence.
    #[must_use]
    pub fn raw(&self, tag: Tag) -> Option<&[u8]> {
        self.elements.get(&(tag.0, tag.1)).and_then(|(_, value)| match value {
            Value::Bytes(value) => Some(unpadded(value)),
            Value::Items(_) => None,
        })
    }

    /// The items of a sequence, if it is there.
    #[must_use]
    pub fn items(&self, tag: Tag) -> Option<&[Self]> {
        self.elements.get(&(tag.0, tag.1)).and_then(|(_, value)| match value {
            Value::Items(items) => Some(items.as_slice()),
            Value::Bytes(_) => None,
        })
    }

    /// An element as it is, with the value representation that it has itself.
    #[must_use]
    pub fn entry(&self, tag: Tag) -> Option<([u8; 2], &Value)> {
        self.elements.get(&(tag.0, tag.1)).map(|(vr, value)| (*vr, value))
    }

    /// Whether the element is there, with or without a value.
    #[must_use]
    pub fn contains(&self, tag: Tag) -> bool {
        self.elements.contains_key(&(tag.0, tag.1))
    }

    /// The value as text of the default repertoire, trimmed; empty if it is absent. For codes, UIDs, dates and numbers.
    #[must_use]
    pub fn text(&self, tag: Tag) -> String {
        self.raw(tag).map(|value| String::from_utf8_lossy(value).trim().to_owned()).unwrap_or_default()
    }

    /// The elements that are no sequences, in order: tag, value representation, value.
    pub fn elements(&self) -> impl Iterator<Item = (Tag, &[u8])> {
        self.entries().filter_map(|(tag, value)| match value {
            Value::Bytes(value) => Some((tag, value.as_slice())),
            Value::Items(_) => None,
        })
    }

    /// All elements in order.
    pub fn entries(&self) -> impl Iterator<Item = (Tag, &Value)> {
        self.elements.iter().map(|((group, element), (vr, value))| (Tag(*group, *element, *vr), value))
    }
}

/// A value without the blanks or NULs that fill it up.
fn unpadded(value: &[u8]) -> &[u8] {
    let end = value.iter().rposition(|byte| *byte != 0 && *byte != b' ').map_or(0, |last| last + 1);
    &value[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uids;

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
    fn items_round_trip_and_deep_ones_are_refused() {
        let mut bytes = vec![
            0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF,
        ];
        bytes.extend_from_slice(&sample().encode(uids::EXPLICIT_VR_LITTLE_ENDIAN));
        bytes.extend_from_slice(&[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&Identifier::new().with(tags::MODALITY, "CT").encode(uids::EXPLICIT_VR_LITTLE_ENDIAN));
        let found = Identifier::decode(&bytes, uids::EXPLICIT_VR_LITTLE_ENDIAN).unwrap();
        assert_eq!((found.text(tags::MODALITY), found.text(tags::PATIENT_ID)), ("CT".into(), String::new()));
        let sequence = Tag(0x0008, 0x1140, *b"SQ");
        let [item] = found.items(sequence).unwrap() else { panic!("one item") };
        assert_eq!(item.encode(uids::EXPLICIT_VR_LITTLE_ENDIAN), sample().encode(uids::EXPLICIT_VR_LITTLE_ENDIAN));
        assert_eq!(found.elements().count(), 1, "sequences are no plain values");
        for syntax in uids::UNCOMPRESSED {
            assert_eq!(Identifier::decode(&found.encode(syntax), syntax).unwrap().encode(syntax), found.encode(syntax));
        }
        let deep: Vec<u8> =
            [0x08, 0, 0x40, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF].repeat(10_000);
        assert_eq!(Identifier::decode(&deep, uids::IMPLICIT_VR_LITTLE_ENDIAN), Err(InvalidIdentifier));
    }

    #[test]
    fn what_nobody_can_read_inside_a_sequence_of_known_length_is_passed_over() {
        let mut bytes = vec![0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 4, 0, 0, 0, 1, 2, 3, 4];
        bytes
            .extend_from_slice(&Identifier::new().with(tags::PATIENT_ID, "P1").encode(uids::EXPLICIT_VR_LITTLE_ENDIAN));
        let found = Identifier::decode(&bytes, uids::EXPLICIT_VR_LITTLE_ENDIAN).unwrap();
        assert_eq!((found.text(tags::PATIENT_ID).as_str(), found.entries().count()), ("P1", 1));
    }

    #[test]
    fn a_value_longer_than_its_representation_allows_comes_back() {
        let long = Identifier::new().with(tags::STUDY_DESCRIPTION, &"x".repeat(70_000));
        let back = Identifier::decode(&long.encode(uids::EXPLICIT_VR_LITTLE_ENDIAN), uids::EXPLICIT_VR_LITTLE_ENDIAN);
        assert_eq!(back.unwrap().raw(tags::STUDY_DESCRIPTION).map(<[u8]>::len), Some(70_000));
    }

    #[test]
    fn huge_lengths_are_refused_at_once() {
        let bytes = [0x10, 0, 0x20, 0, 0xF0, 0xFF, 0xFF, 0xFF, b'A'];
        assert_eq!(Identifier::decode(&bytes, uids::IMPLICIT_VR_LITTLE_ENDIAN), Err(InvalidIdentifier));
    }
}
