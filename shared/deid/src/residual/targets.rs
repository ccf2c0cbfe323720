//! The byte strings that are searched for, made of the identifiers.

use super::beside::Beside;
use super::encode::{Coding, codings, encoded, wide};
use crate::text::fold::{Umlauts, folded};
use crate::text::glyphs::CharacterSets;
use crate::text::identifiers::{IdentifierKind, Identifiers};
use crate::text::names::{Name, is_unspaced, names};
use crate::text::spellings::Day;
use crate::text::vocabulary::{is_noise, is_vocabulary};

/// One byte string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub bytes: Vec<u8>,
    pub kind: IdentifierKind,
    pub beside: Beside,
    /// UTF-16 of ASCII characters.
    pub wide: bool,
}

/// What is searched where.
#[derive(Default)]
pub(super) struct Targets {
    /// In headers, whatever the case of ASCII letters.
    pub text: Vec<Target>,
    /// In pixels, as they stand: long enough not to be there by chance.
    pub strong: Vec<Target>,
}

impl Targets {
    pub fn of(ids: &Identifiers, sets: &CharacterSets) -> Self {
        let codings = codings(sets);
        let mut targets = Self::default();
        for (kind, value) in ids.iter() {
            match kind {
                IdentifierKind::PatientName | IdentifierKind::OtherName => {
                    for name in names(value) {
                        targets.name(kind, &name, &codings);
                    }
                }
                IdentifierKind::Id | IdentifierKind::CounterId | IdentifierKind::Phone => {
                    targets.number(kind, value, &codings)
                }
                IdentifierKind::BirthDate => targets.day(value),
                IdentifierKind::Mail
                    if value.chars().filter(char::is_ascii_digit).count() >= 6 && !value.contains('@') =>
                {
                    targets.number(kind, value, &codings);
                }
                IdentifierKind::Mail | IdentifierKind::Institution => targets.line(kind, value, &codings),
                IdentifierKind::Address => {
                    for line in value.split(['^', ',', ';', '\n', '\r', '=']).chain([value]) {
                        targets.line(kind, line, &codings);
                    }
                }
                IdentifierKind::Uid => {}
            }
        }
        targets
    }

    fn name(&mut self, kind: IdentifierKind, name: &Name, codings: &[Coding]) {
        for word in name.words() {
            self.word(kind, word, codings);
        }
        let (family, given) = (name.family.join(" "), name.given.join(" "));
        if family.is_empty() || given.is_empty() {
            return;
        }
        if family.chars().any(is_unspaced) {
            for text in [format!("{family}{given}"), format!("{family}^{given}")] {
                self.encodings(kind, &text, Beside::Anything, codings);
            }
        } else if kind == IdentifierKind::PatientName && family.len() + given.len() >= 6 {
            for text in [format!("{family}^{given}"), format!("{family}, {given}"), format!("{given} {family}")] {
                for text in [text.to_uppercase(), text] {
                    self.strong(kind, text.into_bytes(), Beside::NoLetter);
                }
            }
        }
    }

    fn word(&mut self, kind: IdentifierKind, word: &str, codings: &[Coding]) {
        let letters = word.chars().count();
        if word.chars().any(is_unspaced) {
            if letters >= 2 {
                self.encodings(kind, word, Beside::Anything, codings);
            }
            return;
        }
        let plain = folded(word, Umlauts::Dropped);
        if letters < 3 || is_vocabulary(&plain) {
            return;
        }
        let beside = match letters {
            3 if word.is_ascii() => Beside::Short,
            3..=5 => Beside::NoLetter,
            _ => Beside::NotInWord,
        };
        if word.is_ascii() {
            self.ascii(kind, word, beside);
            return;
        }
        self.ascii(kind, &plain, beside);
        let long = folded(word, Umlauts::Spelled);
        if long != plain {
            self.ascii(kind, &long, beside);
        }
        let mut chars = word.chars();
        let title: String =
            chars.next().into_iter().flat_map(char::to_uppercase).chain(chars.flat_map(char::to_lowercase)).collect();
        let mut cases = vec![word.to_owned(), word.to_uppercase(), word.to_lowercase(), title];
        cases.sort_unstable();
        cases.dedup();
        for case in cases {
            self.encodings(kind, &case, beside, codings);
        }
    }

