//! Registration by the person, and invitation by an administrator. Whoever asks learns nothing about accounts that exist: an address that
//! has one gets another letter, the answer and what is written down are alike.

use adit_domain::person::PersonState;
use adit_domain::{InvalidValue, Timestamp, UserId};
use adit_store::items::{Condition, Item, Write};

use super::NewPerson;
use super::change::{TRIES, conflict};
use super::confirm::address;
use super::find::owner;
use super::user::{User, check_name, claim, email_key, name_key, user_item, user_key};
use crate::brake::address_key;
use crate::links::{CONFIRM_MS, Link, Purpose};
use crate::rows::{hash, item, put};
use crate::settings::allows;
use crate::{Access, AccessError, Email, Notice, NoticeKind, random};

/// Who makes an account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Themselves,
    Administrator,
}

impl Access {
    /// Registers a person; the letter is to be sent. Registering again before the link was followed replaces what was entered, and the
    /// former link is dead.
    ///
    /// # Errors
    /// [`AccessError::RegistrationClosed`], [`AccessError::NameTaken`], [`AccessError::Invalid`], [`AccessError::Braked`].
    pub async fn register(&self, new: &NewPerson, address: &str, now: Timestamp) -> Result<Notice, AccessError> {
        let settings = self.registration_settings().await?;
        if !settings.open {
            return Err(AccessError::RegistrationClosed);
        }
        let email: Email = new.email.parse()?;
        if !allows(&settings, &email) {
            let domains = settings.domains.join(" or ");
            return Err(InvalidValue::new("e-mail address", format!("must be at {domains}")).into());
        }
        self.brake_letters(&email, address, now)?;
        self.place(new, &email, By::Themselves, now).await
    }

    /// Makes an account for somebody, who becomes active by following the link.
    ///
    /// # Errors
    /// As [`Access::register`], and [`AccessError::EmailTaken`].
    pub async fn invite(&self, new: &NewPerson, now: Timestamp) -> Result<Notice, AccessError> {
        self.place(new, &new.email.parse()?, By::Administrator, now).await
    }

    /// Sends the link of an unconfirmed account once more. Other addresses get the letter that fits.
    pub async fn resend_confirmation(&self, email: &str, address: &str, now: Timestamp) -> Result<Notice, AccessError> {
        let email: Email = email.parse()?;
        self.brake_letters(&email, address, now)?;
        match self.user_by_email(&email).await? {
            Some(user) if user.state == PersonState::Unconfirmed => self.confirmation_letter(&user.id, now).await,
            Some(user) => {
                self.pretend_link(now).await?;
                Ok(letter(&email, &user.username, NoticeKind::AlreadyRegistered))
            }
            None => {
                self.pretend_link(now).await?;
                Ok(letter(&email, "", NoticeKind::NoAccount))
            }
        }
    }

    /// A further link for an unconfirmed account, which then stays for another 14 days.
    pub(crate) async fn confirmation_letter(&self, id: &UserId, now: Timestamp) -> Result<Notice, AccessError> {
        let ends = now.plus_ms(CONFIRM_MS);
        let mut token = String::new();
        let user = self
            .change(id, |user| {
                if user.state != PersonState::Unconfirmed {
                    return Err(AccessError::WrongState(user.state.as_str()));
                }
                user.unconfirmed_until = Some(ends);
                let (fresh, write) = Link::new(user, Purpose::Confirm, ends).issue()?;
                token = fresh;
                let mut writes = vec![write, put(claim(name_key(&user.username), user)?, Condition::None)];
                if let Some(email) = user.email.as_deref().and_then(|email| email.parse().ok()) {
                    writes.push(put(claim(email_key(&email), user)?, Condition::None));
                }
                Ok(writes)
            })
            .await?;
        let kind = if user.invited { NoticeKind::Invited } else { NoticeKind::Confirm };
        Ok(Notice { to: user.email.unwrap_or_default(), username: user.username, kind, link_token: Some(token) })
    }

    async fn place(&self, new: &NewPerson, email: &Email, by: By, now: Timestamp) -> Result<Notice, AccessError> {
        let username = check_name(&new.username)?;
        let profile = new.profile.checked()?;
        for _ in 0..TRIES {
            let id = UserId::new(now, u128::from_le_bytes(random()));
            let user = User {
                email: Some(email.to_string()),
                profile: profile.clone(),
                unconfirmed_until: Some(now.plus_ms(CONFIRM_MS)),
                invited: by == By::Administrator,
                ..User::new(id, &username, PersonState::Unconfirmed, now)
            };
            match self.try_place(&user, email, by, now).await {
                // Somebody else took the name or the address at the same moment: look again.
                Err(error) if error.conflict().is_some() => {}
                other => return other,
            }
        }
        Err(conflict(0))
    }

