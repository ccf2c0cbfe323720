//! The last line of defence: are original identifiers in the bytes that were produced?
//!
//! Knows bytes, not elements: whatever a rule forgot, an unknown encoding, a private element or a comment in a compressed frame
//! looks the same here. Values that we made ourselves are told apart by where they stand. A hit refuses the instance.

mod beside;
mod encode;
mod filter;
mod piece;
mod pixels;
mod targets;
mod uids;

use std::ops::Range;
use std::sync::Arc;

use crate::text::glyphs::CharacterSets;
use crate::text::identifiers::{IdentifierKind, Identifiers};

use piece::Pieces;
use pixels::{PixelTargets, Pixels};
use targets::Targets;
use uids::Uids;

/// What is searched for in the bytes of a patient: the same for all of the patient's instances.
pub(crate) struct ResidualTargets {
    pieces: Pieces,
    pixels: Arc<PixelTargets>,
}

impl ResidualTargets {
    /// What to search for: the identifiers as the character sets of the file, UTF-8, Latin-1 and UTF-16 write them.
    pub fn of(ids: &Identifiers, sets: &CharacterSets) -> Self {
        let targets = Targets::of(ids, sets);
        Self { pieces: Pieces::of(targets.text), pixels: Arc::new(PixelTargets::of(targets.strong)) }
    }

    /// Whether a text holds one of the identifiers.
    pub fn occur_in(&self, text: &str) -> bool {
        self.pieces.search(text.as_bytes(), &[]).is_some()
    }
}

/// The search through everything that leaves for one instance.
pub(crate) struct ResidualScan {
    targets: Arc<ResidualTargets>,
    uids: Uids,
    pixels: Pixels,
    hit: Option<IdentifierKind>,
}

impl ResidualScan {
    /// A search for the patient's identifiers and the UIDs of this data set.
    pub fn with(targets: Arc<ResidualTargets>, ids: &Identifiers) -> Self {
        let pixels = Pixels::new(Arc::clone(&targets.pixels));
        Self { targets, uids: Uids::of(ids), pixels, hit: None }
    }

    /// The search for the identifiers of one data set alone.
    #[cfg(test)]
    pub fn new(ids: &Identifiers, sets: &CharacterSets) -> Self {
        Self::with(Arc::new(ResidualTargets::of(ids, sets)), ids)
    }

    /// Searches a whole piece, a rewritten header or tail. `ours` are the sorted byte ranges of values that we made; a hit that
    /// lies wholly inside one does not count.
    pub fn piece(&mut self, bytes: &[u8], ours: &[Range<usize>]) {
        let found = || self.targets.pieces.search(bytes, ours).or_else(|| self.uids.search(bytes, ours));
        self.hit = self.hit.or_else(found);
    }

    /// Whether a value that is to stay as it is holds an identifier.
    pub fn occurs(&self, bytes: &[u8]) -> bool {
        self.targets.pieces.search(bytes, &[]).or_else(|| self.uids.search(bytes, &[])).is_some()
    }

    /// Searches pixel bytes as they stream by, in any cuts.
    pub fn pixels(&mut self, bytes: &[u8]) {
        if self.hit.is_none() {
            self.hit = self.pixels.search(bytes);
        }
    }

    /// The first identifier that was found; the end of what was searched counts as the end of the pixels.
    pub fn hit(&self) -> Option<IdentifierKind> {
        self.hit.or_else(|| self.pixels.at_end())
    }
}

/// Whether a range lies wholly inside one of the sorted ranges.
fn inside(range: &Range<usize>, ours: &[Range<usize>]) -> bool {
    let next = ours.partition_point(|own| own.start <= range.start);
    next.checked_sub(1).and_then(|index| ours.get(index)).is_some_and(|own| range.end <= own.end)
}

#[cfg(test)]
mod tests;
