//! What bridges of one installation show one another.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A bearer token: HMAC-SHA-256 of `relay` under the master key.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// The token of the installation with this master key.
    #[must_use]
    pub fn derive(master_key: &[u8; 32]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(master_key).expect("a MAC takes a key of any length");
        mac.update(b"relay");
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("Bearer {hex}"))
    }

    /// The value of the header `authorization`.
    pub(crate) fn header(&self) -> &str {
        &self.0
    }

    /// Whether this header is ours; takes the same time for all that are not.
    pub(crate) fn is(&self, header: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(header).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_master_key_gives_the_token() {
        let token = Token::derive(&[1; 32]);
        assert!(token.is(Token::derive(&[1; 32]).header().as_bytes()));
        for other in [Token::derive(&[2; 32]).header(), "", "Bearer ", &token.header()[..70]] {
            assert!(!token.is(other.as_bytes()));
        }
    }
}
