//! Color: palettes and luminance with chrominance become red, green and blue (PS3.3 C.7.6.3.1.2).

use super::gray::Values;
use super::{Palette, RenderError};
use crate::Geometry;

/// Three bytes per pixel from a palette.
pub(super) fn from_palette(samples: &[u8], geometry: &Geometry, palette: &Palette) -> Result<Vec<u8>, RenderError> {
    let values = Values::of(geometry)?;
    let color = |code: u32| palette.0.each_ref().map(|lut| lut.byte(values.extend(code)));
    Ok(values.codes(samples).flat_map(color).collect())
}

/// Three bytes per pixel from three samples.
pub(super) fn from_samples(samples: Vec<u8>, geometry: &Geometry) -> Result<Vec<u8>, RenderError> {
    let mut bytes = match geometry.bits_allocated {
        8 => samples,
        16 | 32 => {
            let stored = geometry.bits_stored.clamp(1, geometry.bits_allocated);
            let byte = |code: u32| if stored > 8 { code >> (stored - 8) } else { code << (8 - stored) };
            Values::of(geometry)?.codes(&samples).map(|code| u8::try_from(byte(code)).unwrap_or(u8::MAX)).collect()
        }
        _ => return Err(RenderError::Unsupported("this number of bits allocated")),
    };
    let convert = match geometry.photometric.as_str() {
        "RGB" => return Ok(bytes),
        "YBR_FULL" => full,
        "YBR_PARTIAL" => partial,
        _ => return Err(RenderError::Unsupported("this photometric interpretation")),
    };
    for pixel in bytes.chunks_exact_mut(3) {
        let [luminance, blue, red] = [f64::from(pixel[0]), f64::from(pixel[1]) - 128.0, f64::from(pixel[2]) - 128.0];
        let rgb = convert(luminance, blue, red).map(|value| value.round().clamp(0.0, 255.0) as u8);
        pixel.copy_from_slice(&rgb);
    }
    Ok(bytes)
}

/// The equations of the standard, solved for red, green and blue.
fn full(luminance: f64, blue: f64, red: f64) -> [f64; 3] {
    [luminance + 1.402 * red, luminance - 0.344_136 * blue - 0.714_136 * red, luminance + 1.772 * blue]
}

/// The same for luminance from 16 to 235 and chrominance from 16 to 240.
fn partial(luminance: f64, blue: f64, red: f64) -> [f64; 3] {
    full((luminance - 16.0) * 255.0 / 219.0, blue * 255.0 / 224.0, red * 255.0 / 224.0)
}

#[cfg(test)]
mod tests {
    use super::super::Lut;
    use super::*;

    fn shape(photometric: &str, samples: u32, bits_allocated: u32) -> Geometry {
        let photometric = photometric.to_owned();
        Geometry {
            rows: 1,
            columns: 2,
            frames: 1,
            samples,
            bits_allocated,
            bits_stored: bits_allocated,
            photometric,
            ..Geometry::default()
        }
    }

    #[test]
    fn palettes() {
        let lut = |data: &[u8]| Lut::new([2, 1, 8], false, data).unwrap();
        let palette = Palette([lut(&[1, 0, 2, 0]), lut(&[3, 0, 4, 0]), lut(&[5, 0, 6, 0])]);
        assert_eq!(from_palette(&[0, 2], &shape("PALETTE COLOR", 1, 8), &palette).unwrap(), [1, 3, 5, 2, 4, 6]);
    }

    /// Red, green, blue and gray by the equations of the standard: Y = 0.299 R + 0.587 G + 0.114 B.
    #[test]
    fn luminance_and_chrominance() {
        let ybr = vec![76, 85, 255, 150, 44, 21, 29, 255, 107, 128, 128, 128];
        let rgb = from_samples(ybr, &shape("YBR_FULL", 3, 8)).unwrap();
        for (found, expected) in rgb.iter().zip([254, 0, 0, 0, 255, 1, 0, 0, 254, 128, 128, 128]) {
            assert!(found.abs_diff(expected) <= 1, "{rgb:?}");
        }
        let partial = from_samples(vec![235, 128, 128, 16, 128, 128], &shape("YBR_PARTIAL", 3, 8)).unwrap();
        assert_eq!(partial, [255, 255, 255, 0, 0, 0]);
    }

    #[test]
    fn wide_color_keeps_its_most_significant_bits() {
        let twelve = Geometry { bits_stored: 12, ..shape("RGB", 3, 16) };
        assert_eq!(from_samples(vec![0xFF, 0x0F, 0x00, 0x08, 0x0F, 0x00], &twelve).unwrap(), [255, 128, 0]);
        assert!(from_samples(vec![0; 3], &shape("CMYK", 3, 8)).is_err());
    }
}