    async fn try_place(&self, user: &User, email: &Email, by: By, now: Timestamp) -> Result<Notice, AccessError> {
        let claimed = self.items.get(&email_key(email)).await?;
        let holder = match claimed.as_ref().and_then(owner) {
            Some(id) => self.user(&id).await?,
            None => None,
        };
        let named = self.items.get(&name_key(&user.username)).await?;
        if let Some(named) = &named
            && !kept_for(named, email)
            && !(owner(named).is_some() && owner(named) == claimed.as_ref().and_then(owner) && unconfirmed(&holder))
        {
            return Err(AccessError::NameTaken);
        }
        let name_condition = named.as_ref().map_or(Condition::Absent, |named| Condition::Version(named.version));
        if holder.is_some() && !unconfirmed(&holder) {
            return match by {
                By::Administrator => Err(AccessError::EmailTaken),
                By::Themselves => {
                    let name = holder.map(|(holder, _)| holder.username).unwrap_or_default();
                    // As many writes as for an account.
                    let mut writes = vec![put(keep_name(user, email)?, name_condition)];
                    for _ in 0..3 {
                        writes.push(Link::nobody(now).issue()?.1);
                    }
                    self.items.transact(writes).await?;
                    Ok(letter(email, &name, NoticeKind::AlreadyRegistered))
                }
            };
        }
        let email_condition = claimed.map_or(Condition::Absent, |claimed| Condition::Version(claimed.version));
        let (token, link) = Link::new(user, Purpose::Confirm, now.plus_ms(CONFIRM_MS)).issue()?;
        let mut writes = replacing(holder.as_ref(), user)?;
        writes.extend([
            put(claim(name_key(&user.username), user)?, name_condition),
            put(claim(email_key(email), user)?, email_condition),
            link,
        ]);
        self.items.transact(writes).await?;
        let kind = if by == By::Administrator { NoticeKind::Invited } else { NoticeKind::Confirm };
        Ok(Notice { link_token: Some(token), ..letter(email, &user.username, kind) })
    }

    /// The writes that make a person whose address, if any, is verified; an unconfirmed account with it gives way. A conflict: name or
    /// address have been taken.
    pub(crate) async fn new_person_writes(&self, user: &User) -> Result<Vec<Write>, AccessError> {
        let Some(email) = address(user) else {
            let mut writes = replacing(None, user)?;
            writes.push(put(claim(name_key(&user.username), user)?, Condition::Absent));
            return Ok(writes);
        };
        let claimed = self.items.get(&email_key(&email)).await?;
        let holder = match claimed.as_ref().and_then(owner) {
            Some(id) => self.user(&id).await?,
            None => None,
        };
        if holder.is_some() && !unconfirmed(&holder) {
            return Err(conflict(0));
        }
        let same_name = |old: &User| name_key(&old.username) == name_key(&user.username);
        let name_condition =
            if holder.as_ref().is_some_and(|(old, _)| same_name(old)) { Condition::None } else { Condition::Absent };
        let email_condition = claimed.map_or(Condition::Absent, |claimed| Condition::Version(claimed.version));
        let mut writes = replacing(holder.as_ref(), user)?;
        writes.push(put(claim(name_key(&user.username), user)?, name_condition));
        writes.push(put(claim(email_key(&email), user)?, email_condition));
        Ok(writes)
    }

    /// Letters to one address, and those caused from one address, are slowed down like wrong passwords: whether there is an account or not.
    pub(crate) fn brake_letters(&self, email: &Email, from: &str, now: Timestamp) -> Result<(), AccessError> {
        let (to, from) = (format!("letters to {}", email.folded()), format!("{} letters", address_key(from)));
        self.attempt(&from, now)?;
        self.attempt(&to, now)
    }
}

pub(crate) fn letter(email: &Email, username: &str, kind: NoticeKind) -> Notice {
    Notice { to: email.to_string(), username: username.to_owned(), kind, link_token: None }
}

/// The rows of a person with an address, for tests that need thousands.
#[cfg(test)]
pub(crate) fn new_rows(user: &User) -> Result<Vec<Item>, AccessError> {
    let mut rows = vec![user_item(user)?, claim(name_key(&user.username), user)?];
    rows.extend(address(user).map(|email| claim(email_key(&email), user)).transpose()?);
    Ok(rows)
}

/// The new row, and the end of the unconfirmed one that it replaces with its name.
fn replacing(old: Option<&(User, u64)>, user: &User) -> Result<Vec<Write>, AccessError> {
    let mut writes = vec![put(user_item(user)?, Condition::Absent)];
    if let Some((old, version)) = old {
        writes.push(Write::Delete { key: user_key(&old.id), condition: Condition::Version(*version) });
        if name_key(&old.username) != name_key(&user.username) {
            writes.push(Write::Delete { key: name_key(&old.username), condition: Condition::None });
        }
    }
    Ok(writes)
}

fn unconfirmed(holder: &Option<(User, u64)>) -> bool {
    holder.as_ref().is_some_and(|(user, _)| user.state == PersonState::Unconfirmed)
}

/// The name as if the person had been registered: else who registers it once more with another address would learn that the first
/// address has an account.
fn keep_name(user: &User, email: &Email) -> Result<Item, AccessError> {
    let body = serde_json::json!({ "kept_for": hash(&email.folded()) });
    Ok(Item { expires_at: user.unconfirmed_until.map(Timestamp::seconds), ..item(name_key(&user.username), &body)? })
}

fn kept_for(claim: &Item, email: &Email) -> bool {
    claim.body["kept_for"].as_str() == Some(&hash(&email.folded()))
}
