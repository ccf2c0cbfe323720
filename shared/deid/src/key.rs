//! The project key, and what is derived from it: same in, same out; without the key nobody can go back or compare.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Secret of one project, 256 bits. Pseudonymous UIDs of one project match up among each other and with no other project's.
#[derive(Clone, PartialEq, Eq)]
pub struct ProjectKey([u8; 32]);

impl ProjectKey {
    /// A key of these bytes; they should come from a random generator.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for storing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Keyed hash of `value` for the purpose `label`; purposes do not mix.
    pub(crate) fn derive(&self, label: &str, value: &[u8]) -> [u8; 32] {
        let sub = mac(&self.0, &[label.as_bytes()]);
        mac(&sub, &[value])
    }
}

impl std::fmt::Debug for ProjectKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ProjectKey(..)")
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The pseudonymous UID for `uid`: `2.25.` and a UUID of version 8 (PS3.5 B.2, RFC 9562) from HMAC-SHA-256. UIDs that the standard defines
/// (1.2.840.10008...) stay, and so does an empty value.
#[must_use]
pub fn map_uid(key: &ProjectKey, uid: &str) -> String {
    let uid = uid.trim_matches(|c: char| c == '\0' || c == ' ');
    if uid.is_empty() || uid.starts_with("1.2.840.10008.") {
        return uid.to_owned();
    }
    let hash = key.derive("deid/v1/uid", uid.as_bytes());
    let mut bits = [0; 16];
    bits.copy_from_slice(&hash[..16]);
    bits[6] = (bits[6] & 0x0F) | 0x80;
    bits[8] = (bits[8] & 0x3F) | 0x80;
    format!("2.25.{}", u128::from_be_bytes(bits))
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
}
