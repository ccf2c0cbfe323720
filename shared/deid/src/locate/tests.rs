use adit_pixels::encapsulated::{Item, item};
use adit_pixels::render::{Function, Window};
use proptest::prelude::*;

use super::*;
use crate::element::{ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, put_header, put_value};

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const BASELINE: &str = "1.2.840.10008.1.2.4.50";

fn syntax(uid: &str) -> Syntax {
    Syntax::of(uid).0
}

fn words(uid: &str, all: &[u16]) -> Vec<u8> {
    let mut out = Vec::new();
    all.iter().for_each(|word| syntax(uid).put_u16(&mut out, *word));
    out
}

/// Window and rescale in the functional groups of a frame.
fn groups(uid: &str, out: &mut Vec<u8>, center: &str, intercept: &str) {
    let syntax = syntax(uid);
    put_header(out, syntax, ITEM, *b"  ", UNDEFINED);
    for (sequence, values) in [
        (0x0028_9132, [(0x0028_1050, center), (0x0028_1051, "100")]),
        (0x0028_9145, [(0x0028_1052, intercept), (0x0028_1053, "2")]),
    ] {
        let mut item = Vec::new();
        values.iter().for_each(|(tag, text)| put_value(&mut item, syntax, *tag, *b"DS", text.as_bytes()));
        put_header(out, syntax, sequence, *b"SQ", u32::try_from(item.len() + 8).unwrap());
        put_header(out, syntax, ITEM, *b"  ", u32::try_from(item.len()).unwrap());
        out.extend_from_slice(&item);
    }
    put_header(out, syntax, ITEM_END, *b"  ", 0);
}

/// An image of 2 by 2 words with functional groups for each frame; the pixel data is not in it.
fn header(uid: &str, frames: u32) -> Vec<u8> {
    let (syntax, mut out) = (syntax(uid), vec![7; 10]);
    put_value(&mut out, syntax, 0x0008_0016, *b"UI", b"1.2.840");
    put_header(&mut out, syntax, 0x0008_1140, *b"SQ", UNDEFINED);
    put_header(&mut out, syntax, ITEM, *b"  ", UNDEFINED);
    put_value(&mut out, syntax, 0x0028_0010, *b"US", &words(uid, &[99]));
    put_header(&mut out, syntax, ITEM_END, *b"  ", 0);
    put_header(&mut out, syntax, SEQUENCE_END, *b"  ", 0);
    put_value(&mut out, syntax, 0x0028_0002, *b"US", &words(uid, &[1]));
    put_value(&mut out, syntax, 0x0028_0004, *b"CS", b"MONOCHROME2");
    put_value(&mut out, syntax, 0x0028_0008, *b"IS", frames.to_string().as_bytes());
    for (tag, number) in [(0x10, 2), (0x11, 2), (0x100, 16), (0x101, 12), (0x103, 1), (0x120, 0xF800)] {
        put_value(&mut out, syntax, 0x0028_0000 + tag, *b"US", &words(uid, &[number]));
    }
    put_value(&mut out, syntax, 0x0028_1201, *b"OW", &[1; 1000]);
    put_header(&mut out, syntax, 0x5200_9230, *b"SQ", UNDEFINED);
    (1..=frames).for_each(|frame| groups(uid, &mut out, &format!("{frame}0"), "-1024"));
    put_header(&mut out, syntax, SEQUENCE_END, *b"  ", 0);
    out
}

fn native(uid: &str, frames: u32) -> Vec<u8> {
    let mut out = header(uid, frames);
    put_value(&mut out, syntax(uid), 0x7FE0_0010, *b"OW", &vec![9; frames as usize * 8]);
    out
}

