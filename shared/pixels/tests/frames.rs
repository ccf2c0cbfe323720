//! Frames made with DCMTK and GDCM from one formula, decoded and compared with it; and broken in every way.

use adit_pixels::{FrameShape, decode, rle, supports};
use proptest::prelude::*;

const ROWS: u32 = 21;
const COLUMNS: u32 = 33;

/// The image of all fixtures: a flat corner, and steps. Colors are sixteenths of it.
fn value(x: u32, y: u32, color: u32) -> u32 {
    if x < 12 && y < 9 { 700 + color * 40 } else { x * 97 + y * 53 + color * 31 + (x * y) % 17 }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Content {
    Gray12,
    Signed16,
    Color8,
}

fn expected(content: Content) -> Vec<i32> {
    let mut all = Vec::new();
    for y in 0..ROWS {
        for x in 0..COLUMNS {
            match content {
                Content::Gray12 => all.push((value(x, y, 0) % 4096).cast_signed()),
                Content::Signed16 => all.push((value(x, y, 0) * 13 % 65536).cast_signed() - 32768),
                Content::Color8 => all.extend((0..3).map(|color| (value(x, y, color) / 16 % 256).cast_signed())),
            }
        }
    }
    all
}

fn shape(content: Content, ybr: bool) -> FrameShape {
    let (samples, bits_allocated) = if content == Content::Color8 { (3, 8) } else { (1, 16) };
    FrameShape { rows: ROWS, columns: COLUMNS, samples, bits_allocated, signed: content == Content::Signed16, ybr }
}

fn samples(bytes: &[u8], shape: &FrameShape) -> Vec<i32> {
    match (shape.bits_allocated, shape.signed) {
        (8, _) => bytes.iter().map(|byte| i32::from(*byte)).collect(),
        (_, true) => bytes.chunks(2).map(|two| i32::from(i16::from_le_bytes([two[0], two[1]]))).collect(),
        _ => bytes.chunks(2).map(|two| i32::from(u16::from_le_bytes([two[0], two[1]]))).collect(),
    }
}

type Fixture = (&'static str, &'static [u8], Content, bool, i32);

macro_rules! fixture {
    ($syntax:literal, $name:literal, $content:ident, ybr: $ybr:literal, within: $within:literal) => {
        (
            concat!("1.2.840.10008.1.2.4.", $syntax),
            include_bytes!(concat!("fixtures/", $name, ".bin")).as_slice(),
            Content::$content,
            $ybr,
            $within,
        )
    };
}

/// Transfer syntax, frame, content, whether the header says YBR, and how far samples may be off.
const FIXTURES: [Fixture; 18] = [
    fixture!("70", "lossless_sv1", Gray12, ybr: false, within: 0),
    fixture!("57", "lossless_sv4", Gray12, ybr: false, within: 0),
    fixture!("57", "lossless_sv7", Gray12, ybr: false, within: 0),
    fixture!("70", "lossless_signed", Signed16, ybr: false, within: 0),
    fixture!("70", "lossless_rgb", Color8, ybr: false, within: 0),
    fixture!("51", "extended", Gray12, ybr: false, within: 80),
    fixture!("50", "baseline_444", Color8, ybr: true, within: 20),
    fixture!("50", "baseline_422", Color8, ybr: true, within: 120),
    fixture!("50", "baseline_rgb", Color8, ybr: false, within: 20),
    fixture!("80", "jls_gray", Gray12, ybr: false, within: 0),
    fixture!("80", "jls_signed", Signed16, ybr: false, within: 0),
    fixture!("80", "jls_line", Color8, ybr: false, within: 0),
    fixture!("80", "jls_sample", Color8, ybr: false, within: 0),
    fixture!("80", "jls_plane", Color8, ybr: false, within: 0),
    fixture!("81", "jls_near", Gray12, ybr: false, within: 3),
    fixture!("90", "j2k_gray", Gray12, ybr: false, within: 0),
    fixture!("90", "j2k_signed", Signed16, ybr: false, within: 0),
    fixture!("90", "j2k_rgb", Color8, ybr: false, within: 0),
];

#[test]
fn every_codec_gives_the_image_back() {
    for (index, (syntax, frame, content, ybr, within)) in FIXTURES.into_iter().enumerate() {
        let shape = shape(content, ybr);
        let decoded = decode(syntax, frame, &shape).unwrap_or_else(|error| panic!("{index} {syntax}: {error}"));
        let found = samples(&decoded, &shape);
        let off: Vec<i32> = found.iter().zip(expected(content)).map(|(one, other)| (one - other).abs()).collect();
        let (worst, sum) = (off.iter().max().copied().unwrap(), off.iter().sum::<i32>());
        let mean = sum / i32::try_from(off.len()).unwrap();
        // Steep edges are far off where color is shared, but few.
        assert!(worst <= within && mean <= within / 2, "{index} {syntax}: off by {worst}, on average {mean}");
        let packed = rle::encode(&decoded, &shape).unwrap();
        assert_eq!(decode("1.2.840.10008.1.2.5", &packed, &shape).unwrap(), decoded);
    }
}

#[test]
fn another_size_than_the_header_says_is_refused() {
    for (syntax, frame, content, ybr, _) in FIXTURES {
        let right = shape(content, ybr);
        for wrong in [
            FrameShape { rows: 20, ..right },
            FrameShape { columns: 65_535, ..right },
            FrameShape { samples: 4 - right.samples, ..right },
            FrameShape { rows: 0, ..right },
            FrameShape { bits_allocated: 12, ..right },
        ] {
            assert!(decode(syntax, frame, &wrong).is_err(), "{syntax} {wrong:?}");
        }
    }
}

#[test]
fn what_is_cut_short_is_refused() {
    for (syntax, frame, content, ybr, _) in FIXTURES {
        for length in 0..frame.len() / 2 {
            assert!(decode(syntax, &frame[..length], &shape(content, ybr)).is_err(), "{syntax} {length}");
        }
    }
}

#[test]
fn videos_and_unknown_syntaxes_are_not_supported() {
    assert!(supports("1.2.840.10008.1.2.4.90"));
    for syntax in ["1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.1", ""] {
        assert!(!supports(syntax));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn broken_frames_never_panic(
        index in 0..FIXTURES.len(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (syntax, frame, content, ybr, _) = FIXTURES[index];
        let mut frame = frame.to_vec();
        for (at, byte) in changes {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        let shape = shape(content, ybr);
        if let Ok(decoded) = decode(syntax, &frame, &shape) {
            prop_assert_eq!(decoded.len(), samples(&decoded, &shape).len() * shape.bits_allocated as usize / 8);
        }
    }
}
