use proptest::prelude::*;

use super::super::{Damaged, walk};
use super::*;
use crate::element::put_value;

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const RLE: &str = "1.2.840.10008.1.2.5";

/// Writes a data set in one of the syntaxes, with lengths of sequences or without.
struct Writing {
    syntax: Syntax,
    has_lengths: bool,
    out: Vec<u8>,
}

impl Writing {
    fn new(uid: &str, has_lengths: bool) -> Self {
        Self { syntax: Syntax::of(uid).0, has_lengths, out: Vec::new() }
    }

    fn put(&mut self, tag: u32, vr: [u8; 2], value: &[u8]) -> &mut Self {
        put_value(&mut self.out, self.syntax, tag, vr, value);
        self
    }

    fn numbers(&mut self, tag: u32, vr: [u8; 2], numbers: &[u16]) -> &mut Self {
        let mut value = Vec::new();
        numbers.iter().for_each(|number| self.syntax.put_u16(&mut value, *number));
        self.put(tag, vr, &value)
    }

    fn sequence(&mut self, tag: u32, items: &[&dyn Fn(&mut Self)]) -> &mut Self {
        let mut all = Self::new("", self.has_lengths);
        all.syntax = self.syntax;
        for item in items {
            let mut one = Self { syntax: self.syntax, has_lengths: self.has_lengths, out: Vec::new() };
            item(&mut one);
            all.level(ITEM, *b"  ", ITEM_END, &one.out);
        }
        self.level(tag, *b"SQ", SEQUENCE_END, &all.out);
        self
    }

    fn level(&mut self, tag: u32, vr: [u8; 2], end: u32, inside: &[u8]) {
        let length = if self.has_lengths { u32::try_from(inside.len()).unwrap() } else { UNDEFINED };
        put_header(&mut self.out, self.syntax, tag, vr, length);
        self.out.extend_from_slice(inside);
        if !self.has_lengths {
            put_header(&mut self.out, self.syntax, end, *b"  ", 0);
        }
    }
}

/// An object without pixels: sequences in one another, empty ones, empty items, numbers of every size, VRs that depend on others.
fn object(uid: &str, has_lengths: bool) -> Vec<u8> {
    let mut all = Writing::new(uid, has_lengths);
    let big = all.syntax.big_endian;
    let bytes = |mut value: Vec<u8>| {
        if big {
            value.reverse();
        }
        value
    };
    all.put(0x0008_0018, *b"UI", b"1.2.3")
        .sequence(
            0x0008_1140,
            &[
                &|item| {
                    item.put(0x0008_1155, *b"UI", b"1.2").sequence(
                        0x0040_A170,
                        &[&|deep| {
                            deep.put(0x0008_0100, *b"SH", b"1");
                        }],
                    );
                },
                &|_| {},
                &|item| {
                    item.put(0x0008_1155, *b"UI", b"1.4");
                },
                &|_| {},
            ],
        )
        .sequence(0x0008_1199, &[])
        .sequence(0x0008_2112, &[&|_| {}])
        .put(0x0010_0010, *b"PN", b"Doe^J")
        .put(0x0018_1310, *b"US", &[])
        .put(0x0018_9087, *b"FD", &bytes(1.5_f64.to_le_bytes().to_vec()))
        .numbers(0x0028_0010, *b"US", &[2, 3])
        .numbers(0x0028_0103, *b"US", &[1])
        .numbers(0x0028_0106, *b"SS", &[0xFFFE])
        .sequence(
            0x0040_9096,
            &[&|item| {
                item.numbers(0x0040_9211, *b"SS", &[0xFFFD]);
            }],
        )
        .put(0x0066_0016, *b"OF", &[bytes(vec![1, 2, 3, 4]), bytes(vec![5, 6, 7, 8])].concat());
    all.out
}

fn written(bytes: &[u8], uid: &str, to: &str, decoded: Option<Decoded>) -> Result<Vec<Piece>, NotPlain> {
    walk(bytes, uid, 0, PlainWriter::new(to, decoded)).unwrap().finish()
}

/// The pieces put together; frames as dots.
fn joined(object: &[u8], pieces: Vec<Piece>) -> Vec<u8> {
    let one = |piece| match piece {
        Piece::Bytes(bytes) => bytes,
        Piece::Copy { at, length, word } => {
            let mut bytes = object[at as usize..(at + length) as usize].to_vec();
            bytes.chunks_exact_mut(word).for_each(<[u8]>::reverse);
            bytes
        }
        Piece::Frames => b"...".to_vec(),
    };
    pieces.into_iter().flat_map(one).collect()
}

