//! The second factor: codes by time (TOTP, RFC 6238) and ten recovery codes. The secret is sealed at rest, recovery codes are hashed, and a
//! code that was accepted is never accepted again.

use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Item, Key, Kind, StoreError, Write};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use totp_rs::{Builder, Totp};

use crate::people::{TRIES, User, readable};
use crate::rows::{hash, item, key, put, value};
use crate::{Access, AccessError, Notice, NoticeKind, random};

/// Recovery codes that a person gets.
const RECOVERY_CODES: usize = 10;
/// Milliseconds for setting it up.
const ENROLMENT_MS: i64 = 3_600_000;

/// What the person's app needs; shown once.
pub struct Enrolment {
    /// The secret in base 32, for typing.
    pub secret: String,
    /// `otpauth://` address, for a picture to be scanned.
    pub url: String,
}

/// A second factor as its owner and administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorInfo {
    /// Since when it is asked for.
    pub since: Timestamp,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: usize,
}

#[derive(Clone, Serialize, Deserialize)]
struct Factor {
    sealed: String,
    since: Timestamp,
    /// The newest step of 30 s whose code was accepted; no code up to it is accepted again.
    last_step: u64,
    salt: String,
    recovery: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct New {
    sealed: String,
    ends: Timestamp,
}

impl Access {
    /// Begins to set up a second factor; it is asked for once [`Access::confirm_enrolment`] has seen a code. Beginning again makes a new secret.
    ///
    /// # Errors
    /// [`AccessError::WrongState`]: there is one; it has to be removed first.
    pub async fn enrol(&self, id: &UserId, now: Timestamp) -> Result<Enrolment, AccessError> {
        let (user, _) = self.user(id).await?.ok_or(AccessError::Absent)?;
        if user.second_factor {
            return Err(AccessError::WrongState("protected by a second factor already"));
        }
        let secret = random::<20>();
        let sealed = self.vault()?.seal(&new_key(id), &secret);
        let ends = now.plus_ms(ENROLMENT_MS);
        let stored = Item { expires_at: Some(ends.seconds()), ..item(new_key(id), &New { sealed, ends })? };
        self.items.put(stored, Condition::None).await?;
        let totp = totp(&secret, &user.username)?;
        let url = totp.to_url().map_err(corrupt)?;
        Ok(Enrolment { secret: totp.secret().to_base32(), url })
    }

    /// Sets the second factor up with a code of it; returns the recovery codes, which are shown once.
    ///
    /// # Errors
    /// [`AccessError::WrongCode`], [`AccessError::Braked`]; [`AccessError::NoFactor`]: begin again.
    pub async fn confirm_enrolment(&self, id: &UserId, code: &str, now: Timestamp) -> Result<Vec<String>, AccessError> {
        let who = code_key_of(id);
        self.attempt(&who, now)?;
        let found = self.items.get(&new_key(id)).await?.ok_or(AccessError::NoFactor)?;
        let (new, version) = value::<New>(found)?;
        if now > new.ends {
            return Err(AccessError::NoFactor);
        }
        let secret = self.vault()?.open(&new_key(id), &new.sealed)?;
        let Some(step) = matching_step(&secret, code, now)? else {
            return Err(AccessError::WrongCode);
        };
        self.brake.right(&who);
        let (salt, codes, recovery) = recovery_codes();
        let sealed = self.vault()?.seal(&factor_key(id), &secret);
        let factor = Factor { sealed, since: now, last_step: step, salt, recovery };
        let stored = item(factor_key(id), &factor)?;
        let confirming = self.change(id, |user| {
            user.second_factor = true;
            let begun = Write::Delete { key: new_key(id), condition: Condition::Version(version) };
            Ok(vec![put(stored.clone(), Condition::None), begun])
        });
        confirming.await.map_err(|error| error.conflict().map_or(error, |_| AccessError::NoFactor))?;
        tracing::info!(user = %id, "second factor set up");
        Ok(codes)
    }

    /// The person's second factor, if there is one.
    pub async fn second_factor(&self, id: &UserId) -> Result<Option<FactorInfo>, AccessError> {
        let found = self.items.get(&factor_key(id)).await?.map(value::<Factor>).transpose()?;
        Ok(found.map(|(factor, _)| FactorInfo { since: factor.since, recovery_codes_left: factor.recovery.len() }))
    }

