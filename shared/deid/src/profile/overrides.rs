//! A project's own rules: one a line, `action target [= value]`. A bad rule is refused with its line and reason.
//!
//! ```text
//! # The station matters in this project.
//! keep    StationName
//! remove  (0018,1030)
//! empty   InstitutionName
//! replace StudyDescription = Liver study
//! hash    AccessionNumber
//! shift   (0040,A121)
//! clean   ImageComments
//! remove  vr PN
//! keep    private "GEMS_ACQU_01" (0019,xx23)
//! remove  private "SIEMENS CSA HEADER"
//! ```

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;
use thiserror::Error;

use crate::dictionary::dictionary_vr;
use crate::text::attributes::kind_of;
use crate::text::identifiers::IdentifierKind;

/// Attributes that no rule may touch: the pseudonym, the marks, and what makes the object what it is.
const FIXED: [u32; 9] = [
    0x0008_0005,
    0x0008_0016,
    0x0008_0018,
    0x0010_0010,
    0x0010_0020,
    0x0012_0062,
    0x0012_0063,
    0x0012_0064,
    0x0028_0303,
];
/// Longest file of rules.
const MAX_LINES: usize = 5000;
const TEXT_VRS: [&[u8; 2]; 9] = [b"AE", b"CS", b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UT"];

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OverrideAction {
    Keep,
    Remove,
    Empty,
    Replace(String),
    Hash,
    Shift,
    Clean,
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Tag(u32),
    Vr([u8; 2]),
    /// A creator's block: all of it, or one element of one group.
    Private {
        creator: String,
        element: Option<(u16, u8)>,
    },
}

/// A rule and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Override {
    target: Target,
    pub action: OverrideAction,
}

/// A project's rules. A rule on an attribute goes before one on a private block, that before one on a value representation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides(Vec<Override>);

/// A rule that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct RuleError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl Overrides {
    /// Reads a file of rules.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut rules: Vec<Override> = Vec::new();
        // Editors put a byte order mark in front.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        for (number, line) in text.lines().enumerate() {
            let at = |reason: String| RuleError { line: number + 1, reason };
            if number >= MAX_LINES {
                return Err(at(format!("there are more than {MAX_LINES} lines")));
            }
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let rule = rule(line).map_err(at)?;
            if rules.iter().any(|other| other.target == rule.target) {
                return Err(at("an earlier line already says what happens to this".to_owned()));
            }
            rules.push(rule);
        }
        Ok(Self(rules))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rule for a public attribute.
    pub(crate) fn of(&self, tag: u32, vr: [u8; 2]) -> Option<&OverrideAction> {
        // A rule on all names or texts does not mean the patient's own.
        if FIXED.contains(&tag) {
            return None;
        }
        let of_vr = || self.find(|target| *target == Target::Vr(vr));
        self.find(|target| *target == Target::Tag(tag))
            .or_else(|| of_vr().filter(|action| **action != OverrideAction::Keep || !names_the_patient(tag, vr)))
    }

    /// The rule for a private element.
    pub(crate) fn of_private(&self, creator: &str, tag: u32, vr: [u8; 2]) -> Option<&OverrideAction> {
        let at = ((tag >> 16) as u16, (tag & 0xFF) as u8);
        let block = |wanted: Option<(u16, u8)>| {
            self.find(|target| match target {
                Target::Private { creator: known, element } => known == creator && *element == wanted,
                _ => false,
            })
        };
        self.of(tag, [0, 0]).or_else(|| block(Some(at))).or_else(|| block(None)).or_else(|| self.of(tag, vr))
    }

    fn find(&self, is_it: impl Fn(&Target) -> bool) -> Option<&OverrideAction> {
        self.0.iter().find(|rule| is_it(&rule.target)).map(|rule| &rule.action)
    }
}

/// Whether an attribute says who somebody is, so that only a rule on the attribute itself keeps it.
fn names_the_patient(tag: u32, vr: [u8; 2]) -> bool {
    use IdentifierKind::{Address, BirthDate, Id, Mail, OtherName, PatientName, Phone};
    match kind_of(tag, vr) {
        Some(PatientName | BirthDate | Id | Address | Phone | Mail) => true,
        Some(OtherName) => tag >> 16 == 0x0010,
        _ => false,
    }
}

