//! One value under its treatment. Text that stays is never written anew: bytes are taken out, the rest stays as it was.

use std::ops::Range;

use crate::dates::{is_tm, shift_da, shift_dt};
use crate::deidentifier::Deidentifier;
use crate::key::is_well_known;
use crate::profile::{Treatment, is_text};
use crate::report::What;
use crate::residual::ResidualScan;
use crate::text::glyphs::{CharacterSets, Text};
use crate::text::needles::Needles;
use crate::text::{merged, patterns};

/// Defined terms that happen to be names too; in a CS value they are terms.
const TERMS: [&str; 58] = [
    "ABDOMEN",
    "ADDITION",
    "ANKLE",
    "ARM",
    "AXIAL",
    "BACK",
    "BRAIN",
    "BREAST",
    "CERVIX",
    "CHEST",
    "COLON",
    "DERIVED",
    "EAR",
    "ELBOW",
    "EXTREMITY",
    "EYE",
    "FACE",
    "FEMALE",
    "FOOT",
    "FRONT",
    "GRID",
    "HAND",
    "HEAD",
    "HEART",
    "HIP",
    "IMAGE",
    "JAW",
    "KIDNEY",
    "KNEE",
    "LATERAL",
    "LEFT",
    "LEG",
    "LIVER",
    "LOCALIZER",
    "LUNG",
    "MALE",
    "MIXED",
    "NECK",
    "NONE",
    "NORM",
    "ORIGINAL",
    "OTHER",
    "PELVIS",
    "PRIMARY",
    "PRONE",
    "PROSTATE",
    "RIGHT",
    "SECONDARY",
    "SHOULDER",
    "SKULL",
    "SPINE",
    "STOMACH",
    "SUPINE",
    "THORAX",
    "UNKNOWN",
    "VOLUME",
    "WRIST",
    "YES",
];
/// A number that equals an identifier is taken for one from this length on.
const LONG_NUMBER: usize = 6;
/// How often a value is looked through again after something was taken out of it.
const MOST_ROUNDS: usize = 4;

/// What is known about the instance while its values are treated.
pub(crate) struct Secrets<'a> {
    pub deidentifier: &'a Deidentifier,
    pub needles: &'a Needles,
    pub scan: &'a ResidualScan,
    pub shift_days: i32,
}

/// What becomes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It stays byte for byte. `harmless`: it is a number, date or term, whatever digits stand in it.
    Keep {
        harmless: bool,
    },
    Remove,
    Empty(What),
    Put(Vec<u8>, What),
    /// A binary value holds an identifier: it goes, or becomes zeros where it must be there.
    Poisoned,
}

