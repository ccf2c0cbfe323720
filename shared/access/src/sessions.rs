//! Sessions: random tokens, stored hashed, with a sliding and an absolute end, and a CSRF token each.

use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Index, Item, Key, Kind, Query, SkRange, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::users::item;
use crate::{Access, AccessError, Person, password, random};

/// A session ends after this much idleness, in seconds.
const IDLE_S: i64 = 12 * 3600;
/// And after this long in any case.
const TOTAL_S: i64 = 7 * 24 * 3600;
/// Its end is moved forward at most this often.
const TOUCH_S: i64 = 300;

/// A fresh session: what the browser gets.
pub struct NewSession {
    /// For the cookie.
    pub token: String,
    /// For the header.
    pub csrf_token: String,
    /// Who.
    pub person: Person,
}

/// A valid session.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    /// Who.
    pub person: Person,
    /// For the header.
    pub csrf_token: String,
    /// Names the session without being its token.
    pub id: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: UserId,
    csrf_token: String,
    created: Timestamp,
    seen: Timestamp,
}

impl SessionInfo {
    /// Whether `given` is this session's CSRF token; takes the same time in any case.
    #[must_use]
    pub fn csrf_matches(&self, given: &str) -> bool {
        self.csrf_token.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl Access {
    /// Logs a person in. `address` is where the attempt comes from.
    pub async fn log_in(
        &self,
        username: &str,
        password: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<NewSession, AccessError> {
        let name = username.trim().to_lowercase();
        self.check_brake(&name, now)?;
        self.check_brake(address, now)?;
        let user = self.user_by_name(username).await?.filter(|user| user.active);
        let right = password::verify(password.to_owned(), user.as_ref().map(|user| user.password_hash.clone())).await;
        match user.filter(|_| right) {
            Some(user) => {
                self.brake.right(&name);
                self.brake.right(address);
                tracing::info!(user = %user.id, "logged in");
                self.begin_session(Person { user_id: user.id, username: user.username, staff: user.staff }, now).await
            }
            None => {
                self.brake.wrong(&name, now);
                self.brake.wrong(address, now);
                tracing::info!("a log-in failed");
                Err(AccessError::WrongCredentials)
            }
        }
    }

    /// A session for the command line on this machine, for the first administrator found.
    pub async fn local_session(&self, now: Timestamp) -> Result<Option<NewSession>, AccessError> {
        let query = Query {
            index: Index::First,
            pk: "USERS".into(),
            sk: SkRange::All,
            descending: false,
            limit: 100,
            after: None,
        };
        for found in self.items.query(query).await?.items {
            let user: crate::User =
                serde_json::from_value(found.body).map_err(|error| StoreError::new(Kind::Corrupt, error))?;
            if user.active && user.staff {
                return self
                    .begin_session(Person { user_id: user.id, username: user.username, staff: true }, now)
                    .await
                    .map(Some);
            }
        }
        Ok(None)
    }

    async fn begin_session(&self, person: Person, now: Timestamp) -> Result<NewSession, AccessError> {
        let (token, csrf_token) = (hex::encode(random::<32>()), hex::encode(random::<32>()));
        let stored = Stored { user: person.user_id.clone(), csrf_token: csrf_token.clone(), created: now, seen: now };
        self.items.put(session_item(&id_of(&token), &stored)?, Condition::Absent).await?;
        Ok(NewSession { token, csrf_token, person })
    }

    /// The session of a token, if it is valid and its user may still log in.
    pub async fn session(&self, token: &str, now: Timestamp) -> Result<Option<SessionInfo>, AccessError> {
        let id = id_of(token);
        let Some(found) = self.items.get(&session_key(&id)).await? else { return Ok(None) };
        let mut stored: Stored =
            serde_json::from_value(found.body).map_err(|error| StoreError::new(Kind::Corrupt, error))?;
        if now.seconds() > ends_at(&stored) {
            return Ok(None);
        }
        let Some((user, _)) = self.user(&stored.user).await?.filter(|(user, _)| user.active) else { return Ok(None) };
        if now.seconds() - stored.seen.seconds() > TOUCH_S {
            stored.seen = now;
            // Somebody else may have moved it forward at the same moment; that serves as well.
            let _ = self.items.put(session_item(&id, &stored)?, Condition::Version(found.version)).await;
        }
        let person = Person { user_id: user.id, username: user.username, staff: user.staff };
        Ok(Some(SessionInfo { person, csrf_token: stored.csrf_token, id }))
    }

    /// Logs out.
    pub async fn end_session(&self, id: &str) -> Result<(), AccessError> {
        Ok(self.items.delete(&session_key(id), Condition::None).await?)
    }

    pub(crate) async fn end_other_sessions(&self, user: &UserId, keep: &str) -> Result<(), AccessError> {
        let pk = format!("SESSIONS#{user}");
        let mut after = None;
        loop {
            let page = self
                .items
                .query(Query {
                    index: Index::First,
                    pk: pk.clone(),
                    sk: SkRange::All,
                    descending: false,
                    limit: 100,
                    after,
                })
                .await?;
            for found in page.items.iter().filter(|found| found.key != session_key(keep)) {
                self.items.delete(&found.key, Condition::None).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

fn ends_at(stored: &Stored) -> i64 {
    (stored.seen.seconds() + IDLE_S).min(stored.created.seconds() + TOTAL_S)
}

/// The hash under which a session is stored: who reads the database cannot take a session over.
fn id_of(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn session_key(id: &str) -> Key {
    Key { pk: format!("SESSION#{id}"), sk: "SESSION".into() }
}

fn session_item(id: &str, stored: &Stored) -> Result<Item, StoreError> {
    let body = serde_json::to_value(stored).map_err(|error| StoreError::new(Kind::Invalid, error))?;
    let index1 = Some((format!("SESSIONS#{}", stored.user), format!("{:015}", stored.created.0)));
    Ok(Item { index1, expires_at: Some(ends_at(stored)), ..item(session_key(id), body) })
}

impl Access {
    /// Whether a session known by its id is still valid.
    pub async fn is_alive(&self, id: &str, now: Timestamp) -> Result<bool, AccessError> {
        let Some(found) = self.items.get(&session_key(id)).await? else { return Ok(false) };
        let stored: Stored =
            serde_json::from_value(found.body).map_err(|error| StoreError::new(Kind::Corrupt, error))?;
        Ok(now.seconds() <= ends_at(&stored))
    }
}
