//! What people change about themselves: profile and e-mail address.

use adit_domain::person::{PersonState, Profile};
use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Write};

use super::confirm::address;
use super::register::letter;
use super::user::{claim, email_key};
use crate::links::{CONFIRM_MS, Link, Purpose};
use crate::rows::put;
use crate::{Access, AccessError, Email, Notice, NoticeKind, Person};

impl Access {
    /// Changes names, department and phone.
    pub async fn change_profile(&self, id: &UserId, profile: &Profile) -> Result<(), AccessError> {
        let profile = profile.checked()?;
        self.change(id, |user| {
            user.profile = profile.clone();
            Ok(Vec::new())
        })
        .await?;
        Ok(())
    }

    /// Asks for another e-mail address; links that were sent before, to a new address or password, end. It counts once the link in the letter has been followed; an address that belongs to somebody gets another letter.
    ///
    /// # Errors
    /// [`AccessError::WrongCredentials`]: the password is wrong, or the person has none.
    pub async fn request_email_change(
        &self,
        person: &Person,
        password: &str,
        new: &str,
        now: Timestamp,
    ) -> Result<Notice, AccessError> {
        let email: Email = new.parse()?;
        let (user, _) = self.user(&person.user_id).await?.ok_or(AccessError::Absent)?;
        self.check_own_password(&user, password, now).await?;
        self.brake_letters(&email, user.id.as_str(), now)?;
        let holder = self.user_by_email(&email).await?;
        let holder = holder.filter(|holder| holder.id != user.id && holder.state != PersonState::Unconfirmed);
        let mut token = String::new();
        self.change(&user.id, |user| {
            user.end_links();
            let purpose = Purpose::Email { email: email.to_string() };
            let link = match &holder {
                Some(_) => Link::nobody(now),
                None => Link::new(user, purpose, now.plus_ms(CONFIRM_MS)),
            };
            let (fresh, write) = link.issue()?;
            token = fresh;
            Ok(vec![write])
        })
        .await?;
        Ok(match holder {
            Some(holder) => letter(&email, &holder.username, NoticeKind::AlreadyRegistered),
            None => Notice { link_token: Some(token), ..letter(&email, &user.username, NoticeKind::ConfirmEmail) },
        })
    }

    /// Makes the address of the link the person's; the letter goes to the former one.
    ///
    /// # Errors
    /// [`AccessError::LinkInvalid`]; [`AccessError::LinkUsed`]; [`AccessError::EmailTaken`]: somebody has registered it in the meantime.
    pub async fn confirm_email(&self, token: &str, now: Timestamp) -> Result<Option<Notice>, AccessError> {
        let (link, user, version) = self.link(token, now).await?;
        let Purpose::Email { email } = &link.purpose else { return Err(AccessError::LinkInvalid) };
        if link.used {
            return Err(AccessError::LinkUsed);
        }
        let email: Email = email.parse()?;
        let taken = self.items.get(&email_key(&email)).await?;
        let mine = taken.as_ref().is_some_and(|claim| super::find::owner(claim).as_ref() == Some(&user.id));
        let mut former = None;
        let changing = self.change(&user.id, |user| {
            if link.outdated(user) || !user.is_active() {
                return Err(AccessError::LinkInvalid);
            }
            former = address(user);
            user.email = Some(email.to_string());
            // Links that went to the former mailbox end with it.
            user.end_links();
            let condition = if mine { Condition::None } else { Condition::Absent };
            let mut writes = vec![link.use_up(token, version)?, put(claim(email_key(&email), user)?, condition)];
            if let Some(old) = former.as_ref().filter(|old| old.folded() != email.folded()) {
                writes.push(Write::Delete { key: email_key(old), condition: Condition::None });
            }
            Ok(writes)
        });
        match changing.await {
            Ok(user) => Ok(former.map(|former| letter(&former, &user.username, NoticeKind::EmailChanged))),
            Err(error) => Err(match error.conflict() {
                Some(0) => AccessError::LinkUsed,
                Some(1) => AccessError::EmailTaken,
                _ => error,
            }),
        }
    }

    /// An administrator enters an address, which needs no confirmation.
    ///
    /// # Errors
    /// [`AccessError::EmailTaken`].
    pub async fn set_email(&self, id: &UserId, new: &str) -> Result<(), AccessError> {
        let email: Email = new.parse()?;
        let taken = self.claimed_by(&email_key(&email)).await?;
        let mine = taken.is_some_and(|(user, _)| user.id == *id);
        let changing = self.change(id, |user| {
            let former = address(user);
            user.email = Some(email.to_string());
            // Links that went to the former mailbox end with it.
            user.end_sessions();
            let condition = if mine { Condition::None } else { Condition::Absent };
            let mut writes = vec![put(claim(email_key(&email), user)?, condition)];
            if let Some(old) = former.filter(|old| old.folded() != email.folded()) {
                writes.push(Write::Delete { key: email_key(&old), condition: Condition::None });
            }
            Ok(writes)
        });
        match changing.await {
            Err(error) if error.conflict() == Some(0) => Err(AccessError::EmailTaken),
            other => other.map(|_| ()),
        }
    }
}