fn rule(line: &str) -> Result<Override, String> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (place, value) = match rest.split_once('=') {
        Some((place, value)) => (place.trim(), Some(value.trim())),
        None => (rest.trim(), None),
    };
    if place.is_empty() {
        return Err(format!("say what to {word}, for example: {word} StationName"));
    }
    let action = match (word, value) {
        ("replace", Some(value)) if !value.is_empty() => OverrideAction::Replace(value.to_owned()),
        ("replace", _) => return Err("say with what, for example: replace StudyDescription = Liver study".to_owned()),
        (_, Some(_)) => return Err(format!("'{word}' takes no value behind '='")),
        ("keep", None) => OverrideAction::Keep,
        ("remove", None) => OverrideAction::Remove,
        ("empty", None) => OverrideAction::Empty,
        ("hash", None) => OverrideAction::Hash,
        ("shift", None) => OverrideAction::Shift,
        ("clean", None) => OverrideAction::Clean,
        _ => return Err(format!("'{word}' is no action; write keep, remove, empty, replace, hash, shift or clean")),
    };
    let target = target(place)?;
    check(&target, &action)?;
    Ok(Override { target, action })
}

fn target(place: &str) -> Result<Target, String> {
    if let Some(vr) = place.strip_prefix("vr ") {
        return match vr.trim().as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] if VR::from_binary([*a, *b]).is_some() => Ok(Target::Vr([*a, *b])),
            _ => Err(format!("'{}' is no value representation; write two capital letters such as PN", vr.trim())),
        };
    }
    if let Some(rest) = place.strip_prefix("private ") {
        let (creator, rest) = quoted(rest.trim())?;
        let element = if rest.is_empty() { None } else { Some(private_element(rest)?) };
        return Ok(Target::Private { creator, element });
    }
    let tag = if place.starts_with('(') { hex_tag(place)? } else { keyword_tag(place)? };
    if tag & 0xFFFF == 0 {
        return Err("group lengths are dropped in any case".to_owned());
    }
    Ok(Target::Tag(tag))
}

fn quoted(text: &str) -> Result<(String, &str), String> {
    let inner = text.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    let (creator, rest) =
        inner.ok_or_else(|| "write the private creator in double quotes: private \"GEMS_ACQU_01\"".to_owned())?;
    if creator.trim().is_empty() {
        return Err("the private creator is empty".to_owned());
    }
    Ok((creator.trim().to_owned(), rest.trim()))
}

/// `(0019,xx23)`: the block moves, the last two digits do not.
fn private_element(text: &str) -> Result<(u16, u8), String> {
    let wrong = || format!("'{text}' is no private element; write (gggg,xxee), for example (0019,xx23)");
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(wrong)?;
    let (group, element) = inner.split_once(',').ok_or_else(wrong)?;
    let element = element.trim().to_ascii_lowercase();
    let element = element.strip_prefix("xx").ok_or_else(wrong)?;
    let group = u16::from_str_radix(group.trim(), 16).map_err(|_| wrong())?;
    if group % 2 == 0 || element.len() != 2 {
        return Err(wrong());
    }
    Ok((group, u8::from_str_radix(element, 16).map_err(|_| wrong())?))
}

fn hex_tag(text: &str) -> Result<u32, String> {
    let wrong = || format!("'{text}' is no tag; write (gggg,eeee) with hexadecimal digits");
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(wrong)?;
    let (group, element) = inner.split_once(',').ok_or_else(wrong)?;
    let part = |part: &str| {
        let part = part.trim();
        if part.len() == 4 { u32::from_str_radix(part, 16).map_err(|_| wrong()) } else { Err(wrong()) }
    };
    Ok(part(group)? << 16 | part(element)?)
}

