//! The search through pixel bytes as they stream by: every fourth position is looked at, which no target of six bytes escapes.

use super::filter::Filter;
use super::targets::Target;
use crate::text::identifiers::IdentifierKind;

/// Bytes between two looks.
const STRIDE: usize = 4;
/// A target of this length holds three bytes that begin at a multiple of the stride, wherever it stands.
const SHORTEST: usize = STRIDE + 2;
/// Bytes beside a target that decide whether it counts.
const NEIGHBOURS: usize = 4;

/// The targets, and the end of what was seen.
pub(super) struct Pixels {
    targets: Vec<Target>,
    /// Three bytes of a target, which target, and where in it; sorted.
    grams: Vec<(u32, u16, u16)>,
    filter: Filter,
    /// The last bytes, as many as a target and its neighbours can have on this side of a cut.
    held: Vec<u8>,
    /// What is held begins with the first byte of all.
    from_start: bool,
    longest: usize,
}

impl Pixels {
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
        Self { targets, grams, filter, held: Vec::new(), from_start: true, longest }
    }

    /// Searches the next bytes; what a cut divides is found with the bytes behind the cut.
    pub fn search(&mut self, bytes: &[u8]) -> Option<IdentifierKind> {
        if self.targets.is_empty() || bytes.is_empty() {
            return None;
        }
        let margin = self.longest + 2 * NEIGHBOURS;
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
        // Four looks at a time, with one decision for them.
        let (quads, rest) = bytes.as_chunks::<{ 4 * STRIDE }>();
        for (number, quad) in quads.iter().enumerate() {
            let looks = grams(quad);
            if looks.iter().fold(0, |any, gram| any | self.filter.look(*gram)) != 0 {
                let found = looks.into_iter().enumerate().filter(|(_, gram)| self.filter.may_have(*gram)).find_map(
                    |(look, gram)| self.verify(bytes, 4 * STRIDE * number + STRIDE * look, gram, first, last),
                );
                if found.is_some() {
                    return found;
                }
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
        let from = self.grams.partition_point(|(other, _, _)| *other < gram);
        self.grams[from..].iter().take_while(|(other, _, _)| *other == gram).find_map(|(_, target, offset)| {
            let target = &self.targets[usize::from(*target)];
            let start = at.checked_sub(usize::from(*offset))?;
            let range = start..start + target.bytes.len();
            let known = (first || start >= NEIGHBOURS) && (last || range.end + NEIGHBOURS <= bytes.len());
            let there = known && bytes.get(range.clone())? == target.bytes;
            (there && target.beside.allows(bytes, &range, target.wide)).then_some(target.kind)
        })
    }
}

/// The three bytes at every fourth position.
#[inline]
fn grams(quad: &[u8; 4 * STRIDE]) -> [u32; 4] {
    let (looks, _) = quad.as_chunks::<STRIDE>();
    [0, 1, 2, 3].map(|look| u32::from_le_bytes(looks[look]) & 0x00FF_FFFF)
}
