//! What is searched for: letters and digits of an identifier, where separators may stand between them, and what may stand beside.

use super::fold::{Umlauts, fold, folded};
use super::identifiers::IdentifierKind;
use super::names::{Name, is_unspaced, names};
use super::romanised::romanised;
use super::spellings::{Day, longest_digits};
use super::vocabulary::{is_common_pair, is_vocabulary};

/// What may stand beside a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Anything.
    Free,
    /// No digit.
    Digits,
    /// No letter and no digit.
    Token,
    /// A word boundary of any sort, or another name.
    Name,
    /// A word boundary of any sort on both sides: a single letter belongs to it.
    Whole,
    /// As a token, and written as a name: "Li" or "LI", never "li".
    Capital,
}

/// What separators may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gaps {
    /// Anything short that is no letter and no digit.
    Name,
    /// Those of numbers: space - / . _
    Number,
    /// Those of phone numbers too: ( ) +
    Phone,
}

/// One thing to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    /// Folded letters and digits.
    pub key: Vec<char>,
    /// Before which characters of the key separators may stand: a bit each, all ones for everywhere.
    pub may: u64,
    /// Before which they must.
    pub must: u64,
    pub gaps: Gaps,
    pub edge: Edge,
}

/// Everywhere.
pub(super) const ANYWHERE: u64 = u64::MAX;

impl Needle {
    /// Letters and digits of a text; separators may stand where the text has some.
    fn of(text: &str, edge: Edge, gaps: Gaps) -> Self {
        let (mut key, mut may, mut gap) = (Vec::with_capacity(text.len()), 0, false);
        for c in text.chars() {
            fold(c, |c| {
                if !c.is_alphanumeric() {
                    gap = true;
                    return;
                }
                if gap && !key.is_empty() && key.len() < 64 {
                    may |= 1 << key.len();
                }
                gap = false;
                key.push(c);
            });
        }
        Self { key, may, must: 0, gaps, edge }
    }

    fn everywhere(mut self) -> Self {
        self.may = ANYWHERE;
        self
    }

    pub fn may_gap(&self, index: usize) -> bool {
        self.may == ANYWHERE || (index < 64 && self.may >> index & 1 == 1)
    }

    pub fn must_gap(&self, index: usize) -> bool {
        index < 64 && self.must >> index & 1 == 1
    }
}

/// The needles of one identifier; UIDs are none, they are compared as a whole.
pub(super) fn needles(kind: IdentifierKind, value: &str, out: &mut Vec<Needle>) {
    match kind {
        IdentifierKind::PatientName | IdentifierKind::OtherName => {
            for name in names(value) {
                of_name(kind, &name, out);
            }
        }
        IdentifierKind::Id | IdentifierKind::CounterId => of_id(value, out),
        IdentifierKind::BirthDate => of_day(value, out),
        IdentifierKind::Phone => of_phone(value, out),
        IdentifierKind::Mail if value.contains('@') => out.push(Needle::of(value, Edge::Token, Gaps::Name)),
        IdentifierKind::Mail if value.chars().filter(char::is_ascii_digit).count() >= 6 => of_phone(value, out),
        IdentifierKind::Mail | IdentifierKind::Address => of_address(value, out),
        IdentifierKind::Institution => out.push(Needle::of(value, Edge::Token, Gaps::Name)),
        IdentifierKind::Uid => {}
    }
}

/// The words, the whole, and words together with initials.
fn of_name(kind: IdentifierKind, name: &Name, out: &mut Vec<Needle>) {
    // "Thorax^Radiology" in a physician's place takes no word out of a protocol's name.
    let harmless = |word: &str| kind == IdentifierKind::OtherName && is_vocabulary(&folded(word, Umlauts::Dropped));
    for word in name.words().filter(|word| !harmless(word)) {
        of_word(word, out);
    }
    let family = name.family.join(" ");
    let given = name.given.join(" ");
    let first = name.given.first().cloned().unwrap_or_default();
    let initial: String = first.chars().take(1).collect();
    let alphabetic = !family.chars().any(is_unspaced);
    let mut together = vec![family.clone(), given.clone()];
    if !family.is_empty() && !given.is_empty() {
        together.extend([format!("{family} {first}"), format!("{first} {family}")]);
        if name.given.len() > 1 {
            together.extend([format!("{family} {given}"), format!("{given} {family}")]);
        }
        if alphabetic && first.chars().count() > 1 {
            for text in [format!("{family} {initial}"), format!("{initial} {family}")] {
                out.extend(spelled(&text, Edge::Whole).into_iter().filter(|needle| needle.key.len() >= 3));
            }
        }
    }
    for text in together {
        for needle in spelled(&text, Edge::Name) {
            if needle.key.len() >= if alphabetic { 3 } else { 2 } && needle.may != 0 {
                out.push(needle);
            }
        }
    }
}

