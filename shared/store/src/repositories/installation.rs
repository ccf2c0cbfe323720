//! Settings of the whole installation: one item.

use std::sync::Arc;

use adit_domain::installation::InstallationConfig;

use super::encoding::{Versioned, item, key, value};
use crate::items::{Condition, ItemStore, StoreError};

/// Repository of the installation's settings.
#[derive(Clone)]
pub struct Installation {
    items: Arc<dyn ItemStore>,
}

impl Installation {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// The settings; the defaults with version 0 if nothing was ever set.
    pub async fn get(&self) -> Result<Versioned<InstallationConfig>, StoreError> {
        let found = self.items.get(&key("INSTALLATION", "SETTINGS")).await?;
        found
            .map(value)
            .transpose()
            .map(|found| found.unwrap_or_else(|| Versioned { value: InstallationConfig::default(), version: 0 }))
    }

    /// Stores the settings unless they have changed since `version`; then it is a conflict.
    pub async fn put(&self, config: &InstallationConfig, version: u64) -> Result<(), StoreError> {
        let condition = if version == 0 { Condition::Absent } else { Condition::Version(version) };
        self.items.put(item(key("INSTALLATION", "SETTINGS"), config)?, condition).await
    }
}
