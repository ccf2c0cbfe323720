use proptest::prelude::*;

use super::*;

fn geometry(photometric: &str, samples: u32, bits_allocated: u32) -> Geometry {
    let photometric = photometric.to_owned();
    let bits_stored = bits_allocated;
    Geometry {
        rows: 5,
        columns: 6,
        frames: 2,
        samples,
        bits_allocated,
        bits_stored,
        photometric,
        ..Geometry::default()
    }
}

const REGION: Region = Region { left: 1, top: 2, width: 3, height: 2 };

fn inside(row: u32, column: u32) -> bool {
    (1..4).contains(&column) && (2..4).contains(&row)
}

fn all(geometry: &Geometry, regions: &[Region]) -> Vec<u8> {
    let length = super::super::expected_length(geometry).unwrap();
    let mut bytes = vec![0xFF; usize::try_from(length).unwrap()];
    NativeBlackout::new(geometry, regions).unwrap().apply(&mut bytes);
    bytes
}

#[test]
fn gray_of_16_bits() {
    let bytes = all(&geometry("MONOCHROME2", 1, 16), &[REGION]);
    for (index, sample) in bytes.chunks(2).enumerate() {
        let index = u32::try_from(index).unwrap() % 30;
        assert_eq!(sample, if inside(index / 6, index % 6) { [0, 0] } else { [0xFF, 0xFF] }, "{index}");
    }
}

#[test]
fn single_bits_across_bytes() {
    let bytes = all(&geometry("MONOCHROME2", 1, 1), &[REGION]);
    for bit in 0..60_u32 {
        let set = bytes[bit as usize / 8] >> (bit % 8) & 1 == 1;
        assert_eq!(set, !inside(bit % 30 / 6, bit % 6), "{bit}");
    }
}

#[test]
fn color_by_pixel_and_by_plane() {
    let by_pixel = all(&geometry("YBR_FULL", 3, 8), &[REGION]);
    let by_plane = all(&Geometry { by_plane: true, ..geometry("YBR_FULL", 3, 8) }, &[REGION]);
    for index in 0..60_usize {
        let (frame, pixel) = (index / 30, index % 30);
        let black = inside(u32::try_from(pixel / 6).unwrap(), u32::try_from(pixel % 6).unwrap());
        let expected = if black { [0, 128, 128] } else { [0xFF; 3] };
        assert_eq!(by_pixel[index * 3..index * 3 + 3], expected);
        let planes: Vec<u8> = (0..3).map(|plane| by_plane[frame * 90 + plane * 30 + pixel]).collect();
        assert_eq!(planes, expected);
    }
}

#[test]
fn shared_chrominance_takes_both_pixels() {
    let bytes = all(&geometry("YBR_FULL_422", 3, 8), &[Region { left: 1, top: 0, width: 2, height: 1 }]);
    assert_eq!(bytes[..12], [0, 0, 128, 128, 0, 0, 128, 128, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert!(NativeBlackout::new(&Geometry { columns: 5, ..geometry("YBR_FULL_422", 3, 8) }, &[]).is_err());
}

#[test]
fn swapped_words_are_found() {
    let shape = Geometry { big_endian_words: true, ..geometry("MONOCHROME2", 1, 8) };
    let swapped = all(&shape, &[REGION]);
    let plain = all(&geometry("MONOCHROME2", 1, 8), &[REGION]);
    for (index, byte) in plain.iter().enumerate() {
        assert_eq!(*byte, swapped[index ^ 1]);
    }
}

#[test]
fn bytes_behind_the_last_frame_are_zeroed() {
    let shape = geometry("MONOCHROME2", 1, 8);
    let mut bytes = vec![7; 64];
    NativeBlackout::new(&shape, &[]).unwrap().apply(&mut bytes);
    assert!(bytes[..60].iter().all(|byte| *byte == 7));
    assert_eq!(bytes[60..], [0; 4]);
}

proptest! {
    #[test]
    fn cuts_do_not_matter(
        left in 0..9_u32, top in 0..9_u32, width in 0..9_u32, height in 0..9_u32, cuts in prop::collection::vec(0..40_usize, 0..20),
        kind in 0..6_usize,
    ) {
        let shape = [
            geometry("MONOCHROME2", 1, 1), geometry("RGB", 3, 8), geometry("YBR_FULL", 3, 16), geometry("YBR_FULL_422", 3, 8),
            Geometry { by_plane: true, ..geometry("YBR_FULL", 3, 8) },
            Geometry { big_endian_words: true, ..geometry("YBR_FULL", 3, 8) },
        ][kind].clone();
        let regions = [Region { left, top, width, height }, REGION];
        let whole = all(&shape, &regions);
        let mut pieces = vec![0xFF; whole.len()];
        let mut blackout = NativeBlackout::new(&shape, &regions).unwrap();
        let mut rest = pieces.as_mut_slice();
        for cut in cuts {
            let (piece, behind) = rest.split_at_mut(cut.min(rest.len()));
            blackout.apply(piece);
            rest = behind;
        }
        blackout.apply(rest);
        prop_assert_eq!(pieces, whole);
    }
}
