//! The first administrator.

use adit_domain::person::PersonState;
use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Index, Query, SkRange};

use super::user::{User, claim, name_key, user_item};
use crate::rows::put;
use crate::{Access, AccessError, password, random};

/// User name of the first administrator.
pub(crate) const FIRST: &str = "admin";

/// Log-in data of the first administrator, shown once.
pub struct FirstLogin {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl Access {
    /// Makes an administrator with a random password when there is no user at all.
    pub async fn ensure_first_administrator(&self, now: Timestamp) -> Result<Option<FirstLogin>, AccessError> {
        let password = readable(5);
        let made = self.ensure_first_administrator_with(&password, now).await?;
        Ok(made.then(|| FirstLogin { username: FIRST.into(), password }))
    }

    /// Makes the administrator `admin` with `password` when there is no user at all; true: made by this call. Of several processes
    /// that do this at once, one makes it.
    pub async fn ensure_first_administrator_with(&self, password: &str, now: Timestamp) -> Result<bool, AccessError> {
        let query = Query {
            index: Index::First,
            pk: "USERS".into(),
            sk: SkRange::All,
            descending: false,
            limit: 1,
            after: None,
        };
        // The index may lag behind: the claim on the name does not.
        if !self.items.query(query).await?.items.is_empty() || self.items.get(&name_key(FIRST)).await?.is_some() {
            return Ok(false);
        }
        match self.add_user(FIRST, password, true, now).await {
            Ok(_) => Ok(true),
            Err(error) if error.conflict().is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds an active person without an e-mail address; a conflict means that the name is taken.
    pub async fn add_user(
        &self,
        username: &str,
        password: &str,
        staff: bool,
        now: Timestamp,
    ) -> Result<UserId, AccessError> {
        password::check(password)?;
        let id = UserId::new(now, u128::from_le_bytes(random()));
        let password_hash = Some(self.hashing.hash(password.to_owned()).await?);
        let user = User { password_hash, staff, ..User::new(id.clone(), username.trim(), PersonState::Active, now) };
        let mut writes =
            vec![put(user_item(&user)?, Condition::Absent), put(claim(name_key(username), &user)?, Condition::Absent)];
        if staff {
            writes.push(self.staff_write(&user).await?);
        }
        self.items.transact(writes).await?;
        Ok(id)
    }
}

/// Four groups of letters without those that look alike, joined by dashes: 4.58 bits each.
pub(crate) fn readable(letters_per_group: usize) -> String {
    const LETTERS: &[u8; 24] = b"abcdefghjkmnpqrstuvwxyz3";
    let wanted = 4 * letters_per_group;
    let mut letters = Vec::new();
    while letters.len() < wanted {
        // Values beyond the last whole multiple would favour the first letters.
        letters.extend(
            random::<32>()
                .into_iter()
                .filter(|byte| *byte < 240)
                .map(|byte| char::from(LETTERS[usize::from(byte) % 24])),
        );
    }
    let groups: Vec<String> = letters[..wanted].chunks(letters_per_group).map(|group| group.iter().collect()).collect();
    groups.join("-")
}
