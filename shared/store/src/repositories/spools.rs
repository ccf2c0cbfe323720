//! Spools: what a program sends for a server lies in staging until it was sent on. A row each, so that it is found after a kill.

use std::sync::Arc;

use adit_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding::{all, item, key};
use crate::items::{Condition, ItemStore, Key, StoreError};

/// A spool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolRow {
    /// The name under which its parts are staged.
    pub id: String,
    /// The process that fills it.
    pub process: String,
    /// Until when it counts as alive.
    pub until: Timestamp,
}

/// Repository of spools.
#[derive(Clone)]
pub struct Spools {
    items: Arc<dyn ItemStore>,
}

impl Spools {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// Says that a spool is alive.
    pub async fn put(&self, id: &str, process: &str, until: Timestamp) -> Result<(), StoreError> {
        let row = SpoolRow { id: id.to_owned(), process: process.to_owned(), until };
        self.items.put(item(row_key(id), &row)?, Condition::None).await
    }

    /// All spools; an installation has few of them.
    pub async fn list(&self) -> Result<Vec<SpoolRow>, StoreError> {
        all(&*self.items, "SPOOLS").await
    }

    /// A spool is gone.
    pub async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.items.delete(&row_key(id), Condition::None).await
    }
}

fn row_key(id: &str) -> Key {
    key("SPOOLS", id)
}
