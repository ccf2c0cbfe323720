//! Accounts: people, log-in, sessions, second factor, API tokens, log-in at a foreign issuer. Groups, rights and audit stand elsewhere;
//! nothing here knows HTTP or sends a letter: what is to be sent is returned as a [`Notice`].
//!
//! | item | pk | sk | index 1 | index 2 |
//! |---|---|---|---|---|
//! | person | `USER#<id>` | `USER` | `USERS` / `<name>` | `USERS_<state>` / `<created>` |
//! | claim on a user name or an e-mail | `USER_NAME`, `USER_EMAIL` | `<lower case>` | | |
//! | preferences | `USER#<id>` | `PREFERENCES` | | |
//! | second factor, and one being set up | `USER#<id>` | `FACTOR`, `FACTOR_NEW` | | |
//! | active administrators | `STAFF` | `STAFF` | | |
//! | session | `SESSION#<hash of its token>` | `SESSION` | `SESSIONS#<user>` / `<created>` | |
//! | log-in between its steps | `PENDING#<hash>` | `PENDING` (expires) | | |
//! | one-time link | `LINK#<hash>` | `LINK` (expires) | | |
//! | API token | `TOKEN#<first 8 digits>` | `TOKEN` | `TOKENS#<user>` / `<created>` | |
//! | person of a foreign issuer | `FOREIGN#<hash of issuer and subject>` | `FOREIGN` | | |
//! | log-in under way at the issuer | `OPENID#<hash of state>` | `OPENID` (expires) | | |
//! | settings | `INSTALLATION` | `registration`, `second_factor`, `openid` | | |
//!
//! A person's row is changed by compare-and-swap only (`people/change.rs`); claims move in the same transaction. What ends sessions and
//! links at once is the person's epoch, which each of them carries: indexes may lag behind, the person's row does not.

mod brake;
mod caller;
mod email;
mod error;
mod links;
mod login;
mod notice;
pub mod openid;
mod password;
mod people;
mod reset;
mod rows;
mod second_factor;
mod sessions;
mod settings;
mod tokens;

use std::sync::Arc;

use adit_domain::UserId;
use adit_store::items::ItemStore;
use adit_store::vault::Vault;

pub use adit_domain::accounts::{RegistrationSettings, SecondFactorSettings};
pub use caller::TokenCaller;
pub use email::Email;
pub use error::AccessError;
pub use links::{LinkView, Purpose};
pub use login::LogIn;
pub use notice::{Notice, NoticeKind};
pub use people::{Confirmed, FirstLogin, NewPerson, Outcome, People, PeopleQuery, User};
pub use second_factor::{Enrolment, FactorInfo};
pub use sessions::{NewSession, SessionInfo};
pub use tokens::{NewToken, TokenInfo, TokenWish};

/// Accounts over an item store. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    pub(crate) items: Arc<dyn ItemStore>,
    pub(crate) vault: Option<Vault>,
    pub(crate) brake: Arc<brake::Brake>,
    pub(crate) hashing: Arc<password::Hashing>,
    pub(crate) openid: Arc<openid::Known>,
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
    /// Accounts over `items`. Second factor and foreign log-in need a [`Vault`] too.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items, vault: None, brake: Arc::default(), hashing: Arc::default(), openid: Arc::default() }
    }

    /// The same accounts with what seals their secrets at rest.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        Self { vault: Some(vault), ..self }
    }

    pub(crate) fn vault(&self) -> Result<&Vault, AccessError> {
        self.vault.as_ref().ok_or(AccessError::NoVault)
    }
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}

#[cfg(test)]
pub(crate) mod tests;
