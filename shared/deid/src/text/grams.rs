//! A small set of three-letter beginnings: almost every position of almost every text is dismissed with one look.

const SLOTS: usize = 1 << 13;

/// A table of hashes.
#[derive(Debug, Clone)]
pub(crate) struct Grams {
    table: Box<[u8; SLOTS]>,
}

impl Default for Grams {
    fn default() -> Self {
        Self { table: Box::new([0; SLOTS]) }
    }
}

impl Grams {
    pub fn add(&mut self, gram: u32) {
        self.table[slot(gram)] = 1;
    }

    /// False for sure, or true perhaps.
    #[inline]
    pub fn may_have(&self, gram: u32) -> bool {
        self.table[slot(gram)] != 0
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

/// The highest bits of a product.
#[inline]
fn slot(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> 19) as usize & (SLOTS - 1)
}
