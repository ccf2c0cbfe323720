//! A place in an S3 bucket.

use serde::{Deserialize, Serialize};

use crate::dicom::InvalidValue;

/// A place in an S3 bucket, which receives images or is watched for new ones. Credentials are those of this installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bucket {
    /// Name of the bucket.
    pub bucket: String,
    /// Objects' names begin with this; empty, or ends with `/`.
    #[serde(default)]
    pub prefix: String,
    /// Region of the bucket; empty means the one of this installation.
    #[serde(default)]
    pub region: String,
}

impl Bucket {
    pub(super) fn check(&mut self) -> Result<(), InvalidValue> {
        for text in [&mut self.bucket, &mut self.prefix, &mut self.region] {
            *text = text.trim().to_owned();
        }
        let plain = |text: &str, more: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.as_bytes().contains(&byte))
        };
        if !(3..=63).contains(&self.bucket.len()) || !plain(&self.bucket, ".-") {
            return Err(InvalidValue::new("bucket", "must be 3 to 63 small letters, digits, dots and hyphens"));
        }
        if !plain(&self.region, "-") || self.region.len() > 32 {
            return Err(InvalidValue::new("region", "must be the name of a region, such as eu-central-1"));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "!-_.*'()/ ".contains(c);
        if self.prefix.len() > 512 || self.prefix.starts_with('/') || !self.prefix.chars().all(allowed) {
            return Err(InvalidValue::new(
                "prefix",
                "must be at most 512 plain letters, digits and signs, and must not begin with /",
            ));
        }
        if self.prefix.split('/').any(|part| part == "..") {
            return Err(InvalidValue::new("prefix", "must not contain .."));
        }
        if !self.prefix.is_empty() && !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        Ok(())
    }
}
