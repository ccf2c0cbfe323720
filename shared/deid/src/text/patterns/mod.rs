//! What free text should not hold, by rule: dates, phone numbers, mail addresses, names with what announces them, numbers that
//! name something. For texts whose author could have typed anything. Linear: a text is cut into tokens once, each rule looks a
//! few tokens ahead. What the rules must leave alone stands in the tests beside what they must find.

mod contacts;
mod dates;
mod numbers;
mod people;
mod tokens;

use std::ops::Range;

use super::glyphs::Text;
use tokens::Tokens;

/// Glyph ranges of what should not be there.
pub(crate) fn find(text: &Text) -> Vec<Range<usize>> {
    let tokens = Tokens::of(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let end = [dates::end, contacts::end, numbers::end, people::end].iter().find_map(|rule| rule(&tokens, at));
        if let Some(range) = end {
            found.push(tokens.glyphs(range.clone()));
            at = range.end.max(at + 1);
        } else {
            at += 1;
        }
    }
    super::merged(found)
}

#[cfg(test)]
mod tests;
