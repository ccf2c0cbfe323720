//! Letters that follow from what was done. The caller sends them; nothing here does.

use std::fmt;

use adit_domain::UserId;

/// A letter to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// E-mail address.
    pub to: String,
    /// User name of whom the letter is about.
    pub username: String,
    /// What it says.
    pub kind: NoticeKind,
    /// Secret of the link in it, if it has one.
    pub link_token: Option<String>,
}

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeKind {
    /// Follow the link within 14 days and choose a password.
    Confirm,
    /// An administrator made an account: follow the link within 14 days and choose a password.
    Invited,
    /// Somebody wanted to register with, or move to, an address that has an account; one can log in or ask for a new password.
    AlreadyRegistered,
    /// To administrators: this person waits for approval.
    ApprovalNeeded {
        /// Who waits.
        user: UserId,
    },
    /// The account can be used now.
    Approved,
    /// The account was not approved and is gone.
    Rejected,
    /// Follow the link within an hour to choose a new password.
    ResetPassword,
    /// Somebody asked for a new password, but there is no account that can be used with this address.
    NoAccount,
    /// Follow the link within 14 days to make this the account's address.
    ConfirmEmail,
    /// To the former address: the account has another one now.
    EmailChanged,
    /// The password was changed by a link.
    PasswordChanged,
    /// The second factor was removed by an administrator.
    FactorRemoved,
}

/// Secrets do not get into logs.
impl fmt::Debug for Notice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Notice").field("kind", &self.kind).finish_non_exhaustive()
    }
}
