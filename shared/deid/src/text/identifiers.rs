//! What a data set says about its people. Collected by a first pass over the header, at every depth.

use std::collections::BTreeSet;

use super::vocabulary::{is_noise, is_plain};

/// What sort of identifier a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum IdentifierKind {
    /// A name of the patient.
    PatientName,
    /// Physicians, operators, relatives and everyone else.
    OtherName,
    /// Patient, accession, admission and order numbers, insurance, social security.
    Id,
    /// Numbers that many systems count from 1: an identifier only when long.
    CounterId,
    BirthDate,
    Address,
    Phone,
    /// E-mail addresses and other ways of contact.
    Mail,
    /// Names and addresses of institutions; an option of the standard keeps them, so the caller decides.
    Institution,
    Uid,
}

impl IdentifierKind {
    /// Whether it is about the patient: not about other people, places, or the data set itself.
    pub fn names_the_patient(self) -> bool {
        !matches!(self, Self::OtherName | Self::Institution | Self::Uid)
    }
}

/// The identifiers of one data set: decoded, each once.
#[derive(Clone, Default)]
pub(crate) struct Identifiers {
    values: BTreeSet<(IdentifierKind, String)>,
}

/// Without the values.
impl std::fmt::Debug for Identifiers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Identifiers").field("count", &self.values.len()).finish()
    }
}

impl Identifiers {
    /// Adds one decoded value (not several behind backslashes). What names nobody is not kept.
    pub fn add(&mut self, kind: IdentifierKind, value: &str) {
        let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if !worth(kind, value) {
            return;
        }
        if let Some(real) = mislabelled(value) {
            self.values.insert((kind, real));
        }
        self.values.insert((kind, value.to_owned()));
    }

    /// Whether both name the same people and things, whatever the UIDs.
    pub fn names_the_same(&self, other: &Self) -> bool {
        let is_named = |value: &&(IdentifierKind, String)| value.0 != IdentifierKind::Uid;
        self.values.iter().filter(is_named).eq(other.values.iter().filter(is_named))
    }

    /// All values, sorted by kind.
    pub fn iter(&self) -> impl Iterator<Item = (IdentifierKind, &str)> {
        self.values.iter().map(|(kind, value)| (*kind, value.as_str()))
    }
}

fn worth(kind: IdentifierKind, value: &str) -> bool {
    let letters = || value.chars().filter(|c| c.is_alphanumeric()).count();
    let digits_only = || value.chars().all(|c| !c.is_alphabetic());
    match kind {
        _ if is_noise(value) => false,
        IdentifierKind::PatientName | IdentifierKind::OtherName => value.chars().any(char::is_alphabetic),
        IdentifierKind::Uid => value.len() >= 8 && !value.starts_with("1.2.840.10008."),
        IdentifierKind::BirthDate => super::spellings::Day::parse(value).is_some_and(|day| !day.is_filler()),
        IdentifierKind::Id | IdentifierKind::CounterId | IdentifierKind::Institution if is_plain(value) => false,
        IdentifierKind::CounterId => letters() >= if digits_only() { 6 } else { 5 },
        IdentifierKind::Id => letters() >= if digits_only() { 4 } else { 2 },
        IdentifierKind::Phone => value.chars().filter(char::is_ascii_digit).count() >= 6,
        IdentifierKind::Address | IdentifierKind::Mail | IdentifierKind::Institution => letters() >= 4,
    }
}

/// UTF-8 that was read as Latin-1 because (0008,0005) says so: other texts may have it right.
fn mislabelled(value: &str) -> Option<String> {
    if value.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(kind: IdentifierKind, value: &str) -> bool {
        let mut ids = Identifiers::default();
        ids.add(kind, value);
        ids.iter().next().is_some()
    }

    #[test]
    fn what_names_nobody_is_not_an_identifier() {
        use IdentifierKind::{Address, BirthDate, CounterId, Id, Institution, OtherName, PatientName, Phone, Uid};
        for (kind, value) in [
            (PatientName, ""),
            (PatientName, "^^^^"),
            (PatientName, "ANONYMOUS"),
            (PatientName, "Anonymous^Patient"),
            (OtherName, "N/A"),
            (OtherName, "Unknown"),
            (PatientName, "X"),
            (Id, "NONE"),
            (Id, "123"),
            (Id, "0000000"),
            (Id, "TEST"),
            (Id, "MR"),
            (CounterId, "CT_THORAX"),
            (Institution, "Radiologie"),
            (CounterId, "1234"),
            (CounterId, "A12"),
            (BirthDate, "19000101"),
            (BirthDate, "garbage"),
            (Phone, "12 34"),
            (Address, "^^"),
            (Uid, "1.2.840.10008.5.1.4.1.1.2"),
        ] {
            assert!(!kept(kind, value), "{value}");
        }
        for (kind, value) in [
            (PatientName, "Doe^Jane"),
            (PatientName, "王^小东"),
            (Id, "1234"),
            (Id, "A1"),
            (CounterId, "REQ-4711"),
            (BirthDate, "19610203"),
            (Uid, "1.2.3.4.5"),
            (Phone, "+49 30 123456"),
        ] {
            assert!(kept(kind, value), "{value}");
        }
    }

    #[test]
    fn utf8_behind_a_wrong_label_is_understood_too() {
        let mut ids = Identifiers::default();
        ids.add(IdentifierKind::PatientName, "MÃ¼ller");
        assert_eq!(ids.iter().map(|(_, value)| value).collect::<Vec<_>>(), ["MÃ¼ller", "Müller"]);
    }
}
