//! Who asks, as far as accounts know: people by id and name, and what stands in an `Authorization` header.

use adit_domain::right::TokenLimits;
use adit_domain::{GroupId, Timestamp, UserId};
use adit_store::items::{Index, Query, SkRange};

use crate::{Access, AccessError, Person};

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
    /// The caller behind a token, if it is valid at this moment and its owner may log in. There are no tokens yet: none is.
    pub async fn token(&self, secret: &str, now: Timestamp) -> Result<Option<TokenCaller>, AccessError> {
        let _ = (secret, now);
        Ok(None)
    }

    /// A person by id; none: there is no such account.
    pub async fn person(&self, id: &UserId) -> Result<Option<Person>, AccessError> {
        let found = self.user(id).await?;
        Ok(found.map(|(user, _)| Person { user_id: user.id, username: user.username, staff: user.staff }))
    }

    /// A person by user name, without regard to case.
    pub async fn person_named(&self, username: &str) -> Result<Option<Person>, AccessError> {
        let found = self.user_by_name(username).await?;
        Ok(found.map(|user| Person { user_id: user.id, username: user.username, staff: user.staff }))
    }

    /// The ids of all accounts. The list may lag behind; the first administrator is in it in any case.
    pub async fn everybody(&self) -> Result<Vec<UserId>, AccessError> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let query = Query {
                index: Index::First,
                pk: "USERS".into(),
                sk: SkRange::All,
                descending: false,
                limit: 500,
                after,
            };
            let page = self.items.query(query).await?;
            let found = page.items.iter().filter_map(|item| item.key.pk.strip_prefix("USER#")?.parse::<UserId>().ok());
            ids.extend(found);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if let Some(first) = self.user_by_name(crate::users::FIRST).await?.filter(|user| !ids.contains(&user.id)) {
            ids.push(first.id);
        }
        Ok(ids)
    }
}
