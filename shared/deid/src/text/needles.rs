//! The search for this patient's identifiers in a text: one pass, almost every position dismissed by its first three letters.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::glyphs::Text;
use super::grams::Grams;
use super::identifiers::{IdentifierKind, Identifiers};
use super::letters::{Letters, is_uid_char};
use super::needle::{Edge, Gaps, Needle, needles};

/// UIDs shorter than this name nothing.
const SHORTEST_UID: usize = 8;

/// What is searched for in the texts of a patient: the same for all of the patient's instances.
pub(crate) struct NeedleSet {
    /// Three letters and more, sorted by their key.
    long: Vec<Needle>,
    /// One and two letters.
    short: Vec<Needle>,
    grams: Grams,
}

impl NeedleSet {
    /// The needles of a data set.
    pub fn of(ids: &Identifiers) -> Self {
        let mut all = Vec::new();
        for (kind, value) in ids.iter() {
            needles(kind, value, &mut all);
        }
        all.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        all.dedup();
        let mut grams = Grams::default();
        for needle in &all {
            grams.add(gram(&needle.key));
        }
        let (short, long) = all.into_iter().filter(|needle| !needle.key.is_empty()).partition(|n| n.key.len() < 3);
        Self { long, short, grams }
    }
}

/// Everything to search for in an instance's texts.
pub(crate) struct Needles {
    set: Arc<NeedleSet>,
    uids: HashSet<String>,
}

impl Needles {
    /// The patient's needles and the UIDs of this data set.
    pub fn new(set: Arc<NeedleSet>, ids: &Identifiers) -> Self {
        let uids = ids.iter().filter(|(kind, _)| *kind == IdentifierKind::Uid);
        Self { set, uids: uids.map(|(_, uid)| uid.to_owned()).collect() }
    }

    /// The needles of one data set alone.
    #[cfg(test)]
    pub fn of(ids: &Identifiers) -> Self {
        Self::new(Arc::new(NeedleSet::of(ids)), ids)
    }

    /// Whether this is one of the data set's own UIDs.
    pub fn is_uid(&self, uid: &str) -> bool {
        self.uids.contains(uid)
    }

    /// Whether `find` could find something in a raw value. Never wrong with a no.
    pub fn may_occur(&self, raw: &[u8]) -> bool {
        let (mut a, mut b) = ('\0', '\0');
        let mut uid = 0;
        for byte in raw {
            if *byte >= 0x80 || *byte == 0x1B {
                return true;
            }
            uid = if is_uid_char(char::from(*byte)) { uid + 1 } else { 0 };
            if uid >= SHORTEST_UID && !self.uids.is_empty() {
                return true;
            }
            if byte.is_ascii_alphanumeric() {
                let c = char::from(byte.to_ascii_lowercase());
                if self.set.grams.may_have(Grams::chars(a, b, c)) || self.set.grams.may_have(Grams::chars(b, c, '\0')) {
                    return true;
                }
                (a, b) = (b, c);
            }
        }
        false
    }

    /// Glyph ranges of identifiers in a text.
    pub fn find(&self, text: &Text) -> Vec<Range<usize>> {
        let letters = Letters::of(text);
        let mut found = self.uids_in(text);
        let mut names = Vec::new();
        for start in 0..letters.len() {
            let trio = letters.trio(start);
            if self.set.grams.may_have(gram(&trio)) {
                let from = self.set.long.partition_point(|needle| needle.key[..3] < trio[..]);
                for needle in self.set.long[from..].iter().take_while(|needle| needle.key[..3] == trio[..]) {
                    self.take(&letters, needle, start, &mut found, &mut names);
                }
            }
            for needle in self.set.short.iter().filter(|needle| needle.key[0] == trio[0]) {
                self.take(&letters, needle, start, &mut found, &mut names);
            }
        }
        found.extend(accepted(&letters, &names).into_iter().map(|range| letters.glyphs(range)));
        super::merged(found)
    }

    fn take(
        &self,
        letters: &Letters<'_>,
        needle: &Needle,
        start: usize,
        found: &mut Vec<Range<usize>>,
        names: &mut Vec<Range<usize>>,
    ) {
        if !matches(letters, needle, start) {
            return;
        }
        let range = start..start + needle.key.len();
        let glyphs = letters.glyphs(range.clone());
        match needle.edge {
            Edge::Name => names.push(range),
            Edge::Free if needle.gaps == Gaps::Phone => found.push(letters.with_prefix_of_phone(glyphs)),
            Edge::Free => found.push(glyphs),
            Edge::Digits if letters.digit_before(start) || letters.digit_at(range.end) => {}
            Edge::Digits => found.push(glyphs),
            Edge::Token if letters.tight(start) || letters.tight(range.end) => {}
            Edge::Token => found.push(glyphs),
            Edge::Whole if letters.boundary(start) && letters.boundary(range.end) => found.push(glyphs),
            Edge::Whole => {}
            Edge::Capital if letters.boundary(start) && letters.boundary(range.end) && letters.is_capital(range) => {
                found.push(glyphs);
            }
            Edge::Capital => {}
        }
    }

    /// Runs of digits and dots that are a UID or begin with one.
    fn uids_in(&self, text: &Text) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        let mut at = 0;
        while !self.uids.is_empty() && at < text.glyphs.len() {
            let length = text.glyphs[at..].iter().take_while(|glyph| is_uid_char(glyph.c)).count();
            if length >= SHORTEST_UID {
                let run = text.slice(at..at + length);
                let mut ends = run.match_indices('.').map(|(end, _)| end).chain([length]);
                if let Some(end) = ends.rfind(|end| self.uids.contains(&run[..*end])) {
                    out.push(at..at + end);
                }
            }
            at += length.max(1);
        }
        out
    }
}

fn gram(key: &[char]) -> u32 {
    let at = |index| key.get(index).copied().unwrap_or('\0');
    Grams::chars(at(0), at(1), at(2))
}

/// Whether the letters and the separators between them are those of the needle.
fn matches(letters: &Letters<'_>, needle: &Needle, start: usize) -> bool {
    needle.key.iter().enumerate().all(|(index, c)| {
        letters.at(start + index) == Some(*c)
            && (index == 0
                || if letters.gap(start + index) == 0 {
                    !needle.must_gap(index)
                } else {
                    needle.may_gap(index) && letters.gap_is(start + index, needle.gaps)
                })
    })
}

/// Of places where names stand, those that are words: bounded on both sides, or by other names that are, as in "DOEJANE".
fn accepted(letters: &Letters<'_>, names: &[Range<usize>]) -> Vec<Range<usize>> {
    if names.is_empty() {
        return Vec::new();
    }
    let mut names = names.to_vec();
    names.sort_unstable_by_key(|range| (range.start, range.end));
    let mut left = vec![false; letters.len() + 1];
    for name in &names {
        left[name.end] |= left[name.start] || letters.boundary(name.start);
    }
    let mut right = vec![false; letters.len() + 1];
    names.sort_unstable_by_key(|range| std::cmp::Reverse((range.end, range.start)));
    for name in &names {
        right[name.start] |= right[name.end] || letters.boundary(name.end);
    }
    let fits = |name: &Range<usize>| {
        let ends = right[name.end] || letters.boundary(name.end) || (name.len() >= 4 && letters.genitive(name.end));
        let begins = left[name.start] || letters.boundary(name.start);
        let long = (name.len() >= 5 && letters.mixed(name.start)) || (name.len() >= 6 && ends);
        (begins && ends) || long
    };
    names.into_iter().filter(fits).collect()
}

#[cfg(test)]
mod tests;
