//! Logging in: password, then a code where a second factor is set up or demanded. Between the two stands a short-lived pending log-in,
//! which opens nothing by itself.

use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Item, Key, Write};
use serde::{Deserialize, Serialize};

use crate::brake::address_key;
use crate::people::User;
use crate::reset::log_in_key;
use crate::rows::{hash, item, key, put, value};
use crate::{Access, AccessError, Enrolment, NewSession, random};

/// Milliseconds between the password and the code.
const PENDING_MS: i64 = 10 * 60_000;

/// How far a log-in has come.
pub enum LogIn {
    /// Done.
    Session(NewSession),
    /// A code of the second factor is needed: [`Access::finish_log_in`].
    NeedsCode {
        /// Names this log-in; valid for ten minutes.
        pending: String,
    },
    /// A second factor is demanded and has to be set up first: [`Access::enrol_pending`], then [`Access::confirm_pending`].
    NeedsEnrolment {
        /// Names this log-in; valid for ten minutes.
        pending: String,
    },
}

#[derive(Clone, Serialize, Deserialize)]
struct Pending {
    user: UserId,
    epoch: u32,
    ends: Timestamp,
    enrol: bool,
}

impl Access {
    /// Logs a person in by user name or e-mail address. `address` is where the attempt comes from.
    ///
    /// # Errors
    /// [`AccessError::WrongCredentials`] for whatever is wrong, after about the same time. [`AccessError::Braked`].
    pub async fn log_in(
        &self,
        login: &str,
        password: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<LogIn, AccessError> {
        let address = address_key(address);
        self.attempt(&address, now)?;
        let found = self.user_by_login(login).await?;
        // One account has one count, by whichever of its names; a name that nobody has is counted too, so that the brake tells nothing.
        let who = found.as_ref().map_or_else(|| login.trim().to_lowercase(), |user| user.id.to_string());
        let who = log_in_key(&who);
        self.attempt(&who, now)?;
        let user = found.filter(User::is_active);
        let hash = user.as_ref().and_then(|user| user.password_hash.clone());
        let verified = self.hashing.verify(password.to_owned(), hash).await;
        // Who was not looked at has not guessed.
        let right = verified.inspect_err(|_| [&who, &address].into_iter().for_each(|key| self.brake.take_back(key)))?;
        let Some(user) = user.filter(|_| right) else {
            tracing::info!("a log-in failed");
            return Err(AccessError::WrongCredentials);
        };
        self.brake.right(&who);
        self.brake.take_back(&address);
        self.after_first_step(&user, now).await
    }

    /// What follows when the person has shown who they are by one means.
    pub(crate) async fn after_first_step(&self, user: &User, now: Timestamp) -> Result<LogIn, AccessError> {
        if user.second_factor {
            return Ok(LogIn::NeedsCode { pending: self.begin_pending(user, false, now).await? });
        }
        if user.staff && self.second_factor_settings().await?.demanded_of_staff {
            return Ok(LogIn::NeedsEnrolment { pending: self.begin_pending(user, true, now).await? });
        }
        Ok(LogIn::Session(self.begin_session(user, Vec::new(), now).await?))
    }

    /// Finishes a log-in by a code of the second factor, or by one of the recovery codes.
    ///
    /// # Errors
    /// [`AccessError::WrongCode`], [`AccessError::Braked`]; [`AccessError::LogInOver`]: begin anew.
    pub async fn finish_log_in(
        &self,
        pending: &str,
        code: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<NewSession, AccessError> {
        let address = address_key(address);
        self.attempt(&address, now)?;
        let (user, over) = self.pending(pending, false, now).await?;
        self.check_code(&user.id, code, now).await?;
        self.brake.take_back(&address);
        self.begin_session(&user, vec![over], now).await
    }

    /// Begins to set up the second factor that is demanded.
    pub async fn enrol_pending(&self, pending: &str, now: Timestamp) -> Result<Enrolment, AccessError> {
        let (user, _) = self.pending(pending, true, now).await?;
        self.enrol(&user.id, now).await
    }

    /// Finishes setting it up and the log-in; the recovery codes are shown once.
    pub async fn confirm_pending(
        &self,
        pending: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<(Vec<String>, NewSession), AccessError> {
        let (user, over) = self.pending(pending, true, now).await?;
        let codes = self.confirm_enrolment(&user.id, code, now).await?;
        let (user, _) = self.user(&user.id).await?.ok_or(AccessError::LogInOver)?;
        Ok((codes, self.begin_session(&user, vec![over], now).await?))
    }

    async fn begin_pending(&self, user: &User, enrol: bool, now: Timestamp) -> Result<String, AccessError> {
        let token = hex::encode(random::<24>());
        let ends = now.plus_ms(PENDING_MS);
        let pending = Pending { user: user.id.clone(), epoch: user.epoch, ends, enrol };
        let stored = Item { expires_at: Some(ends.seconds()), ..item(pending_key(&token), &pending)? };
        self.items.transact(vec![put(stored, Condition::Absent)]).await?;
        Ok(token)
    }

    /// The person of a pending log-in, and the write that ends it.
    async fn pending(&self, token: &str, enrol: bool, now: Timestamp) -> Result<(User, Write), AccessError> {
        let key = pending_key(token);
        let found = self.items.get(&key).await?.ok_or(AccessError::LogInOver)?;
        let (pending, version) = value::<Pending>(found)?;
        let user = self.user(&pending.user).await?.map(|(user, _)| user).filter(User::is_active);
        let user = user.filter(|user| user.epoch == pending.epoch && pending.enrol == enrol && now <= pending.ends);
        let over = Write::Delete { key, condition: Condition::Version(version) };
        Ok((user.ok_or(AccessError::LogInOver)?, over))
    }
}

fn pending_key(token: &str) -> Key {
    key(format!("PENDING#{}", hash(token)), "PENDING")
}
