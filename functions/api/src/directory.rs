//! What the engine asks accounts: who may act, and where letters go.

use std::sync::Arc;

use adit_access::{Access, AccessError};
use adit_domain::UserId;
use adit_domain::person::PersonState;
use adit_engine::{Account, AddressBook, Engine, People};
use adit_mail::Recipient;
use adit_store::items::{Kind, StoreError};
use async_trait::async_trait;

/// Lets an engine ask the accounts of its installation.
pub fn introduce(engine: &Engine, access: &Access) {
    let directory = Arc::new(Directory(access.clone()));
    engine.use_address_book(directory.clone());
    engine.use_people(directory);
}

/// The accounts of this installation, as the engine asks for them.
#[derive(Clone)]
pub struct Directory(pub Access);

#[async_trait]
impl AddressBook for Directory {
    async fn address(&self, user: &UserId) -> Result<Option<Recipient>, StoreError> {
        let person = match self.0.person(user).await {
            Ok(person) if person.state == PersonState::Active => person,
            Ok(_) | Err(AccessError::Absent) => return Ok(None),
            Err(error) => return Err(of_store(error)),
        };
        let name = format!("{} {}", person.profile.first_name, person.profile.last_name).trim().to_owned();
        Ok(person.email.map(|address| Recipient { name, address }))
    }

    async fn administrators(&self) -> Result<Vec<UserId>, StoreError> {
        let found = self.0.administrators().await.map_err(of_store)?;
        Ok(found.into_iter().map(|user| user.record().id).collect())
    }
}

#[async_trait]
impl People for Directory {
    async fn account(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.0.account(user).await?.map(|(active, staff)| Account { active, staff }))
    }
}

fn of_store(error: AccessError) -> StoreError {
    match error {
        AccessError::Store(error) => error,
        other => StoreError::new(Kind::Invalid, other.to_string()),
    }
}
