//! A new password: by the old one, or by a link.

use adit_domain::Timestamp;
use adit_domain::person::PersonState;

use crate::links::{Link, Purpose, RESET_MS};
use crate::people::{User, letter};
use crate::{Access, AccessError, Email, Notice, NoticeKind, Person, password};

impl Access {
    /// Changes the own password and ends all other sessions.
    ///
    /// # Errors
    /// [`AccessError::WrongCredentials`], [`AccessError::WeakPassword`], [`AccessError::Braked`].
    pub async fn change_password(
        &self,
        person: &Person,
        old: &str,
        new: &str,
        keep_session: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let (user, _) = self.user(&person.user_id).await?.ok_or(AccessError::WrongCredentials)?;
        self.check_own_password(&user, old, now).await?;
        password::check(new)?;
        let hash = self.hashing.hash(new.to_owned()).await?;
        self.end_sessions_but(&user.id, Some(keep_session), move |changing| {
            // Changed by somebody else since it was checked: then the old one is wrong.
            if changing.password_hash != user.password_hash {
                return Err(AccessError::WrongCredentials);
            }
            changing.password_hash = Some(hash.clone());
            Ok(Vec::new())
        })
        .await
    }

    /// Asks for a link to a new password, valid for an hour. The answer is a letter for any address; what it says depends on the account.
    ///
    /// # Errors
    /// [`AccessError::Invalid`]: no e-mail address. [`AccessError::Braked`].
    pub async fn request_reset(&self, email: &str, address: &str, now: Timestamp) -> Result<Notice, AccessError> {
        let email: Email = email.parse()?;
        self.brake_letters(&email, address, now)?;
        match self.user_by_email(&email).await? {
            Some(user) if user.is_active() => {
                let (token, write) = Link::new(&user, Purpose::Reset, now.plus_ms(RESET_MS)).issue()?;
                self.items.transact(vec![write]).await?;
                // To the address that was confirmed, however it was written here.
                let to = user.email.unwrap_or_default();
                Ok(Notice { to, username: user.username, kind: NoticeKind::ResetPassword, link_token: Some(token) })
            }
            Some(user) if user.state == PersonState::Unconfirmed => self.confirmation_letter(&user.id, now).await,
            _ => {
                self.pretend_link(now).await?;
                Ok(letter(&email, "", NoticeKind::NoAccount))
            }
        }
    }

    /// Sets a new password by a link, ends all sessions and all other links of the person.
    ///
    /// # Errors
    /// [`AccessError::LinkInvalid`], [`AccessError::LinkUsed`], [`AccessError::WeakPassword`].
    pub async fn reset_password(&self, token: &str, new: &str, now: Timestamp) -> Result<Option<Notice>, AccessError> {
        let (link, user, version) = self.link(token, now).await?;
        if link.purpose != Purpose::Reset {
            return Err(AccessError::LinkInvalid);
        }
        if link.used {
            return Err(AccessError::LinkUsed);
        }
        if link.outdated(&user) || !user.is_active() {
            return Err(AccessError::LinkInvalid);
        }
        password::check(new)?;
        let hash = self.hashing.hash(new.to_owned()).await?;
        let resetting = self.end_sessions_but(&user.id, None, |user| {
            if link.outdated(user) || !user.is_active() {
                return Err(AccessError::LinkInvalid);
            }
            user.password_hash = Some(hash.clone());
            Ok(vec![link.use_up(token, version)?])
        });
        match resetting.await {
            Err(error) if error.conflict().is_some() => return Err(AccessError::LinkUsed),
            other => other?,
        }
        self.brake.right(&log_in_key(user.id.as_str()));
        tracing::info!(user = %user.id, "password reset");
        let username = user.username;
        Ok(user.email.map(|to| Notice { to, username, kind: NoticeKind::PasswordChanged, link_token: None }))
    }

    /// Whether `given` is the person's password, braked. Who has none cannot show it, and gets one by a link first.
    pub(crate) async fn check_own_password(&self, user: &User, given: &str, now: Timestamp) -> Result<(), AccessError> {
        let who = log_in_key(user.id.as_str());
        self.attempt(&who, now)?;
        let verified = self.hashing.verify(given.to_owned(), user.password_hash.clone()).await;
        if verified.inspect_err(|_| self.brake.take_back(&who))? {
            self.brake.right(&who);
            return Ok(());
        }
        Err(AccessError::WrongCredentials)
    }

    pub(crate) fn attempt(&self, who: &str, now: Timestamp) -> Result<(), AccessError> {
        self.brake.attempt(who, now).map_err(AccessError::Braked)
    }
}

/// What wrong passwords of one account are counted under.
pub(crate) fn log_in_key(who: &str) -> String {
    format!("log-in {who}")
}