fn keyword_tag(text: &str) -> Result<u32, String> {
    let entry = StandardDataDictionary.by_name(text);
    let Tag(group, element) = entry.map(DataDictionaryEntry::tag).ok_or_else(|| {
        format!("'{text}' is no keyword of the DICOM dictionary; check the spelling or write the tag as (gggg,eeee)")
    })?;
    Ok(u32::from(group) << 16 | u32::from(element))
}

fn check(target: &Target, action: &OverrideAction) -> Result<(), String> {
    let vr = match target {
        Target::Tag(tag) if FIXED.contains(tag) || tag >> 16 == 2 || tag >> 16 == 0x7FE0 => {
            return Err("this attribute cannot have a rule: the pseudonym, the marks and the pixels are handled apart"
                .to_owned());
        }
        Target::Tag(tag) => dictionary_vr(*tag),
        Target::Vr(vr) => *vr,
        Target::Private { .. } => *b"UN",
    };
    let unknown = vr == *b"UN";
    match action {
        OverrideAction::Remove | OverrideAction::Empty | OverrideAction::Replace(_) if ties(target) => {
            Err("UIDs hold the images of a study together: they can be kept, or replaced by a keyed hash with 'hash'"
                .to_owned())
        }
        OverrideAction::Shift if !unknown && !matches!(&vr, b"DA" | b"DT") => {
            Err("only dates (VR DA and DT) can be shifted".to_owned())
        }
        OverrideAction::Hash | OverrideAction::Clean | OverrideAction::Replace(_) if vr == *b"SQ" => {
            Err("a sequence can be kept, emptied or removed".to_owned())
        }
        OverrideAction::Hash if !unknown && vr != *b"UI" && !TEXT_VRS.contains(&&vr) => {
            Err("only texts and UIDs can be hashed".to_owned())
        }
        OverrideAction::Replace(value) if !value.is_ascii() || value.bytes().any(|byte| byte < b' ') => {
            Err("write the new value with plain letters, digits and signs, without accents".to_owned())
        }
        OverrideAction::Replace(value) => fits(vr, value),
        _ => Ok(()),
    }
}

/// UIDs without which images no longer belong together.
fn ties(target: &Target) -> bool {
    match target {
        Target::Vr(vr) => vr == b"UI",
        Target::Tag(tag) => {
            matches!(tag, 0x0008_1150 | 0x0008_1155 | 0x0020_000D | 0x0020_000E | 0x0020_0052)
        }
        Target::Private { .. } => false,
    }
}

