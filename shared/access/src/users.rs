//! Users: the first administrator, log-in data, preferences.

use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Index, Item, Key, Kind, Query, SkRange, StoreError, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Access, AccessError, Person, password, random};

/// Preferences may have this many bytes.
const MAX_PREFERENCES: usize = 8 * 1024;
/// User name of the first administrator.
pub(crate) const FIRST: &str = "admin";

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identifies the user.
    pub id: UserId,
    /// User name as entered.
    pub username: String,
    /// Argon2id hash of the password.
    pub password_hash: String,
    /// Sees all jobs and logs, changes servers.
    pub staff: bool,
    /// May log in.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

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
        let password = readable_password();
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
            Err(AccessError::Store(error)) if matches!(error.kind, Kind::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds a user; a conflict means that the name is taken.
    pub async fn add_user(
        &self,
        username: &str,
        password: &str,
        staff: bool,
        now: Timestamp,
    ) -> Result<UserId, AccessError> {
        password::check(password)?;
        let id = UserId::new(now, u128::from_le_bytes(random()));
        let user = User {
            id: id.clone(),
            username: username.to_owned(),
            password_hash: password::hash(password.to_owned()).await,
            staff,
            active: true,
            created: now,
        };
        let claim = item(name_key(username), serde_json::json!({ "user": id.as_str() }));
        let writes = vec![
            Write::Put { item: user_item(&user)?, condition: Condition::Absent },
            Write::Put { item: claim, condition: Condition::Absent },
        ];
        self.items.transact(writes).await?;
        Ok(id)
    }

    pub(crate) async fn user(&self, id: &UserId) -> Result<Option<(User, u64)>, AccessError> {
        let Some(found) = self.items.get(&user_key(id)).await? else { return Ok(None) };
        let user = serde_json::from_value(found.body).map_err(|error| StoreError::new(Kind::Corrupt, error))?;
        Ok(Some((user, found.version)))
    }

    pub(crate) async fn user_by_name(&self, username: &str) -> Result<Option<User>, AccessError> {
        let Some(claim) = self.items.get(&name_key(username)).await? else { return Ok(None) };
        let Some(id) = claim.body["user"].as_str().and_then(|id| id.parse().ok()) else { return Ok(None) };
        Ok(self.user(&id).await?.map(|(user, _)| user))
    }

    /// Changes the own password and ends all other sessions.
    pub async fn change_password(
        &self,
        person: &Person,
        old: &str,
        new: &str,
        keep_session: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        self.check_brake(&person.username, now)?;
        let Some((mut user, version)) = self.user(&person.user_id).await? else {
            return Err(AccessError::WrongCredentials);
        };
        if !password::verify(old.to_owned(), Some(user.password_hash.clone())).await {
            self.brake.wrong(&person.username.to_lowercase(), now);
            return Err(AccessError::WrongCredentials);
        }
        password::check(new)?;
        user.password_hash = password::hash(new.to_owned()).await;
        self.items.put(user_item(&user)?, Condition::Version(version)).await?;
        self.end_other_sessions(&person.user_id, keep_session).await
    }

    /// The user's preferences, an object.
    pub async fn preferences(&self, user: &UserId) -> Result<Value, AccessError> {
        let found = self.items.get(&preferences_key(user)).await?;
        Ok(found.map_or_else(|| serde_json::json!({}), |item| item.body))
    }

    /// Stores the user's preferences.
    pub async fn set_preferences(&self, user: &UserId, value: Value) -> Result<(), AccessError> {
        if !value.is_object() || value.to_string().len() > MAX_PREFERENCES {
            return Err(AccessError::TooLarge);
        }
        Ok(self.items.put(item(preferences_key(user), value), Condition::None).await?)
    }

    pub(crate) fn check_brake(&self, who: &str, now: Timestamp) -> Result<(), AccessError> {
        self.brake.wait_s(&who.to_lowercase(), now).map_or(Ok(()), |wait| Err(AccessError::Braked(wait)))
    }
}

pub(crate) fn item(key: Key, body: Value) -> Item {
    Item { key, body, counters: Default::default(), index1: None, index2: None, version: 0, expires_at: None }
}

fn user_item(user: &User) -> Result<Item, StoreError> {
    let body = serde_json::to_value(user).map_err(|error| StoreError::new(Kind::Invalid, error))?;
    Ok(Item { index1: Some(("USERS".into(), user.username.to_lowercase())), ..item(user_key(&user.id), body) })
}

fn user_key(id: &UserId) -> Key {
    Key { pk: format!("USER#{id}"), sk: "USER".into() }
}

fn preferences_key(id: &UserId) -> Key {
    Key { pk: format!("USER#{id}"), sk: "PREFERENCES".into() }
}

fn name_key(username: &str) -> Key {
    Key { pk: "USER_NAME".into(), sk: username.trim().to_lowercase() }
}

/// Four groups of five letters without those that look alike: about 92 bits.
fn readable_password() -> String {
    const LETTERS: &[u8; 24] = b"abcdefghjkmnpqrstuvwxyz3";
    let mut letters = Vec::new();
    while letters.len() < 20 {
        // Values beyond the last whole multiple would favour the first letters.
        letters.extend(
            random::<32>()
                .into_iter()
                .filter(|byte| *byte < 240)
                .map(|byte| char::from(LETTERS[usize::from(byte) % 24])),
        );
    }
    let groups: Vec<String> = letters[..20].chunks(5).map(|group| group.iter().collect()).collect();
    groups.join("-")
}
