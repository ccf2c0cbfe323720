//! Huffman tables (T.81 Annex C and F.2.2).

use crate::CodecError;
use crate::bits::Bits;

/// A table that is looked up with the next 16 bits.
pub(super) struct Huffman {
    /// Length of the code in the high byte, its value in the low one; zero: no code.
    codes: Vec<u16>,
}

impl Huffman {
    /// From the number of codes of each length, and their values.
    pub fn new(counts: &[u8], values: &[u8]) -> Result<Self, CodecError> {
        let mut codes = vec![0_u16; 1 << 16];
        let mut values = values.iter();
        let mut from = 0_usize;
        for (length, count) in (1_u16..=16).zip(counts) {
            for _ in 0..*count {
                let value = values.next().ok_or(CodecError::Malformed("Huffman table"))?;
                let to = from + (1 << (16 - length));
                let entries = codes.get_mut(from..to).ok_or(CodecError::Malformed("Huffman table"))?;
                entries.fill(length << 8 | u16::from(*value));
                from = to;
            }
        }
        Ok(Self { codes })
    }

    /// The value of the next code.
    pub fn decode(&self, bits: &mut Bits) -> Result<u32, CodecError> {
        let [length, value] = self.codes[usize::from(bits.peek16())].to_be_bytes();
        if length == 0 {
            return Err(CodecError::Malformed("Huffman code"));
        }
        bits.skip(u32::from(length))?;
        Ok(u32::from(value))
    }
}

/// A difference of up to 15 bits (F.2.2.1).
pub(super) fn receive_extend(bits: &mut Bits, size: u32) -> Result<i32, CodecError> {
    if size == 0 {
        return Ok(0);
    }
    let value = bits.take(size)?;
    Ok(if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value })
}
