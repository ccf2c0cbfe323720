//! API tokens: 40 hex digits, shown once. The first 8 are public and the row's place; of the whole a salted hash is kept, which is enough
//! for 160 random bits.

use std::collections::BTreeSet;

use adit_domain::person::Profile;
use adit_domain::right::Scope;
use adit_domain::{GroupId, InvalidValue, NodeId, Timestamp, UserId};
use adit_store::items::{Condition, Cursor, Index, Item, Key, Query, SkRange, StoreError};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::people::{TRIES, User};
use crate::rows::{hash, item, key, put, value};
use crate::{Access, AccessError, Person, random};

/// Hex digits of a token.
const DIGITS: usize = 40;
/// Of which so many, at the beginning, are public.
const PUBLIC: usize = 8;
/// Characters of a description at most.
const LONGEST: usize = 120;
/// Its last use is noted at most this often, in milliseconds.
const TOUCH_MS: i64 = 300_000;
/// A token that is over stays in the lists for so long, in milliseconds: 90 days.
const SHOWN_MS: i64 = 90 * 24 * 3_600_000;

/// What a token is to be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenWish {
    /// What it is for, at most 120 characters; may be empty.
    pub description: String,
    /// When it ends; `None`: never.
    pub expires: Option<Timestamp>,
    /// What it may be used for, at least one.
    pub scopes: BTreeSet<Scope>,
    /// Narrows it to these servers and folders.
    pub nodes: Option<BTreeSet<NodeId>>,
    /// Only pseudonymised data.
    pub pseudonymised_only: bool,
    /// The group for which it acts.
    pub group: GroupId,
}

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// Its public part, by which it is named: 8 hex digits.
    pub prefix: String,
    /// Its owner.
    pub user: UserId,
    /// What it is like.
    #[serde(flatten)]
    pub wish: TokenWish,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used, at most five minutes behind.
    pub last_used: Option<Timestamp>,
}

/// A fresh token.
pub struct NewToken {
    /// The whole token: shown once, never stored.
    pub token: String,
    /// The rest.
    pub info: TokenInfo,
}

#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    salt: String,
    hash: String,
    #[serde(flatten)]
    info: TokenInfo,
}

impl TokenInfo {
    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.wish.expires.is_some_and(|expires| now >= expires)
    }
}

