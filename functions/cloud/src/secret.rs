//! The installation's secret: one JSON object in the secret store. Its values never reach a log.

use std::fmt;

use adit_deid::ProjectKey;
use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// What only this installation knows.
#[derive(Clone)]
pub struct InstallationSecret {
    project_key: [u8; 32],
    admin_password: String,
    origin_secret: String,
}

/// As it stands in the secret store.
#[derive(Deserialize)]
struct Wire {
    project_key: String,
    #[serde(default)]
    admin_password: String,
    #[serde(default)]
    origin_secret: String,
}

impl InstallationSecret {
    /// Reads `{"project_key": "<64 hex digits>", "admin_password": "...", "origin_secret": "..."}`; the last two may be absent.
    ///
    /// # Errors
    /// Says what is wrong without repeating any value.
    pub fn parse(text: &str) -> Result<Self> {
        // The parser's own message could quote a value.
        let Ok(wire) = serde_json::from_str::<Wire>(text) else {
            bail!("the installation's secret is not a JSON object with the text project_key");
        };
        let mut project_key = [0; 32];
        hex::decode_to_slice(wire.project_key.trim(), &mut project_key)
            .ok()
            .context("project_key in the installation's secret is not 64 hexadecimal digits")?;
        if project_key.iter().all(|byte| *byte == project_key[0]) {
            bail!("project_key in the installation's secret is not random");
        }
        Ok(Self { project_key, admin_password: wire.admin_password, origin_secret: wire.origin_secret })
    }

    /// The master key of de-identification.
    #[must_use]
    pub fn project_key(&self) -> ProjectKey {
        ProjectKey::from_bytes(self.project_key)
    }

    /// The master key's bytes, to derive other keys from.
    #[must_use]
    pub fn master_key(&self) -> &[u8; 32] {
        &self.project_key
    }

    /// Password of the first administrator; empty: none is made.
    #[must_use]
    pub fn admin_password(&self) -> &str {
        &self.admin_password
    }

    /// What the edge sends along with every request to the API; empty: nothing is demanded.
    #[must_use]
    pub fn origin_secret(&self) -> &str {
        &self.origin_secret
    }
}

impl fmt::Debug for InstallationSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("InstallationSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_secret_is_read_and_what_may_be_absent_is_empty() {
        let whole = format!(r#"{{"project_key":"{KEY}","admin_password":"pass word","origin_secret":"edge"}}"#);
        let secret = InstallationSecret::parse(&whole).unwrap();
        assert_eq!(
            (secret.admin_password(), secret.origin_secret(), secret.master_key()[31]),
            ("pass word", "edge", 31)
        );
        let secret = InstallationSecret::parse(&format!(r#"{{"project_key":"{KEY}"}}"#)).unwrap();
        assert_eq!((secret.admin_password(), secret.origin_secret()), ("", ""));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for text in ["", "[]", r#"{"project_key":"1234abcd"}"#, r#"{"project_key":7,"admin_password":"hidden"}"#] {
            let error = InstallationSecret::parse(text).unwrap_err();
            assert!(error.to_string().contains("project_key"), "{error}");
            assert!(!format!("{error:?}").contains("1234abcd") && !format!("{error:?}").contains("hidden"));
        }
        assert!(InstallationSecret::parse(&format!(r#"{{"project_key":"{}"}}"#, "00".repeat(32))).is_err());
    }

    #[test]
    fn its_debug_form_says_nothing() {
        let secret =
            InstallationSecret::parse(&format!(r#"{{"project_key":"{KEY}","origin_secret":"edge"}}"#)).unwrap();
        assert_eq!(format!("{secret:?}"), "InstallationSecret(..)");
    }
}
