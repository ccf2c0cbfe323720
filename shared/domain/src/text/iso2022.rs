//! Code extensions with escape sequences (PS3.5 6.1.2.5, PS3.3 Table C.12-3 and C.12-4).

use super::charset::{Charset, strict};

/// What the bytes after an escape sequence are.
#[derive(Clone, Copy)]
enum Run {
    /// The first declared set.
    Initial,
    Set(Charset),
    /// Two bytes of JIS X 0208 in 7 bits.
    Jis0208,
    /// Two bytes of JIS X 0212 in 7 bits.
    Jis0212,
}

/// Decodes a value with escape sequences; `None`: something in it is not of the declared sets.
pub(super) fn decode(raw: &[u8], declared: &[Charset]) -> Option<String> {
    let initial = declared.first().copied().unwrap_or(Charset::Ascii);
    let mut text = String::new();
    let mut run = Run::Initial;
    for (number, piece) in raw.split(|byte| *byte == 0x1B).enumerate() {
        let mut bytes = piece;
        if number > 0 {
            let (next, length) = escape(piece)?;
            run = next;
            bytes = &piece[length..];
        }
        // Delimiters bring the initial set back (PS3.5 6.1.2.5.3).
        let reset = bytes.iter().position(|byte| matches!(byte, b'^' | b'=' | b'\\' | b'\r' | b'\n' | 0x0C));
        let reset = reset.filter(|_| !matches!(run, Run::Jis0208 | Run::Jis0212));
        let (inside, after) = bytes.split_at(reset.unwrap_or(bytes.len()));
        text.push_str(&piece_text(inside, run, initial)?);
        if !after.is_empty() {
            text.push_str(&piece_text(after, Run::Initial, initial)?);
            run = Run::Initial;
        }
    }
    Some(text)
}

/// What an escape sequence (without its first byte) switches to, and its length.
fn escape(bytes: &[u8]) -> Option<(Run, usize)> {
    let two = |run| Some((run, 2));
    let three = |run| Some((run, 3));
    let set = |term| Charset::from_term(term).map(Run::Set);
    match bytes {
        [b'(', b'B', ..] => two(Run::Set(Charset::Ascii)),
        [b'(', b'J', ..] | [b')', b'I', ..] => two(Run::Set(Charset::Katakana)),
        [b'$', b'B' | b'@', ..] => two(Run::Jis0208),
        [b'$', b'(', b'D', ..] => three(Run::Jis0212),
        [b'$', b')', b'C', ..] => three(set("149")?),
        [b'$', b')', b'A', ..] => three(set("58")?),
        [b'-', b'A', ..] => two(set("100")?),
        [b'-', b'B', ..] => two(set("101")?),
        [b'-', b'C', ..] => two(set("109")?),
        [b'-', b'D', ..] => two(set("110")?),
        [b'-', b'L', ..] => two(set("144")?),
        [b'-', b'G', ..] => two(set("127")?),
        [b'-', b'F', ..] => two(set("126")?),
        [b'-', b'H', ..] => two(set("138")?),
        [b'-', b'M', ..] => two(set("148")?),
        [b'-', b'T', ..] => two(set("166")?),
        [b'-', b'b', ..] => two(set("203")?),
        _ => None,
    }
}

fn piece_text(bytes: &[u8], run: Run, initial: Charset) -> Option<String> {
    match run {
        Run::Initial => initial.decode(bytes),
        Run::Set(set) => set.decode(bytes),
        Run::Jis0208 => strict(encoding_rs::EUC_JP, &high(bytes, &[])),
        Run::Jis0212 => strict(encoding_rs::EUC_JP, &high(bytes, &[0x8F])),
    }
}

/// EUC-JP holds the same characters with the high bit set, JIS X 0212 behind 0x8F.
fn high(bytes: &[u8], prefix: &[u8]) -> Vec<u8> {
    bytes.chunks(2).flat_map(|pair| prefix.iter().copied().chain(pair.iter().map(|byte| byte | 0x80))).collect()
}
