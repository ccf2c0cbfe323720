//! Decoding with byte spans (PS3.5 6.1, PS3.3 C.12.1.1.2). Nothing is ever encoded again: text is cleaned by taking bytes out.

use std::ops::Range;

use adit_domain::text::Charset;

use super::multibyte::{High, Low, Shift, escape};

const ESCAPE: u8 = 0x1B;

/// The character sets of one data set or item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CharacterSets {
    sets: Vec<Charset>,
    high: High,
}

impl CharacterSets {
    /// From the raw value of (0008,0005). None, unknown ones and careless spellings are no error.
    pub fn of(specific_character_set: &[u8]) -> Self {
        let value = String::from_utf8_lossy(specific_character_set);
        let sets: Vec<Charset> =
            value.split('\\').filter_map(|term| Charset::from_term(term.trim_matches(['\0', ' ']))).collect();
        let high = sets.first().map_or(High::Guess, |set| High::of(*set));
        Self { sets, high }
    }

    /// The declared sets.
    pub fn sets(&self) -> &[Charset] {
        &self.sets
    }

    /// Reads a value. Undecodable bytes become U+FFFD with their span, in ASCII and UTF-8 what Latin-1 makes of them.
    pub fn read(&self, raw: &[u8]) -> Text {
        let text = self.read_as(raw, self.high);
        let failed = self.high != High::Guess && text.glyphs.iter().any(|glyph| glyph.c == '\u{FFFD}');
        if failed && std::str::from_utf8(raw).is_ok() { self.read_as(raw, High::Guess) } else { text }
    }

    fn read_as(&self, raw: &[u8], initial: High) -> Text {
        let escapes = initial.knows_escapes() && raw.contains(&ESCAPE);
        let mut text = Text { glyphs: Vec::with_capacity(raw.len()), escapes };
        let (mut low, mut high) = (Low::Ascii, initial);
        let mut at = 0;
        while let Some(&byte) = raw.get(at) {
            if escapes && byte == ESCAPE {
                let (shift, length) = escape(&raw[at + 1..]);
                match shift {
                    Some(Shift::Low(set)) => low = set,
                    Some(Shift::High(set)) => high = set,
                    None => {}
                }
                at += 1 + length;
                continue;
            }
            let (c, length) = if byte < 0x80 { low.read(&raw[at..]) } else { high.read(&raw[at..]) };
            text.push(c, at, at + length);
            at += length;
            if escapes && resets(c, length) {
                low = Low::Ascii;
                // Without a set of its own in the high half, what was switched to stays: many writers do not repeat it.
                high = if initial == High::Guess { high } else { initial };
            }
        }
        text
    }
}

/// Control characters and delimiters bring the initial set back (PS3.5 6.1.2.5.3).
fn resets(c: char, length: usize) -> bool {
    length == 1 && matches!(c, '^' | '=' | '\\' | '\r' | '\n' | '\t' | '\u{C}')
}

/// One character and the bytes it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glyph {
    pub c: char,
    pub start: u32,
    pub end: u32,
}

/// Decoded text. Escape sequences belong to no glyph and so stay when glyphs go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text {
    pub glyphs: Vec<Glyph>,
    escapes: bool,
}

impl Text {
    fn push(&mut self, c: char, start: usize, end: usize) {
        let span = |at| u32::try_from(at).unwrap_or(u32::MAX);
        self.glyphs.push(Glyph { c, start: span(start), end: span(end) });
    }

    /// Text that is at hand as a string; its spans are those of UTF-8.
    #[cfg(test)]
    pub fn plain(text: &str) -> Self {
        CharacterSets::of(b"ISO_IR 192").read(text.as_bytes())
    }

    /// The characters.
    pub fn string(&self) -> String {
        self.glyphs.iter().map(|glyph| glyph.c).collect()
    }

    /// The characters of a range of glyphs.
    pub fn slice(&self, range: Range<usize>) -> String {
        self.glyphs.get(range).unwrap_or_default().iter().map(|glyph| glyph.c).collect()
    }

    /// Glyph ranges of the values. Only a backslash of one byte divides: as half of a character it does not.
    pub fn values(&self) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        let mut start = 0;
        for (index, glyph) in self.glyphs.iter().enumerate() {
            if glyph.c == '\\' && glyph.end - glyph.start == 1 {
                out.push(start..index);
                start = index + 1;
            }
        }
        out.push(start..self.glyphs.len());
        out
    }

    /// The raw bytes without the glyphs of these ranges. Escape sequences stay, and in text with escape sequences so do the
    /// delimiters that end their effect.
    pub fn without(&self, raw: &[u8], cuts: &[Range<usize>]) -> Vec<u8> {
        let mut out = Vec::with_capacity(raw.len());
        let mut kept = 0;
        for range in super::merged(cuts.to_vec()) {
            for glyph in self.glyphs.get(range).unwrap_or_default() {
                let (start, end) = (glyph.start as usize, glyph.end as usize);
                if self.escapes && resets(glyph.c, end - start) {
                    continue;
                }
                out.extend_from_slice(raw.get(kept..start).unwrap_or_default());
                kept = end;
            }
        }
        out.extend_from_slice(raw.get(kept..).unwrap_or_default());
        out
    }
}

#[cfg(test)]
mod tests;
