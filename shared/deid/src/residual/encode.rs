//! An identifier in the bytes of a character set.

use adit_domain::text::Charset;
use encoding_rs::{EUC_JP, Encoding, GB18030, GBK, SHIFT_JIS, UTF_8};

use crate::text::glyphs::CharacterSets;

/// How characters become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Utf8,
    Latin1,
    Utf16Le,
    Utf16Be,
    Other(&'static Encoding),
    /// Two bytes of JIS X 0208 in 7 bits.
    Jis,
}

/// The codings that may be in a file with these sets.
pub(super) fn codings(sets: &CharacterSets) -> Vec<Coding> {
    let mut out = vec![Coding::Utf8, Coding::Latin1, Coding::Utf16Le, Coding::Utf16Be];
    for set in sets.sets() {
        let coding = match set {
            Charset::Ascii | Charset::Latin1 => continue,
            Charset::Other(encoding) if *encoding == UTF_8 => continue,
            Charset::Other(encoding) if *encoding == GBK => Coding::Other(GB18030),
            Charset::Other(encoding) => Coding::Other(encoding),
            Charset::Katakana => Coding::Other(SHIFT_JIS),
            Charset::Kanji => Coding::Jis,
        };
        if !out.contains(&coding) {
            out.push(coding);
        }
    }
    out
}

/// The bytes; `None`: the coding lacks a character.
pub(super) fn encoded(text: &str, coding: Coding) -> Option<Vec<u8>> {
    match coding {
        Coding::Utf8 => Some(text.as_bytes().to_vec()),
        Coding::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
        Coding::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Coding::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Coding::Other(encoding) => whole(encoding, text),
        Coding::Jis => {
            let bytes = whole(EUC_JP, text)?;
            // Only characters of two bytes; 0x8E leads katakana of one.
            let kanji = bytes.len() % 2 == 0 && bytes.iter().all(|byte| *byte >= 0xA1);
            kanji.then(|| bytes.iter().map(|byte| byte & 0x7F).collect())
        }
    }
}

fn whole(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let (bytes, _, lossy) = encoding.encode(text);
    (!lossy).then(|| bytes.into_owned())
}

/// UTF-16 of ASCII characters without the outer zero: found in both byte orders.
pub(super) fn wide(ascii: &str) -> Vec<u8> {
    let mut out: Vec<u8> = ascii.bytes().flat_map(|byte| [byte, 0]).collect();
    out.pop();
    out
}
