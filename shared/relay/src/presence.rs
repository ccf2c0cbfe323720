//! The row that says where this bridge is.

use std::time::Duration;

use adit_store::items::StoreError;
use adit_store::repositories::{Bridge, Bridges};
use tokio_util::sync::CancellationToken;

/// How often the row is renewed; three times within its expiry.
const EVERY: Duration = Duration::from_secs(10);

/// Keeps a bridge's row.
pub struct Presence {
    bridges: Bridges,
    bridge: Bridge,
}

impl Presence {
    /// Of this bridge.
    #[must_use]
    pub fn new(bridges: Bridges, bridge: Bridge) -> Self {
        Self { bridges, bridge }
    }

    /// Says that the bridge lives.
    pub async fn beat(&self) -> Result<(), StoreError> {
        self.bridges.put(&Bridge { seen: adit_engine::now(), ..self.bridge.clone() }).await
    }

    /// Says so until `stop`; then the row is removed.
    pub async fn keep(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => break,
            }
            if let Err(error) = self.beat().await {
                tracing::warn!(error = %error, "this bridge could not renew its row; tried again");
            }
        }
        if let Err(error) = self.bridges.remove(&self.bridge.name).await {
            tracing::warn!(error = %error, "this bridge could not remove its row; it expires by itself");
        }
    }
}