    /// Ten new recovery codes in place of the old ones, for a code.
    pub async fn renew_recovery_codes(
        &self,
        id: &UserId,
        code: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, AccessError> {
        self.check_code(id, code, now).await?;
        let (mut factor, version) = self.factor(id).await?;
        let (salt, codes, recovery) = recovery_codes();
        (factor.salt, factor.recovery) = (salt, recovery);
        self.items.put(item(factor_key(id), &factor)?, Condition::Version(version)).await?;
        Ok(codes)
    }

    /// Removes the own second factor, for a code.
    ///
    /// # Errors
    /// [`AccessError::FactorDemanded`] of administrators, where the installation demands it.
    pub async fn remove_own_factor(&self, id: &UserId, code: &str, now: Timestamp) -> Result<(), AccessError> {
        let (user, _) = self.user(id).await?.ok_or(AccessError::Absent)?;
        if user.staff && self.second_factor_settings().await?.demanded_of_staff {
            return Err(AccessError::FactorDemanded);
        }
        self.check_code(id, code, now).await?;
        self.remove_factor(id).await.map(|_| ())
    }

    /// An administrator removes a person's second factor; the letter tells the person.
    pub async fn remove_factor(&self, id: &UserId) -> Result<Option<Notice>, AccessError> {
        let mut had = false;
        let user = self
            .change(id, |user| {
                had = user.second_factor;
                user.second_factor = false;
                let gone = |key| Write::Delete { key, condition: Condition::None };
                Ok(vec![gone(factor_key(id)), gone(new_key(id))])
            })
            .await?;
        tracing::info!(user = %id, had, "second factor removed");
        let User { email, username, .. } = user;
        Ok(email.filter(|_| had).map(|to| Notice { to, username, kind: NoticeKind::FactorRemoved, link_token: None }))
    }

    /// Accepts a code by time or a recovery code, and uses it up.
    pub(crate) async fn check_code(&self, id: &UserId, code: &str, now: Timestamp) -> Result<(), AccessError> {
        let who = code_key_of(id);
        self.attempt(&who, now)?;
        for _ in 0..TRIES {
            let (mut factor, version) = self.factor(id).await?;
            let secret = self.vault()?.open(&factor_key(id), &factor.sealed)?;
            let step = matching_step(&secret, code, now)?.filter(|step| *step > factor.last_step);
            if let Some(step) = step {
                factor.last_step = step;
            } else if let Some(at) = matching_recovery(&factor, code) {
                factor.recovery.remove(at);
            } else {
                return Err(AccessError::WrongCode);
            }
            match self.items.put(item(factor_key(id), &factor)?, Condition::Version(version)).await {
                Ok(()) => {
                    self.brake.right(&who);
                    return Ok(());
                }
                // The same code at the same moment, or another one: look again.
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccessError::WrongCode)
    }

    async fn factor(&self, id: &UserId) -> Result<(Factor, u64), AccessError> {
        Ok(value(self.items.get(&factor_key(id)).await?.ok_or(AccessError::NoFactor)?)?)
    }
}

/// SHA-1, six digits, steps of 30 s, one step of tolerance: what every app knows.
fn totp(secret: &[u8], username: &str) -> Result<Totp, StoreError> {
    let builder = Builder::new().with_secret(secret).with_account_name(username).with_issuer(Some("ADIT"));
    builder.build().map_err(corrupt)
}

fn corrupt(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::new(Kind::Corrupt, error)
}

fn matching_step(secret: &[u8], code: &str, now: Timestamp) -> Result<Option<u64>, StoreError> {
    let digits: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    Ok(totp(secret, "-")?.check(&digits, u64::try_from(now.seconds()).unwrap_or(0)))
}

/// Where the code stands among those that are left; looks at all of them in any case.
fn matching_recovery(factor: &Factor, code: &str) -> Option<usize> {
    let hashed = hashed_recovery(&factor.salt, code);
    let hits = factor.recovery.iter().map(|stored| bool::from(stored.as_bytes().ct_eq(hashed.as_bytes())));
    hits.enumerate().fold(None, |found, (at, hit)| if hit { Some(at) } else { found })
}

/// Salt, codes, and their hashes. 16 letters have 73 bits: a fast hash is enough.
fn recovery_codes() -> (String, Vec<String>, Vec<String>) {
    let salt = hex::encode(random::<16>());
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| readable(4)).collect();
    let hashes = codes.iter().map(|code| hashed_recovery(&salt, code)).collect();
    (salt, codes, hashes)
}

fn hashed_recovery(salt: &str, code: &str) -> String {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    hash(&format!("{salt}{}", letters.to_ascii_lowercase()))
}

fn code_key_of(id: &UserId) -> String {
    format!("code {id}")
}

fn factor_key(id: &UserId) -> Key {
    key(format!("USER#{id}"), "FACTOR")
}

fn new_key(id: &UserId) -> Key {
    key(format!("USER#{id}"), "FACTOR_NEW")
}