fn of_word(word: &str, out: &mut Vec<Needle>) {
    let letters = word.chars().count();
    if word.chars().any(is_unspaced) {
        let edge = if letters >= 2 { Edge::Free } else { Edge::Token };
        out.push(Needle::of(word, edge, Gaps::Name));
    } else if letters >= 3 {
        out.extend(spelled(word, Edge::Name));
    } else if letters == 2 && !is_common_pair(&folded(word, Umlauts::Dropped)) {
        out.push(Needle::of(word, Edge::Capital, Gaps::Name));
    }
}

/// A name with its umlauts dropped and spelled out, and the other way: "Mueller" is looked for as "Müller" too.
fn spelled(text: &str, edge: Edge) -> Vec<Needle> {
    let plain = Needle::of(text, edge, Gaps::Name);
    let long = Needle::of(&folded(text, Umlauts::Spelled), edge, Gaps::Name);
    let lower = folded(text, Umlauts::Dropped);
    let short = lower.replace("ae", "a").replace("oe", "o").replace("ue", "u");
    let contracted = (short.len() >= 5 && short != lower).then(|| Needle::of(&short, edge, Gaps::Name));
    let mut out = vec![plain];
    let romanised = romanised(text).into_iter().map(|text| Needle::of(&text, edge, Gaps::Name));
    for needle in [Some(long), contracted].into_iter().flatten().chain(romanised) {
        if !out.contains(&needle) {
            out.push(needle);
        }
    }
    out
}

/// Anywhere if long, with and without separators, and the digits alone.
fn of_id(value: &str, out: &mut Vec<Needle>) {
    let plain = Needle::of(value, Edge::Free, Gaps::Number);
    let length = plain.key.len();
    let digits = plain.key.iter().filter(|c| c.is_ascii_digit()).count();
    if digits == length && length < 4 {
        return;
    }
    let core = longest_digits(&plain.key.iter().collect::<String>());
    if core.len() >= 6 && core.len() < length {
        out.push(Needle::of(&core, Edge::Free, Gaps::Number).everywhere());
    } else if core.len() == 5 && core.len() < length {
        out.push(Needle::of(&core, Edge::Token, Gaps::Number));
    }
    let edge = match length {
        0..=3 => Edge::Token,
        _ if digits == 0 => Edge::Name,
        _ => Edge::Free,
    };
    let needle = Needle { edge, ..plain };
    out.push(if length >= 6 && digits > 0 { needle.everywhere() } else { needle });
}

fn of_day(value: &str, out: &mut Vec<Needle>) {
    let spellings = Day::parse(value).map(Day::spellings).unwrap_or_default();
    out.extend(spellings.into_iter().map(|spelling| Needle {
        // Beside a spelling with a month's name a letter would make it another word.
        edge: if spelling.key.bytes().all(|byte| byte.is_ascii_digit()) { Edge::Digits } else { Edge::Token },
        key: spelling.key.chars().collect(),
        may: spelling.may,
        must: spelling.must,
        gaps: Gaps::Name,
    }));
}

/// All digits, and the last eight of a number with country and area: "+49 30" is "030" elsewhere.
fn of_phone(value: &str, out: &mut Vec<Needle>) {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    if digits.len() < 6 {
        return;
    }
    let tail = if digits.len() >= 10 { &digits[digits.len() - 8..] } else { digits };
    let needle = Needle::of(tail, Edge::Free, Gaps::Phone).everywhere();
    if tail.len() < digits.len() {
        out.push(Needle::of(digits, Edge::Free, Gaps::Phone).everywhere());
    }
    out.push(needle);
}

/// The whole, its lines, street and town.
fn of_address(value: &str, out: &mut Vec<Needle>) {
    let mut parts: Vec<String> = vec![value.to_owned()];
    for line in value.split(['^', ',', ';', '\n', '\r', '=']) {
        parts.push(line.to_owned());
        let number = line.find(|c: char| c.is_ascii_digit());
        if let Some(at) = number {
            let (street, after) = line.split_at(at);
            parts.push(street.to_owned());
            parts.push(after.trim_start_matches(|c: char| !c.is_alphabetic()).to_owned());
        }
    }
    for part in parts {
        let plain = folded(&part, Umlauts::Dropped);
        for text in [plain.replace("strasse", "str"), plain.replace("str.", "strasse"), plain] {
            let needle = Needle::of(&text, Edge::Token, Gaps::Name);
            let digits = needle.key.iter().filter(|c| c.is_ascii_digit()).count();
            let enough = if digits == 0 { 6 } else { 5 };
            let wide = needle.key.iter().any(|c| is_unspaced(*c)) && needle.key.len() >= 3;
            if (needle.key.len() >= enough || wide) && !out.contains(&needle) {
                out.push(needle);
            }
        }
    }
}
