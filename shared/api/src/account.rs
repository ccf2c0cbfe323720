//! The own account: what one enters and sees about oneself, the second factor, links of letters.

use adit_domain::Timestamp;
use adit_domain::person::{PersonRecord, PersonState, Profile};
use serde::{Deserialize, Serialize};

use crate::groups::OwnGroup;
use crate::session::Session;

/// What the log-in page offers to somebody who is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entrance {
    /// One can register by oneself.
    pub registration: bool,
    /// Domains of e-mail addresses that may register; empty: all.
    pub domains: Vec<String>,
    /// What the button for the log-in at the organisation's issuer says; absent: there is none.
    pub issuer: Option<String>,
}

/// What somebody enters to register, or an administrator to invite them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAccount {
    /// User name: 1 to 64 letters, digits and `.`, `-`, `_`, `+`, without accents.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// Names, department, phone.
    #[serde(flatten)]
    pub profile: Profile,
}

/// An e-mail address to which a letter is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailInput {
    /// The address.
    pub email: String,
}

/// The secret of a link in a letter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkInput {
    /// What stands behind `#` in the link.
    pub token: String,
}

/// The secret of a link in a letter, and the password that is chosen by it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkPassword {
    /// What stands behind `#` in the link.
    pub token: String,
    /// 12 characters or more.
    pub new_password: String,
}

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum LinkPurpose {
    /// To confirm an account and choose its password.
    Confirm,
    /// To make this the account's address.
    Email {
        /// The new address.
        email: String,
    },
    /// To choose a new password.
    Reset,
}

/// A link before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkView {
    /// What it is for.
    #[serde(flatten)]
    pub purpose: LinkPurpose,
    /// It was followed before.
    pub used: bool,
    /// Of whom.
    pub username: String,
}

/// What became of a confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Confirmation {
    /// State of the account now.
    pub state: PersonState,
    /// The link had been followed before; nothing was changed.
    pub already: bool,
}

/// The own account, or another one for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountView {
    /// The person.
    #[serde(flatten)]
    pub person: PersonRecord,
    /// The second factor, if there is one.
    pub factor: Option<FactorView>,
    /// Groups of the person, by name.
    pub groups: Vec<OwnGroup>,
}

/// A second factor without its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FactorView {
    /// Since when it is asked for.
    pub since: Timestamp,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: usize,
}

/// Asks for another e-mail address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailChange {
    /// The own password.
    pub password: String,
    /// The new address.
    pub email: String,
}

/// A code of the second factor, or a recovery code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CodeInput {
    /// As the app shows it.
    pub code: String,
}

/// What an app for one-time codes needs; shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolment {
    /// The secret in base 32, for typing.
    pub secret: String,
    /// `otpauth://` address, for a picture to be scanned.
    pub url: String,
}

/// Recovery codes, each good for one log-in; shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// The codes.
    pub recovery_codes: Vec<String>,
}

/// A log-in that has to go on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingLogIn {
    /// Names this log-in; valid for ten minutes.
    pub pending: String,
    /// What is needed.
    pub needs: NextStep,
}

/// What a log-in needs after the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// A code of the second factor.
    Code,
    /// A second factor has to be set up first.
    Enrolment,
}

/// How far a log-in is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogInAnswer {
    /// It has to go on.
    Pending(PendingLogIn),
    /// Done.
    Done(Box<Session>),
}

/// Names a log-in that goes on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingInput {
    /// From the first step.
    pub pending: String,
}

/// The code of a log-in that goes on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingCode {
    /// From the first step.
    pub pending: String,
    /// As the app shows it.
    pub code: String,
}

/// A log-in with a second factor that was set up on the way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolledLogIn {
    /// Who is logged in.
    pub session: Session,
    /// Each good for one log-in; shown once.
    pub recovery_codes: Vec<String>,
}
