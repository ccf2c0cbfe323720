//! Why access was not given, or an account not changed.

use adit_domain::InvalidValue;
use adit_store::items::{Kind, StoreError};
use thiserror::Error;

/// Why access was not given, or an account not changed.
#[derive(Debug, Error)]
pub enum AccessError {
    /// User name or password is wrong.
    #[error("the user name or the password is wrong")]
    WrongCredentials,
    /// The code of the second factor is wrong or was used before.
    #[error("the code is wrong or was used before")]
    WrongCode,
    /// The log-in that this step belongs to is over; it has to begin anew.
    #[error("the log-in took too long")]
    LogInOver,
    /// Too many wrong attempts.
    #[error("too many attempts; wait {0} seconds and try again")]
    Braked(u64),
    /// The new password cannot be used.
    #[error("{0}")]
    WeakPassword(&'static str),
    /// A value cannot be used.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The preferences are too large.
    #[error("the preferences are too large")]
    TooLarge,
    /// There is no such thing, or it belongs to somebody else.
    #[error("there is no such thing")]
    Absent,
    /// Somebody has this user name.
    #[error("the user name is taken")]
    NameTaken,
    /// Somebody has this e-mail address. Only said to administrators and to whom the mailbox belongs.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The link is unknown, too old, or was replaced.
    #[error("the link is not valid")]
    LinkInvalid,
    /// The link was used before.
    #[error("the link was used before")]
    LinkUsed,
    /// People cannot register by themselves here.
    #[error("registration is closed")]
    RegistrationClosed,
    /// The account's state does not allow it.
    #[error("the account is {0}")]
    WrongState(&'static str),
    /// Without this person nobody could administrate.
    #[error("this is the last active administrator")]
    LastAdministrator,
    /// There is no second factor, or none being set up.
    #[error("there is no second factor")]
    NoFactor,
    /// A second factor is demanded of this person.
    #[error("a second factor is demanded")]
    FactorDemanded,
    /// Log-in elsewhere is not set up.
    #[error("log-in at a foreign issuer is not set up")]
    NoIssuer,
    /// The foreign issuer cannot be reached or does not keep to the protocol. The text is for the log and for administrators.
    #[error("the issuer: {0}")]
    Issuer(String),
    /// The foreign issuer's person gets no access; the sentence says why and what to do.
    #[error("{0}")]
    Foreign(&'static str),
    /// Secrets cannot be sealed in this process.
    #[error("secrets cannot be sealed here")]
    NoVault,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccessError {
    /// The write of the transaction whose condition did not hold.
    pub(crate) fn conflict(&self) -> Option<usize> {
        match self {
            Self::Store(StoreError { kind: Kind::Conflict { index }, .. }) => Some(*index),
            _ => None,
        }
    }
}
