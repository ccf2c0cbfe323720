//! The search through pixel bytes as they stream by: every fourth position is looked at, which no target of six bytes escapes.

use std::sync::Arc;

use super::filter::Filter;
use super::targets::Target;
use crate::text::identifiers::IdentifierKind;

/// Bytes between two looks.
const STRIDE: usize = 4;
/// Bytes that are dismissed together.
const BLOCK: usize = 64;
/// A target of this length holds three bytes that begin at a multiple of the stride, wherever it stands.
const SHORTEST: usize = STRIDE + 2;
/// Bytes beside a target that decide whether it counts.
const NEIGHBOURS: usize = 4;

/// The targets of a patient.
pub(super) struct PixelTargets {
    targets: Vec<Target>,
    /// Three bytes of a target, which target, and where in it; sorted.
    grams: Vec<(u32, u16, u16)>,
    filter: Filter,
    longest: usize,
}

/// The search through one instance: the targets, and the end of what was seen.
pub(super) struct Pixels {
    set: Arc<PixelTargets>,
    /// The last bytes, as many as a target and its neighbours can have on this side of a cut.
    held: Vec<u8>,
    /// What is held begins with the first byte of all.
    from_start: bool,
}

impl PixelTargets {
    pub fn of(targets: Vec<Target>) -> Self {
        let mut targets: Vec<Target> = targets.into_iter().filter(|target| target.bytes.len() >= SHORTEST).collect();
        targets.sort_unstable_by(|a, b| a.bytes.cmp(&b.bytes));
        targets.dedup_by(|a, b| a.bytes == b.bytes);
        targets.truncate(usize::from(u16::MAX));
        let mut grams = Vec::with_capacity(targets.len() * STRIDE);
        for (index, target) in (0..).zip(&targets) {
            for (offset, bytes) in (0..).zip(target.bytes.windows(3).take(STRIDE)) {
                grams.push((u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]), index, offset));
            }
        }
        grams.sort_unstable();
        let longest = targets.iter().map(|target| target.bytes.len()).max().unwrap_or(0);
        let filter = Filter::of(grams.iter().map(|(gram, _, _)| *gram));
        Self { targets, grams, filter, longest }
    }
}

impl Pixels {
    pub fn new(set: Arc<PixelTargets>) -> Self {
        Self { set, held: Vec::new(), from_start: true }
    }

    /// Searches the next bytes; what a cut divides is found with the bytes behind the cut.
    pub fn search(&mut self, bytes: &[u8]) -> Option<IdentifierKind> {
        if self.set.targets.is_empty() || bytes.is_empty() {
            return None;
        }
        let margin = self.set.longest + 2 * NEIGHBOURS;
        let mut seam = std::mem::take(&mut self.held);
        let whole = self.from_start && seam.is_empty();
        seam.extend_from_slice(&bytes[..margin.min(bytes.len())]);
        let found = self.scan(&seam, self.from_start, false).or_else(|| self.scan(bytes, whole, false));
        if bytes.len() >= margin {
            seam.clear();
            seam.extend_from_slice(&bytes[bytes.len() - margin..]);
            self.from_start = whole && bytes.len() == margin;
        } else if seam.len() > margin {
            seam.drain(..seam.len() - margin);
            self.from_start = false;
        }
        self.held = seam;
        found
    }

    /// What stands at the very end.
    pub fn at_end(&self) -> Option<IdentifierKind> {
        self.scan(&self.held, self.from_start, true)
    }

    /// `first`, `last`: these are the first and the last bytes of all, nothing stands beside them.
    fn scan(&self, bytes: &[u8], first: bool, last: bool) -> Option<IdentifierKind> {
        let filter = &self.set.filter;
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for (number, block) in blocks.iter().enumerate().filter(|(_, block)| has_text(block)) {
            let (looks, _) = block.as_chunks::<STRIDE>();
            let looks = looks.iter().map(|look| u32::from_le_bytes(*look) & 0x00FF_FFFF);
            if looks.clone().fold(0, |any, gram| any | filter.look(gram)) == 0 {
                continue;
            }
            let found = looks
                .enumerate()
                .filter(|(_, gram)| filter.may_have(*gram))
                .find_map(|(look, gram)| self.verify(bytes, BLOCK * number + STRIDE * look, gram, first, last));
            if found.is_some() {
                return found;
            }
        }
        let at = bytes.len() - rest.len();
        let mut rest = rest.chunks(STRIDE).enumerate();
        rest.find_map(|(number, chunk)| {
            let gram = u32::from_le_bytes([*chunk.first()?, *chunk.get(1)?, *chunk.get(2)?, 0]);
            self.verify(bytes, at + STRIDE * number, gram, first, last)
        })
    }

    fn verify(&self, bytes: &[u8], at: usize, gram: u32, first: bool, last: bool) -> Option<IdentifierKind> {
        let from = self.set.grams.partition_point(|(other, _, _)| *other < gram);
        self.set.grams[from..].iter().take_while(|(other, _, _)| *other == gram).find_map(|(_, target, offset)| {
            let target = &self.set.targets[usize::from(*target)];
            let start = at.checked_sub(usize::from(*offset))?;
            let range = start..start + target.bytes.len();
            let known = (first || start >= NEIGHBOURS) && (last || range.end + NEIGHBOURS <= bytes.len());
            let there = known && bytes.get(range.clone())? == target.bytes;
            (there && target.beside.allows(bytes, &range, target.wide)).then_some(target.kind)
        })
    }
}

/// Whether one of the looks at a block could be at text: three bytes that are no control characters, or a character beside a
/// zero (UTF-16). Pixels of 10 to 12 bits mostly are not; without a branch, so that many looks are taken at once.
#[inline]
fn has_text(block: &[u8; BLOCK]) -> bool {
    let (looks, _) = block.as_chunks::<STRIDE>();
    looks.iter().fold(false, |any, look| {
        let word = u32::from_le_bytes(*look);
        let [one, two, three] = [word & 0xE0 != 0, word & 0xE000 != 0, word & 0x00E0_0000 != 0];
        let (gap, between) = (word & 0xFF00 == 0, word & 0x00FF_00FF == 0);
        any | (one & three & (two | gap)) | (two & between)
    })
}
