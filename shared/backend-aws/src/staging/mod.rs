//! Staging in an S3 bucket: the object `staging/<task>/<series>/<sop>` holds exactly the committed bytes.
//!
//! What was said at commit stands in the object's metadata. A large object is uploaded in parts, and S3 wants its metadata before the first
//! part: so its note stands beside it, under the same name and `~note`, which no key ends with. The note is written before the object is
//! completed, so that a visible object has one. An object whose checksum is not the note's answers as absent in a list and as damaged when read.

mod grant;
mod look;
mod read;
mod recent;

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adit_store::staging::{
    Grant, GrantWay, Staged, StagedKey, StagedWriter, Staging, StagingError, Stream, Usage, metadata_text, part,
};
use async_trait::async_trait;
use aws_sdk_s3::Client;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::recent::Recent;
use crate::error::S3Failure;
use crate::upload::{Target, Upload};

/// Everything staged is below.
const ROOT: &str = "staging/";
/// Ending of a note's name.
const NOTE: &str = "~note";
/// Names in an object's metadata.
const CRC: &str = "crc32";
const SAID: &str = "note";

/// Staging in a bucket.
#[derive(Clone)]
pub struct S3Staging {
    client: Client,
    bucket: String,
    recent: Arc<Recent>,
}

/// What stands beside a large object.
#[derive(Serialize, Deserialize)]
struct Note {
    size: u64,
    crc32: u32,
    metadata: Value,
}

impl S3Staging {
    /// Staging in `bucket`.
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket, recent: Arc::default() }
    }

    fn target(&self, key: String) -> Target {
        Target { client: self.client.clone(), bucket: self.bucket.clone(), key }
    }
}

fn name(key: &StagedKey) -> String {
    format!("{ROOT}{}/{}/{}", key.task(), key.series(), key.sop())
}

fn folder(task_id: &str) -> String {
    format!("{ROOT}{}/", part(task_id))
}

fn staging_error(failure: S3Failure) -> StagingError {
    if failure.is_absent() { StagingError::Absent } else { StagingError::Io(io::Error::other(failure)) }
}

#[async_trait]
impl Staging for S3Staging {
    async fn begin(&self, key: &StagedKey) -> Result<Box<dyn StagedWriter>, StagingError> {
        Ok(Box::new(Writer {
            upload: Upload::new(self.target(name(key))),
            key: key.clone(),
            recent: self.recent.clone(),
        }))
    }

    async fn open(&self, key: &StagedKey, range: Option<Range<u64>>) -> Result<Stream, StagingError> {
        self.stream(key, range).await
    }

    async fn read_all(&self, key: &StagedKey, cap: u64) -> Result<Bytes, StagingError> {
        self.whole(key, cap).await
    }

    async fn list(&self, task_id: &str) -> Result<Vec<Staged>, StagingError> {
        self.staged_of(task_id).await
    }

    async fn delete(&self, key: &StagedKey) -> Result<(), StagingError> {
        self.delete_all(std::slice::from_ref(key)).await
    }

    async fn delete_all(&self, keys: &[StagedKey]) -> Result<(), StagingError> {
        // Each may have a note beside it.
        for some in keys.chunks(look::BATCH / 2) {
            for key in some {
                self.recent.take(key);
            }
            let names = some.iter().flat_map(|key| [name(key), format!("{}{NOTE}", name(key))]);
            self.remove(names.collect()).await?;
        }
        Ok(())
    }

    async fn delete_task(&self, task_id: &str) -> Result<(), StagingError> {
        self.recent.forget_task(&part(task_id));
        let names = self.names(&folder(task_id)).await?;
        for batch in names.chunks(look::BATCH) {
            self.remove(batch.iter().map(|(name, _)| name.clone()).collect()).await?;
        }
        Ok(())
    }

    async fn usage(&self) -> Result<Usage, StagingError> {
        let mut usage = Usage::default();
        for (name, size) in self.names(ROOT).await? {
            if !name.ends_with(NOTE) {
                usage.objects += 1;
                usage.bytes += size;
            }
        }
        Ok(usage)
    }

    async fn grant(&self, key: &StagedKey, way: GrantWay, valid: Duration) -> Result<Option<Grant>, StagingError> {
        self.granted(key, way, valid).await.map(Some)
    }

    fn local_path(&self, _: &StagedKey) -> Option<PathBuf> {
        None
    }
}

struct Writer {
    upload: Upload,
    key: StagedKey,
    recent: Arc<Recent>,
}

#[async_trait]
impl StagedWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StagingError> {
        self.upload.write(bytes).await.map_err(staging_error)
    }

    async fn commit(self: Box<Self>, metadata: Value) -> Result<Staged, StagingError> {
        let Self { upload, key, recent } = *self;
        let said = metadata_text(&metadata)?;
        let (size, crc32) = (upload.size(), upload.crc32());
        if upload.is_large() {
            let note = Note { size, crc32, metadata: metadata.clone() };
            let mut beside = Upload::new(upload.beside(NOTE));
            let text = serde_json::to_vec(&note).map_err(io::Error::other)?;
            beside.write(&text).await.map_err(staging_error)?;
            beside.finish(&[]).await.map_err(staging_error)?;
        }
        let metadata_headers = [(CRC, format!("{crc32:08x}")), (SAID, said)];
        if let Some(bytes) = upload.finish(&metadata_headers).await.map_err(staging_error)? {
            recent.put(key.clone(), bytes);
        }
        Ok(Staged { key, size, crc32, metadata })
    }

    async fn abort(self: Box<Self>) {
        self.upload.abort().await;
    }
}
