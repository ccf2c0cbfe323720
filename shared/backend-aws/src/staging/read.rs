//! Reading staged objects. S3's checksum of the stored bytes is checked against the one of the commit before the first byte is given out, and
//! the bytes are checked against it on their way.

use std::io;
use std::ops::Range;

use adit_store::staging::{StagedKey, StagingError, Stream};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ChecksumMode;
use bytes::Bytes;

use super::{CRC, S3Staging, name, staging_error};
use crate::error::S3Failure;
use crate::upload::crc_of;

impl S3Staging {
    /// The object, or a part of it; a part that begins behind the end is empty.
    pub(super) async fn stream(&self, key: &StagedKey, range: Option<Range<u64>>) -> Result<Stream, StagingError> {
        let Some(range) = range else {
            if let Some(bytes) = self.recent.take(key) {
                return Ok(Box::new(io::Cursor::new(bytes)));
            }
            let answer = self.get(key).await?;
            return Ok(Box::new(answer.body.into_async_read()));
        };
        let request = self.client.get_object().bucket(&self.bucket).key(name(key));
        if range.is_empty() {
            self.client.head_object().bucket(&self.bucket).key(name(key)).send().await.map_err(failure)?;
            return Ok(Box::new(tokio::io::empty()));
        }
        match request.range(format!("bytes={}-{}", range.start, range.end - 1)).send().await {
            Ok(answer) => Ok(Box::new(answer.body.into_async_read())),
            Err(error) => {
                let failure = S3Failure::of(&error);
                if failure.is_beyond_end() { Ok(Box::new(tokio::io::empty())) } else { Err(staging_error(failure)) }
            }
        }
    }

    /// The object as a whole.
    pub(super) async fn whole(&self, key: &StagedKey, cap: u64) -> Result<Bytes, StagingError> {
        if let Some(bytes) = self.recent.take(key).filter(|bytes| bytes.len() as u64 <= cap) {
            return Ok(bytes);
        }
        let answer = self.get(key).await?;
        let size = answer.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(u64::MAX);
        if size > cap {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than asked for").into());
        }
        let committed = committed_crc(&answer);
        let bytes = answer.body.collect().await.map_err(io::Error::other)?.into_bytes();
        match committed {
            Some(crc) if crc32fast::hash(&bytes) != crc => Err(StagingError::Damaged),
            _ => Ok(bytes),
        }
    }

    async fn get(&self, key: &StagedKey) -> Result<GetObjectOutput, StagingError> {
        let request = self.client.get_object().bucket(&self.bucket).key(name(key));
        let answer = request.checksum_mode(ChecksumMode::Enabled).send().await.map_err(failure)?;
        match (crc_of(answer.checksum_crc32()), committed_crc(&answer)) {
            (Some(stored), Some(committed)) if stored != committed => Err(StagingError::Damaged),
            _ => Ok(answer),
        }
    }
}

/// What the writer said; a large object has S3's own checksum of the whole only, which was checked at its completion.
fn committed_crc(answer: &GetObjectOutput) -> Option<u32> {
    let said = answer.metadata().and_then(|metadata| metadata.get(CRC));
    match said {
        Some(said) => u32::from_str_radix(said, 16).ok(),
        None => crc_of(answer.checksum_crc32()),
    }
}

fn failure<E>(error: aws_sdk_s3::error::SdkError<E>) -> StagingError
where
    E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    staging_error(S3Failure::of(&error))
}
