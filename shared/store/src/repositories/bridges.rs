//! Bridges that live: where each takes instances that arrived elsewhere, and how it is recognised.

use std::sync::Arc;

use adit_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding::{all, item, key};
use crate::items::{Condition, ItemStore, Key, StoreError};

/// How long a bridge counts as living after its last heartbeat, in seconds.
pub const BRIDGE_EXPIRY_S: i64 = 30;

/// A living bridge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// Name of the process.
    pub name: String,
    /// Address and port of its relay, such as `10.0.1.7:11114`.
    pub address: String,
    /// The certificate of its relay, made at its start. Others trust exactly this one.
    pub certificate_pem: String,
    /// Made of the three above with the installation's secret: whoever can write rows alone cannot make it.
    #[serde(default)]
    pub proof: String,
    /// Last heartbeat.
    pub seen: Timestamp,
}

/// Repository of living bridges.
#[derive(Clone)]
pub struct Bridges {
    items: Arc<dyn ItemStore>,
}

impl Bridges {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// A bridge's heartbeat: it lives for another [`BRIDGE_EXPIRY_S`] seconds after `bridge.seen`.
    pub async fn put(&self, bridge: &Bridge) -> Result<(), StoreError> {
        let mut row = item(row_key(&bridge.name), bridge)?;
        row.expires_at = Some(bridge.seen.seconds() + BRIDGE_EXPIRY_S);
        self.items.put(row, Condition::None).await
    }

    /// All bridges that live.
    pub async fn living(&self) -> Result<Vec<Bridge>, StoreError> {
        all(&*self.items, "BRIDGES").await
    }

    /// A bridge says good-bye.
    pub async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.items.delete(&row_key(name), Condition::None).await
    }
}

fn row_key(name: &str) -> Key {
    key("BRIDGES", name)
}