#[test]
fn every_syntax_becomes_the_same() {
    for to in [EXPLICIT, IMPLICIT] {
        for from in [EXPLICIT, IMPLICIT, BIG_ENDIAN] {
            for has_lengths in [true, false] {
                let bytes = object(from, has_lengths);
                let found = joined(&bytes, written(&bytes, from, to, None).unwrap());
                assert_eq!(found, object(to, false), "{from} {to} {has_lengths}");
            }
        }
    }
}

#[test]
fn long_values_are_copied_and_group_lengths_go() {
    for from in [IMPLICIT, BIG_ENDIAN] {
        let mut all = Writing::new(from, true);
        let long: Vec<u16> = (0..40_000).collect();
        all.put(0x0008_0000, *b"UL", &[9; 4]).put(0x0009_0010, *b"LO", b"ME").put(0x0009_1001, *b"UN", &[1, 2]);
        all.numbers(0x7FE0_0010, *b"OW", &long).put(0xFFFC_FFFC, *b"OB", &[0, 0]);
        let mut expected = Writing::new(EXPLICIT, true);
        expected.put(0x0009_0010, *b"LO", b"ME").put(0x0009_1001, *b"UN", &[1, 2]);
        expected.numbers(0x7FE0_0010, *b"OW", &long).put(0xFFFC_FFFC, *b"OB", &[0, 0]);
        let pieces = written(&all.out, from, EXPLICIT, None).unwrap();
        assert!(pieces.iter().any(|piece| matches!(piece, Piece::Copy { length: 80_000, .. })), "{from}");
        assert_eq!(joined(&all.out, pieces), expected.out, "{from}");
    }
    // No VR with a short length holds this (PS3.5 6.2.2).
    let mut all = Writing::new(IMPLICIT, true);
    all.put(0x0010_4000, *b"LT", &[b'a'; 65_535]);
    let mut expected = Writing::new(EXPLICIT, true);
    expected.put(0x0010_4000, *b"UN", &[[b'a'; 65_535].as_slice(), b" "].concat());
    assert!(joined(&all.out, written(&all.out, IMPLICIT, EXPLICIT, None).unwrap()) == expected.out);
}

/// Pixels in one fragment.
fn fragments(out: &mut Vec<u8>) {
    put_header(out, Syntax::EXPLICIT, 0x7FE0_0010, *b"OB", UNDEFINED);
    put_value(out, Syntax::EXPLICIT, ITEM, *b"  ", &[]);
    put_value(out, Syntax::EXPLICIT, ITEM, *b"  ", &[0x08, 0, 0x18, 0, b'U', b'I', 0xF0, 0xFF]);
    put_header(out, Syntax::EXPLICIT, SEQUENCE_END, *b"  ", 0);
}

#[test]
fn the_header_of_decoded_pixels_is_mended_and_compressed_icons_go() {
    let mut all = Writing::new(RLE, false);
    all.put(0x0008_0018, *b"UI", b"1.2.3").put(0x0028_0002, *b"US", &[3, 0]).put(0x0028_0004, *b"CS", b"YBR_FULL_422");
    all.put(0x0028_0010, *b"US", &[1, 0]).put(0x0028_2110, *b"CS", b"01");
    all.sequence(
        0x0088_0200,
        &[&|icon| {
            icon.put(0x0028_0010, *b"US", &[1, 0]).put(0x0028_1201, *b"OW", &[1; 70_000]);
            fragments(&mut icon.out);
            icon.put(0x7FE0_0020, *b"OB", &[1, 1]);
        }],
    );
    all.put(0x7FE0_0001, *b"OV", &[0; 8]).put(0x7FE0_0002, *b"OV", &[0; 8]);
    fragments(&mut all.out);
    all.put(0xFFFC_FFFC, *b"OB", &[0, 0]);
    let shape = Geometry { photometric: "RGB".to_owned(), samples: 3, bits_allocated: 8, ..Geometry::default() };
    let decoded = Decoded { shape, by_plane: false, length: 3 };
    let mut expected = Writing::new(EXPLICIT, false);
    expected.put(0x0008_0018, *b"UI", b"1.2.3").put(0x0028_0002, *b"US", &[3, 0]).put(0x0028_0004, *b"CS", b"RGB");
    expected.put(0x0028_0006, *b"US", &[0, 0]).put(0x0028_0010, *b"US", &[1, 0]).put(0x0028_2110, *b"CS", b"01");
    expected.put(0x7FE0_0010, *b"OB", b"...").put(0xFFFC_FFFC, *b"OB", &[0, 0]);
    assert_eq!(joined(&all.out, written(&all.out, RLE, EXPLICIT, Some(decoded)).unwrap()), expected.out);
    assert_eq!(written(&all.out, RLE, EXPLICIT, None), Err(NotPlain::Encapsulated));
}