/// Fragments, and a table if wanted; `table` makes the offsets wrong by so much.
fn encapsulated(frames: &[Vec<Vec<u8>>], table: Option<u32>) -> Vec<u8> {
    let mut out = header(BASELINE, u32::try_from(frames.len()).unwrap());
    put_header(&mut out, Syntax::EXPLICIT, 0x7FE0_0010, *b"OB", UNDEFINED);
    let (mut offsets, mut at) = (Vec::new(), 0_u32);
    for frame in frames {
        offsets.extend_from_slice(&(at + table.unwrap_or(0) * u32::from(at > 0)).to_le_bytes());
        at += frame.iter().map(|fragment| 8 + u32::try_from(fragment.len()).unwrap()).sum::<u32>();
    }
    put_value(&mut out, Syntax::EXPLICIT, ITEM, *b"  ", if table.is_some() { &offsets } else { &[] });
    frames.iter().flatten().for_each(|fragment| put_value(&mut out, Syntax::EXPLICIT, ITEM, *b"  ", fragment));
    put_header(&mut out, Syntax::EXPLICIT, SEQUENCE_END, *b"  ", 0);
    out
}

/// Reads so many bytes at once, or as many as are needed; answers how many were read.
fn read<V: Visitor>(bytes: &[u8], uid: &str, piece: usize, visitor: V) -> (Result<V, Damaged>, usize) {
    let (mut walk, mut total) = (Walk::new(uid, 10, visitor), 0);
    while let Some((at, least)) = walk.needs() {
        let from = usize::try_from(at).unwrap().min(bytes.len());
        let given = &bytes[from..(from + least.max(piece)).min(bytes.len())];
        total += given.len();
        walk.give(given);
    }
    (walk.finish(), total)
}

fn image(bytes: &[u8], uid: &str, reader: ImageReader) -> Result<Image, NoImage> {
    read(bytes, uid, 64, reader).0.unwrap().finish()
}

/// The bytes of a frame, as whoever has the object would read them.
fn frame(bytes: &[u8], (mut at, end): (u64, Option<u64>)) -> Vec<u8> {
    let mut out = Vec::new();
    while Some(at) != end {
        let from = usize::try_from(at).unwrap();
        match item(bytes[from..from + 8].try_into().unwrap()).unwrap() {
            Item::End => break,
            Item::Fragment(length) => {
                out.extend_from_slice(&bytes[from + 8..from + 8 + length as usize]);
                at += 8 + u64::from(length);
            }
        }
    }
    out
}

#[test]
fn native_images_are_described_in_every_syntax_however_they_are_read() {
    for uid in [EXPLICIT, IMPLICIT, BIG_ENDIAN] {
        let bytes = native(uid, 3);
        for piece in [1, 13, 100_000] {
            let reader = read(&bytes, uid, piece, ImageReader::new(Which::These(vec![2]))).0.unwrap();
            let image = reader.finish().unwrap();
            assert_eq!(
                (image.geometry.rows, image.geometry.frames, image.geometry.bits_stored),
                (2, 3, 12),
                "{uid} {piece}"
            );
            let lies = image.native(2).unwrap();
            assert_eq!(lies.bytes, bytes.len() as u64 - 16..bytes.len() as u64 - 8);
            assert_eq!(image.native(4), None);
            let look = image.look(2);
            assert_eq!(look.window, Window::new(20.0, 100.0, Function::Linear));
            assert_eq!((look.slope, look.intercept, look.padding), (2.0, -1024.0, Some((-2048, -2048))));
            // The looks of the others were not wanted.
            assert_eq!(image.look(1).window, None);
        }
    }
}

#[test]
fn pixels_and_other_large_values_are_not_read() {
    let mut bytes = native(EXPLICIT, 3);
    bytes.extend_from_slice(&[0; 100_000]);
    let (reader, total) = read(&bytes, EXPLICIT, 1, ImageReader::new(Which::NoLook));
    assert!(reader.is_ok() && total < 1_500, "{total}");
}

