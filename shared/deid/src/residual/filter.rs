//! Which three bytes may begin a closer look: a table for the fast answer, bits under another hash for the second.

const SLOTS: usize = 1 << 14;
const WORDS: usize = 1 << 9;
const SECOND: u32 = 0x2545_F491;

/// A set of grams.
pub(super) struct Filter {
    table: Box<[u8; SLOTS]>,
    bits: Box<[u64; WORDS]>,
    seed: u32,
}

impl Filter {
    pub fn of(grams: impl Iterator<Item = u32> + Clone) -> Self {
        let mut filter = Self { table: Box::new([0; SLOTS]), bits: Box::new([0; WORDS]), seed: 0 };
        for gram in grams.clone() {
            let (word, bit) = place(gram);
            filter.bits[word] |= bit;
        }
        // A hash under which black and white areas do not look like a target.
        for seed in [0x9E37_79B1, 0x85EB_CA6B, 0xC2B2_AE35] {
            filter.seed = seed;
            filter.table.fill(0);
            for gram in grams.clone() {
                filter.table[filter.slot(gram)] = 1;
            }
            if filter.look(0) == 0 && filter.look(0x00FF_FFFF) == 0 {
                break;
            }
        }
        filter
    }

    /// Zero: not there for sure.
    #[inline]
    pub fn look(&self, gram: u32) -> u8 {
        self.table[self.slot(gram)]
    }

    /// False: not there for sure; rarely wrong with a yes.
    #[inline]
    pub fn may_have(&self, gram: u32) -> bool {
        let (word, bit) = place(gram);
        self.look(gram) != 0 && self.bits[word] & bit != 0
    }

    #[inline]
    fn slot(&self, gram: u32) -> usize {
        (gram.wrapping_mul(self.seed) >> 18) as usize & (SLOTS - 1)
    }
}

#[inline]
fn place(gram: u32) -> (usize, u64) {
    let hash = gram.wrapping_mul(SECOND);
    ((hash >> 23) as usize & (WORDS - 1), 1 << ((hash >> 17) & 63))
}