impl Secrets<'_> {
    pub fn apply(&self, treatment: &Treatment, vr: [u8; 2], raw: &[u8], sets: &CharacterSets) -> Outcome {
        match treatment {
            Treatment::Remove => Outcome::Remove,
            Treatment::Empty | Treatment::Content => Outcome::Empty(What::Emptied),
            Treatment::Dummy => Outcome::Put(dummy(vr), What::Replaced),
            Treatment::Replace(text) => Outcome::Put(text.clone().into_bytes(), What::Replaced),
            Treatment::Hash => Outcome::Put(self.hashed(raw, sets), What::Hashed),
            Treatment::Uid => self.uids(raw),
            Treatment::Keep if vr == *b"UI" && self.names_a_kind(&ascii(raw)) => Outcome::Keep { harmless: true },
            // A text, or the UID of an object, where that of a class or syntax should be.
            Treatment::Keep if vr == *b"UI" => self.uids(raw),
            Treatment::Keep if is_text(vr) => self.text(vr, raw, sets, false),
            Treatment::Keep if self.scan.occurs(raw) => Outcome::Poisoned,
            Treatment::Keep => Outcome::Keep { harmless: false },
            Treatment::Text { free } => self.text(vr, raw, sets, *free),
            Treatment::Shift => shifted(vr, &ascii(raw), self.shift_days),
            Treatment::Time if is_tm(&ascii(raw)) => Outcome::Keep { harmless: true },
            Treatment::Time => Outcome::Empty(What::Invalid),
            Treatment::Age => age(&ascii(raw)),
        }
    }

    /// Whether a value of UIDs could be those of classes, syntaxes and schemes.
    fn names_a_kind(&self, text: &str) -> bool {
        is_uid(text) && !text.split('\\').any(|uid| self.needles.is_uid(uid.trim_matches(['\0', ' '])))
    }

    fn hashed(&self, raw: &[u8], sets: &CharacterSets) -> Vec<u8> {
        let text = sets.read(raw).string();
        let text = text.trim_matches(['\0', ' ']);
        if text.is_empty() { Vec::new() } else { self.deidentifier.derive.text(text).into_bytes() }
    }

    fn uids(&self, raw: &[u8]) -> Outcome {
        let text = ascii(raw);
        if text.split('\\').all(|uid| is_well_known(uid.trim_matches(['\0', ' ']))) {
            return Outcome::Keep { harmless: true };
        }
        let mapped: Vec<String> = text.split('\\').map(|uid| self.deidentifier.uid(uid)).collect();
        Outcome::Put(mapped.join("\\").into_bytes(), What::Mapped)
    }

    fn text(&self, vr: [u8; 2], raw: &[u8], sets: &CharacterSets, free: bool) -> Outcome {
        match &vr {
            b"DA" | b"DT" => {
                return match shifted(vr, &ascii(raw), 0) {
                    Outcome::Put(..) => Outcome::Keep { harmless: true },
                    other => other,
                };
            }
            b"TM" => return self.apply(&Treatment::Time, vr, raw, sets),
            _ => {}
        }
        let numeric = matches!(&vr, b"DS" | b"IS" | b"AS");
        if !free && !self.needles.may_occur(raw) {
            return Outcome::Keep { harmless: numeric };
        }
        let Some(left) = self.cut(vr, raw, sets, free) else {
            return Outcome::Keep { harmless: numeric || vr == *b"CS" };
        };
        // What stood apart may meet: "MuelMuellerler" has one more name in it.
        let left = (0..MOST_ROUNDS).try_fold(left, |left, _| self.cut(vr, &left, sets, free).ok_or(left));
        let left = left.unwrap_or_else(|settled| settled);
        if left.iter().all(|byte| matches!(byte, b' ' | 0 | b'^' | b'\\')) {
            return Outcome::Empty(What::Cleaned);
        }
        Outcome::Put(left, What::Cleaned)
    }

    /// A value without what must not stay; `None`: nothing is to go.
    fn cut(&self, vr: [u8; 2], raw: &[u8], sets: &CharacterSets, free: bool) -> Option<Vec<u8>> {
        let text = sets.read(raw);
        let mut cuts = self.needles.find(&text);
        if free {
            cuts.extend(patterns::find(&text));
        }
        match &vr {
            b"DS" | b"IS" | b"AS" => cuts = numbers(&text, &cuts),
            b"CS" => cuts = terms(&text, &cuts),
            _ => {}
        }
        if cuts.is_empty() { None } else { Some(text.without(raw, &merged(cuts))) }
    }
}

/// The text of a value that is written in ASCII, without padding.
pub(crate) fn ascii(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).trim_matches(['\0', ' ']).to_owned()
}

/// Digits and dots in every value; empty ones count.
fn is_uid(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'\\' | b' ' | 0))
}

fn shifted(vr: [u8; 2], text: &str, days: i32) -> Outcome {
    let moved = if vr == *b"DT" { shift_dt(text, days) } else { shift_da(text, days) };
    match moved {
        Some(moved) if moved.is_empty() => Outcome::Keep { harmless: true },
        Some(moved) => Outcome::Put(moved.into_bytes(), What::Shifted),
        None => Outcome::Empty(What::Invalid),
    }
}

