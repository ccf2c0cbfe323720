//! A folder on this machine.

use serde::{Deserialize, Serialize};

use crate::dicom::InvalidValue;

/// A folder that receives images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Folder {
    /// Absolute path on this machine.
    pub path: String,
    /// Quota in gigabytes; 0 means none.
    #[serde(default)]
    pub quota_gb: u32,
    /// Administrators are warned above this many gigabytes; 0 means never.
    #[serde(default)]
    pub warn_size_gb: u32,
}

impl Folder {
    pub(super) fn check(&mut self) -> Result<(), InvalidValue> {
        self.path = self.path.trim().to_owned();
        let safe =
            self.path.starts_with('/') && self.path.len() <= 256 && !self.path.split('/').any(|part| part == "..");
        if !safe || self.path.chars().any(char::is_control) || self.path == "/" {
            return Err(InvalidValue::new(
                "path",
                "must be an absolute path of at most 256 characters, without .. in it",
            ));
        }
        Ok(())
    }
}
