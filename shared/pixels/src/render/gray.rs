//! Grayscale: stored value, modality transform, window or table, shade (PS3.4 N.2.1).

use super::window::Window;
use super::{Look, Lut, RenderError};
use crate::Geometry;

/// One byte per pixel.
pub(super) fn shades(
    samples: &[u8],
    geometry: &Geometry,
    look: &Look,
    asked: Option<Window>,
) -> Result<Vec<u8>, RenderError> {
    let values = Values::of(geometry)?;
    let voi = match (asked.or(look.window), &look.voi) {
        (Some(window), None) => Voi::Window(window),
        (Some(window), Some(_)) if asked.is_some() => Voi::Window(window),
        (_, Some(table)) => Voi::Table(table),
        (None, None) => Voi::Window(extent(samples, values, look)),
    };
    let is_inverse = geometry.photometric == "MONOCHROME1";
    let shade = |stored: i64| {
        let value = look.modality(stored);
        let shade = match &voi {
            Voi::Window(window) => window.shade(value),
            Voi::Table(table) => table.shade(whole(value)),
        };
        byte(if is_inverse { 1.0 - shade } else { shade })
    };
    Ok(match values.bytes {
        // Each code is worked out once.
        1 | 2 => {
            let codes = 1_u32 << values.stored;
            let table: Vec<u8> = (0..codes).map(|code| shade(values.extend(code))).collect();
            values.codes(samples).map(|code| table.get(code as usize).copied().unwrap_or(0)).collect()
        }
        _ => values.codes(samples).map(|code| shade(values.extend(code))).collect(),
    })
}

enum Voi<'a> {
    Window(Window),
    Table(&'a Lut),
}

/// All values of the frame but padding.
fn extent(samples: &[u8], values: Values, look: &Look) -> Window {
    let is_padding = |stored: i64| look.padding.is_some_and(|(from, to)| (from..=to).contains(&stored));
    let (mut smallest, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
    for stored in values.codes(samples).map(|code| values.extend(code)).filter(|stored| !is_padding(*stored)) {
        let value = look.modality(stored);
        (smallest, largest) = (smallest.min(value), largest.max(value));
    }
    if smallest > largest { Window::between(0.0, 1.0) } else { Window::between(smallest, largest) }
}

/// How stored values are read from samples.
#[derive(Clone, Copy)]
pub(super) struct Values {
    bytes: usize,
    stored: u32,
    signed: bool,
}

impl Values {
    pub(super) fn of(geometry: &Geometry) -> Result<Self, RenderError> {
        let bytes = match geometry.bits_allocated {
            8 => 1,
            16 => 2,
            32 => 4,
            _ => return Err(RenderError::Unsupported("this number of bits allocated")),
        };
        let stored = geometry.bits_stored.clamp(1, geometry.bits_allocated);
        Ok(Self { bytes, stored, signed: geometry.signed })
    }

    /// Stored bits, least significant ones; what else stands in the sample is none of it.
    pub(super) fn codes(self, samples: &[u8]) -> impl Iterator<Item = u32> {
        let mask = u32::MAX >> (32 - self.stored);
        samples.chunks_exact(self.bytes).map(move |sample| {
            let whole = sample.iter().rev().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
            whole & mask
        })
    }

    /// The number that a code means.
    pub(super) fn extend(self, code: u32) -> i64 {
        let sign = if self.signed { 1_i64 << (self.stored - 1) } else { 0 };
        (i64::from(code) ^ sign) - sign
    }
}

/// Shades are 0.0 to 1.0.
pub(super) fn byte(shade: f64) -> u8 {
    (shade * 255.0).round() as u8
}

/// Where tables look; what is no whole number is cut off.
fn whole(value: f64) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests {
    use super::super::Function;
    use super::*;

    fn shape(photometric: &str, bits_allocated: u32, bits_stored: u32, signed: bool) -> Geometry {
        let photometric = photometric.to_owned();
        Geometry {
            rows: 1,
            columns: 4,
            frames: 1,
            samples: 1,
            bits_allocated,
            bits_stored,
            signed,
            photometric,
            ..Geometry::default()
        }
    }

    fn words(all: &[u16]) -> Vec<u8> {
        all.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn rescaled_values_go_through_the_window() {
        // Hounsfield units -1024, -160, 40, 240 in a window of 40/401: everything, and 127.5 in the middle.
        let look = Look { intercept: -1024.0, window: Window::new(40.5, 401.0, Function::Linear), ..Look::default() };
        let samples = words(&[0, 864, 1064, 1264]);
        let gray = shape("MONOCHROME2", 16, 12, false);
        assert_eq!(shades(&samples, &gray, &look, None).unwrap(), [0, 0, 128, 255]);
        let inverse = shape("MONOCHROME1", 16, 12, false);
        assert_eq!(shades(&samples, &inverse, &look, None).unwrap(), [255, 255, 128, 0]);
        let asked = Window::new(-1000.0, 1.0, Function::Linear);
        assert_eq!(shades(&samples, &gray, &look, asked).unwrap(), [0, 255, 255, 255]);
    }

    #[test]
    fn without_a_window_the_frame_gives_it() {
        let signed = shape("MONOCHROME2", 16, 12, true);
        // -2048 is padding; bits above the stored ones are noise.
        let samples = words(&[0x0800, 0xFFFF, 0x7000, 0x0001]);
        let look = Look { padding: Some((-2048, -2048)), ..Look::default() };
        assert_eq!(shades(&samples, &signed, &look, None).unwrap(), [0, 0, 128, 255]);
        assert_eq!(shades(&words(&[7; 4]), &signed, &Look::default(), None).unwrap(), [0; 4]);
        let all_padding = Look { padding: Some((7, 7)), ..Look::default() };
        assert_eq!(shades(&words(&[7; 4]), &signed, &all_padding, None).unwrap(), [255; 4]);
    }

    #[test]
    fn wide_samples_and_tables() {
        let wide = shape("MONOCHROME2", 32, 32, true);
        let samples: Vec<u8> = [-70_000_i32, 0, 70_000, 140_000].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(shades(&samples, &wide, &Look::default(), None).unwrap(), [0, 85, 170, 255]);
        let look = Look { voi: Lut::new([2, 10, 8], false, &[0, 0, 255, 0]), ..Look::default() };
        assert_eq!(
            shades(&[9, 10, 11, 12], &shape("MONOCHROME2", 8, 8, false), &look, None).unwrap(),
            [0, 0, 255, 255]
        );
        let look = Look { lut: Lut::new([4, 0, 16], false, &words(&[40, 30, 20, 10])), ..Look::default() };
        assert_eq!(shades(&[0, 1, 2, 3], &shape("MONOCHROME2", 8, 8, false), &look, None).unwrap(), [255, 170, 85, 0]);
    }
}
