//! The standard's dictionary (PS3.6): value representations and keywords of tags.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag as Number, VR};
use dicom_dictionary_std::StandardDataDictionary;

use crate::identifier::Tag;

/// The value representation of a tag; `UN` for what the standard does not know. Where it leaves a choice, the one for native little
/// endian data; `signed` is what Pixel Representation says.
#[must_use]
pub fn vr_of(group: u16, element: u16, signed: bool) -> [u8; 2] {
    if element == 0 {
        return *b"UL";
    }
    let vr = match StandardDataDictionary.by_tag(Number(group, element)).map(DataDictionaryEntry::vr) {
        Some(VirtualVr::Xs) if signed => VR::SS,
        Some(vr) => vr.relaxed(),
        None => VR::UN,
    };
    bytes(vr)
}

/// The keyword of a tag.
#[must_use]
pub fn keyword(tag: Tag) -> Option<&'static str> {
    StandardDataDictionary.by_tag(Number(tag.0, tag.1)).map(DataDictionaryEntry::alias)
}

/// The attribute behind a keyword.
#[must_use]
pub fn by_keyword(keyword: &str) -> Option<Tag> {
    let entry = StandardDataDictionary.by_name(keyword)?;
    let Number(group, element) = entry.tag();
    Some(Tag(group, element, bytes(entry.vr().relaxed())))
}

fn bytes(vr: VR) -> [u8; 2] {
    match vr.to_string().as_bytes() {
        [first, second] => [*first, *second],
        _ => *b"UN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_known_by_tag_and_by_keyword() {
        assert_eq!(by_keyword("PatientName"), Some(Tag(0x10, 0x10, *b"PN")));
        assert_eq!(keyword(Tag(0x10, 0x10, *b"PN")), Some("PatientName"));
        assert_eq!((by_keyword("patientname"), by_keyword("Nonsense")), (None, None));
        assert_eq!((vr_of(0x28, 0x106, false), vr_of(0x28, 0x106, true)), (*b"US", *b"SS"));
        assert_eq!((vr_of(9, 0x1001, false), vr_of(9, 0x10, false), vr_of(8, 0, false)), (*b"UN", *b"LO", *b"UL"));
    }
}
