//! Frames in encapsulated pixel data (PS3.5 A.4): which fragments are whose.
//!
//! A frame begins with the item of its first fragment and goes on to the beginning of the next frame.

/// Whether pixel data in this transfer syntax is encapsulated.
#[must_use]
pub fn is_encapsulated(transfer_syntax_uid: &str) -> bool {
    !matches!(
        transfer_syntax_uid,
        "1.2.840.10008.1.2" | "1.2.840.10008.1.2.1" | "1.2.840.10008.1.2.1.99" | "1.2.840.10008.1.2.2"
    )
}

/// Start of image or of code stream and the marker behind it, or the signature box of a JP2 or JPEG XL file.
#[must_use]
pub fn begins_image(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xD8, 0xFF, _] | [0xFF, 0x4F, 0xFF, _] | [0, 0, 0, 12] | [0xFF, 0x0A, ..])
}

/// One fragment behind the Basic Offset Table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    /// Where its item begins.
    pub at: u64,
    /// Its first bytes look like the beginning of an image.
    pub begins_image: bool,
}

/// Where each frame begins by the Basic Offset Table, 32-bit offsets from `first`, the item of the first fragment; none: the table does
/// not fit the number of frames.
#[must_use]
pub fn by_basic_table(table: &[u8], first: u64, frames: u32) -> Option<Vec<u64>> {
    let offsets = table.chunks_exact(4).map(|four| u64::from(u32::from_le_bytes([four[0], four[1], four[2], four[3]])));
    by_offsets(offsets, first, frames)
}

/// The same by the Extended Offset Table (7FE0,0001), 64-bit offsets.
#[must_use]
pub fn by_extended_table(table: &[u8], first: u64, frames: u32) -> Option<Vec<u64>> {
    let offsets = table.chunks_exact(8).filter_map(|eight| eight.try_into().ok()).map(u64::from_le_bytes);
    by_offsets(offsets, first, frames)
}

fn by_offsets(offsets: impl Iterator<Item = u64>, first: u64, frames: u32) -> Option<Vec<u64>> {
    let starts: Option<Vec<u64>> = offsets.map(|offset| first.checked_add(offset)).collect();
    let starts = starts?;
    let is_sound = starts.len() as u64 == u64::from(frames)
        && starts.first() == Some(&first)
        && starts.windows(2).all(|two| two[0] + 8 <= two[1]);
    is_sound.then_some(starts)
}

/// The same from the fragments themselves: all are of one frame, or each is one, or frames begin where images begin. None: neither
/// fits the number of frames.
#[must_use]
pub fn by_fragments(fragments: &[Fragment], frames: u32) -> Option<Vec<u64>> {
    if frames == 1 {
        return Some(vec![fragments.first()?.at]);
    }
    if fragments.len() as u64 == u64::from(frames) {
        return Some(fragments.iter().map(|fragment| fragment.at).collect());
    }
    let starts: Vec<u64> =
        fragments.iter().filter(|fragment| fragment.begins_image).map(|fragment| fragment.at).collect();
    let is_sound = starts.len() as u64 == u64::from(frames)
        && fragments.first().map(|fragment| fragment.at) == starts.first().copied();
    is_sound.then_some(starts)
}

/// What stands at a place in encapsulated pixel data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A fragment of so many bytes, behind the 8 bytes of its item.
    Fragment(u32),
    /// The end of the pixel data.
    End,
}

/// Reads the 8 bytes of an item; none: there is no item.
#[must_use]
pub fn item(head: [u8; 8]) -> Option<Item> {
    let [tag @ .., l0, l1, l2, l3] = head;
    match tag {
        [0xFE, 0xFF, 0x00, 0xE0] => Some(Item::Fragment(u32::from_le_bytes([l0, l1, l2, l3]))),
        [0xFE, 0xFF, 0xDD, 0xE0] => Some(Item::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tables_count_only_when_they_fit() {
        let table: Vec<u8> = [0_u32, 20, 40].iter().flat_map(|offset| offset.to_le_bytes()).collect();
        assert_eq!(by_basic_table(&table, 100, 3), Some(vec![100, 120, 140]));
        assert_eq!(by_basic_table(&table, 100, 2), None);
        assert_eq!(by_basic_table(&[], 100, 1), None);
        let wrong: Vec<u8> = [0_u32, 20, 20].iter().flat_map(|offset| offset.to_le_bytes()).collect();
        assert_eq!(by_basic_table(&wrong, 100, 3), None);
        let extended: Vec<u8> = [0_u64, 1 << 33].iter().flat_map(|offset| offset.to_le_bytes()).collect();
        assert_eq!(by_extended_table(&extended, 100, 2), Some(vec![100, 100 + (1 << 33)]));
        let endless: Vec<u8> = [0_u64, u64::MAX].iter().flat_map(|offset| offset.to_le_bytes()).collect();
        assert_eq!(by_extended_table(&endless, 100, 2), None);
    }

    #[test]
    fn items_are_told_apart() {
        assert_eq!(item([0xFE, 0xFF, 0, 0xE0, 4, 1, 0, 0]), Some(Item::Fragment(260)));
        assert_eq!(item([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]), Some(Item::End));
        assert_eq!(item([0; 8]), None);
    }

    proptest! {
        /// However a frame is cut into fragments, it begins where its first one does.
        #[test]
        fn frames_begin_with_their_first_fragment(cuts in prop::collection::vec(1..5_usize, 1..40)) {
            let (mut at, mut fragments, mut starts) = (1000, Vec::new(), Vec::new());
            for count in &cuts {
                starts.push(at);
                for number in 0..*count {
                    fragments.push(Fragment { at, begins_image: number == 0 });
                    at += 8 + 10 * (number as u64 + 1);
                }
            }
            let frames = u32::try_from(cuts.len()).unwrap();
            prop_assert_eq!(by_fragments(&fragments, frames), Some(starts.clone()));
            let table: Vec<u8> = starts.iter().flat_map(|start| u32::try_from(start - 1000).unwrap().to_le_bytes()).collect();
            prop_assert_eq!(by_basic_table(&table, 1000, frames), Some(starts));
            if fragments.len() > cuts.len() + 1 && cuts.len() > 1 {
                prop_assert_eq!(by_fragments(&fragments, frames + 1), None);
            }
        }
    }
}
