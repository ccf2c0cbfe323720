//! Settings of the installation that concern accounts.

use adit_domain::InvalidValue;
use adit_domain::accounts::{RegistrationSettings, SecondFactorSettings};
use adit_store::items::Condition;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::rows::{item, key, value};
use crate::{Access, AccessError, Email};

/// Partition of all settings of the installation.
pub(crate) const PARTITION: &str = "INSTALLATION";

/// Whether the address is of an allowed domain.
pub(crate) fn allows(settings: &RegistrationSettings, email: &Email) -> bool {
    settings.domains.is_empty() || settings.domains.contains(&email.domain())
}

impl Access {
    /// Who may register.
    pub async fn registration_settings(&self) -> Result<RegistrationSettings, AccessError> {
        self.setting("registration").await
    }

    /// Changes who may register.
    pub async fn set_registration_settings(&self, settings: RegistrationSettings) -> Result<(), AccessError> {
        let domains: Vec<String> = settings.domains.iter().map(|domain| domain.trim().to_lowercase()).collect();
        if domains.iter().any(|domain| format!("x@{domain}").parse::<Email>().is_err()) {
            return Err(InvalidValue::new("domains", "must look like hospital.org").into());
        }
        self.set_setting("registration", &RegistrationSettings { domains, ..settings }).await
    }

    /// Of whom a second factor is demanded.
    pub async fn second_factor_settings(&self) -> Result<SecondFactorSettings, AccessError> {
        self.setting("second_factor").await
    }

    /// Changes of whom a second factor is demanded; it counts from the next log-in.
    pub async fn set_second_factor_settings(&self, settings: SecondFactorSettings) -> Result<(), AccessError> {
        self.vault()?;
        self.set_setting("second_factor", &settings).await
    }

    pub(crate) async fn setting<T: DeserializeOwned + Default>(&self, part: &str) -> Result<T, AccessError> {
        let found = self.items.get(&key(PARTITION, part)).await?;
        Ok(found.map(value).transpose()?.map_or_else(T::default, |(settings, _)| settings))
    }

    pub(crate) async fn set_setting<T: Serialize>(&self, part: &str, settings: &T) -> Result<(), AccessError> {
        Ok(self.items.put(item(key(PARTITION, part), settings)?, Condition::None).await?)
    }
}