#[test]
fn a_compressed_icon_is_no_frame() {
    let frames = [vec![vec![1; 8]], vec![vec![2; 8]]];
    let plain = encapsulated(&frames, None);
    let mut icon = Vec::new();
    put_header(&mut icon, Syntax::EXPLICIT, 0x0088_0200, *b"SQ", UNDEFINED);
    put_header(&mut icon, Syntax::EXPLICIT, ITEM, *b"  ", UNDEFINED);
    put_header(&mut icon, Syntax::EXPLICIT, 0x7FE0_0010, *b"OB", UNDEFINED);
    [&[][..], &[9; 20]].iter().for_each(|one| put_value(&mut icon, Syntax::EXPLICIT, ITEM, *b"  ", one));
    put_header(&mut icon, Syntax::EXPLICIT, SEQUENCE_END, *b"  ", 0);
    put_header(&mut icon, Syntax::EXPLICIT, ITEM_END, *b"  ", 0);
    put_header(&mut icon, Syntax::EXPLICIT, SEQUENCE_END, *b"  ", 0);
    let at = header(BASELINE, 2).len();
    let bytes = [&plain[..at], &icon, &plain[at..]].concat();
    let image = image(&bytes, BASELINE, ImageReader::new(Which::NoLook)).unwrap();
    for (number, expected) in (1..).zip(&frames) {
        assert_eq!(frame(&bytes, image.encapsulated(number).unwrap()), expected.concat());
    }
}

#[test]
fn middle_frames_and_reports() {
    let bytes = native(EXPLICIT, 4);
    let found = image(&bytes, EXPLICIT, ImageReader::new(Which::Middle)).unwrap();
    assert_eq!(found.look(found.middle()).window, Window::new(30.0, 100.0, Function::Linear));
    assert_eq!(image(&header(EXPLICIT, 1), EXPLICIT, ImageReader::new(Which::Middle)), Err(NoImage::NoPixels));
    assert_eq!(image(&native(EXPLICIT, 0), EXPLICIT, ImageReader::new(Which::Middle)), Err(NoImage::Shape));
}

#[test]
fn what_is_cut_off_is_damaged() {
    let bytes = header(EXPLICIT, 2);
    let whole = |length: usize| read(&bytes[..length], EXPLICIT, 50, ImageReader::new(Which::NoLook)).0.is_ok();
    assert!(whole(bytes.len()));
    let ends = (10..bytes.len()).filter(|length| whole(*length)).count();
    // Before the first, between two of 13, and behind the first byte of group 5200, which may be the zeros at the end of a file.
    assert_eq!(ends, 1 + 12 + 1, "only between outermost elements");
}

#[test]
fn fragments_that_end_in_another_element_are_damaged_and_the_walk_ends() {
    let whole = encapsulated(&[vec![vec![1, 2]]], None);
    let other = [0x09, 0, 0x10, 0, b'O', b'B', 0, 0, 2, 0, 0, 0, 1, 2];
    for kept in 1..=other.len() {
        let bytes = [&whole[..whole.len() - 8], &other[..kept]].concat();
        for piece in [1, 8, 9, 100] {
            let reader = ImageReader::new(Which::These(vec![1]));
            assert!(read(&bytes, BASELINE, piece, reader).0.is_err(), "{kept} {piece}");
        }
    }
}

#[test]
fn tables_are_found() {
    let (mut bytes, syntax) = (vec![7; 10], Syntax::EXPLICIT);
    for (tag, number) in [(0x02, 1), (0x10, 1), (0x11, 2), (0x100, 8), (0x101, 8)] {
        put_value(&mut bytes, syntax, 0x0028_0000 + tag, *b"US", &words(EXPLICIT, &[number]));
    }
    for color in 0..3_u16 {
        put_value(&mut bytes, syntax, 0x0028_1101 + u32::from(color), *b"US", &words(EXPLICIT, &[2, 0, 8]));
    }
    for color in 0..3_u8 {
        put_value(&mut bytes, syntax, 0x0028_1201 + u32::from(color), *b"OW", &[color, 0, 10 + color, 0]);
    }
    let mut item = Vec::new();
    put_value(&mut item, syntax, 0x0028_3002, *b"US", &words(EXPLICIT, &[2, 0xFFFF, 16]));
    put_value(&mut item, syntax, 0x0028_3006, *b"OW", &words(EXPLICIT, &[0, 0xFFFF]));
    put_header(&mut bytes, syntax, 0x0028_3010, *b"SQ", u32::try_from(item.len() + 8).unwrap());
    put_value(&mut bytes, syntax, ITEM, *b"  ", &item);
    put_value(&mut bytes, syntax, 0x7FE0_0010, *b"OB", &[0, 1]);
    let look = image(&bytes, EXPLICIT, ImageReader::new(Which::Middle)).unwrap().look(1);
    let lut = |color: u8| adit_pixels::render::Lut::new([2, 0, 8], false, &[color, 0, 10 + color, 0]).unwrap();
    assert_eq!(look.palette, Some(adit_pixels::render::Palette([lut(0), lut(1), lut(2)])));
    assert_eq!(look.voi, adit_pixels::render::Lut::new([2, 0xFFFF, 16], true, &[0, 0, 0xFF, 0xFF]));
}

