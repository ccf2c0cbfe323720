//! What bridges of one installation show one another.

use adit_store::repositories::Bridge;
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

    /// A bridge's row with its proof: HMAC-SHA-256 of name, address and certificate under the token.
    #[must_use]
    pub fn sealed(&self, bridge: Bridge) -> Bridge {
        let proof = self.mac_of(&bridge).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        Bridge { proof, ..bridge }
    }

    /// Whether somebody with the same master key made this row.
    pub(crate) fn has_sealed(&self, bridge: &Bridge) -> bool {
        self.sealed(bridge.clone()).proof.as_bytes().ct_eq(bridge.proof.as_bytes()).into()
    }

    fn mac_of(&self, bridge: &Bridge) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a MAC takes a key of any length");
        for part in ["bridge", &bridge.name, &bridge.address, &bridge.certificate_pem] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
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
    fn a_row_is_believed_as_it_was_sealed_only() {
        let token = Token::derive(&[1; 32]);
        let bridge = |name: &str, address: &str, certificate: &str| Bridge {
            name: name.into(),
            address: address.into(),
            certificate_pem: certificate.into(),
            proof: String::new(),
            seen: adit_engine::now(),
        };
        let row = token.sealed(bridge("a", "10.0.0.1:1", "PEM"));
        assert!(token.has_sealed(&row) && !Token::derive(&[2; 32]).has_sealed(&row));
        for other in
            [bridge("b", "10.0.0.1:1", "PEM"), bridge("a", "10.0.0.9:1", "PEM"), bridge("a", "10.0.0.1:1", "X")]
        {
            assert!(!token.has_sealed(&Bridge { proof: row.proof.clone(), ..other }));
        }
        assert!(!token.has_sealed(&bridge("a", "10.0.0.1:1", "PEM")));
    }

    #[test]
    fn only_the_same_master_key_gives_the_token() {
        let token = Token::derive(&[1; 32]);
        assert!(token.is(Token::derive(&[1; 32]).header().as_bytes()));
        for other in [Token::derive(&[2; 32]).header(), "", "Bearer ", &token.header()[..70]] {
            assert!(!token.is(other.as_bytes()));
        }
    }
}
