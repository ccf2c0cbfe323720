//! Accounts and sessions. Groups, rights and audit follow; nothing here knows HTTP.
//!
//! | item | pk | sk | index 1 |
//! |---|---|---|---|
//! | user | `USER#<id>` | `USER` | `USERS` / `<name>` |
//! | claim on a user name | `USER_NAME` | `<lower-case name>` | |
//! | preferences | `USER#<id>` | `PREFERENCES` | |
//! | session | `SESSION#<hash of its token>` | `SESSION` | `SESSIONS#<user>` / `<created>` |

mod brake;
mod caller;
mod password;
mod sessions;
mod users;

use std::sync::Arc;

use adit_domain::UserId;
use adit_store::items::{ItemStore, StoreError};
use thiserror::Error;

pub use caller::TokenCaller;
pub use sessions::{NewSession, SessionInfo};
pub use users::{FirstLogin, User};

/// Accounts and sessions over an item store. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    pub(crate) items: Arc<dyn ItemStore>,
    pub(crate) brake: Arc<brake::Brake>,
}

/// Why access was not given.
#[derive(Debug, Error)]
pub enum AccessError {
    /// User name or password is wrong.
    #[error("the user name or the password is wrong")]
    WrongCredentials,
    /// Too many wrong attempts.
    #[error("too many attempts; wait {0} seconds and try again")]
    Braked(u64),
    /// The new password cannot be used.
    #[error("{0}")]
    WeakPassword(&'static str),
    /// The preferences are too large.
    #[error("the preferences are too large")]
    TooLarge,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A person, as other rooms need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Identifies the person.
    pub user_id: UserId,
    /// User name.
    pub username: String,
    /// Sees all jobs and logs, changes servers.
    pub staff: bool,
}

impl Access {
    /// Accounts and sessions over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items, brake: Arc::default() }
    }
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}
