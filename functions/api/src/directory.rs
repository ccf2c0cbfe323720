//! The engine's address book over the accounts.

use adit_access::{Access, AccessError};
use adit_domain::UserId;
use adit_domain::person::PersonState;
use adit_engine::AddressBook;
use adit_mail::Recipient;
use adit_store::items::{Kind, StoreError};
use async_trait::async_trait;

/// Where letters to people go.
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

fn of_store(error: AccessError) -> StoreError {
    match error {
        AccessError::Store(error) => error,
        other => StoreError::new(Kind::Invalid, other.to_string()),
    }
}
