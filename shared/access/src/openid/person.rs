//! Who a person of the issuer is here: whom they were linked to, else whose verified e-mail address it is, else a new account - as far as
//! the settings allow it.

use adit_domain::person::PersonState;
use adit_domain::{Timestamp, UserId};
use adit_store::items::Condition;

use super::OpenIdSettings;
use super::claims::Claims;
use crate::people::{TRIES, User, conflict, foreign_key};
use crate::rows::{item, put};
use crate::{Access, AccessError, random};

impl Access {
    /// The active person, and whether they were made now.
    pub(super) async fn foreign_person(
        &self,
        claims: &Claims,
        settings: &OpenIdSettings,
        now: Timestamp,
    ) -> Result<(User, bool), AccessError> {
        for attempt in 0..TRIES {
            match self.find_or_make(claims, settings, attempt, now).await {
                // Somebody else was faster, perhaps the same person in another window: look again.
                Err(error) if error.conflict().is_some() => {}
                Err(error) => return Err(error),
                Ok((user, made)) => return Ok((self.apply_staff(user, claims.staff(settings)).await?, made)),
            }
        }
        Err(conflict(0))
    }

    async fn find_or_make(
        &self,
        claims: &Claims,
        settings: &OpenIdSettings,
        attempt: usize,
        now: Timestamp,
    ) -> Result<(User, bool), AccessError> {
        if let Some((user, _)) = self.claimed_by(&foreign_key(&claims.foreign)).await? {
            return active(user).map(|user| (user, false));
        }
        let verified = claims.email.as_ref().filter(|_| claims.email_verified);
        let holder = match &claims.email {
            Some(email) => self.user_by_email(email).await?.filter(|user| user.state != PersonState::Unconfirmed),
            None => None,
        };
        if let Some(holder) = holder {
            // The same person may have come in by another window since the first look; link and address are made together.
            if self.claimed_by(&foreign_key(&claims.foreign)).await?.is_some() {
                return Err(conflict(0));
            }
            if verified.is_none() || !settings.link_by_email {
                return Err(AccessError::Foreign(
                    "there is an account with your e-mail address already; log in to it with its password, or ask an administrator",
                ));
            }
            return self.link_person(active(holder)?, claims).await.map(|user| (user, false));
        }
        if !settings.create_accounts {
            return Err(AccessError::Foreign("you have no account here yet; ask an administrator for one"));
        }
        let username = if attempt == 0 { claims.name.clone() } else { format!("{}-{}", claims.name, attempt + 1) };
        let id = UserId::new(now, u128::from_le_bytes(random()));
        let user = User {
            // An address that the issuer has not verified could be somebody else's.
            email: verified.map(ToString::to_string),
            profile: claims.profile.clone(),
            foreign: Some(claims.foreign.clone()),
            ..User::new(id, &username, PersonState::Active, now)
        };
        let mut writes = self.new_person_writes(&user).await?;
        writes
            .push(put(item(foreign_key(&claims.foreign), &serde_json::json!({ "user": user.id }))?, Condition::Absent));
        self.items.transact(writes).await?;
        tracing::info!(user = %user.id, "account made for a person of the issuer");
        Ok((user, true))
    }

    async fn link_person(&self, user: User, claims: &Claims) -> Result<User, AccessError> {
        let linked = item(foreign_key(&claims.foreign), &serde_json::json!({ "user": user.id }))?;
        let user = self
            .change(&user.id, |user| {
                if user.foreign.as_ref().is_some_and(|foreign| *foreign != claims.foreign) {
                    return Err(AccessError::Foreign(
                        "this account belongs to another person of the issuer; ask an administrator",
                    ));
                }
                user.foreign = Some(claims.foreign.clone());
                Ok(vec![put(linked.clone(), Condition::Absent)])
            })
            .await?;
        tracing::info!(user = %user.id, "account linked to a person of the issuer");
        Ok(user)
    }

    /// Follows the issuer's word on who administrates, but never removes the last administrator.
    async fn apply_staff(&self, user: User, staff: Option<bool>) -> Result<User, AccessError> {
        let Some(staff) = staff.filter(|staff| *staff != user.staff) else { return Ok(user) };
        match self.set_staff(&user.id, staff).await {
            Ok(_) => Ok(User { staff, ..user }),
            Err(AccessError::LastAdministrator) => {
                tracing::warn!(user = %user.id, "the last administrator stays one, against the issuer's word");
                Ok(user)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the link to the issuer's person away, so that another one can be made. Who has no password then asks for one by e-mail.
    pub async fn unlink_foreign(&self, id: &UserId) -> Result<(), AccessError> {
        self.change(id, |user| {
            let gone = user.foreign.take().map(|foreign| adit_store::items::Write::Delete {
                key: foreign_key(&foreign),
                condition: Condition::None,
            });
            user.end_sessions();
            Ok(gone.into_iter().collect())
        })
        .await?;
        Ok(())
    }
}

fn active(user: User) -> Result<User, AccessError> {
    match user.state {
        PersonState::Active => Ok(user),
        PersonState::Waiting => {
            Err(AccessError::Foreign("your account waits for an administrator's approval; you will get a letter"))
        }
        _ => Err(AccessError::Foreign("your account here is deactivated; ask an administrator")),
    }
}
