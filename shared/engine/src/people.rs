//! What accounts say about a person, asked when a task begins: who was deactivated or demoted meanwhile has nothing more done for them.

use std::sync::{Arc, OnceLock};

use adit_domain::UserId;
use adit_store::items::StoreError;
use async_trait::async_trait;

use crate::Engine;

/// What accounts say of a person at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// They may log in.
    pub active: bool,
    /// They are an administrator.
    pub staff: bool,
}

/// Where the engine learns about accounts.
#[async_trait]
pub trait People: Send + Sync {
    /// The account of a person; `None`: there is no such account.
    async fn account(&self, user: &UserId) -> Result<Option<Account>, StoreError>;
}

/// What a process has been given to ask.
pub(crate) type Known = OnceLock<Arc<dyn People>>;

impl Engine {
    /// Tells this process about accounts. To be called once, before its worker starts; without it nobody is asked for: everybody
    /// counts as active, and an administrator who has made a job as one still.
    pub fn use_people(&self, people: Arc<dyn People>) {
        let _ = self.0.people.set(people);
    }

    pub(crate) async fn account(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        match self.0.people.get() {
            Some(people) => people.account(user).await,
            None => Ok(Some(Account { active: true, staff: true })),
        }
    }
}
