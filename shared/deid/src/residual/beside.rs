//! What may stand beside a hit, so that a short name is not found in every other word and a number not in every decimal.

use std::ops::Range;

/// A rule for the bytes before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// Anything.
    Anything,
    /// No letter; a byte above ASCII counts as one.
    NoLetter,
    /// For three letters, which binary data hold by chance: as `NoLetter`, in one case or capitalised, and text goes on behind.
    Short,
    /// Not inside a longer word of letters alone.
    NotInWord,
    /// No letter and no digit.
    NoLetterNoDigit,
    /// No digit.
    NoDigit,
    /// No digit and no point: not a part of a decimal or a UID. Zeros before it are part of it.
    NoDecimal,
    /// The code of an identifier as short as a word: neither letter nor digit nor point.
    NoDecimalNoLetter,
    /// An escape sequence to a Japanese set of two bytes stands before.
    Kanji,
}

/// Bytes as characters: of one byte, or of two of which the other is zero (UTF-16).
struct Neighbours<'a> {
    bytes: &'a [u8],
    range: Range<usize>,
    step: usize,
}

impl Neighbours<'_> {
    /// The n-th character before, counted from 0.
    fn before(&self, n: usize) -> Option<u8> {
        let at = self.range.start.checked_sub((n + 1) * self.step)?;
        let byte = self.bytes.get(at).copied()?;
        (self.step == 1 || self.bytes.get(at + 1) == Some(&0)).then_some(byte)
    }

    /// The n-th character after.
    fn after(&self, n: usize) -> Option<u8> {
        // UTF-16 text is searched without its outer zero: the next character begins one byte later.
        let at = self.range.end + n * self.step + (self.step - 1);
        let byte = self.bytes.get(at).copied()?;
        (self.step == 1 || self.bytes.get(at - 1) == Some(&0)).then_some(byte)
    }
}

impl Beside {
    /// Whether a hit in this range counts. `wide`: it is UTF-16 of ASCII characters.
    pub fn allows(self, bytes: &[u8], range: &Range<usize>, wide: bool) -> bool {
        let text = Neighbours { bytes, range: range.clone(), step: if wide { 2 } else { 1 } };
        let neither = |is: fn(u8) -> bool| !text.before(0).is_some_and(is) && !text.after(0).is_some_and(is);
        match self {
            Self::Anything => true,
            Self::NoLetter => neither(letter),
            Self::Short => neither(letter) && text.after(0).is_none_or(quiet) && capitalised(&bytes[range.clone()]),
            Self::NotInWord => !in_word(&text),
            Self::NoLetterNoDigit => neither(|byte| letter(byte) || byte.is_ascii_digit()),
            Self::NoDigit => neither(|byte| byte.is_ascii_digit()),
            Self::NoDecimalNoLetter => neither(|byte| letter(byte) || byte.is_ascii_digit() || byte == b'.'),
            Self::NoDecimal => {
                let zeros = (0..16).take_while(|n| text.before(*n) == Some(b'0')).count();
                let number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
                let end_of_sentence =
                    text.after(0) == Some(b'.') && !text.after(1).is_some_and(|byte| byte.is_ascii_digit());
                !text.before(zeros).is_some_and(number) && (end_of_sentence || !text.after(0).is_some_and(number))
            }
            Self::Kanji => {
                let before = &bytes[range.start.saturating_sub(256)..range.start];
                let escape = before.iter().rposition(|byte| *byte == 0x1B);
                escape.is_some_and(|at| before.get(at + 1) == Some(&b'$'))
            }
        }
    }
}

fn letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// A character of text that is no letter.
fn quiet(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\r' | b'\n' | b' '..=b'~')
}

/// "DOE", "Doe" or "doe".
fn capitalised(word: &[u8]) -> bool {
    let rest = word.get(1..).unwrap_or_default();
    let first_is_upper = word.first().is_some_and(u8::is_ascii_uppercase);
    rest.iter().all(u8::is_ascii_lowercase) || (first_is_upper && rest.iter().all(u8::is_ascii_uppercase))
}

/// A longer word around, and no digit in it.
fn in_word(text: &Neighbours<'_>) -> bool {
    let run = |next: &dyn Fn(usize) -> Option<u8>| {
        let (mut letters, mut digits) = (0, 0);
        for byte in (0..64).map_while(next) {
            match byte {
                byte if byte.is_ascii_alphabetic() => letters += 1,
                byte if byte.is_ascii_digit() => digits += 1,
                _ => break,
            }
        }
        (letters, digits)
    };
    let (before, after) = (run(&|n| text.before(n)), run(&|n| text.after(n)));
    before.0 + after.0 > 0 && before.1 + after.1 == 0
}