impl Access {
    /// Makes a token. Whether its owner may have one like this is for the caller to say.
    pub async fn create_token(&self, owner: &UserId, wish: TokenWish, now: Timestamp) -> Result<NewToken, AccessError> {
        // Its rules are those of a line of text.
        let line = Profile { department: wish.description.clone(), ..Profile::default() }.checked()?.department;
        if line.chars().count() > LONGEST {
            return Err(InvalidValue::new("description", "is longer than 120 characters").into());
        }
        if wish.scopes.is_empty() {
            return Err(InvalidValue::new("scopes", "needs at least one").into());
        }
        if wish.expires.is_some_and(|expires| expires <= now) {
            return Err(InvalidValue::new("expiry", "is in the past").into());
        }
        if wish.nodes.as_ref().is_some_and(|nodes| nodes.is_empty() || nodes.len() > 500) {
            return Err(InvalidValue::new("servers", "need at least one, at most 500").into());
        }
        let wish = TokenWish { description: line, ..wish };
        for _ in 0..TRIES {
            let token = hex::encode(random::<{ DIGITS / 2 }>());
            match self.try_create(&token, owner, &wish, now).await {
                Ok(info) => return Ok(NewToken { token, info }),
                // The public part is somebody's already.
                Err(error) if error.conflict().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Err(AccessError::Absent)
    }

    pub(crate) async fn try_create(
        &self,
        token: &str,
        owner: &UserId,
        wish: &TokenWish,
        now: Timestamp,
    ) -> Result<TokenInfo, AccessError> {
        let info = TokenInfo {
            prefix: token[..PUBLIC].to_owned(),
            user: owner.clone(),
            wish: wish.clone(),
            created: now,
            last_used: None,
        };
        let salt = hex::encode(random::<16>());
        let stored = Stored { hash: salted(&salt, token), salt, info };
        self.items.transact(vec![put(token_item(&stored)?, Condition::Absent)]).await?;
        Ok(stored.info)
    }

    /// Owner and token, if it is known, has not ended, and its owner may log in. Whatever is wrong has the same answer after about the same time.
    pub async fn token(&self, token: &str, now: Timestamp) -> Result<Option<(User, TokenInfo)>, AccessError> {
        if token.len() != DIGITS || !token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(None);
        }
        let found = self.items.get(&token_key(&token[..PUBLIC])).await?.map(value::<Stored>).transpose()?;
        let (salt, expected) = match &found {
            Some((stored, _)) => (stored.salt.as_str(), stored.hash.as_str()),
            None => {
                ("00000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000000")
            }
        };
        let right = bool::from(salted(salt, token).as_bytes().ct_eq(expected.as_bytes()));
        let Some((mut stored, version)) = found.filter(|_| right) else { return Ok(None) };
        if stored.info.is_over(now) {
            return Ok(None);
        }
        let user = self.user(&stored.info.user).await?.map(|(user, _)| user).filter(User::is_active);
        let Some(user) = user else { return Ok(None) };
        if stored.info.last_used.is_none_or(|used| now.since_ms(used) >= TOUCH_MS) {
            stored.info.last_used = Some(now);
            // Another use at the same moment serves as well; a revoked token is not written again.
            let _ = self.items.put(token_item(&stored)?, Condition::Version(version)).await;
        }
        Ok(Some((user, stored.info)))
    }

    /// A page of a person's tokens, the newest first; those that ended stay for 90 days. Index and partition for the seal: [`Access::tokens_place`].
    pub async fn tokens(
        &self,
        owner: &UserId,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<TokenInfo>, Option<Cursor>), AccessError> {
        let (index, pk) = Self::tokens_place(owner);
        let query = Query { index, pk, sk: SkRange::All, descending: true, limit: limit.clamp(1, 200), after };
        let page = self.items.query(query).await?;
        let tokens = page.items.into_iter().map(|found| value::<Stored>(found).map(|(stored, _)| stored.info));
        Ok((tokens.collect::<Result<_, _>>()?, page.next))
    }

    /// Index and partition of a person's tokens.
    #[must_use]
    pub fn tokens_place(owner: &UserId) -> (Index, String) {
        (Index::First, format!("TOKENS#{owner}"))
    }

    /// Ends a token at once: the own one, or as an administrator any; returns what it was.
    ///
    /// # Errors
    /// [`AccessError::Absent`]: unknown, or somebody else's.
    pub async fn revoke_token(&self, by: &Person, prefix: &str) -> Result<TokenInfo, AccessError> {
        if prefix.len() != PUBLIC {
            return Err(AccessError::Absent);
        }
        let found = self.items.get(&token_key(prefix)).await?.ok_or(AccessError::Absent)?;
        let (stored, _) = value::<Stored>(found)?;
        if !by.staff && stored.info.user != by.user_id {
            return Err(AccessError::Absent);
        }
        self.items.delete(&token_key(prefix), Condition::None).await?;
        tracing::info!(user = %by.user_id, token = prefix, "token revoked");
        Ok(stored.info)
    }
}

fn salted(salt: &str, token: &str) -> String {
    hash(&format!("{salt}{token}"))
}

fn token_key(prefix: &str) -> Key {
    key(format!("TOKEN#{prefix}"), "TOKEN")
}

fn token_item(stored: &Stored) -> Result<Item, StoreError> {
    let info = &stored.info;
    Ok(Item {
        index1: Some((format!("TOKENS#{}", info.user), format!("{:015}", info.created.0.max(0)))),
        expires_at: info.wish.expires.map(|expires| expires.plus_ms(SHOWN_MS).seconds()),
        ..item(token_key(&info.prefix), stored)?
    })
}