    /// A text that is not ASCII, in every coding.
    fn encodings(&mut self, kind: IdentifierKind, text: &str, beside: Beside, codings: &[Coding]) {
        for coding in codings {
            let Some(bytes) = encoded(text, *coding).filter(|bytes| bytes.len() >= 3) else { continue };
            let beside = match coding {
                Coding::Jis => Beside::Kanji,
                Coding::Utf16Be | Coding::Utf16Le => Beside::Anything,
                _ => beside,
            };
            if bytes.len() >= 6 && !matches!(coding, Coding::Jis | Coding::Utf16Be | Coding::Utf16Le) {
                self.strong(kind, bytes.clone(), beside);
            }
            self.text(Target { bytes, kind, beside, wide: false });
        }
    }

    /// An ASCII text, also as UTF-16; one that is not ASCII after folding is none.
    fn ascii(&mut self, kind: IdentifierKind, text: &str, beside: Beside) {
        if !text.is_ascii() || text.len() < 3 {
            return;
        }
        self.text(Target { bytes: text.as_bytes().to_vec(), kind, beside, wide: false });
        if text.len() >= 4 {
            self.text(Target { bytes: wide(text), kind, beside, wide: true });
        }
        let alphabetic = text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() < if digits { 8 } else { 6 } {
            return;
        }
        let lower = text.to_ascii_lowercase();
        let title: String = lower[..1].to_ascii_uppercase() + &lower[1..];
        let mut cases = vec![text.to_owned(), text.to_ascii_uppercase(), title];
        cases.sort_unstable();
        cases.dedup();
        let beside = match beside {
            _ if alphabetic => Beside::NoLetter,
            _ if digits => Beside::NoDigit,
            beside => beside,
        };
        for case in cases {
            self.strong.push(Target { bytes: wide(&case), kind, beside, wide: true });
            self.strong(kind, case.into_bytes(), beside);
        }
    }

    /// As it stands, without separators, and the digits alone.
    fn number(&mut self, kind: IdentifierKind, value: &str, codings: &[Coding]) {
        if !value.is_ascii() {
            self.encodings(kind, value, Beside::NoLetterNoDigit, codings);
        }
        let plain: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
        let core = crate::text::spellings::longest_digits(&plain);
        let mut forms = vec![value.to_owned(), plain];
        if core.len() >= 6 {
            forms.push(core);
        }
        forms.dedup();
        for form in forms {
            let letters = form.bytes().any(|byte| byte.is_ascii_alphabetic());
            let digits = form.bytes().filter(u8::is_ascii_digit).count();
            let beside = match form.len() {
                0..=3 => continue,
                _ if digits == 0 && is_vocabulary(&form.to_ascii_lowercase()) => continue,
                4 if letters => Beside::NoLetterNoDigit,
                _ if letters && digits > 0 => Beside::Anything,
                _ if letters => Beside::NoLetterNoDigit,
                4 | 5 => Beside::NoDecimalNoLetter,
                6 | 7 => Beside::NoDecimal,
                _ => Beside::Anything,
            };
            self.ascii(kind, &form, beside);
        }
    }

    fn day(&mut self, value: &str) {
        let Some(day) = Day::parse(value) else { return };
        for text in day.written() {
            let kind = IdentifierKind::BirthDate;
            self.text(Target { bytes: wide(&text), kind, beside: Beside::NoDigit, wide: true });
            self.text(Target { bytes: text.into_bytes(), kind, beside: Beside::NoDigit, wide: false });
        }
    }

    /// A line of an address, an institution, a mail address.
    fn line(&mut self, kind: IdentifierKind, value: &str, codings: &[Coding]) {
        let value = value.trim();
        let letters = value.chars().filter(|c| c.is_alphabetic()).count();
        let digits = value.chars().filter(char::is_ascii_digit).count();
        let enough = letters >= 6 || (digits > 0 && letters + digits >= 5 && letters > 0);
        if !enough || is_noise(value) || is_vocabulary(&folded(value, Umlauts::Dropped)) {
            return;
        }
        if value.is_ascii() {
            self.ascii(kind, value, Beside::NoLetterNoDigit);
        } else {
            self.encodings(kind, value, Beside::NoLetterNoDigit, codings);
        }
    }

    fn text(&mut self, target: Target) {
        self.text.push(target);
    }

    fn strong(&mut self, kind: IdentifierKind, bytes: Vec<u8>, beside: Beside) {
        if bytes.len() >= 6 {
            // What a cut could hide is not asked for: whole words are long enough here.
            let beside = if beside == Beside::NotInWord { Beside::NoLetter } else { beside };
            self.strong.push(Target { bytes, kind, beside, wide: false });
        }
    }
}
