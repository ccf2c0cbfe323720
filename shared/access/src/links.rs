//! One-time links of letters: random secrets, stored hashed. A used link stays until its end, so that who follows it twice is told so.

use adit_domain::person::PersonState;
use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Item, Key, StoreError, Write};
use serde::{Deserialize, Serialize};

use crate::people::User;
use crate::rows::{hash, item, key, put, value};
use crate::{Access, AccessError, random};

/// Milliseconds that links to confirm something are valid: 14 days.
pub(crate) const CONFIRM_MS: i64 = 14 * 24 * 3_600_000;
/// Milliseconds that a link to a new password is valid: an hour.
pub(crate) const RESET_MS: i64 = 3_600_000;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
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

/// A link as the page needs it, before anything is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// What it is for.
    pub purpose: Purpose,
    /// It was followed before.
    pub used: bool,
    /// Of whom.
    pub username: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Link {
    pub user: UserId,
    #[serde(flatten)]
    pub purpose: Purpose,
    epoch: u32,
    #[serde(default)]
    link_epoch: u32,
    ends: Timestamp,
    pub used: bool,
}

impl Link {
    pub fn new(user: &User, purpose: Purpose, ends: Timestamp) -> Self {
        let (epoch, link_epoch) = (user.epoch, user.link_epoch);
        Self { user: user.id.clone(), purpose, epoch, link_epoch, ends, used: false }
    }

    /// A link that leads nowhere, so that the time of an answer does not tell whether there was one to write.
    pub fn nobody(now: Timestamp) -> Self {
        let user = UserId::new(now, u128::from_le_bytes(random()));
        Self { user, purpose: Purpose::Reset, epoch: 0, link_epoch: 0, ends: now.plus_ms(RESET_MS), used: true }
    }

    /// A new secret and the write that makes it valid.
    pub fn issue(&self) -> Result<(String, Write), StoreError> {
        let token = hex::encode(random::<24>());
        let write = put(self.item(link_key(&token))?, Condition::Absent);
        Ok((token, write))
    }

    /// The write after which the link cannot be used again.
    pub fn use_up(&self, token: &str, version: u64) -> Result<Write, StoreError> {
        Ok(put(Self { used: true, ..self.clone() }.item(link_key(token))?, Condition::Version(version)))
    }

    /// Whether sessions or links were ended since it was made. A link to confirm an account has nothing to do with that.
    pub fn outdated(&self, user: &User) -> bool {
        self.purpose != Purpose::Confirm && (self.epoch, self.link_epoch) != (user.epoch, user.link_epoch)
    }

    fn item(&self, key: Key) -> Result<Item, StoreError> {
        Ok(Item { expires_at: Some(self.ends.seconds()), ..item(key, self)? })
    }
}

impl Access {
    /// What a link is for, without using it: programs that look at letters open links too.
    ///
    /// # Errors
    /// [`AccessError::LinkInvalid`]: unknown, too old, or replaced.
    pub async fn look_at_link(&self, token: &str, now: Timestamp) -> Result<LinkView, AccessError> {
        let (link, user, _) = self.link(token, now).await?;
        if !link.used && (link.outdated(&user) || user.state == PersonState::Deactivated) {
            return Err(AccessError::LinkInvalid);
        }
        Ok(LinkView { purpose: link.purpose, used: link.used, username: user.username })
    }

    /// Writes a link that leads nowhere.
    pub(crate) async fn pretend_link(&self, now: Timestamp) -> Result<(), AccessError> {
        let (_, write) = Link::nobody(now).issue()?;
        Ok(self.items.transact(vec![write]).await?)
    }

    /// A link with its person and version, used or not.
    pub(crate) async fn link(&self, token: &str, now: Timestamp) -> Result<(Link, User, u64), AccessError> {
        let found = self.items.get(&link_key(token)).await?.ok_or(AccessError::LinkInvalid)?;
        let (link, version) = value::<Link>(found)?;
        if now > link.ends {
            return Err(AccessError::LinkInvalid);
        }
        let (user, _) = self.user(&link.user).await?.ok_or(AccessError::LinkInvalid)?;
        Ok((link, user, version))
    }
}

fn link_key(token: &str) -> Key {
    key(format!("LINK#{}", hash(token)), "LINK")
}
