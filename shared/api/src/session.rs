//! Logging in and out.

use serde::{Deserialize, Serialize};

use crate::groups::Standing;

/// Log-in data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Login {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

/// Who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// User name.
    pub username: String,
    /// Sees all jobs and task logs, may restart.
    pub staff: bool,
    /// To be sent back in the header [`crate::paths::CSRF_HEADER`].
    pub csrf_token: String,
    /// Version of the server.
    pub version: String,
    /// Calling AE title of this ADIT: what a PACS administrator has to enter.
    pub ae_title: String,
    /// Port of this ADIT's own C-STORE receiver, if it runs: needed for C-MOVE.
    pub scp_port: Option<u16>,
    /// For which group the person acts, and what they may do for it.
    #[serde(default)]
    pub standing: Standing,
}

/// Changes the own password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordChange {
    /// The present one.
    pub old_password: String,
    /// The new one, 12 characters or more.
    pub new_password: String,
}
