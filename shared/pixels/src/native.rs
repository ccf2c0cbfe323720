//! Frames of native pixel data (PS3.5 Section 8): where they lie, and their samples in one form for all shapes.

use std::ops::Range;

use crate::Geometry;

/// Where one frame lies in native pixel data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeFrame {
    /// Bytes of the value of the pixel data.
    pub bytes: Range<u64>,
    /// Bits of the first byte that belong to the frame before: frames of single bits follow each other without padding.
    pub skip_bits: u32,
}

impl NativeFrame {
    /// The frame with this number, counted from 1; none: there is no such frame, or the shape makes no sense.
    /// An uneven end of big endian words is taken on to the end of its word.
    #[must_use]
    pub fn of(geometry: &Geometry, frame: u32) -> Option<Self> {
        if geometry.native_refusal().is_some() || frame == 0 || frame > geometry.frames {
            return None;
        }
        let bits = geometry.frame_bits()?;
        let start = bits.checked_mul(u64::from(frame) - 1)?;
        let end = start.checked_add(bits)?;
        // A word cannot be turned around when half of it is another frame's.
        if geometry.big_endian_words && (start % 16 != 0 || end % 16 != 0 && frame < geometry.frames) {
            return None;
        }
        let end = if geometry.big_endian_words { end.next_multiple_of(16) } else { end };
        Some(Self { bytes: start / 8..end.div_ceil(8), skip_bits: u32::try_from(start % 8).ok()? })
    }
}

/// One frame as a client gets it as `application/octet-stream`: little endian, beginning with a whole byte; everything else as it is.
/// `bytes` are those of [`NativeFrame::bytes`].
#[must_use]
pub fn octets(mut bytes: Vec<u8>, geometry: &Geometry, frame: &NativeFrame) -> Vec<u8> {
    if geometry.big_endian_words {
        bytes.chunks_exact_mut(2).for_each(<[u8]>::reverse);
    }
    let bits = geometry.frame_bits().unwrap_or(0);
    if geometry.bits_allocated != 1 {
        bytes.truncate(usize::try_from(bits / 8).unwrap_or(usize::MAX));
        return bytes;
    }
    let mut packed = vec![0_u8; usize::try_from(bits.div_ceil(8)).unwrap_or(0)];
    for (place, bit) in single_bits(&bytes, frame.skip_bits).take(usize::try_from(bits).unwrap_or(0)).enumerate() {
        packed[place / 8] |= bit << (place % 8);
    }
    packed
}

/// One frame as samples: little endian, color by pixel, single bits as bytes, color of its own for every pixel. `octets` are those of
/// [`octets`]. The result has the shape of [`samples_of`].
#[must_use]
pub fn samples(octets: Vec<u8>, geometry: &Geometry) -> Vec<u8> {
    let pixels = geometry.rows as usize * geometry.columns as usize;
    if geometry.bits_allocated == 1 {
        return single_bits(&octets, 0).take(pixels).collect();
    }
    if geometry.is_422() {
        return octets
            .chunks_exact(4)
            .flat_map(|four| [four[0], four[2], four[3], four[1], four[2], four[3]])
            .collect();
    }
    if geometry.by_plane && geometry.samples > 1 { by_pixel(&octets, geometry) } else { octets }
}

/// The shape of what [`samples`] gives.
#[must_use]
pub fn samples_of(geometry: &Geometry) -> Geometry {
    let mut shape = Geometry { frames: 1, by_plane: false, big_endian_words: false, ..geometry.clone() };
    if geometry.bits_allocated == 1 {
        (shape.bits_allocated, shape.bits_stored) = (8, 1);
    }
    if geometry.is_422() {
        shape.photometric = geometry.photometric.trim_end_matches("_422").to_owned();
    }
    shape
}

/// Samples by pixel as samples by plane (PS3.3 C.7.6.3.1.3).
#[must_use]
pub fn by_plane(by_pixel: &[u8], geometry: &Geometry) -> Vec<u8> {
    let (size, samples) = (geometry.bits_allocated as usize / 8, geometry.samples as usize);
    let mut out = Vec::with_capacity(by_pixel.len());
    for sample in 0..samples {
        by_pixel
            .chunks_exact((size * samples).max(1))
            .for_each(|pixel| out.extend_from_slice(&pixel[sample * size..(sample + 1) * size]));
    }
    out
}

