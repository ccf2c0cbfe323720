//! Turning typed values into items and back.

use adit_domain::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::items::{Index, Item, ItemStore, Key, Kind, Query, SkRange, StoreError};

/// A value with the version it was read at; give the version back to change it.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// Version of its item.
    pub version: u64,
}

/// A moment as text that sorts by time.
pub(super) fn sortable(moment: Timestamp) -> String {
    format!("{:015}", moment.0.max(0))
}

pub(super) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key { pk: pk.into(), sk: sk.into() }
}

pub(super) fn item<T: Serialize>(key: Key, value: &T) -> Result<Item, StoreError> {
    let body = serde_json::to_value(value).map_err(|error| StoreError::new(Kind::Invalid, error))?;
    Ok(Item { key, body, counters: Default::default(), index1: None, index2: None, version: 0, expires_at: None })
}

/// All values of a partition that holds few of them.
pub(super) async fn all<T: DeserializeOwned>(items: &dyn ItemStore, partition: &str) -> Result<Vec<T>, StoreError> {
    let found = collected(items, partition.to_owned(), SkRange::All).await?;
    found.into_iter().map(|item| Ok(value(item)?.value)).collect()
}

/// All items of a range, page by page.
pub(super) async fn collected(items: &dyn ItemStore, pk: String, sk: SkRange) -> Result<Vec<Item>, StoreError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let query =
            Query { index: Index::Primary, pk: pk.clone(), sk: sk.clone(), descending: false, limit: 200, after };
        let page = items.query(query).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

pub(super) fn value<T: DeserializeOwned>(item: Item) -> Result<Versioned<T>, StoreError> {
    let version = item.version;
    let value = serde_json::from_value(item.body).map_err(|error| StoreError::new(Kind::Corrupt, error))?;
    Ok(Versioned { value, version })
}