#[test]
fn values_are_found_by_their_path() {
    for uid in [EXPLICIT, IMPLICIT, BIG_ENDIAN] {
        let bytes = native(uid, 2);
        let at = |sequences: Vec<(u32, u32)>, tag| {
            let found = read(&bytes, uid, 1, ValueReader::new(sequences, tag)).0.unwrap().found()?;
            let from = usize::try_from(found.met.at).unwrap();
            Some((bytes[from..from + found.met.length.unwrap() as usize].to_vec(), found.word))
        };
        let word = if uid == BIG_ENDIAN { 2 } else { 1 };
        assert_eq!(at(vec![], 0x0028_1201), Some((vec![1; 1000], word)));
        assert_eq!(at(vec![(0x5200_9230, 2), (0x0028_9132, 1)], 0x0028_1050), Some((b"20".to_vec(), 1)));
        assert_eq!(at(vec![(0x0008_1140, 1)], 0x0028_0010), Some((words(uid, &[99]), word)));
        for (sequences, tag) in [
            (vec![], 0x0028_1202),
            (vec![], 0x5200_9230),
            (vec![(0x5200_9230, 3), (0x0028_9132, 1)], 0x0028_1050),
            (vec![(0x0028_1201, 1)], 0x0028_0010),
        ] {
            assert_eq!(at(sequences, tag), None, "{tag:08X}");
        }
    }
}

proptest! {
    /// Frames come out as they went in: cut anyhow, with a table, with a wrong one, without one.
    #[test]
    fn encapsulated_frames_come_out_as_they_went_in(
        cuts in prop::collection::vec(prop::collection::vec(2..30_usize, 1..4), 1..6),
        table in prop::option::of(prop::sample::select(vec![0_u32, 2])),
    ) {
        let frames: Vec<Vec<Vec<u8>>> = cuts.iter().enumerate().map(|(number, cuts)| {
            let mut fragments: Vec<Vec<u8>> = cuts.iter().map(|length| vec![number as u8; length * 2]).collect();
            fragments[0].splice(..4, [0xFF, 0xD8, 0xFF, 0xE0]);
            fragments
        }).collect();
        let bytes = encapsulated(&frames, table);
        let reader = if table == Some(2) { ImageReader::by_fragments(Which::Middle) } else { ImageReader::new(Which::Middle) };
        let image = image(&bytes, BASELINE, reader).unwrap();
        for (number, expected) in (1..).zip(&frames) {
            prop_assert_eq!(frame(&bytes, image.encapsulated(number).unwrap()), expected.concat());
        }
        prop_assert_eq!(image.encapsulated(0), None);
        prop_assert_eq!(image.encapsulated(u32::try_from(frames.len()).unwrap() + 1), None);
    }

    #[test]
    fn noise_never_panics_and_ends(noise in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), piece in 1..40_usize) {
        let mut bytes = encapsulated(&[vec![vec![0xFF, 0xD8, 0xFF, 0]], vec![vec![1, 2]]], Some(0));
        let from = at.index(bytes.len());
        bytes.splice(from..(from + noise.len() / 4).min(bytes.len()), noise);
        for reader in [ImageReader::new(Which::Middle), ImageReader::by_fragments(Which::NoLook)] {
            let _ = read(&bytes, BASELINE, piece, reader).0.map(ImageReader::finish);
        }
        let _ = read(&bytes, IMPLICIT, piece, ValueReader::new(vec![(0x5200_9230, 1)], 0x0028_9132));
    }
}
