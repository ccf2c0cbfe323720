//! Who asks, as far as accounts know: people by id and name, and what stands in an `Authorization` header.

use adit_domain::right::TokenLimits;
use adit_domain::{GroupId, Timestamp, UserId};
use adit_store::items::StoreError;

use crate::people::{FIRST, user_key};
use crate::rows::value;
use crate::{Access, AccessError, Person, TokenInfo, User};

/// The owner of a token, and how the token is narrower than they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenCaller {
    /// The owner.
    pub person: Person,
    /// The group for which the token acts, as long as its owner belongs to it.
    pub group: GroupId,
    /// What it may be used for.
    pub limits: TokenLimits,
    /// The public beginning of the token.
    pub prefix: String,
}

impl Access {
    /// The caller behind a token, if it is valid at this moment and its owner may log in.
    pub async fn token_caller(&self, secret: &str, now: Timestamp) -> Result<Option<TokenCaller>, AccessError> {
        let Some((user, TokenInfo { prefix, wish, .. })) = self.token(secret, now).await? else { return Ok(None) };
        let limits =
            TokenLimits { scopes: wish.scopes, nodes: wish.nodes, pseudonymised_only: wish.pseudonymised_only };
        Ok(Some(TokenCaller { person: user.person(), group: wish.group, limits, prefix }))
    }

    /// Whether a person may log in and is an administrator; none: there is no such account.
    pub async fn account(&self, id: &UserId) -> Result<Option<(bool, bool)>, StoreError> {
        let user: Option<User> = self.items.get(&user_key(id)).await?.map(|found| Ok(value(found)?.0)).transpose()?;
        Ok(user.map(|user| (user.is_active(), user.staff)))
    }

    /// A person by id; none: there is no such account.
    pub async fn known(&self, id: &UserId) -> Result<Option<Person>, AccessError> {
        Ok(self.user(id).await?.map(|(user, _)| user.person()))
    }

    /// The ids of all accounts. The list may lag behind; the first administrator is in it in any case.
    pub async fn everybody(&self) -> Result<Vec<UserId>, AccessError> {
        let rows = self.rows_of_people().await?;
        let found = rows.iter().filter_map(|item| item.key.pk.strip_prefix("USER#")?.parse::<UserId>().ok());
        let mut ids: Vec<UserId> = found.collect();
        if let Some(first) = self.person_named(FIRST).await?.filter(|person| !ids.contains(&person.id)) {
            ids.push(first.id);
        }
        Ok(ids)
    }
}
