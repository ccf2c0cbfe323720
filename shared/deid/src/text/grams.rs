//! A small set of three-letter beginnings: almost every position of almost every text is dismissed with one look.

/// Bits of hashes.
#[derive(Debug, Clone)]
pub(crate) struct Grams {
    bits: Box<[u64; Self::WORDS]>,
}

impl Default for Grams {
    fn default() -> Self {
        Self { bits: Box::new([0; Self::WORDS]) }
    }
}

impl Grams {
    const WORDS: usize = 1024;

    pub fn add(&mut self, gram: u32) {
        let (word, bit) = Self::place(gram);
        self.bits[word] |= bit;
    }

    /// False for sure, or true perhaps.
    #[inline]
    pub fn may_have(&self, gram: u32) -> bool {
        let (word, bit) = Self::place(gram);
        self.bits[word] & bit != 0
    }

    /// Of the 16 highest bits of a product: 10 for the word, 6 for the bit.
    #[inline]
    fn place(gram: u32) -> (usize, u64) {
        let hash = gram.wrapping_mul(0x9E37_79B1);
        ((hash >> 22) as usize & (Self::WORDS - 1), 1 << ((hash >> 16) & 63))
    }

    /// The gram of three bytes.
    #[inline]
    pub fn bytes(a: u8, b: u8, c: u8) -> u32 {
        u32::from(a) | u32::from(b) << 8 | u32::from(c) << 16
    }

    /// The gram of three characters.
    #[inline]
    pub fn chars(a: char, b: char, c: char) -> u32 {
        u32::from(a) ^ u32::from(b).rotate_left(10) ^ u32::from(c).rotate_left(21)
    }
}
