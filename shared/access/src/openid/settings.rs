//! Which issuer, and what its people may do here. The client secret is sealed and never given out.

use std::collections::BTreeMap;
use std::fmt;

use adit_domain::InvalidValue;
use adit_store::items::Key;
use openidconnect::IssuerUrl;
use serde::{Deserialize, Serialize};

use crate::rows::key;
use crate::settings::PARTITION;
use crate::{Access, AccessError};

/// Part of the installation's settings.
const PART: &str = "openid";

/// Log-in at a foreign issuer, without our secret there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdSettings {
    /// Offered on the log-in page.
    pub enabled: bool,
    /// What the button says, such as the hospital's name.
    pub label: String,
    /// The issuer's address; its description is found below it.
    pub issuer: String,
    /// Our identifier there.
    pub client_id: String,
    /// Asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Claim with the person's groups at the issuer.
    #[serde(default)]
    pub groups_claim: Option<String>,
    /// From a value of that claim to names of groups here.
    #[serde(default)]
    pub mapping: BTreeMap<String, Vec<String>>,
    /// Value of that claim which makes an administrator; who has lost it is none from the next log-in on.
    #[serde(default)]
    pub staff_value: Option<String>,
    /// People without an account get one.
    pub create_accounts: bool,
    /// A person whose e-mail address the issuer has verified gets the account with that address. Switch it on only for an issuer that
    /// verifies addresses itself.
    pub link_by_email: bool,
    /// The issuer looks after a second factor; else ours is asked for as after a password.
    pub trust_second_factor: bool,
}

/// Settings as an administrator enters them.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct OpenIdForm {
    /// All but the secret.
    #[serde(flatten)]
    pub settings: OpenIdSettings,
    /// A new secret; absent keeps the former one as long as the issuer stays, empty removes it.
    #[serde(default)]
    pub client_secret: Option<String>,
}

/// Without the secret.
impl fmt::Debug for OpenIdForm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OpenIdForm").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Settings as an administrator sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OpenIdView {
    /// All but the secret.
    #[serde(flatten)]
    pub settings: OpenIdSettings,
    /// Whether a secret is stored; public clients have none.
    pub has_secret: bool,
}

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
