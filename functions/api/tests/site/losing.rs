//! An item store that can be told to lose the audit trail's records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use adit_store::items::{Item, ItemStore, Key, Kind, Page, Query, StoreError, Write};
use async_trait::async_trait;

pub struct Losing {
    pub inner: Arc<dyn ItemStore>,
    pub loses: AtomicBool,
}

#[async_trait]
impl ItemStore for Losing {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.inner.get(key).await
    }
    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.inner.query(query).await
    }
    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let is_record = writes.iter().any(|write| write.key().pk.starts_with("AUDIT"));
        if is_record && self.loses.load(Ordering::Relaxed) {
            return Err(StoreError::new(Kind::Unavailable, "the disk is full"));
        }
        self.inner.transact(writes).await
    }
    async fn purge_expired(&self) -> Result<usize, StoreError> {
        self.inner.purge_expired().await
    }
}