/// Whether a value has the form of its VR (PS3.5 6.2).
fn fits(vr: [u8; 2], value: &str) -> Result<(), String> {
    let longest = match &vr {
        b"AE" | b"CS" | b"SH" | b"DS" | b"TM" => 16,
        b"AS" => 4,
        b"DA" => 8,
        b"IS" => 12,
        b"DT" => 26,
        b"LO" | b"PN" | b"UI" => 64,
        b"ST" => 1024,
        b"LT" | b"UC" | b"UT" | b"UN" => 10_240,
        _ => return Err("this attribute is binary; it can be kept, emptied or removed".to_owned()),
    };
    if value.split('\\').any(|one| one.len() > longest) {
        return Err(format!(
            "the new value is longer than the {longest} characters that its value representation allows"
        ));
    }
    let right = value.split('\\').all(|one| match &vr {
        b"CS" => one.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ' || b == b'_'),
        b"DA" => crate::dates::shift_da(one, 0).is_some(),
        b"DT" => crate::dates::shift_dt(one, 0).is_some(),
        b"TM" => crate::dates::is_tm(one),
        b"DS" => one.trim().parse::<f64>().is_ok(),
        b"IS" => one.trim().parse::<i32>().is_ok(),
        b"UI" => one.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
        _ => true,
    });
    if right {
        return Ok(());
    }
    Err(format!("'{value}' is not a valid value of representation {}", String::from_utf8_lossy(&vr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_found() {
        let text = "# why\nkeep StationName\nremove (0018,1030)\nreplace StudyDescription = Liver study\nremove vr PN\n\
                    keep private \"GEMS_ACQU_01\" (0019,xx23)\nremove private \"GEMS_ACQU_01\"\nshift (0040,A121)\nhash AccessionNumber";
        let rules = Overrides::parse(text).unwrap();
        assert_eq!(rules.of(0x0008_1010, *b"SH"), Some(&OverrideAction::Keep));
        assert_eq!(rules.of(0x0018_1030, *b"LO"), Some(&OverrideAction::Remove));
        assert_eq!(rules.of(0x0008_1030, *b"LO"), Some(&OverrideAction::Replace("Liver study".into())));
        assert_eq!(rules.of(0x0008_0090, *b"PN"), Some(&OverrideAction::Remove));
        assert_eq!(rules.of(0x0008_0060, *b"CS"), None);
        assert_eq!(rules.of_private("GEMS_ACQU_01", 0x0019_1123, *b"DS"), Some(&OverrideAction::Keep));
        assert_eq!(rules.of_private("GEMS_ACQU_01", 0x0019_1124, *b"DS"), Some(&OverrideAction::Remove));
        assert_eq!(rules.of_private("OTHER", 0x0019_1124, *b"DS"), None);
    }

    #[test]
    fn a_rule_on_all_names_leaves_the_patients_own_alone() {
        let rules = Overrides::parse("keep vr PN\nkeep vr LO").unwrap();
        assert_eq!(rules.of(0x0008_0090, *b"PN"), Some(&OverrideAction::Keep));
        assert_eq!((rules.of(0x0010_0010, *b"PN"), rules.of(0x0010_0020, *b"LO")), (None, None));
        let rules = Overrides::parse("keep vr LO\nkeep vr DA\nkeep vr PN\nkeep vr SH\nkeep OtherPatientIDs").unwrap();
        for (tag, vr) in [(0x0010_0030, b"DA"), (0x0010_1040, b"LO"), (0x0010_1060, b"PN"), (0x0008_0050, b"SH")] {
            assert_eq!(rules.of(tag, *vr), None, "{tag:08X}");
        }
        assert_eq!(rules.of(0x0010_1000, *b"LO"), Some(&OverrideAction::Keep), "by its own rule");
        assert_eq!(rules.of(0x0008_0020, *b"DA"), Some(&OverrideAction::Keep));
        assert_eq!(Overrides::parse("remove vr LO").unwrap().of(0x0010_1040, *b"LO"), Some(&OverrideAction::Remove));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_rule() {
        assert_eq!(Overrides::parse("\u{FEFF}keep StationName"), Overrides::parse("keep StationName"));
    }

    #[test]
    fn a_devices_uid_may_go() {
        assert!(Overrides::parse("remove DeviceUID").is_ok());
    }

    #[test]
    fn bad_rules_are_refused_with_line_and_reason() {
        for (text, reason) in [
            ("keep", "say what to keep"),
            ("burn StationName", "no action"),
            ("keep StationNam", "no keyword"),
            ("keep (0008,10)", "no tag"),
            ("replace StudyDescription", "say with what"),
            ("keep StationName = x", "takes no value"),
            ("shift StudyDescription", "only dates"),
            ("hash PatientWeight", "only texts"),
            ("replace PatientWeight = heavy", "not a valid value"),
            ("replace Modality = this is far too long for it", "longer than"),
            ("replace StudyDescription = Stüdie", "without accents"),
            ("remove PatientID", "cannot have a rule"),
            ("remove (7FE0,0010)", "cannot have a rule"),
            ("keep private GEMS", "double quotes"),
            ("keep private \"GEMS\" (0018,xx01)", "no private element"),
            ("keep vr name", "no value representation"),
            ("keep vr XX", "no value representation"),
            ("hash ContentSequence", "a sequence"),
            ("remove vr UI", "hold the images"),
            ("empty StudyInstanceUID", "hold the images"),
            ("keep StationName\nremove StationName", "earlier line"),
        ] {
            let error = Overrides::parse(&format!("\n# first\n{text}")).unwrap_err();
            assert!(error.reason.contains(reason), "{text}: {error}");
            assert!(error.line >= 3, "{error}");
        }
    }
}
