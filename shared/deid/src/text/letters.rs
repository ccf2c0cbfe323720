//! A text as a row of folded letters and digits, with what stands between them.

use std::ops::Range;

use super::fold::fold;
use super::glyphs::Text;
use super::names::is_unspaced;
use super::needle::Gaps;

/// One folded letter or digit.
#[derive(Clone, Copy)]
struct Letter {
    c: char,
    glyph: u32,
    /// Glyphs between the letter before and this one that are neither letter nor digit.
    gap: u32,
    /// A lower-case letter stands before, and this one is upper-case.
    hump: bool,
    /// Number of the run of letters and digits without anything between.
    run: u32,
}

/// Letters and digits of a text.
pub(super) struct Letters<'a> {
    text: &'a Text,
    row: Vec<Letter>,
    /// Of each run: it has a digit.
    mixed: Vec<bool>,
}

impl<'a> Letters<'a> {
    pub fn of(text: &'a Text) -> Self {
        let mut row: Vec<Letter> = Vec::with_capacity(text.glyphs.len());
        let mut mixed = vec![false];
        let (mut gap, mut lower) = (0, false);
        for (index, glyph) in text.glyphs.iter().enumerate() {
            let mut folded = ['\0'; 2];
            let mut count = 0;
            fold(glyph.c, |c| {
                folded[count.min(1)] = c;
                count += 1;
            });
            if count == 0 {
                continue;
            }
            if !folded[0].is_alphanumeric() {
                gap += 1;
                continue;
            }
            if gap > 0 && !row.is_empty() {
                mixed.push(false);
            }
            let hump = gap == 0 && lower && glyph.c.is_uppercase();
            lower = glyph.c.is_lowercase();
            let run = mixed.len() - 1;
            for c in &folded[..count.min(2)] {
                mixed[run] |= c.is_numeric();
                let at = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
                row.push(Letter { c: *c, glyph: at(index), gap, hump, run: at(run) });
                gap = 0;
            }
        }
        Self { text, row, mixed }
    }

    pub fn len(&self) -> usize {
        self.row.len()
    }

    pub fn at(&self, index: usize) -> Option<char> {
        self.row.get(index).map(|letter| letter.c)
    }

    /// This letter and the two after it; NUL beyond the end.
    pub fn trio(&self, index: usize) -> [char; 3] {
        [index, index + 1, index + 2].map(|index| self.at(index).unwrap_or('\0'))
    }

    /// Glyphs between the letter before and this one; 0 at the ends.
    pub fn gap(&self, index: usize) -> u32 {
        self.row.get(index).map_or(0, |letter| letter.gap)
    }

    /// Whether the gap before a letter is one of this sort.
    pub fn gap_is(&self, index: usize, gaps: Gaps) -> bool {
        let Some(letter) = self.row.get(index).filter(|letter| letter.gap <= 3) else { return false };
        let end = letter.glyph as usize;
        let start = self.row.get(index.wrapping_sub(1)).map_or(0, |before| before.glyph as usize + 1);
        let allowed = |c| match gaps {
            Gaps::Name => !matches!(c, '\\' | '\r' | '\n'),
            Gaps::Number => matches!(c, ' ' | '-' | '/' | '.' | '_') || is_wide_gap(c),
            Gaps::Phone => matches!(c, ' ' | '-' | '/' | '.' | '(' | ')' | '+') || is_wide_gap(c),
        };
        let between = self.text.glyphs.get(start..end).unwrap_or_default();
        between.iter().all(|glyph| allowed(glyph.c)) || (gaps == Gaps::Name && line_break(between))
    }

    /// The glyphs of a range of letters.
    pub fn glyphs(&self, range: Range<usize>) -> Range<usize> {
        let glyph = |index: usize| self.row.get(index).map_or(0, |letter| letter.glyph as usize);
        let mut end = glyph(range.end.wrapping_sub(1)) + 1;
        // Combining marks belong to the letter before.
        while self
            .text
            .glyphs
            .get(end)
            .is_some_and(|glyph| matches!(u32::from(glyph.c), 0x300..=0x36F | 0x3099 | 0x309A | 0xFF9E | 0xFF9F))
        {
            end += 1;
        }
        glyph(range.start)..end
    }

    /// Two letters or digits touch here.
    pub fn tight(&self, index: usize) -> bool {
        index > 0 && index < self.row.len() && self.row[index].gap == 0
    }

    /// A word can begin or end here: an end of the text, something between, a digit, a hump, another script.
    pub fn boundary(&self, index: usize) -> bool {
        if !self.tight(index) {
            return true;
        }
        let (before, after) = (self.row[index - 1], self.row[index]);
        after.hump || before.c.is_numeric() || after.c.is_numeric() || is_unspaced(before.c) != is_unspaced(after.c)
    }

    /// The run around this letter has digits as well.
    pub fn mixed(&self, index: usize) -> bool {
        self.row.get(index).is_some_and(|letter| self.mixed[letter.run as usize])
    }

    /// An "s" and the end of the word.
    pub fn genitive(&self, index: usize) -> bool {
        self.at(index) == Some('s') && self.tight(index) && self.boundary(index + 1)
    }

    pub fn digit_before(&self, index: usize) -> bool {
        self.tight(index) && self.row[index - 1].c.is_ascii_digit()
    }

    pub fn digit_at(&self, index: usize) -> bool {
        self.tight(index) && self.row[index].c.is_ascii_digit()
    }

    /// Written with a capital letter first.
    pub fn is_capital(&self, range: Range<usize>) -> bool {
        let glyph = self.row.get(range.start).and_then(|letter| self.text.glyphs.get(letter.glyph as usize));
        glyph.is_some_and(|glyph| !glyph.c.is_lowercase())
    }

    /// A range of glyphs with the country and area code in front of it.
    pub fn with_prefix_of_phone(&self, range: Range<usize>) -> Range<usize> {
        let mut start = range.start;
        let mut loose = 0;
        for at in (range.start.saturating_sub(24)..range.start).rev() {
            let Some(glyph) = self.text.glyphs.get(at) else { break };
            match glyph.c {
                '0'..='9' | '+' | '(' => {
                    start = at;
                    loose = 0;
                }
                ' ' | '-' | '/' | ')' | '.' if loose < 2 => loose += 1,
                _ => break,
            }
        }
        start..range.end
    }
}

/// Spaces and dashes that word processors put in.
fn is_wide_gap(c: char) -> bool {
    matches!(u32::from(c), 0xA0 | 0x2000..=0x200A | 0x2010..=0x2015 | 0x202F | 0x2212 | 0x3000)
}

/// A name may be continued on the next line.
fn line_break(between: &[super::glyphs::Glyph]) -> bool {
    between.iter().all(|glyph| matches!(glyph.c, '\r' | '\n' | ' '))
}

/// A character of a UID.
pub(super) fn is_uid_char(c: char) -> bool {
    c.is_ascii_digit() || c == '.'
}
