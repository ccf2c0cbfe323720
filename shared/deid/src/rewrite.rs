//! Rewriting a header by a rule set: what stays is copied byte for byte, changed sequences get undefined lengths.

use thiserror::Error;

use crate::element::{ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, dictionary_vr, put_header};
use crate::facts::Facts;
use crate::rules::{Action, ElementContext, Inserted, RuleSet};
use crate::scanner::{Element, element, items};
use crate::syntax::Syntax;

/// Why a data set cannot be rewritten. Nothing of it may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RewriteError {
    /// It ends in the middle.
    #[error("the data set ends in the middle")]
    Truncated,
    /// It breaks the encoding rules.
    #[error("the data set is malformed: {0}")]
    Malformed(&'static str),
    /// Sequences are nested more deeply than any real data set.
    #[error("the data set is nested too deeply")]
    TooDeep,
    /// What comes before the pixels is larger than allowed.
    #[error("the header is larger than {0} bytes")]
    TooLarge(usize),
    /// A deflated data set cannot be inflated.
    #[error("the deflated data set is damaged")]
    Deflate,
}

/// Limits that keep memory bounded whatever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes before the pixels, and again after them.
    pub header: usize,
    /// Nested sequences.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { header: 64 << 20, depth: 32 }
    }
}

/// Counts of what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub removed: u32,
    pub changed: u32,
}

pub(crate) struct Rewrite<'a> {
    pub rules: &'a dyn RuleSet,
    pub facts: &'a Facts,
    pub max_depth: usize,
    pub tally: Tally,
}

impl Rewrite<'_> {
    /// Rewrites the top level, writing `inserted` in tag order. What is left over is given back (it may belong behind the pixels).
    pub fn top(
        &mut self,
        input: &[u8],
        syntax: Syntax,
        inserted: &mut Vec<Inserted>,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let all: Vec<u32> = inserted.iter().map(|element| element.tag).collect();
        let mut at = 0;
        while at < input.len() {
            let found = element(&input[at..], syntax, self.max_depth)?.ok_or(RewriteError::Truncated)?;
            at += found.whole.len();
            while inserted.first().is_some_and(|first| first.tag <= found.header.tag) {
                put_inserted(out, syntax, &inserted.remove(0));
            }
            if all.contains(&found.header.tag) {
                self.tally.changed += 1;
            } else {
                self.element(&found, syntax, 0, out)?;
            }
        }
        Ok(())
    }

    fn element(
        &mut self,
        found: &Element<'_>,
        syntax: Syntax,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let tag = found.header.tag;
        if tag & 0xFFFF == 0 && self.rules.drops_group_lengths() {
            return Ok(());
        }
        let is_sequence = is_sequence(found);
        let vr = if found.header.vr == *b"UN" { dictionary_vr(tag) } else { found.header.vr };
        let context = ElementContext {
            tag,
            vr: if is_sequence { *b"SQ" } else { vr },
            depth,
            is_private: (tag >> 16) & 1 == 1,
            value: if is_sequence { &[] } else { found.value },
            facts: self.facts,
        };
        match self.rules.action(&context) {
            Action::Keep if is_sequence => self.sequence(found, syntax, depth, out),
            Action::Keep => {
                out.extend_from_slice(found.whole);
                Ok(())
            }
            Action::Remove => {
                self.tally.removed += 1;
                Ok(())
            }
            Action::Empty => {
                self.tally.changed += 1;
                put_header(out, syntax, tag, found.header.vr, 0);
                Ok(())
            }
            Action::Replace(value) => {
                self.tally.changed += 1;
                put_value(out, syntax, tag, found.header.vr, &value);
                Ok(())
            }
        }
    }

    /// Rewrites the items; a sequence in which nothing changes is copied as it is.
    fn sequence(
        &mut self,
        found: &Element<'_>,
        syntax: Syntax,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let depth_left = self.max_depth.checked_sub(depth + 1).ok_or(RewriteError::TooDeep)?;
        let inside = if found.header.vr == *b"UN" && syntax.explicit { Syntax::IMPLICIT } else { found.inside };
        let before = items(found.value, inside, depth_left)?;
        let mut after = Vec::with_capacity(before.len());
        let mut same = true;
        for item in before {
            let mut rewritten = Vec::with_capacity(item.len());
            self.item(item, inside, depth + 1, &mut rewritten)?;
            same &= rewritten == item;
            after.push(rewritten);
        }
        if same {
            out.extend_from_slice(found.whole);
            return Ok(());
        }
        put_header(out, syntax, found.header.tag, found.header.vr, UNDEFINED);
        for item in after {
            put_header(out, inside, ITEM, *b"  ", UNDEFINED);
            out.extend_from_slice(&item);
            put_header(out, inside, ITEM_END, *b"  ", 0);
        }
        put_header(out, inside, SEQUENCE_END, *b"  ", 0);
        Ok(())
    }

    fn item(&mut self, input: &[u8], syntax: Syntax, depth: usize, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        let depth_left = self.max_depth.checked_sub(depth).ok_or(RewriteError::TooDeep)?;
        let mut at = 0;
        while at < input.len() {
            let found = element(&input[at..], syntax, depth_left)?.ok_or(RewriteError::Truncated)?;
            at += found.whole.len();
            self.element(&found, syntax, depth, out)?;
        }
        Ok(())
    }
}

/// A sequence by its VR, by its undefined length, or by the dictionary if it is written as UN.
fn is_sequence(found: &Element<'_>) -> bool {
    let Element { header, value, .. } = found;
    header.vr == *b"SQ"
        || header.length == UNDEFINED
        || (header.vr == *b"UN" && !value.is_empty() && dictionary_vr(header.tag) == *b"SQ")
}

/// Writes an element that is to be there in any case.
pub(crate) fn put_inserted(out: &mut Vec<u8>, syntax: Syntax, element: &Inserted) {
    put_value(out, syntax, element.tag, element.vr, &element.value);
}

fn put_value(out: &mut Vec<u8>, syntax: Syntax, tag: u32, vr: [u8; 2], value: &[u8]) {
    let even = value.len().next_multiple_of(2);
    put_header(out, syntax, tag, vr, u32::try_from(even).unwrap_or(0));
    out.extend_from_slice(value);
    if even > value.len() {
        out.push(if matches!(&vr, b"UI" | b"OB" | b"UN") { 0 } else { b' ' });
    }
}
