//! A text as words, numbers and single other characters.

use std::ops::Range;

use crate::text::fold::fold;
use crate::text::glyphs::Text;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Letters.
    Word,
    /// ASCII digits.
    Number,
    /// White space, as much as there is.
    Space,
    /// One other character.
    Other(char),
}

/// One token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub sort: Sort,
    /// Folded for words, as it stands for others.
    pub text: String,
    /// Begins with a capital.
    pub capital: bool,
    /// Has no small letter.
    pub shout: bool,
    glyphs: Range<usize>,
}

/// All tokens of a text; beyond its ends there is nothing, and nothing matches.
pub(super) struct Tokens {
    row: Vec<Token>,
}

impl Tokens {
    pub fn of(text: &Text) -> Self {
        let mut row: Vec<Token> = Vec::new();
        for (index, glyph) in text.glyphs.iter().enumerate() {
            let sort = sort(glyph.c);
            let joins = sort != Sort::Other(glyph.c) && row.last().is_some_and(|last| last.sort == sort);
            if !joins {
                row.push(Token {
                    sort,
                    text: String::new(),
                    capital: glyph.c.is_uppercase(),
                    shout: true,
                    glyphs: index..index,
                });
            }
            if let Some(token) = row.last_mut() {
                token.glyphs.end = index + 1;
                token.shout &= !glyph.c.is_lowercase();
                fold(glyph.c, |c| token.text.push(c));
            }
        }
        Self { row }
    }

    pub fn len(&self) -> usize {
        self.row.len()
    }

    pub fn glyphs(&self, range: Range<usize>) -> Range<usize> {
        let start = self.row.get(range.start).map_or(0, |token| token.glyphs.start);
        let end = self.row.get(range.end.wrapping_sub(1)).map_or(start, |token| token.glyphs.end);
        start..end
    }

    pub fn at(&self, index: usize) -> Option<&Token> {
        self.row.get(index)
    }

    pub fn before(&self, index: usize) -> Option<&Token> {
        self.row.get(index.checked_sub(1)?)
    }

    pub fn sort(&self, index: usize) -> Option<Sort> {
        self.at(index).map(|token| token.sort)
    }

    pub fn is(&self, index: usize, c: char) -> bool {
        self.sort(index) == Some(Sort::Other(c))
    }

    pub fn is_space(&self, index: usize) -> bool {
        self.sort(index) == Some(Sort::Space)
    }

    pub fn word(&self, index: usize) -> Option<&str> {
        self.at(index).filter(|token| token.sort == Sort::Word).map(|token| token.text.as_str())
    }

    pub fn digits(&self, index: usize) -> Option<&str> {
        self.at(index).filter(|token| token.sort == Sort::Number).map(|token| token.text.as_str())
    }

    /// The value and the width of a number of at most nine digits.
    pub fn number(&self, index: usize) -> Option<(u32, usize)> {
        let digits = self.digits(index)?;
        Some((digits.parse().ok().filter(|_| digits.len() <= 9)?, digits.len()))
    }

    /// Letters, digits or an underscore touch the token on its left.
    pub fn glued_before(&self, index: usize) -> bool {
        self.before(index).is_some_and(|token| matches!(token.sort, Sort::Word | Sort::Number))
    }

    /// The first index from here on that is no space.
    pub fn skip_space(&self, index: usize) -> usize {
        if self.is_space(index) { index + 1 } else { index }
    }

    /// A unit of measurement follows, directly or after a space: the number measures something.
    pub fn unit_at(&self, index: usize) -> bool {
        const UNITS: &[&str] = &[
            "a", "bpm", "bq", "cc", "ci", "cm", "deg", "g", "ghz", "gy", "hu", "hz", "ka", "kbq", "kg", "khz", "kv",
            "kvp", "l", "m", "ma", "mas", "mbq", "mci", "mg", "mgy", "mhz", "min", "ml", "mm", "mmhg", "ms", "msec",
            "msv", "nm", "ns", "pixel", "px", "s", "sec", "t", "um", "us", "v", "w",
        ];
        let at = self.skip_space(index);
        self.word(at).is_some_and(|word| UNITS.binary_search(&word).is_ok()) || self.is(at, '%') || self.is(at, '°')
    }
}

fn sort(c: char) -> Sort {
    if c.is_ascii_digit() {
        Sort::Number
    } else if c.is_whitespace() {
        Sort::Space
    } else if c.is_alphabetic() || matches!(u32::from(c), 0x300..=0x36F) {
        Sort::Word
    } else {
        Sort::Other(c)
    }
}