fn by_pixel(by_plane: &[u8], geometry: &Geometry) -> Vec<u8> {
    let (size, samples) = (geometry.bits_allocated as usize / 8, geometry.samples as usize);
    let pixels = geometry.rows as usize * geometry.columns as usize;
    let mut out = vec![0; by_plane.len().min(pixels * size * samples)];
    for (place, value) in by_plane.chunks_exact(size.max(1)).take(pixels * samples).enumerate() {
        let at = (place % pixels * samples + place / pixels) * size;
        if let Some(to) = out.get_mut(at..at + size) {
            to.copy_from_slice(value);
        }
    }
    out
}

fn single_bits(bytes: &[u8], skip: u32) -> impl Iterator<Item = u8> {
    bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)).skip(skip as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(photometric: &str, samples: u32, bits_allocated: u32) -> Geometry {
        let photometric = photometric.to_owned();
        Geometry {
            rows: 3,
            columns: 2,
            frames: 3,
            samples,
            bits_allocated,
            bits_stored: bits_allocated,
            photometric,
            ..Geometry::default()
        }
    }

    #[test]
    fn frames_follow_each_other() {
        let gray = shape("MONOCHROME2", 1, 16);
        assert_eq!(NativeFrame::of(&gray, 2), Some(NativeFrame { bytes: 12..24, skip_bits: 0 }));
        assert_eq!(NativeFrame::of(&shape("RGB", 3, 32), 3), Some(NativeFrame { bytes: 144..216, skip_bits: 0 }));
        assert_eq!(NativeFrame::of(&shape("YBR_FULL_422", 3, 8), 2), Some(NativeFrame { bytes: 12..24, skip_bits: 0 }));
        for wrong in [0, 4] {
            assert_eq!(NativeFrame::of(&gray, wrong), None);
        }
        assert_eq!(NativeFrame::of(&shape("MONOCHROME2", 1, 12), 1), None);
    }

    #[test]
    fn single_bits_are_taken_apart() {
        // 6 bits for each frame: 111111 000000 101010, least significant bit first (PS3.5 8.1.1).
        let (bits, all) = (shape("MONOCHROME2", 1, 1), [0b0011_1111_u8, 0b0101_0000, 0b01]);
        let frames = [(0..1, 0, 0b11_1111), (0..2, 6, 0), (1..3, 4, 0b01_0101)];
        for (number, (bytes, skip_bits, expected)) in (1..).zip(frames) {
            let frame = NativeFrame::of(&bits, number).unwrap();
            assert_eq!(frame, NativeFrame { bytes: bytes.clone(), skip_bits });
            let own = all[bytes.start as usize..bytes.end as usize].to_vec();
            assert_eq!(octets(own, &bits, &frame), [expected], "{number}");
        }
        assert_eq!(samples(vec![0b01_0101], &bits), [1, 0, 1, 0, 1, 0]);
        assert_eq!(samples_of(&bits).bits_allocated, 8);
    }

    #[test]
    fn planes_and_words_come_into_one_order() {
        let planes = Geometry { by_plane: true, rows: 1, ..shape("RGB", 3, 8) };
        assert_eq!(samples(vec![1, 2, 3, 4, 5, 6], &planes), [1, 3, 5, 2, 4, 6]);
        assert_eq!(by_plane(&[1, 3, 5, 2, 4, 6], &planes), [1, 2, 3, 4, 5, 6]);
        let wide = Geometry { by_plane: true, rows: 1, ..shape("RGB", 3, 16) };
        let by_pixels: Vec<u8> = (0..12).collect();
        assert_eq!(samples(by_plane(&by_pixels, &wide), &wide), by_pixels);
        let halves = Geometry { rows: 1, ..shape("YBR_FULL_422", 3, 8) };
        assert_eq!(samples(vec![1, 2, 3, 4], &halves), [1, 3, 4, 2, 3, 4]);
        assert_eq!(samples_of(&halves).photometric, "YBR_FULL");
        let swapped = Geometry { big_endian_words: true, ..shape("MONOCHROME2", 1, 16) };
        let frame = NativeFrame::of(&swapped, 1).unwrap();
        assert_eq!(octets(vec![1, 2, 3, 4], &swapped, &frame), [2, 1, 4, 3]);
    }
}
