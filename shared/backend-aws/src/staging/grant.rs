//! Presigned requests.

use std::io;
use std::time::Duration;

use adit_store::staging::{Grant, GrantWay, StagedKey, StagingError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};

use super::{S3Staging, name, staging_error};
use crate::error::S3Failure;

impl S3Staging {
    /// A presigned GET, or a presigned PUT that is refused with 412 when the object exists.
    pub(super) async fn granted(&self, key: &StagedKey, way: GrantWay, valid: Duration) -> Result<Grant, StagingError> {
        let limits = PresigningConfig::expires_in(valid)
            .map_err(|error| StagingError::Io(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let failure = |failure: S3Failure| staging_error(failure);
        let signed = match way {
            GrantWay::Read => {
                let request = self.client.get_object().bucket(&self.bucket).key(name(key));
                request.presigned(limits).await.map_err(|error| failure(S3Failure::of(&error)))?
            }
            GrantWay::Write => {
                let request = self.client.put_object().bucket(&self.bucket).key(name(key)).if_none_match("*");
                request.presigned(limits).await.map_err(|error| failure(S3Failure::of(&error)))?
            }
        };
        Ok(grant(&signed))
    }
}

fn grant(signed: &PresignedRequest) -> Grant {
    let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Grant { url: signed.uri().to_owned(), method: signed.method().to_owned(), headers }
}
