//! Lists of people for administrators.

use adit_domain::UserId;
use adit_domain::person::{PersonRecord, PersonState};
use adit_store::items::{Cursor, Index, Item, Query, SkRange};
use futures_util::future::try_join_all;

use super::find::owner;
use super::user::User;
use crate::rows::value;
use crate::{Access, AccessError};

/// People per page at most.
const LARGEST_PAGE: usize = 200;

/// Which people, in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleQuery {
    /// All, by user name.
    All,
    /// Those in one state, the newest account first.
    State(PersonState),
}

/// One page of people.
#[derive(Debug, Clone, PartialEq)]
pub struct People {
    /// In the list's order.
    pub people: Vec<PersonRecord>,
    /// Where the page ended; absent at the end.
    pub next: Option<Cursor>,
}

impl PeopleQuery {
    /// Index and partition of the list, for the seal of its page tokens.
    #[must_use]
    pub fn place(self) -> (Index, String) {
        match self {
            Self::All => (Index::First, "USERS".into()),
            Self::State(state) => (Index::Second, format!("USERS_{}", state.as_str())),
        }
    }
}

impl Access {
    /// The rows of all accounts, by user name. The index may lag behind.
    pub(crate) async fn rows_of_people(&self) -> Result<Vec<Item>, AccessError> {
        let (mut rows, mut after) = (Vec::new(), None);
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
            rows.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(rows);
            }
        }
    }

    /// A page of people, at most 200.
    pub async fn people(&self, which: PeopleQuery, limit: usize, after: Option<Cursor>) -> Result<People, AccessError> {
        let (index, pk) = which.place();
        let (descending, limit) = (which != PeopleQuery::All, limit.clamp(1, LARGEST_PAGE));
        let page = self.items.query(Query { index, pk, sk: SkRange::All, descending, limit, after }).await?;
        let users = page.items.into_iter().map(|item| value::<User>(item).map(|(user, _)| user.record()));
        Ok(People { people: users.collect::<Result<_, _>>()?, next: page.next })
    }

    /// People whose user name or e-mail address begins with `text`, without regard to case: by user name, at most `limit` of each (200 at most).
    pub async fn search_people(&self, text: &str, limit: usize) -> Result<Vec<PersonRecord>, AccessError> {
        let prefix = text.trim().to_lowercase();
        if prefix.is_empty() || prefix.len() > 320 {
            return Ok(Vec::new());
        }
        let begins = |index, pk: &str| Query {
            index,
            pk: pk.to_owned(),
            sk: SkRange::Prefix(prefix.clone()),
            descending: false,
            limit: limit.clamp(1, LARGEST_PAGE),
            after: None,
        };
        let mut found = Vec::new();
        for item in self.items.query(begins(Index::First, "USERS")).await?.items {
            found.push(value::<User>(item)?.0.record());
        }
        let claims = self.items.query(begins(Index::Primary, "USER_EMAIL")).await?.items;
        let others: Vec<UserId> =
            claims.iter().filter_map(owner).filter(|id| found.iter().all(|person| person.id != *id)).collect();
        let others = try_join_all(others.iter().map(|id| self.user(id))).await?;
        found.extend(others.into_iter().flatten().map(|(user, _)| user.record()));
        found.sort_by_key(|person| person.username.to_lowercase());
        Ok(found)
    }
}
