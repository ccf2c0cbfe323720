//! How the samples of an instance lie in its pixel data (PS3.3 C.7.6.3, PS3.5 Section 8).

use crate::FrameShape;

/// Rows times columns times samples of one frame, in bytes, that are still worked on.
const MAX_FRAME: u64 = 1 << 30;

/// Shape of the pixel data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Geometry {
    /// (0028,0010)
    pub rows: u32,
    /// (0028,0011)
    pub columns: u32,
    /// (0028,0008); 1 when absent.
    pub frames: u32,
    /// (0028,0002)
    pub samples: u32,
    /// (0028,0100)
    pub bits_allocated: u32,
    /// (0028,0101)
    pub bits_stored: u32,
    /// (0028,0103) is 1: two's complement.
    pub signed: bool,
    /// (0028,0006) is 1: color by plane.
    pub by_plane: bool,
    /// (0028,0004)
    pub photometric: String,
    /// Pixel data of VR OW in Explicit VR Big Endian: bytes of every word are swapped (PS3.5 8.1.2).
    pub big_endian_words: bool,
}

impl Geometry {
    /// Bytes of a sample; 0 for single bits.
    #[must_use]
    pub fn sample_bytes(&self) -> u64 {
        u64::from(self.bits_allocated / 8)
    }

    /// Y1 Y2 CB CR for two pixels (PS3.3 C.7.6.3.1.2).
    #[must_use]
    pub fn is_422(&self) -> bool {
        matches!(self.photometric.as_str(), "YBR_FULL_422" | "YBR_PARTIAL_422") && self.samples == 3
    }

    /// Luminance and two chrominances, one of each for every pixel.
    #[must_use]
    pub fn is_ybr(&self) -> bool {
        self.samples == 3 && matches!(self.photometric.as_str(), "YBR_FULL" | "YBR_FULL_422" | "YBR_PARTIAL_422")
    }

    /// Bits of one frame of native pixel data.
    #[must_use]
    pub fn frame_bits(&self) -> Option<u64> {
        let samples = if self.is_422() { 2 } else { u64::from(self.samples) };
        u64::from(self.rows)
            .checked_mul(u64::from(self.columns))?
            .checked_mul(samples)?
            .checked_mul(u64::from(self.bits_allocated))
    }

    /// Why these pixels cannot be worked on, if so.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        if self.rows == 0 || self.columns == 0 || self.rows > 0xFFFF || self.columns > 0xFFFF || self.frames == 0 {
            return Some("rows, columns and number of frames do not make an image".to_owned());
        }
        if !matches!(self.samples, 1 | 3 | 4) {
            return Some(format!("{} samples per pixel are not supported", self.samples));
        }
        let single_bits = self.bits_allocated == 1 && self.samples == 1;
        if !single_bits && !matches!(self.bits_allocated, 8 | 16 | 32 | 64) {
            return Some(format!("{} bits allocated are not supported", self.bits_allocated));
        }
        if self.photometric.starts_with("YBR_PARTIAL_420") {
            return Some("the photometric interpretation YBR_PARTIAL_420 is not supported".to_owned());
        }
        if self.frame_bits().is_none_or(|bits| bits / 8 > MAX_FRAME) {
            return Some("a frame of more than 1 GiB is not supported".to_owned());
        }
        None
    }

    /// Why native pixels of this shape cannot be worked on, if so.
    #[must_use]
    pub fn native_refusal(&self) -> Option<String> {
        let odd_422 = self.is_422() && (self.columns % 2 == 1 || self.bits_allocated != 8 || self.by_plane);
        let odd_422 = odd_422.then(|| "native YBR_FULL_422 needs 8 bits, an even width and color by pixel".to_owned());
        self.refusal().or(odd_422)
    }

    /// What a codec has to know of a frame.
    #[must_use]
    pub fn shape(&self) -> FrameShape {
        FrameShape {
            rows: self.rows,
            columns: self.columns,
            samples: self.samples,
            bits_allocated: self.bits_allocated,
            signed: self.signed,
            ybr: self.photometric.starts_with("YBR_"),
        }
    }

    /// One frame of this shape as [`decode`](crate::decode) gives it: color by pixel, lossy JPEG as RGB, JPEG 2000 without its own
    /// transform.
    #[must_use]
    pub fn decoded(&self, transfer_syntax_uid: &str) -> Self {
        let photometric = match self.photometric.as_str() {
            _ if self.samples != 3 => self.photometric.as_str(),
            _ if matches!(transfer_syntax_uid, "1.2.840.10008.1.2.4.50" | "1.2.840.10008.1.2.4.51") => "RGB",
            "YBR_RCT" | "YBR_ICT" => "RGB",
            "YBR_FULL_422" => "YBR_FULL",
            other => other,
        };
        Self {
            frames: 1,
            by_plane: false,
            big_endian_words: false,
            photometric: photometric.to_owned(),
            ..self.clone()
        }
    }
}

/// Bytes of native pixel data without the padding byte; none for a shape that makes no sense. What lies behind is not
/// pixels and may be cut off.
#[must_use]
pub fn expected_length(geometry: &Geometry) -> Option<u64> {
    if geometry.native_refusal().is_some() {
        return None;
    }
    // Frames of single bits follow each other without padding (PS3.5 8.1.1).
    Some(geometry.frame_bits()?.checked_mul(u64::from(geometry.frames))?.div_ceil(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(photometric: &str, samples: u32, bits_allocated: u32) -> Geometry {
        let photometric = photometric.to_owned();
        Geometry { rows: 3, columns: 6, frames: 2, samples, bits_allocated, photometric, ..Geometry::default() }
    }

    #[test]
    fn lengths() {
        assert_eq!(expected_length(&shape("MONOCHROME2", 1, 16)), Some(72));
        assert_eq!(expected_length(&shape("MONOCHROME2", 1, 1)), Some(5));
        assert_eq!(expected_length(&shape("RGB", 3, 8)), Some(108));
        assert_eq!(expected_length(&shape("YBR_FULL_422", 3, 8)), Some(72));
        assert_eq!(expected_length(&shape("MONOCHROME2", 1, 12)), None);
        assert_eq!(expected_length(&Geometry::default()), None);
    }
}
