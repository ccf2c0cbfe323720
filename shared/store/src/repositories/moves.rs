//! C-MOVEs that are running: which bridge waits for what a C-MOVE brings. An instance may arrive at any bridge.

use std::sync::Arc;

use adit_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding::{item, key, value};
use crate::items::{Condition, Item, ItemStore, Key, Kind, StoreError};

/// How long a C-MOVE counts as running after it was last renewed, in seconds.
pub const MOVE_EXPIRY_S: i64 = 120;

/// What marks a C-MOVE: the calling AE title of its request and its message id (PS3.7 9.3.1.1, Move Originator).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MoveKey {
    /// Calling AE title of the request.
    pub calling_ae_title: String,
    /// Message id of the request.
    pub message_id: u16,
}

/// Who waits.
#[derive(Serialize, Deserialize)]
struct Waiting {
    bridge: String,
}

/// Repository of running C-MOVEs.
#[derive(Clone)]
pub struct Moves {
    items: Arc<dyn ItemStore>,
}

impl Moves {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// Says that `bridge` runs this C-MOVE; false: the message id is taken.
    pub async fn begin(&self, of: &MoveKey, bridge: &str, now: Timestamp) -> Result<bool, StoreError> {
        match self.items.put(row(of, bridge, now)?, Condition::Absent).await {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Says that it still runs; false: the row has expired and is another bridge's now.
    pub async fn renew(&self, of: &MoveKey, bridge: &str, now: Timestamp) -> Result<bool, StoreError> {
        let condition = match self.find(of).await? {
            Some((owner, version)) if owner == bridge => Condition::Version(version),
            Some(_) => return Ok(false),
            None => Condition::Absent,
        };
        match self.items.put(row(of, bridge, now)?, condition).await {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The bridge that runs this C-MOVE.
    pub async fn bridge_of(&self, of: &MoveKey) -> Result<Option<String>, StoreError> {
        Ok(self.find(of).await?.map(|(bridge, _)| bridge))
    }

    /// Frees the message id, if it is still this bridge's.
    pub async fn end(&self, of: &MoveKey, bridge: &str) -> Result<(), StoreError> {
        let Some((owner, version)) = self.find(of).await? else { return Ok(()) };
        if owner != bridge {
            return Ok(());
        }
        match self.items.delete(&row_key(of), Condition::Version(version)).await {
            Err(error) if !matches!(error.kind, Kind::Conflict { .. }) => Err(error),
            _ => Ok(()),
        }
    }

    async fn find(&self, of: &MoveKey) -> Result<Option<(String, u64)>, StoreError> {
        let found = self.items.get(&row_key(of)).await?.map(value::<Waiting>).transpose()?;
        Ok(found.map(|row| (row.value.bridge, row.version)))
    }
}

fn row_key(of: &MoveKey) -> Key {
    key("MOVES", format!("{}#{}", of.calling_ae_title, of.message_id))
}

fn row(of: &MoveKey, bridge: &str, now: Timestamp) -> Result<Item, StoreError> {
    let mut row = item(row_key(of), &Waiting { bridge: bridge.to_owned() })?;
    row.expires_at = Some(now.seconds() + MOVE_EXPIRY_S);
    Ok(row)
}
