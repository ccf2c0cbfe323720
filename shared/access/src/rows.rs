//! Items from values and back, and the small things that all rows here share.

use adit_store::items::{Condition, Item, Key, Kind, StoreError, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

pub(crate) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key { pk: pk.into(), sk: sk.into() }
}

pub(crate) fn item<T: Serialize>(key: Key, value: &T) -> Result<Item, StoreError> {
    let body = serde_json::to_value(value).map_err(|error| StoreError::new(Kind::Invalid, error))?;
    Ok(Item { key, body, counters: Default::default(), index1: None, index2: None, version: 0, expires_at: None })
}

/// The value of an item and the version it was read at.
pub(crate) fn value<T: DeserializeOwned>(item: Item) -> Result<(T, u64), StoreError> {
    let value = serde_json::from_value(item.body).map_err(|error| StoreError::new(Kind::Corrupt, error))?;
    Ok((value, item.version))
}

pub(crate) fn put(item: Item, condition: Condition) -> Write {
    Write::Put { item, condition }
}

/// The hash under which a secret that somebody holds is stored: who reads the database cannot use it.
pub(crate) fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
