use proptest::prelude::*;

use super::*;

const LOSSLESS_JPEG: &str = "1.2.840.10008.1.2.4.70";
const BASELINE: &str = "1.2.840.10008.1.2.4.50";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
/// Frames of 33 by 21 pixels; see the fixtures of adit-pixels.
const GRAY: &[u8] = include_bytes!("../../../tests/fixtures/lossless_gray.bin");
const COLOR: &[u8] = include_bytes!("../../../tests/fixtures/baseline_422.bin");
const GRAY_2000: &[u8] = include_bytes!("../../../tests/fixtures/j2k_gray.bin");

const REGION: Region = Region { left: 3, top: 4, width: 10, height: 5 };

fn geometry(photometric: &str, samples: u32, bits_allocated: u32, frames: u32) -> Geometry {
    let photometric = photometric.to_owned();
    let bits_stored = if bits_allocated == 16 { 12 } else { bits_allocated };
    Geometry { rows: 21, columns: 33, frames, samples, bits_allocated, bits_stored, photometric, ..Geometry::default() }
}

/// Feeds fragments in pieces; the first one is the offset table.
fn run(syntax: &str, geometry: &Geometry, fragments: &[&[u8]], piece: usize) -> Result<Vec<u8>, FrameError> {
    let mut blackout = FrameBlackout::new(syntax, geometry, &[REGION])?;
    let mut out = Vec::new();
    for fragment in std::iter::once([9; 8].as_slice()).chain(fragments.iter().copied()) {
        blackout.begin_fragment(fragment.len() as u64, &mut out)?;
        for piece in fragment.chunks(piece) {
            blackout.push(piece, &mut out)?;
        }
    }
    blackout.finish(&mut out)?;
    Ok(out)
}

/// The items of what was written, decoded.
fn frames(mut out: &[u8], geometry: &Geometry) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    assert_eq!(out[..8], [0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0], "an empty offset table");
    out = &out[8..];
    while !out.is_empty() {
        assert_eq!(out[..4], ITEM);
        let length = u32::from_le_bytes(out[4..8].try_into().unwrap()) as usize;
        assert_eq!(length % 2, 0);
        all.push(rle::decode(&out[8..8 + length], &geometry.shape()).unwrap());
        out = &out[8 + length..];
    }
    all
}

fn check(syntax: &str, source: &[u8], geometry: &Geometry, frame: &[u8]) {
    let original = decode(syntax, source, &geometry.shape()).unwrap();
    let pixel = (geometry.samples * geometry.bits_allocated / 8) as usize;
    for (index, (new, old)) in frame.chunks(pixel).zip(original.chunks(pixel)).enumerate() {
        let inside = (3..13).contains(&(index % 33)) && (4..9).contains(&(index / 33));
        assert_eq!(new, if inside { vec![0; pixel] } else { old.to_vec() }, "pixel {index}");
    }
}

#[test]
fn one_frame_of_many_fragments() {
    let (left, right) = GRAY.split_at(300);
    let shape = geometry("MONOCHROME2", 1, 16, 1);
    let out = run(LOSSLESS_JPEG, &shape, &[left, right], 7).unwrap();
    let found = frames(&out, &shape);
    assert_eq!(found.len(), 1);
    check(LOSSLESS_JPEG, GRAY, &shape, &found[0]);
}

#[test]
fn frames_begin_where_images_begin() {
    let shape = geometry("YBR_FULL_422", 3, 8, 3);
    let (left, right) = COLOR.split_at(200);
    let out = run(BASELINE, &shape, &[COLOR, left, right, COLOR], 64).unwrap();
    let found = frames(&out, &shape);
    assert_eq!(found.len(), 3);
    found.iter().for_each(|frame| check(BASELINE, COLOR, &shape, frame));
    let gray = geometry("MONOCHROME2", 1, 16, 2);
    check(JPEG_2000, GRAY_2000, &gray, &frames(&run(JPEG_2000, &gray, &[GRAY_2000; 2], 1).unwrap(), &gray)[1]);
}

