//! Secrets at rest: sealed with a key from the installation's master key, so that whoever has only the table reads none of them.
//!
//! A sealed value is text: `adit-sealed.1.<key id>.<nonce and ciphertext>`. The item's key is authenticated with it, so that a
//! sealed value opens only where it was put. The key id tells the values of one master key from those of another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as TEXT;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::items::{Key, Kind, StoreError};

/// What every sealed value begins with: name and version of the form.
const PREFIX: &str = "adit-sealed.1.";
/// Bytes of the nonce, drawn anew for each value.
const NONCE: usize = 24;

/// Seals and opens secrets with XChaCha20-Poly1305. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: u8,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Vault(..)")
    }
}

impl Vault {
    /// The vault of the installation with this master key.
    #[must_use]
    pub fn new(master_key: &[u8; 32]) -> Self {
        let key = derived(master_key, b"adit/v1/vault");
        Self { cipher: XChaCha20Poly1305::new((&*key).into()), key_id: derived(&key, b"key id")[0] }
    }

    /// `plain` as text that only this installation opens, and only for the item with the key `context`. Twice the same gives two texts.
    #[must_use]
    pub fn seal(&self, context: &Key, plain: &[u8]) -> String {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).expect("the operating system gives random numbers");
        let payload = Payload { msg: plain, aad: &self.bound_to(context) };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).expect("a secret is far below 256 GiB");
        format!("{PREFIX}{:02x}.{}", self.key_id, TEXT.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed for the item with the key `context`.
    ///
    /// # Errors
    /// [`Kind::Corrupt`]: it was changed, moved from another item, or sealed with another master key.
    pub fn open(&self, context: &Key, sealed: &str) -> Result<Vec<u8>, StoreError> {
        let corrupt = |why: &'static str| StoreError::new(Kind::Corrupt, why);
        let rest = sealed.strip_prefix(PREFIX).ok_or_else(|| corrupt("not a sealed value"))?;
        let (key_id, text) = rest.split_once('.').ok_or_else(|| corrupt("a sealed value without a key"))?;
        if key_id != format!("{:02x}", self.key_id) {
            return Err(corrupt("sealed with another master key"));
        }
        let bytes = TEXT.decode(text).map_err(|_| corrupt("a sealed value that is no text"))?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or_else(|| corrupt("a sealed value cut off"))?;
        let payload = Payload { msg: sealed, aad: &self.bound_to(context) };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| corrupt("a sealed value that does not open here"))
    }

    /// Whether `text` has the form of a sealed value; what is older than the vault has not.
    #[must_use]
    pub fn is_sealed(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// The length before the partition keeps "ab" + "c" apart from "a" + "bc".
    fn bound_to(&self, context: &Key) -> Vec<u8> {
        let length = u64::try_from(context.pk.len()).unwrap_or(u64::MAX);
        [&[self.key_id], &length.to_be_bytes()[..], context.pk.as_bytes(), context.sk.as_bytes()].concat()
    }
}

fn derived(key: &[u8; 32], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    Zeroizing::new(mac.chain_update(label).finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(pk: &str, sk: &str) -> Key {
        Key { pk: pk.into(), sk: sk.into() }
    }

    #[test]
    fn a_secret_opens_where_it_was_put_and_nowhere_else() {
        let (vault, here) = (Vault::new(&[1; 32]), place("NODES", "SECRET#a"));
        let sealed = vault.seal(&here, b"Bearer hush");
        assert!(Vault::is_sealed(&sealed) && !sealed.contains("hush"));
        assert_eq!(vault.open(&here, &sealed).unwrap(), b"Bearer hush");
        for elsewhere in [place("NODES", "SECRET#b"), place("NODESS", "ECRET#a"), place("", "NODESSECRET#a")] {
            assert_eq!(vault.open(&elsewhere, &sealed).unwrap_err().kind, Kind::Corrupt);
        }
        assert_ne!(vault.seal(&here, b"Bearer hush"), sealed, "each has a nonce of its own");
        assert_eq!(vault.open(&here, &vault.seal(&here, b"")).unwrap(), b"");
    }

    #[test]
    fn another_installation_cannot_open_it_and_says_why() {
        let here = place("NODES", "SECRET#a");
        let sealed = Vault::new(&[1; 32]).seal(&here, b"hush");
        let error = Vault::new(&[2; 32]).open(&here, &sealed).unwrap_err();
        assert!(error.to_string().contains("stored data cannot be read"), "{error}");
        assert!(error.source.to_string().contains("another master key"), "{}", error.source);
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let (vault, here) = (Vault::new(&[1; 32]), place("NODES", "SECRET#a"));
        let sealed = vault.seal(&here, b"hush");
        let start = PREFIX.len() + 3;
        let bytes = TEXT.decode(&sealed[start..]).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = format!("{}{}", &sealed[..start], TEXT.encode(changed));
            assert_eq!(vault.open(&here, &changed).unwrap_err().kind, Kind::Corrupt, "byte {at}");
        }
        for text in ["", "hush", PREFIX, &sealed[..start], &sealed[..start + 20], &format!("{sealed}ü")] {
            assert_eq!(vault.open(&here, text).unwrap_err().kind, Kind::Corrupt, "{text}");
        }
    }

    /// Values that were sealed by an earlier build must open for good.
    #[test]
    fn the_form_is_fixed() {
        let sealed = "adit-sealed.1.50.ScsZ6Crojovs93kPnrG1hvvTNEqkXv0N6Ac4e0FPYBUBw7woy7vLANE";
        assert_eq!(Vault::new(&[1; 32]).open(&place("P", "S"), sealed).unwrap(), b"x");
    }
}
