//! One value by its path.

use adit_domain::vr::word;

use super::walk::{Met, Visitor, Wish};

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueAt {
    /// The element.
    pub met: Met,
    /// Bytes of a word that have to be turned around to be little endian; 1: none.
    pub word: usize,
}

/// Looks for one element; its value is not read.
#[derive(Debug)]
pub struct ValueReader {
    sequences: Vec<(u32, u32)>,
    tag: u32,
    found: Option<ValueAt>,
}

impl ValueReader {
    /// Looks for `tag` in these sequences; their items are counted from 1.
    #[must_use]
    pub fn new(sequences: Vec<(u32, u32)>, tag: u32) -> Self {
        Self { sequences, tag, found: None }
    }

    /// What was found; sequences and encapsulated pixel data are no values.
    #[must_use]
    pub fn found(&self) -> Option<ValueAt> {
        self.found
    }
}

impl Visitor for ValueReader {
    fn element(&mut self, path: &[(u32, u32)], met: &Met) -> Wish {
        let depth = path.len();
        if path != self.sequences.get(..depth).unwrap_or(&[]) {
            return Wish::Skip;
        }
        let wanted = self.sequences.get(depth).map_or(self.tag, |sequence| sequence.0);
        if met.tag > wanted && depth == 0 {
            return Wish::Stop;
        }
        if met.tag != wanted {
            return Wish::Skip;
        }
        if depth < self.sequences.len() {
            return if &met.vr == b"SQ" || &met.vr == b"UN" { Wish::Enter } else { Wish::Stop };
        }
        if met.length.is_some() && &met.vr != b"SQ" {
            self.found = Some(ValueAt { met: *met, word: if met.big_endian { word(met.vr) } else { 1 } });
        }
        Wish::Stop
    }

    fn value(&mut self, _: &[(u32, u32)], _: &Met, _: Vec<u8>) {}

    fn fragment(&mut self, _: u64, _: u64, _: u32, _: &[u8]) -> Wish {
        Wish::Stop
    }
}