#[test]
fn rle_frames_are_fragments() {
    let shape = geometry("YBR_FULL", 3, 8, 2);
    let frame = rle::encode(&[200; 33 * 21 * 3], &shape.shape()).unwrap();
    let out = run(RLE_LOSSLESS, &shape, &[&frame, &frame], 1000).unwrap();
    let found = frames(&out, &shape);
    let at = (4 * 33 + 3) * 3;
    assert_eq!(found[1][at - 3..at + 3], [200, 200, 200, 0, 128, 128], "black in YCbCr");
}

#[test]
fn the_number_of_frames_has_to_be_right() {
    for (frames, found) in [(1, 2), (3, 2), (2, 0)] {
        let shape = geometry("MONOCHROME2", 1, 16, frames);
        let frame = rle::encode(&[0; 33 * 21 * 2], &shape.shape()).unwrap();
        let error = run(RLE_LOSSLESS, &shape, &vec![frame.as_slice(); found], 100).unwrap_err();
        assert!(matches!(error, FrameError::Frames { .. }), "{error}");
    }
}

#[test]
fn the_header_is_told() {
    let changes = |syntax: &str, geometry: &Geometry| {
        let changes = FrameBlackout::header_changes(syntax, geometry);
        changes.into_iter().map(|change| (change.tag, change.value)).collect::<Vec<_>>()
    };
    let color = [(0x0028_0004, "RGB".to_owned()), (0x0028_0006, "1".to_owned())];
    assert_eq!(changes(BASELINE, &geometry("YBR_FULL_422", 3, 8, 1)), color);
    assert_eq!(changes(JPEG_2000, &geometry("YBR_RCT", 3, 8, 1)), color);
    assert_eq!(changes("1.2.840.10008.1.2.4.80", &geometry("RGB", 3, 8, 1)), color[1..]);
    assert_eq!(changes(RLE_LOSSLESS, &Geometry { by_plane: true, ..geometry("YBR_FULL", 3, 8, 1) }), []);
    assert_eq!(changes(BASELINE, &geometry("MONOCHROME2", 1, 8, 1)), []);
}

#[test]
fn what_cannot_be_decoded_is_refused_before_the_pixels() {
    let gray = geometry("MONOCHROME2", 1, 16, 1);
    assert_eq!(FrameBlackout::refusal(JPEG_2000, &gray), None);
    for (syntax, shape) in [
        ("1.2.840.10008.1.2.4.201", gray.clone()),
        ("1.2.840.10008.1.2.4.102", gray.clone()),
        (JPEG_2000, geometry("YBR_PARTIAL_420", 3, 8, 1)),
        (JPEG_2000, geometry("MONOCHROME2", 1, 32, 1)),
        (RLE_LOSSLESS, geometry("MONOCHROME2", 1, 1, 1)),
        (RLE_LOSSLESS, geometry("RGB", 4, 32, 1)),
        (RLE_LOSSLESS, Geometry { rows: 65_535, columns: 65_535, ..gray }),
    ] {
        assert!(FrameBlackout::refusal(syntax, &shape).is_some(), "{syntax} {shape:?}");
        assert!(FrameBlackout::new(syntax, &shape, &[]).is_err());
    }
}

#[test]
fn a_frame_that_is_too_large_is_refused_by_its_length() {
    let mut blackout = FrameBlackout::new(JPEG_2000, &geometry("MONOCHROME2", 1, 16, 1), &[]).unwrap();
    blackout.begin_fragment(0, &mut Vec::new()).unwrap();
    assert_eq!(blackout.begin_fragment(1 << 32, &mut Vec::new()), Err(FrameError::TooLarge));
}

proptest! {
    #[test]
    fn cuts_do_not_matter(piece in 1..400_usize, split in 4..600_usize) {
        let shape = geometry("YBR_FULL_422", 3, 8, 2);
        let (left, right) = COLOR.split_at(split);
        let out = run(BASELINE, &shape, &[left, right, COLOR], piece).unwrap();
        prop_assert_eq!(out, run(BASELINE, &shape, &[COLOR, COLOR], 10_000).unwrap());
    }

    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..100), syntax in 0..4_usize) {
        let syntax = [BASELINE, JPEG_2000, RLE_LOSSLESS, "1.2.840.10008.1.2.4.80"][syntax];
        prop_assert!(run(syntax, &geometry("MONOCHROME2", 1, 8, 1), &[&noise], 9).is_err());
    }
}
