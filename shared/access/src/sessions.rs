//! Sessions: random tokens, stored hashed, with a sliding and an absolute end, and a CSRF token each. One read for the session, one for
//! its person.

use std::fmt;

use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Index, Item, Key, Query, SkRange, StoreError, Write};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::people::{TRIES, User, conflict};
use crate::rows::{hash, item, key, put, value};
use crate::{Access, AccessError, Person, random};

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
#[derive(Clone)]
pub struct SessionInfo {
    /// Who.
    pub person: Person,
    /// For the header.
    pub csrf_token: String,
    /// Names the session without being its token.
    pub id: String,
}

/// Without its CSRF token.
impl fmt::Debug for SessionInfo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SessionInfo").field("person", &self.person).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: UserId,
    csrf_token: String,
    created: Timestamp,
    seen: Timestamp,
    #[serde(default)]
    epoch: u32,
}

impl SessionInfo {
    /// Whether `given` is this session's CSRF token; takes the same time in any case.
    #[must_use]
    pub fn csrf_matches(&self, given: &str) -> bool {
        self.csrf_token.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl Access {
    /// A session for the command line on this machine, for the first administrator found.
    pub async fn local_session(&self, now: Timestamp) -> Result<Option<NewSession>, AccessError> {
        match self.administrators().await?.first() {
            Some(user) => self.begin_session(user, Vec::new(), now).await.map(Some),
            None => Ok(None),
        }
    }

    /// Begins a session and notes the log-in, together with `more`. Who was deactivated or had all sessions ended since `user` was read
    /// gets none.
    pub(crate) async fn begin_session(
        &self,
        user: &User,
        more: Vec<Write>,
        now: Timestamp,
    ) -> Result<NewSession, AccessError> {
        let (token, csrf_token) = (hex::encode(random::<32>()), hex::encode(random::<32>()));
        let id = hash(&token);
        let beginning = self.change(&user.id, |current| {
            if !current.is_active() || current.epoch != user.epoch {
                return Err(AccessError::LogInOver);
            }
            current.last_login = Some(now);
            let stored = Stored {
                user: current.id.clone(),
                csrf_token: csrf_token.clone(),
                created: now,
                seen: now,
                epoch: current.epoch,
            };
            let mut writes = more.clone();
            writes.push(put(session_item(&id, &stored)?, Condition::Absent));
            Ok(writes)
        });
        let user = beginning.await.map_err(|error| error.conflict().map_or(error, |_| AccessError::LogInOver))?;
        tracing::info!(user = %user.id, "logged in");
        Ok(NewSession { token, csrf_token, person: user.person() })
    }

    /// The session of a token, if it is valid and its user may still log in.
    pub async fn session(&self, token: &str, now: Timestamp) -> Result<Option<SessionInfo>, AccessError> {
        let id = hash(token);
        let Some((mut stored, user, version)) = self.valid(&id, now).await? else { return Ok(None) };
        if now.seconds() - stored.seen.seconds() > TOUCH_S {
            stored.seen = now;
            // Somebody else may have moved it forward at the same moment; that serves as well.
            let _ = self.items.put(session_item(&id, &stored)?, Condition::Version(version)).await;
        }
        Ok(Some(SessionInfo { person: user.person(), csrf_token: stored.csrf_token, id }))
    }

    /// Whether a session known by its id is still valid.
    pub async fn is_alive(&self, id: &str, now: Timestamp) -> Result<bool, AccessError> {
        Ok(self.valid(id, now).await?.is_some())
    }

    async fn valid(&self, id: &str, now: Timestamp) -> Result<Option<(Stored, User, u64)>, AccessError> {
        let Some(found) = self.items.get(&session_key(id)).await? else { return Ok(None) };
        let (stored, version) = value::<Stored>(found)?;
        if now.seconds() > ends_at(&stored) {
            return Ok(None);
        }
        let user = self.user(&stored.user).await?.map(|(user, _)| user);
        let user = user.filter(|user| user.is_active() && user.epoch == stored.epoch);
        Ok(user.map(|user| (stored, user, version)))
    }

    /// Logs out.
    pub async fn end_session(&self, id: &str) -> Result<(), AccessError> {
        Ok(self.items.delete(&session_key(id), Condition::None).await?)
    }

    /// Logs a person out everywhere, or everywhere but in the session `keep`. Links to a new password or address end as well; API tokens stay.
    pub async fn log_out_everywhere(&self, id: &UserId, keep: Option<&str>) -> Result<(), AccessError> {
        self.end_sessions_but(id, keep, |_| Ok(Vec::new())).await
    }

    /// Changes a person and ends their sessions but `keep` in the same moment.
    pub(crate) async fn end_sessions_but(
        &self,
        id: &UserId,
        keep: Option<&str>,
        mut decide: impl FnMut(&mut User) -> Result<Vec<Write>, AccessError>,
    ) -> Result<(), AccessError> {
        for _ in 0..TRIES {
            let kept = match keep {
                Some(keep) => self.items.get(&session_key(keep)).await?.map(value::<Stored>).transpose()?,
                None => None,
            };
            let mut own = usize::MAX;
            let changing = self.change(id, |user| {
                let mut writes = decide(user)?;
                own = writes.len();
                user.end_sessions();
                if let (Some(keep), Some((stored, version))) = (keep, &kept)
                    && stored.user == user.id
                {
                    let stored = Stored {
                        epoch: user.epoch,
                        csrf_token: stored.csrf_token.clone(),
                        user: user.id.clone(),
                        ..*stored
                    };
                    writes.push(put(session_item(keep, &stored)?, Condition::Version(*version)));
                }
                Ok(writes)
            });
            match changing.await {
                // The kept session was moved forward at the same moment.
                Err(error) if error.conflict() == Some(own) => {}
                Err(error) => return Err(error),
                Ok(_) => return self.tidy_sessions(id, keep).await,
            }
        }
        Err(conflict(0))
    }

    /// Removes the rows of sessions that are over; those that an index does not show yet end by themselves.
    async fn tidy_sessions(&self, user: &UserId, keep: Option<&str>) -> Result<(), AccessError> {
        let kept = keep.map(session_key);
        let mut after = None;
        loop {
            let query = Query {
                index: Index::First,
                pk: format!("SESSIONS#{user}"),
                sk: SkRange::All,
                descending: false,
                limit: 100,
                after,
            };
            let page = self.items.query(query).await?;
            let over = page.items.into_iter().filter(|found| Some(&found.key) != kept.as_ref());
            let deletions: Vec<Write> =
                over.map(|found| Write::Delete { key: found.key, condition: Condition::None }).collect();
            if !deletions.is_empty() {
                self.items.transact(deletions).await?;
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

fn session_key(id: &str) -> Key {
    key(format!("SESSION#{id}"), "SESSION")
}

fn session_item(id: &str, stored: &Stored) -> Result<Item, StoreError> {
    let index1 = Some((format!("SESSIONS#{}", stored.user), format!("{:015}", stored.created.0)));
    Ok(Item { index1, expires_at: Some(ends_at(stored)), ..item(session_key(id), stored)? })
}
