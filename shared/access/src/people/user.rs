//! A person's row and the claims that make names and e-mail addresses unique.

use std::fmt;

use adit_domain::person::{PersonRecord, PersonState, Profile};
use adit_domain::{InvalidValue, Timestamp, UserId};
use adit_store::items::{Item, Key, StoreError};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::rows::{item, key};
use crate::{Email, Person};

/// Characters of a user name at most.
const LONGEST_NAME: usize = 64;

/// A person as stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identifies the person.
    pub id: UserId,
    /// User name as entered.
    pub username: String,
    /// Argon2id hash of the password; people who only log in elsewhere have none.
    #[serde(default)]
    pub password_hash: Option<String>,
    /// Sees all jobs and logs, changes servers.
    pub staff: bool,
    /// How far the account is. Rows of former versions say only whether it is active.
    #[serde(alias = "active", deserialize_with = "state_or_flag")]
    pub state: PersonState,
    /// E-mail address as entered.
    #[serde(default)]
    pub email: Option<String>,
    /// Names, department, phone.
    #[serde(flatten)]
    pub profile: Profile,
    /// When it was made.
    pub created: Timestamp,
    /// When the person last logged in.
    #[serde(default)]
    pub last_login: Option<Timestamp>,
    /// An unconfirmed account vanishes then.
    #[serde(default)]
    pub unconfirmed_until: Option<Timestamp>,
    /// Becomes active by its confirmation: an administrator has made it.
    #[serde(default)]
    pub invited: bool,
    /// A code is asked for after the password.
    #[serde(default)]
    pub second_factor: bool,
    /// Sessions, pending log-ins and links of another epoch are over.
    #[serde(default)]
    pub epoch: u32,
    /// Links to a new password or address of another epoch are over; sessions are not.
    #[serde(default)]
    pub link_epoch: u32,
    /// Where the person logs in elsewhere.
    #[serde(default)]
    pub foreign: Option<Foreign>,
}

/// A person at a foreign issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// The issuer's address.
    pub issuer: String,
    /// The person's identifier there.
    pub subject: String,
}

impl User {
    /// A new account in the given state.
    pub(crate) fn new(id: UserId, username: &str, state: PersonState, now: Timestamp) -> Self {
        Self {
            id,
            username: username.to_owned(),
            password_hash: None,
            staff: false,
            state,
            email: None,
            profile: Profile::default(),
            created: now,
            last_login: None,
            unconfirmed_until: None,
            invited: false,
            second_factor: false,
            epoch: 0,
            link_epoch: 0,
            foreign: None,
        }
    }

    /// Whether the person may log in.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == PersonState::Active
    }

    /// What other rooms need to know.
    #[must_use]
    pub fn person(&self) -> Person {
        Person { user_id: self.id.clone(), username: self.username.clone(), staff: self.staff }
    }

    /// What lists and forms show.
    #[must_use]
    pub fn record(&self) -> PersonRecord {
        PersonRecord {
            id: self.id.clone(),
            username: self.username.clone(),
            email: self.email.clone(),
            profile: self.profile.clone(),
            state: self.state,
            staff: self.staff,
            second_factor: self.second_factor,
            has_password: self.password_hash.is_some(),
            issuer: self.foreign.as_ref().map(|foreign| foreign.issuer.clone()),
            created: self.created,
            last_login: self.last_login,
        }
    }

    /// Ends all sessions, pending log-ins and links.
    pub(crate) fn end_sessions(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Ends all links to a new password or address; sessions stay.
    pub(crate) fn end_links(&mut self) {
        self.link_epoch = self.link_epoch.wrapping_add(1);
    }

    /// Whether the person is one of those without whom nobody could administrate.
    pub(crate) fn administrates(&self) -> bool {
        self.staff && self.is_active()
    }
}

/// Without the hash of the password, and without what is nobody's business in a log.
impl fmt::Debug for User {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_password = self.password_hash.is_some();
        out.debug_struct("User")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("staff", &self.staff)
            .field("has_password", &has_password)
            .finish_non_exhaustive()
    }
}

fn state_or_flag<'de, D: Deserializer<'de>>(from: D) -> Result<PersonState, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Flag(bool),
        State(PersonState),
    }
    Ok(match Either::deserialize(from)? {
        Either::Flag(true) => PersonState::Active,
        Either::Flag(false) => PersonState::Deactivated,
        Either::State(state) => state,
    })
}

/// The name without spaces around it, if it can be a user name. An at sign is none of its characters: with it one person's name could be
/// another one's e-mail address.
pub(super) fn check_name(name: &str) -> Result<String, InvalidValue> {
    let name = name.trim();
    let fits = |character: char| character.is_ascii_alphanumeric() || ".-_+".contains(character);
    if (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(fits) {
        Ok(name.to_owned())
    } else {
        Err(InvalidValue::new("user name", "needs 1 to 64 letters without accents, digits or the characters . - _ +"))
    }
}

pub(crate) fn user_item(user: &User) -> Result<Item, StoreError> {
    Ok(Item {
        index1: Some(("USERS".into(), user.username.to_lowercase())),
        index2: Some((format!("USERS_{}", user.state.as_str()), format!("{:015}", user.created.0.max(0)))),
        expires_at: user.unconfirmed_until.map(Timestamp::seconds),
        ..item(user_key(&user.id), user)?
    })
}

/// The claim of a person on a name or an address.
pub(super) fn claim(key: Key, user: &User) -> Result<Item, StoreError> {
    let expires_at = user.unconfirmed_until.map(Timestamp::seconds);
    Ok(Item { expires_at, ..item(key, &serde_json::json!({ "user": user.id }))? })
}

pub(crate) fn user_key(id: &UserId) -> Key {
    key(format!("USER#{id}"), "USER")
}

pub(crate) fn name_key(username: &str) -> Key {
    key("USER_NAME", username.trim().to_lowercase())
}

pub(crate) fn email_key(email: &Email) -> Key {
    key("USER_EMAIL", email.folded())
}

pub(crate) fn foreign_key(foreign: &Foreign) -> Key {
    let hash = Sha256::new()
        .chain_update(u64::try_from(foreign.issuer.len()).unwrap_or(u64::MAX).to_be_bytes())
        .chain_update(&foreign.issuer)
        .chain_update(&foreign.subject)
        .finalize();
    key(format!("FOREIGN#{}", hex::encode(hash)), "FOREIGN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_former_versions_can_be_read() {
        let old = serde_json::json!({ "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "username": "admin", "password_hash": "$argon2id$x",
            "staff": true, "active": true, "created": 1_700_000_000_000_i64 });
        let user: User = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(
            (user.state, user.password_hash.as_deref(), user.epoch),
            (PersonState::Active, Some("$argon2id$x"), 0)
        );
        let again: User = serde_json::from_value(serde_json::to_value(&user).unwrap()).unwrap();
        assert_eq!(again, user);
        assert!(!format!("{user:?}").contains("argon2id"));
        let mut inactive = old;
        inactive["active"] = false.into();
        assert_eq!(serde_json::from_value::<User>(inactive).unwrap().state, PersonState::Deactivated);
    }

    #[test]
    fn names_are_such_that_none_is_an_address_or_looks_like_another() {
        assert_eq!(check_name(" ada.l-1_+ ").unwrap(), "ada.l-1_+");
        for wrong in ["", " ", "a b", "a@x.org", "а", "ä", &"x".repeat(65), "a/b", "a\0"] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
