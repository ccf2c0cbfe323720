//! The shape of one frame, as its header says.

use crate::CodecError;

/// Most bytes of a decoded frame.
const MAX_FRAME: u64 = 1 << 30;

/// Size and depth of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameShape {
    /// (0028,0010)
    pub rows: u32,
    /// (0028,0011)
    pub columns: u32,
    /// (0028,0002)
    pub samples: u32,
    /// (0028,0100): 8, 16 or 32
    pub bits_allocated: u32,
    /// (0028,0103) is 1
    pub signed: bool,
    /// The photometric interpretation begins with `YBR_`.
    pub ybr: bool,
}

impl FrameShape {
    pub(crate) fn check(&self) -> Result<(), CodecError> {
        let fits = (1..=0xFFFF).contains(&self.rows)
            && (1..=0xFFFF).contains(&self.columns)
            && (1..=4).contains(&self.samples);
        if !matches!(self.bits_allocated, 8 | 16 | 32) {
            return Err(CodecError::Unsupported("this number of bits allocated"));
        }
        let bytes = u64::from(self.rows) * u64::from(self.columns) * u64::from(self.samples * self.bits_allocated / 8);
        if fits && bytes <= MAX_FRAME { Ok(()) } else { Err(CodecError::Shape) }
    }

    /// Pixels of a frame. Only for a checked shape.
    pub(crate) fn pixels(&self) -> usize {
        self.rows as usize * self.columns as usize
    }

    /// Bytes of a sample.
    pub(crate) fn sample_bytes(&self) -> usize {
        self.bits_allocated as usize / 8
    }

    /// Bytes of a decoded frame.
    pub(crate) fn length(&self) -> usize {
        self.pixels() * self.samples as usize * self.sample_bytes()
    }

    /// Writes decoded planes as samples, color by pixel. Values have `precision` bits; signed ones are extended.
    pub(crate) fn interleave(&self, planes: &[Vec<u16>], precision: u32) -> Result<Vec<u8>, CodecError> {
        let pixels = self.pixels();
        if planes.len() != self.samples as usize
            || planes.iter().any(|plane| plane.len() != pixels)
            || precision > self.bits_allocated.min(16)
            || precision == 0
        {
            return Err(CodecError::Shape);
        }
        let sign = if self.signed { 1_u16 << (precision - 1) } else { 0 };
        // (v ^ sign) - sign extends the sign bit and leaves unsigned values alone.
        let extend = |value: u16| (value ^ sign).wrapping_sub(sign);
        let mut out = Vec::with_capacity(self.length());
        for pixel in 0..pixels {
            for plane in planes {
                let value = extend(plane[pixel]);
                match self.bits_allocated {
                    8 => out.push(value.to_le_bytes()[0]),
                    16 => out.extend_from_slice(&value.to_le_bytes()),
                    _ => return Err(CodecError::Unsupported("compressed 32-bit data")),
                }
            }
        }
        Ok(out)
    }
}
