//! The project key, and what is derived from it: same in, same out; without the key nobody can go back or compare.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Letters of derived names: no vowels that make words, nothing that is read as something else.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Letters of a derived pseudonym, 5 bits each.
const PSEUDONYM_LETTERS: usize = 12;
/// Dates move back by up to ten years.
const MAX_SHIFT_DAYS: u32 = 3650;

/// Secret of one project, 256 bits. What is derived from it matches up within the project and with no other project.
#[derive(Clone, PartialEq, Eq)]
pub struct ProjectKey([u8; 32]);

impl ProjectKey {
    /// A key of these bytes; they should come from a random generator.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key of a project under this installation's master key. The project without a name has the master key itself.
    /// Another `version` gives another key: that is how a project's key is rotated.
    #[must_use]
    pub fn of_project(&self, name: &str, version: u32) -> Self {
        if name.is_empty() && version == 0 {
            return self.clone();
        }
        Self(mac(&self.0, &[b"deid/v1/project/", name.as_bytes(), b"\0", &version.to_be_bytes()]))
    }

    /// The bytes, for storing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for ProjectKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ProjectKey(..)")
    }
}

/// The key of one purpose, with its HMAC state made once.
#[derive(Clone)]
pub(crate) struct SubKey(Hmac<Sha256>);

impl SubKey {
    pub fn new(key: &ProjectKey, label: &str) -> Self {
        Self(keyed(&mac(&key.0, &[label.as_bytes()])))
    }

    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Who a data set is about, as a keyed hash of issuer and Patient ID: the same patient has the same token in all of a project's
/// data sets, and nobody without the key can tell whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatientToken(String);

impl PatientToken {
    /// The token as 32 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All that is derived from one project's key, with the states of the hashes made once.
#[derive(Clone)]
pub(crate) struct Derivations {
    uid: SubKey,
    patient: SubKey,
    pseudonym: SubKey,
    shift: SubKey,
    text: SubKey,
}

impl Derivations {
    pub fn new(key: &ProjectKey) -> Self {
        let sub = |label| SubKey::new(key, label);
        Self {
            uid: sub("deid/v1/uid"),
            patient: sub("deid/v1/patient"),
            pseudonym: sub("deid/v1/pid"),
            shift: sub("deid/v1/date"),
            text: sub("deid/v1/text"),
        }
    }

    /// See [`map_uid`].
    pub fn uid(&self, uid: &str) -> String {
        let uid = uid.trim_matches(|c: char| c == '\0' || c == ' ');
        if is_well_known(uid) {
            return uid.to_owned();
        }
        let hash = self.uid.mac(&[uid.as_bytes()]);
        let mut bits = [0; 16];
        bits.copy_from_slice(&hash[..16]);
        bits[6] = (bits[6] & 0x0F) | 0x80;
        bits[8] = (bits[8] & 0x3F) | 0x80;
        format!("2.25.{}", u128::from_be_bytes(bits))
    }

    pub fn patient(&self, issuer: &str, patient_id: &str) -> PatientToken {
        let hash = self.patient.mac(&[issuer.as_bytes(), b"\0", patient_id.as_bytes()]);
        PatientToken(hex::encode(&hash[..16]))
    }

    /// 60 bits of a keyed hash and a check letter: `4F7K-Q2MX-9RTW-C`.
    pub fn pseudonym(&self, patient: &PatientToken) -> String {
        let hash = self.pseudonym.mac(&[patient.0.as_bytes()]);
        let mut name = letters(&hash, PSEUDONYM_LETTERS);
        let check = name.bytes().zip(1_u32..).map(|(letter, place)| u32::from(letter) * place).sum::<u32>() % 31;
        name.push(char::from(LETTERS[check as usize]));
        name.insert(8, '-');
        name.insert(4, '-');
        name
    }

    /// Days to add to the patient's dates: -1 to -3650.
    pub fn shift_days(&self, patient: &PatientToken) -> i32 {
        let hash = self.shift.mac(&[patient.0.as_bytes()]);
        let number = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) % MAX_SHIFT_DAYS;
        -1 - i32::try_from(number).unwrap_or(0)
    }

    /// A keyed hash of a text, of letters and digits, for the override `hash`.
    pub fn text(&self, text: &str) -> String {
        letters(&self.text.mac(&[text.as_bytes()]), 16)
    }
}

fn letters(hash: &[u8; 32], count: usize) -> String {
    hash.iter().take(count).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
}

/// UIDs that the standard defines (1.2.840.10008...) and empty values.
pub(crate) fn is_well_known(uid: &str) -> bool {
    uid.is_empty() || uid.starts_with("1.2.840.10008.")
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The pseudonymous UID for `uid`: `2.25.` and a UUID of version 8 (PS3.5 B.2, RFC 9562) from HMAC-SHA-256. UIDs that the standard defines
/// (1.2.840.10008...) stay, and so does an empty value.
#[must_use]
pub fn map_uid(key: &ProjectKey, uid: &str) -> String {
    Derivations::new(key).uid(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_map_the_same_way_every_time_and_differently_per_project() {
        let (first, second) = (ProjectKey::from_bytes([1; 32]), ProjectKey::from_bytes([2; 32]));
        let mapped = map_uid(&first, "1.2.3");
        assert_eq!(mapped, map_uid(&first, "1.2.3\0"));
        assert_ne!(mapped, map_uid(&second, "1.2.3"));
        assert!(mapped.starts_with("2.25.") && mapped.len() <= 44);
        let number: u128 = mapped[5..].parse().unwrap();
        assert_eq!((number >> 76) & 0xF, 8, "version");
        assert_eq!((number >> 62) & 3, 2, "variant");
    }

    #[test]
    fn the_standards_own_uids_stay() {
        let key = ProjectKey::from_bytes([1; 32]);
        assert_eq!(map_uid(&key, "1.2.840.10008.1.4.1.1"), "1.2.840.10008.1.4.1.1");
        assert_eq!(format!("{key:?}"), "ProjectKey(..)");
    }

    #[test]
    fn every_project_and_version_has_its_own_key_and_the_nameless_one_is_the_master() {
        let master = ProjectKey::from_bytes([1; 32]);
        assert_eq!(master.of_project("", 0), master);
        let keys = [master.of_project("A", 0), master.of_project("B", 0), master.of_project("A", 1)];
        assert!(keys.iter().all(|key| *key != master) && keys[0] != keys[1] && keys[0] != keys[2]);
    }

    #[test]
    fn patients_get_names_and_shifts_of_their_own() {
        let derive = Derivations::new(&ProjectKey::from_bytes([1; 32]));
        let (one, other) = (derive.patient("", "ID-1"), derive.patient("A", "ID-1"));
        assert_ne!(one, other);
        assert_eq!(derive.pseudonym(&one), derive.pseudonym(&one.clone()));
        assert_ne!(derive.pseudonym(&one), derive.pseudonym(&other));
        assert_eq!(derive.pseudonym(&one).len(), 15);
        for id in 0..500 {
            let days = derive.shift_days(&derive.patient("", &id.to_string()));
            assert!((-3650..=-1).contains(&days));
        }
    }
}
