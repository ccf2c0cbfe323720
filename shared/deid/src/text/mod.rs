//! Text of a data set: read with byte spans, searched for this patient's identifiers and for what free text should not hold.
//!
//! Knows character sets and how people write names, numbers and dates; knows no profile and no data set. What it finds are
//! ranges of glyphs; the rewriter takes their bytes out and writes nothing in their place.

pub(crate) mod attributes;
pub(crate) mod fold;
pub(crate) mod glyphs;
pub(crate) mod grams;
pub(crate) mod identifiers;
mod letters;
mod multibyte;
pub(crate) mod names;
mod needle;
pub(crate) mod needles;
pub(crate) mod patterns;
mod romanised;
pub(crate) mod spellings;
pub(crate) mod vocabulary;

use std::ops::Range;

/// Sorts ranges and joins those that overlap or touch.
pub(crate) fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}
