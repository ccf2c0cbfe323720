//! Bits of entropy-coded data, most significant first; nothing is read behind a marker.

use crate::CodecError;

/// How 0xFF is kept apart from markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stuffing {
    /// A zero byte follows (T.81 B.1.1.5).
    Byte,
    /// A zero bit follows (T.87 A.1).
    Bit,
}

/// Reads bits up to the next marker.
pub(crate) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    stuffing: Stuffing,
    held: u64,
    count: u32,
    after_ff: bool,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(data: &'a [u8], at: usize, stuffing: Stuffing) -> Self {
        Self { data, at, stuffing, held: 0, count: 0, after_ff: false }
    }

    /// Fills up to at least 48 bits, when there are so many.
    fn fill(&mut self) {
        while self.count <= 48 {
            let Some(byte) = self.data.get(self.at).copied() else { return };
            let mut width = 8;
            if self.stuffing == Stuffing::Bit && self.after_ff {
                width = 7;
            }
            if byte == 0xFF {
                let next = self.data.get(self.at + 1).copied();
                match self.stuffing {
                    Stuffing::Byte if next == Some(0) => self.at += 1,
                    Stuffing::Bit if next.is_some_and(|next| next < 0x80) => {}
                    _ => return,
                }
            }
            self.after_ff = byte == 0xFF;
            self.at += 1;
            self.held = self.held << width | u64::from(byte);
            self.count += width;
        }
    }

    /// The next 16 bits without taking them; zeros behind the end.
    pub(crate) fn peek16(&mut self) -> u16 {
        if self.count < 16 {
            self.fill();
        }
        let bits = if self.count >= 16 { self.held >> (self.count - 16) } else { self.held << (16 - self.count) };
        let [.., high, low] = bits.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// Takes bits that were peeked.
    pub(crate) fn skip(&mut self, count: u32) -> Result<(), CodecError> {
        self.count = self.count.checked_sub(count).ok_or(CodecError::Truncated)?;
        self.held &= (1 << self.count) - 1;
        Ok(())
    }

    /// Skips one bit.
    pub(crate) fn skip_one(&mut self) -> Result<(), CodecError> {
        self.take(1).map(|_| ())
    }

    /// Takes up to 16 bits.
    pub(crate) fn take(&mut self, count: u32) -> Result<i32, CodecError> {
        if count == 0 {
            return Ok(0);
        }
        let bits = self.peek16() >> (16 - count);
        self.skip(count)?;
        Ok(i32::from(bits))
    }

    /// Drops what is left before a marker and says where it is.
    pub(crate) fn end(&mut self) -> usize {
        self.held = 0;
        self.count = 0;
        self.after_ff = false;
        self.at
    }

    /// Goes on behind a restart marker (T.81 B.2.1).
    pub(crate) fn restart(&mut self) -> Result<(), CodecError> {
        let mut at = self.end();
        while self.data.get(at..at + 2) == Some(&[0xFF, 0xFF]) {
            at += 1;
        }
        match self.data.get(at..at + 2) {
            Some([0xFF, 0xD0..=0xD7]) => {
                self.at = at + 2;
                Ok(())
            }
            _ => Err(CodecError::Malformed("restart marker")),
        }
    }
}
