//! The link of a new account, and an administrator's word on it.

use adit_domain::person::PersonState;
use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Write};

use super::change::{TRIES, conflict};
use super::user::{User, claim, email_key, name_key, user_key};
use super::{Confirmed, Outcome};
use crate::links::{Link, Purpose};
use crate::rows::put;
use crate::{Access, AccessError, Email, Notice, NoticeKind, password};

impl Access {
    /// Confirms an account by its link and sets its password. Following the link again changes nothing and says so.
    ///
    /// # Errors
    /// [`AccessError::LinkInvalid`], [`AccessError::WeakPassword`].
    pub async fn confirm(&self, token: &str, new_password: &str, now: Timestamp) -> Result<Confirmed, AccessError> {
        let (link, user, _) = self.link(token, now).await?;
        if let Some(confirmed) = confirmed_before(&link, &user)? {
            return Ok(confirmed);
        }
        password::check(new_password)?;
        self.confirm_hashed(token, self.hashing.hash(new_password.to_owned()).await?, now).await
    }

    pub(crate) async fn confirm_hashed(
        &self,
        token: &str,
        hash: String,
        now: Timestamp,
    ) -> Result<Confirmed, AccessError> {
        let needs_approval = self.registration_settings().await?.needs_approval;
        for _ in 0..TRIES {
            let (link, user, version) = self.link(token, now).await?;
            if let Some(confirmed) = confirmed_before(&link, &user)? {
                return Ok(confirmed);
            }
            let confirming = self.change(&user.id, |user| {
                if user.state != PersonState::Unconfirmed {
                    return Err(conflict(0));
                }
                let approved = user.invited || !needs_approval;
                user.state = if approved { PersonState::Active } else { PersonState::Waiting };
                user.unconfirmed_until = None;
                user.password_hash = Some(hash.clone());
                let mut writes = vec![link.use_up(token, version)?];
                writes.extend(lasting_claims(user)?);
                Ok(writes)
            });
            match confirming.await {
                Ok(user) => {
                    tracing::info!(user = %user.id, state = user.state.as_str(), "account confirmed");
                    let notices = self.ask_for_approval(&user).await?;
                    return Ok(Confirmed { state: user.state, already: false, notices });
                }
                Err(AccessError::Absent) => return Err(AccessError::LinkInvalid),
                // Followed twice at the same moment, or replaced: look again.
                Err(error) if error.conflict().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Err(conflict(0))
    }

    /// Letters to the administrators who can be reached.
    pub(crate) async fn ask_for_approval(&self, user: &User) -> Result<Vec<Notice>, AccessError> {
        if user.state != PersonState::Waiting {
            return Ok(Vec::new());
        }
        let to = self.administrators().await?.into_iter().filter_map(|administrator| administrator.email);
        Ok(to
            .map(|to| Notice {
                to,
                username: user.username.clone(),
                kind: NoticeKind::ApprovalNeeded { user: user.id.clone() },
                link_token: None,
            })
            .collect())
    }

    /// Lets a waiting person in.
    ///
    /// # Errors
    /// [`AccessError::Absent`]; [`AccessError::WrongState`]: unconfirmed or deactivated.
    pub async fn approve(&self, id: &UserId) -> Result<Outcome, AccessError> {
        let mut changed = false;
        let user = self
            .change(id, |user| {
                changed = user.state == PersonState::Waiting;
                match user.state {
                    PersonState::Active => {}
                    PersonState::Waiting => user.state = PersonState::Active,
                    state => return Err(AccessError::WrongState(state.as_str())),
                }
                Ok(Vec::new())
            })
            .await?;
        let notice = user.email.filter(|_| changed).map(|to| Notice {
            to,
            username: user.username,
            kind: NoticeKind::Approved,
            link_token: None,
        });
        Ok(Outcome { changed, notice })
    }

    /// Removes an account that waits or is unconfirmed; name and address are free again. Who is gone already is no error.
    ///
    /// # Errors
    /// [`AccessError::WrongState`]: the account is in use; it can be deactivated.
    pub async fn reject(&self, id: &UserId) -> Result<Outcome, AccessError> {
        for _ in 0..TRIES {
            let Some((user, version)) = self.user(id).await? else {
                return Ok(Outcome { changed: false, notice: None });
            };
            if !matches!(user.state, PersonState::Waiting | PersonState::Unconfirmed) {
                return Err(AccessError::WrongState(user.state.as_str()));
            }
            let mut writes = vec![Write::Delete { key: user_key(id), condition: Condition::Version(version) }];
            writes.push(Write::Delete { key: name_key(&user.username), condition: Condition::None });
            if let Some(email) = address(&user) {
                writes.push(Write::Delete { key: email_key(&email), condition: Condition::None });
            }
            match self.items.transact(writes).await.map_err(AccessError::from) {
                Ok(()) => {
                    let notice = user.email.map(|to| Notice {
                        to,
                        username: user.username,
                        kind: NoticeKind::Rejected,
                        link_token: None,
                    });
                    return Ok(Outcome { changed: true, notice });
                }
                Err(error) if error.conflict().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Err(conflict(0))
    }
}

/// What is said when there is nothing left to confirm. A second link to the same account comes here as well.
fn confirmed_before(link: &Link, user: &User) -> Result<Option<Confirmed>, AccessError> {
    if link.purpose != Purpose::Confirm {
        return Err(AccessError::LinkInvalid);
    }
    let before = link.used || user.state != PersonState::Unconfirmed;
    Ok(before.then(|| Confirmed { state: user.state, already: true, notices: Vec::new() }))
}

pub(super) fn address(user: &User) -> Option<Email> {
    user.email.as_deref().and_then(|email| email.parse().ok())
}

/// The person's claims without an end. While the row is the person's, so are they.
fn lasting_claims(user: &User) -> Result<Vec<Write>, AccessError> {
    let mut writes = vec![put(claim(name_key(&user.username), user)?, Condition::None)];
    if let Some(email) = address(user) {
        writes.push(put(claim(email_key(&email), user)?, Condition::None));
    }
    Ok(writes)
}
