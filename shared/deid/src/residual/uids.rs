//! Original UIDs, compared as a whole: runs of digits and dots, in one byte or two (UTF-16) per character.

use std::ops::Range;

use crate::text::identifiers::{IdentifierKind, Identifiers};

/// Shorter runs name nothing.
const SHORTEST: usize = 8;

/// Hashes of the original UIDs, sorted: 64 bits each, so two UIDs are told apart for certain enough.
pub(super) struct Uids {
    hashes: Vec<u64>,
}

impl Uids {
    pub fn of(ids: &Identifiers) -> Self {
        let uids = ids.iter().filter(|(kind, _)| *kind == IdentifierKind::Uid);
        let mut hashes: Vec<u64> = uids.map(|(_, uid)| uid.bytes().fold(SEED, hash)).collect();
        hashes.sort_unstable();
        Self { hashes }
    }

    /// Whether an original UID, or one that begins with it and a dot, stands outside of `ours`.
    pub fn search(&self, bytes: &[u8], ours: &[Range<usize>]) -> Option<IdentifierKind> {
        let found = !self.hashes.is_empty() && (self.runs(bytes, 1, ours) || self.runs(bytes, 2, ours));
        found.then_some(IdentifierKind::Uid)
    }

    fn runs(&self, bytes: &[u8], step: usize, ours: &[Range<usize>]) -> bool {
        let mut at = 0;
        while at < bytes.len() {
            if !is_uid(bytes[at]) || (step == 2 && bytes.get(at + 1) != Some(&0)) {
                at += 1;
                continue;
            }
            let mut end = at;
            while bytes.get(end).is_some_and(|byte| is_uid(*byte)) && (step == 1 || end == at || bytes[end - 1] == 0) {
                end += step;
            }
            if end - at >= SHORTEST * step {
                let last = (end - step + 1).min(bytes.len());
                if self.run(bytes, at..last, step, ours) {
                    return true;
                }
                at = end;
            } else {
                // With two bytes a character the next run may begin between.
                at = if step == 1 { end.max(at + 1) } else { at + 1 };
            }
        }
        false
    }

    /// A length or a tag beside the value may look like a digit: the first and the last character may belong to it or not.
    fn run(&self, bytes: &[u8], run: Range<usize>, step: usize, ours: &[Range<usize>]) -> bool {
        if super::inside(&run, ours) {
            return false;
        }
        let later = run.start + step;
        // Every UID begins with an arc of one digit.
        let begins_later = bytes.get(later + step) == Some(&b'.');
        self.from(bytes, run.clone(), step, ours) || (begins_later && self.from(bytes, later..run.end, step, ours))
    }

    fn from(&self, bytes: &[u8], run: Range<usize>, step: usize, ours: &[Range<usize>]) -> bool {
        let mut sum = SEED;
        run.clone().step_by(step).any(|at| {
            sum = hash(sum, bytes[at]);
            let next = at + step;
            let ends = next + step >= run.end || bytes.get(next) == Some(&b'.');
            ends && self.hashes.binary_search(&sum).is_ok() && !super::inside(&(run.start..at + 1), ours)
        })
    }
}

const SEED: u64 = 0xCBF2_9CE4_8422_2325;

/// FNV-1a
fn hash(sum: u64, byte: u8) -> u64 {
    (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
}

fn is_uid(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'.'
}
