//! Page tokens: where a page ended, as text that only this installation can make and that opens only the list it was made for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as TEXT;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::items::{Cursor, Index, Kind, StoreError};

/// Characters of a token at most.
const MAX_TOKEN: usize = 8192;
/// Bytes of the proof that stands before what it proves.
const PROOF: usize = 32;

/// Seals page tokens with a key derived from the installation's master key. Tokens are not secret: what they hold can be read.
#[derive(Clone)]
pub struct PageSeal(Hmac<Sha256>);

impl std::fmt::Debug for PageSeal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PageSeal(..)")
    }
}

impl PageSeal {
    /// A seal of the installation with this master key.
    #[must_use]
    pub fn new(master_key: &[u8; 32]) -> Self {
        let derived = keyed(master_key).chain_update(b"adit/v1/page tokens").finalize().into_bytes();
        Self(keyed(&derived))
    }

    /// The text for the end of a page of the list `partition` of `index`.
    #[must_use]
    pub fn seal(&self, index: Index, partition: &str, cursor: &Cursor) -> String {
        let content = serde_json::json!([cursor.place, cursor.pk, cursor.sk]).to_string();
        let mut token = self.proof(index, partition, content.as_bytes()).finalize().into_bytes().to_vec();
        token.extend_from_slice(content.as_bytes());
        TEXT.encode(token)
    }

    /// The end of a page from its text. Text that was not made here, or for another list, is an invalid request.
    pub fn open(&self, index: Index, partition: &str, token: &str) -> Result<Cursor, StoreError> {
        let invalid = || StoreError::new(Kind::Invalid, "not a page token of this list");
        if token.len() > MAX_TOKEN {
            return Err(invalid());
        }
        let bytes = TEXT.decode(token).map_err(|_| invalid())?;
        let (proof, content) = bytes.split_at_checked(PROOF).ok_or_else(invalid)?;
        self.proof(index, partition, content).verify_slice(proof).map_err(|_| invalid())?;
        let (place, pk, sk) = serde_json::from_slice(content).map_err(|_| invalid())?;
        Ok(Cursor { place, pk, sk })
    }

    /// The length before the partition keeps "ab" + "c" apart from "a" + "bc".
    fn proof(&self, index: Index, partition: &str, content: &[u8]) -> Hmac<Sha256> {
        let index = match index {
            Index::Primary => 0_u8,
            Index::First => 1,
            Index::Second => 2,
        };
        let length = u64::try_from(partition.len()).unwrap_or(u64::MAX);
        self.0
            .clone()
            .chain_update([index])
            .chain_update(length.to_be_bytes())
            .chain_update(partition)
            .chain_update(content)
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor { place: "01A".into(), pk: "JOB#01A".into(), sk: "JOB".into() }
    }

    #[test]
    fn a_token_opens_its_own_list_only() {
        let seal = PageSeal::new(&[1; 32]);
        let token = seal.seal(Index::First, "OWNER#a", &cursor());
        assert_eq!(seal.open(Index::First, "OWNER#a", &token).unwrap(), cursor());
        for (index, partition) in [(Index::Second, "OWNER#a"), (Index::First, "OWNER#b"), (Index::First, "OWNER#")] {
            assert_eq!(seal.open(index, partition, &token).unwrap_err().kind, Kind::Invalid);
        }
        assert!(PageSeal::new(&[2; 32]).open(Index::First, "OWNER#a", &token).is_err(), "another installation's token");
    }

    #[test]
    fn no_token_can_be_forged() {
        let seal = PageSeal::new(&[1; 32]);
        let token = seal.seal(Index::First, "OWNER#a", &cursor());
        let bytes = TEXT.decode(&token).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(seal.open(Index::First, "OWNER#a", &TEXT.encode(changed)).is_err(), "byte {at}");
        }
        let unsealed = hex_of_old_tokens();
        for text in ["", "nonsense", "ü", &token[1..], &format!("{token}A"), &unsealed, &"A".repeat(MAX_TOKEN + 1)] {
            assert_eq!(seal.open(Index::First, "OWNER#a", text).unwrap_err().kind, Kind::Invalid);
        }
    }

    /// What tokens were before they were sealed.
    fn hex_of_old_tokens() -> String {
        br#"["01A","JOB#01A","JOB"]"#.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
