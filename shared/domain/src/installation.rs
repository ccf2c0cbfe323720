//! What administrators set for the whole installation while it runs.

use serde::{Deserialize, Serialize};

use crate::dicom::InvalidValue;

/// Longest announcement, in characters.
pub const MAX_ANNOUNCEMENT: usize = 10_000;
/// Longest reason, in characters.
pub const MAX_REASON: usize = 300;
/// How long audit events are kept unless set otherwise: six years, in days.
pub const DEFAULT_AUDIT_DAYS: u32 = 6 * 365 + 2;
/// Days for which audit events may be kept at most: a hundred years.
const MAX_AUDIT_DAYS: u32 = 36_525;
/// Largest limit of requests.
const MAX_REQUESTS: u32 = 1_000_000;

/// Everything that administrators set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct InstallationConfig {
    /// Shown to everybody who is logged in, in Markdown; empty: none.
    pub announcement: String,
    /// Nobody but administrators changes anything; what runs goes on.
    pub maintenance: Lock,
    /// No transfer begins; what runs goes on, what waits is put off.
    pub suspension: Lock,
    /// For how many days audit events are kept that are recorded from now on.
    pub audit_days: u32,
    /// How many requests are answered.
    pub limits: RequestLimits,
}

/// Something that is closed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Lock {
    /// It is closed.
    pub on: bool,
    /// Why, as people read it.
    pub reason: String,
}

/// What people and programs may ask for; 0: no limit. Each process counts requests by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RequestLimits {
    /// Requests per minute of one person.
    pub per_person: u32,
    /// Requests per minute of one token.
    pub per_token: u32,
    /// Requests per minute from one network address, of those who are not logged in.
    pub per_address: u32,
    /// Retrievals (WADO-RS, NIfTI, downloads) that one person and their programs may have open at the same time, in each process.
    pub open_retrievals: u32,
    /// Bytes that one person and their programs may move in a day (UTC) by DICOMweb and downloads.
    pub bytes_per_day: u64,
}

impl Default for InstallationConfig {
    fn default() -> Self {
        Self {
            announcement: String::new(),
            maintenance: Lock::default(),
            suspension: Lock::default(),
            audit_days: DEFAULT_AUDIT_DAYS,
            limits: RequestLimits::default(),
        }
    }
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { per_person: 1200, per_token: 1200, per_address: 600, open_retrievals: 64, bytes_per_day: 0 }
    }
}

impl InstallationConfig {
    /// Trims and checks everything.
    pub fn validated(mut self) -> Result<Self, InvalidValue> {
        self.announcement = self.announcement.trim().to_owned();
        if self.announcement.chars().count() > MAX_ANNOUNCEMENT {
            return Err(InvalidValue::new("announcement", format!("may have {MAX_ANNOUNCEMENT} characters at most")));
        }
        self.maintenance = self.maintenance.validated("maintenance reason")?;
        self.suspension = self.suspension.validated("suspension reason")?;
        if !(1..=MAX_AUDIT_DAYS).contains(&self.audit_days) {
            return Err(InvalidValue::new("audit days", format!("must be 1 to {MAX_AUDIT_DAYS}")));
        }
        let RequestLimits { per_person, per_token, per_address, open_retrievals, .. } = self.limits;
        if [per_person, per_token, per_address, open_retrievals].into_iter().any(|limit| limit > MAX_REQUESTS) {
            return Err(InvalidValue::new("limits", format!("may be {MAX_REQUESTS} at most")));
        }
        Ok(self)
    }
}

impl Lock {
    /// Why it is closed; `None`: it is open.
    #[must_use]
    pub fn closed(&self) -> Option<&str> {
        self.on.then_some(self.reason.as_str())
    }

    fn validated(mut self, what: &'static str) -> Result<Self, InvalidValue> {
        self.reason = self.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.reason.chars().count() > MAX_REASON || self.reason.chars().any(char::is_control) {
            return Err(InvalidValue::new(what, format!("may have {MAX_REASON} printable characters at most")));
        }
        if self.on && self.reason.is_empty() {
            return Err(InvalidValue::new(what, "is missing: people are shown why they have to wait"));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(on: bool, reason: &str) -> Lock {
        Lock { on, reason: reason.to_owned() }
    }

    #[test]
    fn a_small_json_is_an_open_installation() {
        let config: InstallationConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(config, InstallationConfig::default());
        assert_eq!((config.maintenance.closed(), config.suspension.closed()), (None, None));
    }

    #[test]
    fn what_is_closed_has_a_reason() {
        let closed = |maintenance| InstallationConfig { maintenance, ..InstallationConfig::default() }.validated();
        assert!(closed(lock(true, "  ")).is_err());
        assert!(closed(lock(true, &"x".repeat(301))).is_err());
        assert_eq!(closed(lock(true, " New  disks ")).unwrap().maintenance.closed(), Some("New disks"));
        assert_eq!(closed(lock(false, "kept for later")).unwrap().maintenance.closed(), None);
    }

    #[test]
    fn numbers_are_bounded() {
        for days in [0, 40_000] {
            assert!(InstallationConfig { audit_days: days, ..InstallationConfig::default() }.validated().is_err());
        }
        let limits = RequestLimits { per_token: 2_000_000, ..RequestLimits::default() };
        assert!(InstallationConfig { limits, ..InstallationConfig::default() }.validated().is_err());
        let before: RequestLimits = serde_json::from_str(r#"{"per_person":5,"per_token":5,"per_address":5}"#).unwrap();
        assert_eq!((before.open_retrievals, before.bytes_per_day), (64, 0), "settings of earlier versions");
    }
}