fn age(text: &str) -> Outcome {
    let number = text.get(..3).and_then(|digits| digits.parse::<u16>().ok());
    match (number, text.get(3..)) {
        _ if text.is_empty() => Outcome::Keep { harmless: true },
        (Some(years), Some("Y")) if years > 89 => Outcome::Put(b"090Y".to_vec(), What::Replaced),
        (Some(_), Some("Y" | "M" | "W" | "D")) => Outcome::Keep { harmless: true },
        _ => Outcome::Empty(What::Invalid),
    }
}

/// In numbers only a whole value can be an identifier; what is no number is cut as a whole.
fn numbers(text: &Text, cuts: &[Range<usize>]) -> Vec<Range<usize>> {
    let touched = |value: &Range<usize>| cuts.iter().any(|cut| cut.start < value.end && value.start < cut.end);
    let covered = |value: &Range<usize>| {
        let number = bare(text, value);
        cuts.iter().any(|cut| cut.start <= number.start && number.end <= cut.end)
    };
    let is_secret = |value: &Range<usize>| {
        let shown = text.slice(value.clone());
        let shown = shown.trim();
        let is_number = shown.parse::<f64>().is_ok() || (shown.len() == 4 && shown.ends_with(['Y', 'M', 'W', 'D']));
        if is_number { shown.len() >= LONG_NUMBER && covered(value) } else { touched(value) }
    };
    text.values().into_iter().filter(is_secret).collect()
}

/// A number without padding, plus sign and leading zeros.
fn bare(text: &Text, value: &Range<usize>) -> Range<usize> {
    let is = |at: usize, chars: &[char]| text.glyphs.get(at).is_some_and(|glyph| chars.contains(&glyph.c));
    let mut number = value.clone();
    while number.start + 1 < number.end && is(number.end - 1, &[' ', '\0']) {
        number.end -= 1;
    }
    while number.start + 1 < number.end && is(number.start, &[' ', '+', '0']) {
        number.start += 1;
    }
    number
}

/// Code strings are cut value by value; defined terms are no names.
fn terms(text: &Text, cuts: &[Range<usize>]) -> Vec<Range<usize>> {
    let is_secret = |value: &Range<usize>| {
        cuts.iter().any(|cut| cut.start < value.end && value.start < cut.end)
            && !TERMS.contains(&text.slice(value.clone()).trim())
    };
    text.values().into_iter().filter(is_secret).collect()
}

/// A value that says nothing, valid for the VR.
pub(crate) fn dummy(vr: [u8; 2]) -> Vec<u8> {
    let text: &[u8] = match &vr {
        b"DA" => b"19000101",
        b"TM" => b"000000",
        b"DT" => b"19000101000000",
        b"IS" | b"DS" => b"0",
        b"AS" => b"000Y",
        b"CS" | b"LO" | b"SH" | b"ST" | b"LT" | b"UT" | b"UC" | b"AE" | b"PN" => b"REMOVED",
        b"UI" => b"2.25.0",
        b"UR" => b"urn:removed",
        b"US" | b"SS" | b"OB" | b"OW" | b"UN" => &[0, 0],
        b"UL" | b"SL" | b"FL" | b"OF" | b"OL" | b"AT" => &[0; 4],
        b"FD" | b"OD" | b"SV" | b"UV" | b"OV" => &[0; 8],
        _ => b"",
    };
    text.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_above_89_become_90() {
        assert_eq!(age("095Y"), Outcome::Put(b"090Y".to_vec(), What::Replaced));
        assert_eq!(age("089Y"), Outcome::Keep { harmless: true });
        assert_eq!(age("011M"), Outcome::Keep { harmless: true });
        assert_eq!(age("Doe"), Outcome::Empty(What::Invalid));
    }

    #[test]
    fn dates_that_are_none_are_emptied() {
        assert_eq!(shifted(*b"DA", "19991332", -5), Outcome::Empty(What::Invalid));
        assert_eq!(shifted(*b"DA", "", -5), Outcome::Keep { harmless: true });
    }
}