#[test]
fn what_is_cut_off_is_not_written() {
    let bytes = object(IMPLICIT, false);
    let cut = walk(&bytes[..bytes.len() - 3], IMPLICIT, 0, PlainWriter::new(EXPLICIT, None));
    assert_eq!(cut.err(), Some(Damaged));
    // Nor are pixels that would be copied.
    for uid in [EXPLICIT, IMPLICIT, BIG_ENDIAN] {
        let mut all = Writing::new(uid, true);
        all.put(0x7FE0_0010, *b"OW", &[7; 80_000]);
        assert!(written(&all.out, uid, EXPLICIT, None).is_ok());
        for gone in [1, 2, 9_000, 79_999, 80_000] {
            let cut = walk(&all.out[..all.out.len() - gone], uid, 0, PlainWriter::new(EXPLICIT, None));
            assert_eq!(cut.err(), Some(Damaged), "{uid} {gone}");
        }
    }
}

#[test]
fn empty_items_without_end_are_too_long() {
    let mut all = Vec::new();
    put_header(&mut all, Syntax::EXPLICIT, 0x0040_A730, *b"SQ", UNDEFINED);
    let item = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0];
    all.extend(item.iter().cycle().take(8 * (MAX_WRITTEN / 16 + 10)));
    // They go on, but nobody follows them.
    assert_eq!(written(&all, EXPLICIT, EXPLICIT, None), Err(NotPlain::TooLong));
}

#[test]
fn what_is_left_out_is_so_with_all_that_lies_in_it() {
    let items = |all: &mut Writing, tag: u32| {
        all.sequence(
            tag,
            &[&|item| {
                item.put(0x0008_1155, *b"UI", b"1.2").sequence(0x0008_1199, &[&|_| {}]);
            }],
        );
    };
    let mut all = Writing::new(RLE, false);
    all.put(0x0008_0018, *b"UI", b"1.2.3");
    items(&mut all, 0x0009_0000);
    all.put(0x0028_0002, *b"US", &[3, 0]);
    items(&mut all, 0x0028_0004);
    all.put(0x0028_0010, *b"US", &[1, 0]);
    items(&mut all, 0x7FE0_0001);
    all.sequence(0x7FE0_0003, &[]);
    fragments(&mut all.out);
    let shape = Geometry { photometric: "RGB".to_owned(), samples: 3, bits_allocated: 8, ..Geometry::default() };
    let decoded = Decoded { shape, by_plane: false, length: 3 };
    let mut expected = Writing::new(EXPLICIT, false);
    expected.put(0x0008_0018, *b"UI", b"1.2.3").put(0x0028_0002, *b"US", &[3, 0]).put(0x0028_0004, *b"CS", b"RGB");
    expected.put(0x0028_0006, *b"US", &[0, 0]).put(0x0028_0010, *b"US", &[1, 0]).put(0x7FE0_0010, *b"OB", b"...");
    assert_eq!(joined(&all.out, written(&all.out, RLE, EXPLICIT, Some(decoded)).unwrap()), expected.out);
}

proptest! {
    /// Whatever an object is, what is written of it is a data set from end to end.
    #[test]
    fn noise_is_written_or_refused(at in 0..600_usize, noise in prop::collection::vec(any::<u8>(), 0..12), has_lengths: bool, which in 0..3_usize) {
        let uid = [EXPLICIT, IMPLICIT, BIG_ENDIAN][which];
        let mut bytes = object(uid, has_lengths);
        let at = at % bytes.len();
        let end = (at + noise.len()).min(bytes.len());
        bytes.splice(at..end, noise);
        if let Ok(writer) = walk(&bytes, uid, 0, PlainWriter::new(EXPLICIT, None))
            && let Ok(pieces) = writer.finish()
            && pieces.iter().all(|piece| matches!(piece, Piece::Bytes(_)))
        {
            let out = joined(&bytes, pieces);
            let again = walk(&out, EXPLICIT, 0, PlainWriter::new(EXPLICIT, None)).unwrap().finish().unwrap();
            prop_assert_eq!(joined(&out, again), out);
        }
    }
}
