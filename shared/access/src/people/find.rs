//! Who has a name or an address.

use adit_domain::UserId;
use adit_domain::person::PersonRecord;
use adit_store::items::{Item, Key};

use super::user::{User, email_key, name_key};
use crate::{Access, AccessError, Email};

impl Access {
    /// A person.
    pub async fn person(&self, id: &UserId) -> Result<PersonRecord, AccessError> {
        self.user(id).await?.map(|(user, _)| user.record()).ok_or(AccessError::Absent)
    }

    /// The person with this user name, without regard to case.
    pub async fn person_named(&self, username: &str) -> Result<Option<PersonRecord>, AccessError> {
        let username = username.trim();
        if username.is_empty() || username.len() > 320 {
            return Ok(None);
        }
        Ok(self.claimed_by(&name_key(username)).await?.map(|(user, _)| user.record()))
    }

    /// Whom the claim belongs to.
    pub(crate) async fn claimed_by(&self, key: &Key) -> Result<Option<(User, u64)>, AccessError> {
        let Some(claim) = self.items.get(key).await? else { return Ok(None) };
        match owner(&claim) {
            Some(id) => self.user(&id).await,
            None => Ok(None),
        }
    }

    /// Who logs in as `login`: a user name, or an e-mail address, without regard to case.
    pub(crate) async fn user_by_login(&self, login: &str) -> Result<Option<User>, AccessError> {
        let login = login.trim();
        // Longer text is neither and would be refused by the store.
        if login.is_empty() || login.len() > 320 {
            return Ok(None);
        }
        if let Some((user, _)) = self.claimed_by(&name_key(login)).await? {
            return Ok(Some(user));
        }
        match login.parse::<Email>() {
            Ok(email) => self.user_by_email(&email).await,
            Err(_) => Ok(None),
        }
    }

    pub(crate) async fn user_by_email(&self, email: &Email) -> Result<Option<User>, AccessError> {
        Ok(self.claimed_by(&email_key(email)).await?.map(|(user, _)| user))
    }
}

/// The person in a claim; a name that is only kept for a while has none.
pub(super) fn owner(claim: &Item) -> Option<UserId> {
    claim.body["user"].as_str().and_then(|id| id.parse().ok())
}
