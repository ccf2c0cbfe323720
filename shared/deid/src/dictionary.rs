//! The standard's dictionary (PS3.6): value representation and keyword of a tag. The same hundred tags are asked for again and again,
//! so each thread remembers what it has looked up.

use std::cell::RefCell;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, DataDictionaryEntryRef, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

/// Places for remembered tags; two tags that share one push each other out.
const PLACES: usize = 1 << 11;

#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u32,
    vr: [u8; 2],
    keyword: Option<&'static str>,
}

thread_local! {
    static SEEN: RefCell<Vec<Option<Entry>>> = const { RefCell::new(Vec::new()) };
}

/// The VR that the dictionary gives a tag; `UN` for what it does not know, and where it leaves a choice.
pub(crate) fn dictionary_vr(tag: u32) -> [u8; 2] {
    entry(tag).vr
}

/// The VR that a value has whose VR nobody has written; `signed`: pixels are two's complement. `UN` for what the dictionary does not know.
pub(crate) fn vr_of_unsaid(tag: u32, signed: bool) -> [u8; 2] {
    // Private creators (PS3.5 7.8.1).
    if (tag >> 16) & 1 == 1 && (0x10..=0xFF).contains(&(tag & 0xFFFF)) {
        return *b"LO";
    }
    match found(tag).map(DataDictionaryEntry::vr) {
        Some(VirtualVr::Xs) if signed => *b"SS",
        Some(VirtualVr::Xs) => *b"US",
        Some(VirtualVr::Ox | VirtualVr::Px | VirtualVr::Lt) => *b"OW",
        _ => dictionary_vr(tag),
    }
}

/// The keyword of a tag.
pub(crate) fn keyword(tag: u32) -> Option<&'static str> {
    entry(tag).keyword
}

fn entry(tag: u32) -> Entry {
    SEEN.with_borrow_mut(|seen| {
        if seen.is_empty() {
            seen.resize(PLACES, None);
        }
        let place = (tag.wrapping_mul(0x9E37_79B1) >> 21) as usize % PLACES;
        match seen[place] {
            Some(entry) if entry.tag == tag => entry,
            _ => *seen[place].insert(look_up(tag)),
        }
    })
}

fn found(tag: u32) -> Option<&'static DataDictionaryEntryRef<'static>> {
    let [g0, g1, e0, e1] = tag.to_be_bytes();
    StandardDataDictionary.by_tag(Tag(u16::from_be_bytes([g0, g1]), u16::from_be_bytes([e0, e1])))
}

fn look_up(tag: u32) -> Entry {
    let found = found(tag);
    let vr = if tag & 0xFFFF == 0 { VR::UL } else { found.and_then(|entry| entry.vr().exact()).unwrap_or(VR::UN) };
    let text = vr.to_string().as_bytes();
    let vr = [text.first().copied().unwrap_or(b'U'), text.get(1).copied().unwrap_or(b'N')];
    Entry { tag, vr, keyword: found.map(DataDictionaryEntry::alias) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_whatever_was_asked_before() {
        for _ in 0..2 {
            for group in (0x0008..0x0060_u32).step_by(2) {
                for element in 0..0x200 {
                    let tag = group << 16 | element;
                    let (asked, looked) = (entry(tag), look_up(tag));
                    assert_eq!((asked.tag, asked.vr, asked.keyword), (looked.tag, looked.vr, looked.keyword));
                }
            }
        }
        assert_eq!((dictionary_vr(0x0010_0010), keyword(0x0010_0010)), (*b"PN", Some("PatientName")));
        assert_eq!((dictionary_vr(0x0009_1001), dictionary_vr(0x0008_0000)), (*b"UN", *b"UL"));
        let chosen = [
            (0x0028_0106, true),
            (0x0028_0106, false),
            (0x7FE0_0010, true),
            (0x0028_3006, false),
            (0x0010_0010, false),
        ];
        assert_eq!(chosen.map(|(tag, signed)| vr_of_unsaid(tag, signed)), [*b"SS", *b"US", *b"OW", *b"OW", *b"PN"]);
    }
}
