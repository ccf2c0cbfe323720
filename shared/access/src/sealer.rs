//! What seals secrets at rest. The vault of the store is one.

use adit_store::items::{Key, StoreError};

/// Seals secrets so that they open only for the item they were sealed for.
pub trait Sealer: Send + Sync {
    /// `plain` as text for the item with the key `context`.
    fn seal(&self, context: &Key, plain: &[u8]) -> Result<String, StoreError>;

    /// What was sealed for the item with the key `context`.
    fn open(&self, context: &Key, sealed: &str) -> Result<Vec<u8>, StoreError>;
}
