//! Listing and removing staged objects.

use std::collections::HashSet;
use std::io;

use adit_store::staging::{Staged, StagedKey, StagingError};
use aws_sdk_s3::types::{ChecksumMode, Delete, ObjectIdentifier};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::io::AsyncReadExt;

use super::{CRC, NOTE, Note, ROOT, S3Staging, SAID, folder, name, staging_error};
use crate::error::S3Failure;
use crate::upload::crc_of;

/// Objects that are removed by one request at most.
pub const BATCH: usize = 1000;
/// Objects that are looked at at the same time.
const PARALLEL: usize = 16;
/// Bytes of a note at most.
const MAX_NOTE: u64 = 16 * 1024;

/// The keys of objects, and whether a note stands beside each.
fn keys(names: &[String]) -> Vec<(StagedKey, bool)> {
    let notes: HashSet<&str> = names.iter().filter_map(|name| name.strip_suffix(NOTE)).collect();
    let objects = names.iter().filter(|name| !name.ends_with(NOTE));
    let key = |name: &String| {
        let mut parts = name.strip_prefix(ROOT)?.splitn(3, '/');
        let key = StagedKey::stored(parts.next()?, parts.next()?, parts.next()?);
        Some((key, notes.contains(name.as_str())))
    };
    objects.filter_map(key).collect()
}

impl S3Staging {
    /// Names and sizes of all objects that begin with `prefix`, notes too.
    pub(super) async fn names(&self, prefix: &str) -> Result<Vec<(String, u64)>, StagingError> {
        let mut names = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
            let answer = request
                .set_continuation_token(token)
                .send()
                .await
                .map_err(|error| staging_error(S3Failure::of(&error)))?;
            for object in answer.contents.unwrap_or_default() {
                let size = object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                names.extend(object.key.map(|name| (name, size)));
            }
            token = answer.next_continuation_token;
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// All committed objects of a task, in the order of their keys.
    pub(super) async fn staged_of(&self, task_id: &str) -> Result<Vec<Staged>, StagingError> {
        let names: Vec<String> = self.names(&folder(task_id)).await?.into_iter().map(|(name, _)| name).collect();
        let looks = keys(&names).into_iter().map(|(key, has_note)| self.look(key, has_note));
        let found: Vec<Option<Staged>> = stream::iter(looks).buffered(PARALLEL).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// What was said of an object at its commit; `None` if it is gone or is not what was committed.
    async fn look(&self, key: StagedKey, has_note: bool) -> Result<Option<Staged>, StagingError> {
        let request = self.client.head_object().bucket(&self.bucket).key(name(&key));
        let found = match request.checksum_mode(ChecksumMode::Enabled).send().await {
            Ok(found) => found,
            Err(error) => {
                let failure = S3Failure::of(&error);
                return if failure.is_absent() { Ok(None) } else { Err(staging_error(failure)) };
            }
        };
        let size = found.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        let stored = crc_of(found.checksum_crc32());
        let said = |name: &str| found.metadata().and_then(|metadata| metadata.get(name));
        if let (Some(crc), Some(text)) = (said(CRC).and_then(|crc| u32::from_str_radix(crc, 16).ok()), said(SAID)) {
            let intact = stored.is_none_or(|stored| stored == crc);
            let metadata = serde_json::from_str(text).ok().filter(|_| intact);
            return Ok(metadata.map(|metadata| Staged { key, size, crc32: crc, metadata }));
        }
        if has_note && let Some(note) = self.note(&key).await? {
            let intact = note.size == size && stored.is_none_or(|stored| stored == note.crc32);
            return Ok(intact.then_some(Staged { key, size, crc32: note.crc32, metadata: note.metadata }));
        }
        // Written by a grant: nothing was said, and S3 may have checked it by another checksum.
        let crc32 = match stored {
            Some(crc) => crc,
            None => self.crc_of_bytes(&key).await?,
        };
        Ok(Some(Staged { key, size, crc32, metadata: Value::Null }))
    }

    async fn note(&self, key: &StagedKey) -> Result<Option<Note>, StagingError> {
        let request = self.client.get_object().bucket(&self.bucket).key(format!("{}{NOTE}", name(key)));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let failure = S3Failure::of(&error);
                return if failure.is_absent() { Ok(None) } else { Err(staging_error(failure)) };
            }
        };
        let mut text = Vec::new();
        answer.body.into_async_read().take(MAX_NOTE).read_to_end(&mut text).await?;
        Ok(serde_json::from_slice(&text).ok())
    }

    async fn crc_of_bytes(&self, key: &StagedKey) -> Result<u32, StagingError> {
        let mut stream = self.stream(key, None).await?;
        let (mut crc, mut buffer) = (crc32fast::Hasher::new(), vec![0; 1 << 16]);
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(crc.finalize()),
                read => crc.update(&buffer[..read]),
            }
        }
    }

    /// Removes objects by name, up to [`BATCH`]; those that are absent do no harm.
    pub(super) async fn remove(&self, names: Vec<String>) -> Result<(), StagingError> {
        let objects = names.into_iter().map(|name| ObjectIdentifier::builder().key(name).build());
        let objects = objects.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(io::Error::other)?;
        let answer = self.client.delete_objects().bucket(&self.bucket).delete(delete).send().await;
        let answer = answer.map_err(|error| staging_error(S3Failure::of(&error)))?;
        match answer.errors().first() {
            None => Ok(()),
            Some(error) => {
                let said = format!("an object could not be removed: {}", error.code().unwrap_or("no reason given"));
                Err(io::Error::other(said).into())
            }
        }
    }
}
