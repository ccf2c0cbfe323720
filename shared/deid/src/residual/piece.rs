//! The search through a header: every target at once, whatever the case of ASCII letters.

use std::ops::Range;

use super::beside::Beside;
use super::targets::Target;
use crate::text::grams::Grams;
use crate::text::identifiers::IdentifierKind;

/// Targets by their first three bytes.
pub(super) struct Pieces {
    /// Gram of the first three bytes in small letters; sorted by it.
    targets: Vec<(u32, Target)>,
    grams: Grams,
}

impl Pieces {
    /// Targets have three bytes at least.
    pub fn of(targets: Vec<Target>) -> Self {
        let mut grams = Grams::default();
        let keyed = targets.into_iter().filter_map(|target| {
            let first = target.bytes.first_chunk::<3>()?.map(|byte| byte.to_ascii_lowercase());
            Some((Grams::bytes(first[0], first[1], first[2]), target))
        });
        let mut targets: Vec<(u32, Target)> = keyed.collect();
        targets.sort_unstable_by_key(|(gram, _)| *gram);
        for (gram, _) in &targets {
            grams.add(*gram);
        }
        Self { targets, grams }
    }

    /// The kind of the first target that is there and not inside `ours`.
    pub fn search(&self, bytes: &[u8], ours: &[Range<usize>]) -> Option<IdentifierKind> {
        if self.targets.is_empty() {
            return None;
        }
        let mut gram = 0;
        for (at, byte) in bytes.iter().enumerate() {
            gram = gram >> 8 | u32::from(byte.to_ascii_lowercase()) << 16;
            if self.grams.may_have(gram) && at >= 2 {
                let found = self.at(bytes, at - 2, gram, ours);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    #[cold]
    fn at(&self, bytes: &[u8], start: usize, gram: u32, ours: &[Range<usize>]) -> Option<IdentifierKind> {
        let first = self.targets.partition_point(|(other, _)| *other < gram);
        let candidates = self.targets[first..].iter().take_while(|(other, _)| *other == gram);
        let found = candidates.map(|(_, target)| target).find(|target| {
            let range = start..start + target.bytes.len();
            let Some(there) = bytes.get(range.clone()) else { return false };
            // Seven-bit kanji look like ASCII, but their letters have no case.
            let same =
                there == target.bytes || (target.beside != Beside::Kanji && there.eq_ignore_ascii_case(&target.bytes));
            same && target.beside.allows(bytes, &range, target.wide) && !super::inside(&range, ours)
        });
        found.map(|target| target.kind)
    }
}
