//! How much folders hold, as whoever reaches them has measured it last: one list, read as a whole.

use std::sync::Arc;

use adit_domain::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::encoding::{Versioned, all, item, key, value};
use crate::items::{Condition, ItemStore, StoreError};

const PARTITION: &str = "STORAGE";

/// What administrators have been told of a folder last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Nothing, or that was long ago: it has room.
    #[default]
    Nothing,
    /// It holds more than the warning allows.
    Filling,
    /// Its quota is used up.
    Full,
}

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageUse {
    /// The folder.
    pub node: NodeId,
    /// Bytes of its files.
    pub bytes: u64,
    /// Its files.
    pub files: u64,
    /// When that was.
    pub measured: Timestamp,
    /// What administrators were told.
    #[serde(default)]
    pub told: Told,
}

/// Repository of what folders hold.
#[derive(Clone)]
pub struct Storage {
    items: Arc<dyn ItemStore>,
}

impl Storage {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// What a folder held when it was measured last.
    pub async fn get(&self, node: &NodeId) -> Result<Option<Versioned<StorageUse>>, StoreError> {
        self.items.get(&key(PARTITION, node.as_str())).await?.map(value).transpose()
    }

    /// Stores a measurement; `before`: the version at which the row was read. A conflict: somebody else has measured meanwhile.
    pub async fn put(&self, found: &StorageUse, before: Option<u64>) -> Result<(), StoreError> {
        let row = item(key(PARTITION, found.node.as_str()), found)?;
        self.items.put(row, before.map_or(Condition::Absent, Condition::Version)).await
    }

    /// Forgets a folder.
    pub async fn remove(&self, node: &NodeId) -> Result<(), StoreError> {
        self.items.delete(&key(PARTITION, node.as_str()), Condition::None).await
    }

    /// All folders that were measured.
    pub async fn all(&self) -> Result<Vec<StorageUse>, StoreError> {
        all(&*self.items, PARTITION).await
    }
}
