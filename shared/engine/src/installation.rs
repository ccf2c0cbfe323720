//! Settings of the whole installation: announcement, maintenance, suspension, how long is kept, how much is answered.
//!
//! They are asked for at nearly every request and task, so each process remembers them for a moment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_api::installation::{InstallationInput, InstallationView, Notice};
use adit_domain::installation::InstallationConfig;
use adit_store::repositories::Versioned;
use tokio::time::Instant;

use crate::{Engine, Refusal};

/// How long a process may go by settings that another one has changed.
const FRESH: Duration = Duration::from_secs(2);

/// The settings as they were a moment ago.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Option<(Instant, Arc<InstallationConfig>)>>);

impl Cache {
    fn get(&self) -> Option<Arc<InstallationConfig>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(read, _)| read.elapsed() < FRESH).map(|(_, config)| Arc::clone(config))
    }

    fn put(&self, config: &Arc<InstallationConfig>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(config)));
    }
}

impl Engine {
    /// The settings of the installation, at most two seconds old.
    pub async fn installation(&self) -> Result<Arc<InstallationConfig>, Refusal> {
        if let Some(kept) = self.0.settings_cache.get() {
            return Ok(kept);
        }
        let config = Arc::new(self.0.installation.get().await?.value);
        self.0.settings_cache.put(&config);
        Ok(config)
    }

    /// The settings as they are stored, for a form.
    pub async fn installation_view(&self) -> Result<InstallationView, Refusal> {
        let Versioned { value: config, version } = self.0.installation.get().await?;
        Ok(InstallationView { config, version })
    }

    /// Changes the settings; a stale version is refused. Other processes follow within two seconds.
    pub async fn change_installation(&self, input: InstallationInput) -> Result<InstallationView, Refusal> {
        let config = Arc::new(input.config.validated()?);
        self.0.installation.put(&config, input.version).await?;
        self.0.settings_cache.put(&config);
        tracing::info!(
            maintenance = config.maintenance.on,
            suspension = config.suspension.on,
            "settings of the installation changed"
        );
        self.installation_view().await
    }

    /// What everybody is told.
    pub async fn notice(&self) -> Result<Notice, Refusal> {
        let config = self.installation().await?;
        Ok(Notice {
            announcement_html: adit_mail::to_html(&config.announcement),
            maintenance: config.maintenance.closed().map(str::to_owned),
            suspension: config.suspension.closed().map(str::to_owned),
        })
    }

    /// Why no transfer begins at the moment; `None`: they begin.
    pub(crate) async fn suspended(&self) -> Result<Option<String>, Refusal> {
        Ok(self.installation().await?.suspension.closed().map(str::to_owned))
    }
}
