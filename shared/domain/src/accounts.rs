//! Settings of the installation that concern accounts: who may register, of whom a second factor is demanded, log-in at a foreign issuer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Who may register. Closed unless set otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistrationSettings {
    /// People may register by themselves.
    pub open: bool,
    /// Domains of e-mail addresses that are allowed; empty: all.
    #[serde(default)]
    pub domains: Vec<String>,
    /// An administrator has to approve.
    pub needs_approval: bool,
}

/// Of whom a second factor is demanded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorSettings {
    /// Of administrators.
    pub demanded_of_staff: bool,
}

/// Log-in at a foreign issuer, without our secret there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenIdForm {
    /// All but the secret.
    #[serde(flatten)]
    pub settings: OpenIdSettings,
    /// A new secret; absent keeps the former one as long as the issuer stays, empty removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

/// Without the secret.
impl std::fmt::Debug for OpenIdForm {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("OpenIdForm").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Settings as an administrator sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenIdView {
    /// All but the secret.
    #[serde(flatten)]
    pub settings: OpenIdSettings,
    /// Whether a secret is stored; public clients have none.
    pub has_secret: bool,
}
