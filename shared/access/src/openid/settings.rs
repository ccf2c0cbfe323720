//! Which issuer, and what its people may do here. The client secret is sealed and never given out.

use adit_domain::InvalidValue;
pub use adit_domain::accounts::{OpenIdForm, OpenIdSettings, OpenIdView};
use adit_store::items::Key;
use openidconnect::IssuerUrl;
use serde::{Deserialize, Serialize};

use crate::rows::key;
use crate::settings::PARTITION;
use crate::{Access, AccessError};

/// Part of the installation's settings.
const PART: &str = "openid";

/// As stored.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(flatten)]
    pub settings: OpenIdSettings,
    #[serde(default)]
    sealed_secret: Option<String>,
}

impl Access {
    /// The settings.
    pub async fn openid_settings(&self) -> Result<OpenIdView, AccessError> {
        let stored: Stored = self.setting(PART).await?;
        Ok(OpenIdView { settings: stored.settings, has_secret: stored.sealed_secret.is_some() })
    }

    /// Changes the settings.
    ///
    /// # Errors
    /// [`AccessError::Invalid`]: the issuer's address is none, or not HTTPS (only on this machine HTTP is allowed).
    pub async fn set_openid_settings(&self, form: OpenIdForm) -> Result<(), AccessError> {
        let settings = form.settings;
        if settings.enabled || !settings.issuer.is_empty() {
            check_issuer(&settings.issuer)?;
        }
        if settings.enabled && settings.client_id.trim().is_empty() {
            return Err(InvalidValue::new("client id", "is missing").into());
        }
        let former: Stored = self.setting(PART).await?;
        let sealed_secret = match form.client_secret.as_deref() {
            // Another issuer must not be sent the secret that this one knows.
            None => former.sealed_secret.filter(|_| former.settings.issuer == settings.issuer),
            Some("") => None,
            Some(secret) => Some(self.vault()?.seal(&secret_key(), secret.as_bytes())),
        };
        self.set_setting(PART, &Stored { settings, sealed_secret }).await
    }

    pub(super) async fn openid_in_use(&self) -> Result<Stored, AccessError> {
        let stored: Stored = self.setting(PART).await?;
        if stored.settings.enabled { Ok(stored) } else { Err(AccessError::NoIssuer) }
    }

    pub(super) fn openid_secret(&self, stored: &Stored) -> Result<Option<String>, AccessError> {
        let Some(sealed) = &stored.sealed_secret else { return Ok(None) };
        let opened = self.vault()?.open(&secret_key(), sealed)?;
        String::from_utf8(opened).map(Some).map_err(|_| AccessError::NoIssuer)
    }
}

fn check_issuer(issuer: &str) -> Result<(), InvalidValue> {
    let wrong = |why| InvalidValue::new("issuer", why);
    let url = IssuerUrl::new(issuer.to_owned()).map_err(|_| wrong("is no address"))?;
    let local = matches!(url.url().host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.url().scheme() {
        "https" => Ok(()),
        "http" if local => Ok(()),
        _ => Err(wrong("must begin with https://")),
    }
}

/// Secrets open only for the row that holds them.
fn secret_key() -> Key {
    key(PARTITION, PART)
}
