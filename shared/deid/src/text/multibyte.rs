//! One character at a time in the two halves of the code table, and the escape sequences that change them (PS3.5 6.1.2.5).

use adit_domain::text::Charset;
use encoding_rs::{EUC_JP, EUC_KR, Encoding, GB18030, GBK, SHIFT_JIS, UTF_8};

const LOST: char = '\u{FFFD}';

/// What bytes below 0x80 are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Low {
    Ascii,
    /// Two bytes of JIS X 0208 in 7 bits.
    Jis0208,
    /// Two bytes of JIS X 0212 in 7 bits.
    Jis0212,
}

/// What bytes from 0x80 on are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum High {
    /// UTF-8 where it is valid, Latin-1 elsewhere: what unlabelled and wrongly labelled text mostly is.
    Guess,
    Latin1,
    /// Another set of one byte.
    Single(&'static Encoding),
    /// GB 18030, GBK and GB 2312.
    Chinese,
    /// KS X 1001.
    Korean,
    /// JIS X 0201 katakana; Shift-JIS where careless writers put it.
    Japanese,
}

/// The effect of an escape sequence.
pub(super) enum Shift {
    Low(Low),
    High(High),
}

impl High {
    pub fn of(set: Charset) -> Self {
        match set {
            Charset::Ascii | Charset::Kanji => Self::Guess,
            Charset::Latin1 => Self::Latin1,
            Charset::Katakana => Self::Japanese,
            Charset::Other(encoding) if encoding == UTF_8 => Self::Guess,
            Charset::Other(encoding) if encoding == GB18030 || encoding == GBK => Self::Chinese,
            Charset::Other(encoding) if encoding == EUC_KR => Self::Korean,
            Charset::Other(encoding) => Self::Single(encoding),
        }
    }

    /// Code extensions do not go together with these sets; a stray escape byte is a character there.
    pub fn knows_escapes(self) -> bool {
        self != Self::Chinese
    }

    /// The character at the start of the bytes, and how many bytes it takes.
    pub fn read(self, bytes: &[u8]) -> (char, usize) {
        match (self, bytes) {
            (Self::Latin1, [byte, ..]) => (char::from(*byte), 1),
            (Self::Single(encoding), [byte, ..]) => (decoded(encoding, &[*byte]).unwrap_or(LOST), 1),
            (Self::Guess, _) => utf8(bytes),
            (Self::Chinese, [0x81..=0xFE, 0x30..=0x39, 0x81..=0xFE, 0x30..=0x39, ..]) => take(GB18030, bytes, 4),
            (Self::Chinese, [0x81..=0xFE, 0x40..=0x7E | 0x80..=0xFE, ..]) => take(GB18030, bytes, 2),
            (Self::Korean, [0x81..=0xFE, 0x41..=0x5A | 0x61..=0x7A | 0x81..=0xFE, ..]) => take(EUC_KR, bytes, 2),
            (Self::Japanese, [0x81..=0x9F | 0xE0..=0xFC, 0x40..=0x7E | 0x80..=0xFC, ..]) => take(SHIFT_JIS, bytes, 2),
            (Self::Japanese, [byte @ 0xA1..=0xDF, ..]) => (decoded(SHIFT_JIS, &[*byte]).unwrap_or(LOST), 1),
            _ => (LOST, 1),
        }
    }
}

impl Low {
    /// The character at the start of the bytes (the first one is below 0x80), and how many bytes it takes.
    pub fn read(self, bytes: &[u8]) -> (char, usize) {
        match (self, bytes) {
            (Self::Jis0208, [a @ 0x21..=0x7E, b @ 0x21..=0x7E, ..]) => {
                (decoded(EUC_JP, &[a | 0x80, b | 0x80]).unwrap_or(LOST), 2)
            }
            (Self::Jis0212, [a @ 0x21..=0x7E, b @ 0x21..=0x7E, ..]) => {
                (decoded(EUC_JP, &[0x8F, a | 0x80, b | 0x80]).unwrap_or(LOST), 2)
            }
            (Self::Ascii, [byte, ..]) | (_, [byte @ (0..=0x20 | 0x7F), ..]) => (char::from(*byte), 1),
            _ => (LOST, 1),
        }
    }
}

/// A character of `length` bytes. If it is none, only its first byte is lost: what follows may be a delimiter.
fn take(encoding: &'static Encoding, bytes: &[u8], length: usize) -> (char, usize) {
    decoded(encoding, &bytes[..length]).map_or((LOST, 1), |c| (c, length))
}

fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> Option<char> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

fn utf8(bytes: &[u8]) -> (char, usize) {
    let length = match bytes.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => 1,
    };
    let character = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()?.chars().next());
    match (character, bytes.first()) {
        (Some(c), _) => (c, length),
        (None, Some(byte)) => (char::from(*byte), 1),
        (None, None) => (LOST, 1),
    }
}

/// What an escape sequence (without its first byte) does, and its length. An unknown one has no length: what follows is text.
pub(super) fn escape(bytes: &[u8]) -> (Option<Shift>, usize) {
    let single = |encoding| Shift::High(High::Single(encoding));
    let (shift, length) = match bytes {
        [b'(', b'B' | b'J', ..] => (Shift::Low(Low::Ascii), 2),
        [b')', b'I', ..] => (Shift::High(High::Japanese), 2),
        [b'$', b'B' | b'@', ..] => (Shift::Low(Low::Jis0208), 2),
        [b'$', b'(', b'D', ..] => (Shift::Low(Low::Jis0212), 3),
        [b'$', b')', b'C', ..] => (Shift::High(High::Korean), 3),
        [b'$', b')', b'A', ..] => (Shift::High(High::Chinese), 3),
        [b'-', b'A', ..] => (Shift::High(High::Latin1), 2),
        [b'-', b'B', ..] => (single(encoding_rs::ISO_8859_2), 2),
        [b'-', b'C', ..] => (single(encoding_rs::ISO_8859_3), 2),
        [b'-', b'D', ..] => (single(encoding_rs::ISO_8859_4), 2),
        [b'-', b'L', ..] => (single(encoding_rs::ISO_8859_5), 2),
        [b'-', b'G', ..] => (single(encoding_rs::ISO_8859_6), 2),
        [b'-', b'F', ..] => (single(encoding_rs::ISO_8859_7), 2),
        [b'-', b'H', ..] => (single(encoding_rs::ISO_8859_8), 2),
        [b'-', b'M', ..] => (single(encoding_rs::WINDOWS_1254), 2),
        [b'-', b'T', ..] => (single(encoding_rs::WINDOWS_874), 2),
        [b'-', b'b', ..] => (single(encoding_rs::ISO_8859_15), 2),
        _ => return (None, 0),
    };
    (Some(shift), length)
}
