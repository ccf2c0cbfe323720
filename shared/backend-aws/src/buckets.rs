//! Places in S3 buckets outside of ADIT's own: sources that are watched, destinations that are written to.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use adit_domain::Timestamp;
use adit_domain::node::Bucket;
use adit_store::shelf::{Buckets, Shelf, ShelfEntry, ShelfError, ShelfPage, ShelfWriter, check_name};
use adit_store::staging::Stream;
use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::client::Clients;
use crate::error::S3Failure;
use crate::upload::{Target, Upload};

/// Entries of a page at most, as S3 counts.
const MAX_PAGE: usize = 1000;
/// Name of the object that a check begins and takes back.
const PROBE: &str = "adit-check";

/// Access to buckets in any region; clients are made once per region.
pub struct S3Buckets {
    clients: Clients,
    by_region: Mutex<HashMap<String, Client>>,
}

impl S3Buckets {
    /// With the credentials of this installation.
    pub fn new(clients: Clients) -> Self {
        Self { clients, by_region: Mutex::default() }
    }
}

impl Buckets for S3Buckets {
    fn shelf(&self, bucket: &Bucket) -> Arc<dyn Shelf> {
        let mut clients = self.by_region.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || self.clients.s3(Some(bucket.region.as_str()).filter(|region| !region.is_empty()));
        let client = clients.entry(bucket.region.clone()).or_insert_with(make).clone();
        Arc::new(S3Shelf { client, bucket: bucket.bucket.clone(), prefix: bucket.prefix.clone() })
    }
}

/// A prefix of a bucket.
struct S3Shelf {
    client: Client,
    bucket: String,
    prefix: String,
}

impl S3Shelf {
    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn upload(&self, name: &str) -> Upload {
        Upload::new(Target { client: self.client.clone(), bucket: self.bucket.clone(), key: self.key(name) })
    }

    /// A sentence for whoever set up the node.
    fn sorted(&self, failure: S3Failure) -> ShelfError {
        let bucket = &self.bucket;
        match failure.code.as_deref() {
            _ if failure.is_absent() => ShelfError::Absent,
            Some("NoSuchBucket") => ShelfError::Refused(format!("The bucket {bucket} does not exist.")),
            Some("AccessDenied" | "AllAccessDisabled" | "InvalidAccessKeyId" | "SignatureDoesNotMatch") => {
                ShelfError::Refused(format!(
                    "ADIT may not use the bucket {bucket}: its policy or ADIT's role must allow it."
                ))
            }
            Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
                ShelfError::Refused(format!("The bucket {bucket} is in another region; enter its region at the node."))
            }
            _ if failure.status == Some(403) => ShelfError::Refused(format!(
                "ADIT may not use the bucket {bucket}: its policy or ADIT's role must allow it."
            )),
            _ if failure.refused => ShelfError::Refused(format!("The bucket {bucket} refused: {failure}")),
            _ => ShelfError::Unavailable(format!("The bucket {bucket} does not answer: {failure}")),
        }
    }

    fn failed<E>(&self, error: &SdkError<E>) -> ShelfError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.sorted(S3Failure::of(error))
    }
}

#[async_trait]
impl Shelf for S3Shelf {
    async fn list(&self, prefix: &str, after: Option<String>, limit: usize) -> Result<ShelfPage, ShelfError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut start = after.map(|name| self.key(&name));
        let mut entries = Vec::new();
        loop {
            let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(self.key(prefix));
            let wanted = i32::try_from(limit - entries.len()).unwrap_or(i32::MAX);
            let answer =
                request.set_start_after(start).max_keys(wanted).send().await.map_err(|error| self.failed(&error))?;
            start = answer.contents().last().and_then(|object| object.key().map(str::to_owned));
            entries.extend(answer.contents().iter().filter_map(|object| {
                // A name that ends with / is a folder's marker, made by consoles.
                let name = object.key()?.strip_prefix(&self.prefix)?;
                let size = object.size().and_then(|size| u64::try_from(size).ok())?;
                let modified = Timestamp(object.last_modified()?.to_millis().ok()?);
                (!name.is_empty() && !name.ends_with('/')).then(|| ShelfEntry { name: name.to_owned(), size, modified })
            }));
            let more = answer.is_truncated() == Some(true) && start.is_some();
            if entries.len() >= limit || !more {
                let next = start.filter(|_| more).and_then(|key| key.strip_prefix(&self.prefix).map(str::to_owned));
                return Ok(ShelfPage { entries, next });
            }
        }
    }

    async fn open(&self, name: &str, range: Option<Range<u64>>) -> Result<Stream, ShelfError> {
        if range.as_ref().is_some_and(Range::is_empty) {
            let request = self.client.head_object().bucket(&self.bucket).key(self.key(name));
            request.send().await.map_err(|error| self.failed(&error))?;
            return Ok(Box::new(tokio::io::empty()));
        }
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end - 1));
        match self.client.get_object().bucket(&self.bucket).key(self.key(name)).set_range(range).send().await {
            Ok(answer) => Ok(Box::new(answer.body.into_async_read())),
            Err(error) => {
                let failure = S3Failure::of(&error);
                if failure.is_beyond_end() { Ok(Box::new(tokio::io::empty())) } else { Err(self.sorted(failure)) }
            }
        }
    }

    async fn begin(&self, name: &str) -> Result<Box<dyn ShelfWriter>, ShelfError> {
        check_name(name)?;
        let place = Self { client: self.client.clone(), bucket: self.bucket.clone(), prefix: self.prefix.clone() };
        Ok(Box::new(Writer { upload: self.upload(name), place }))
    }

    async fn delete(&self, name: &str) -> Result<(), ShelfError> {
        let request = self.client.delete_object().bucket(&self.bucket).key(self.key(name));
        request.send().await.map(|_| ()).map_err(|error| self.failed(&error))
    }

    /// Lists, then begins an upload and takes it back: needs the rights to write, makes no object and so no event.
    async fn check(&self) -> Result<(), ShelfError> {
        self.list("", None, 1).await?;
        let (bucket, key) = (&self.bucket, self.key(PROBE));
        let begun = self.client.create_multipart_upload().bucket(bucket).key(&key).send().await;
        let id = begun.map_err(|error| self.failed(&error))?.upload_id.unwrap_or_default();
        let aborted = self.client.abort_multipart_upload().bucket(bucket).key(&key).upload_id(id).send().await;
        aborted.map(|_| ()).map_err(|error| self.failed(&error))
    }
}

struct Writer {
    upload: Upload,
    place: S3Shelf,
}

#[async_trait]
impl ShelfWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), ShelfError> {
        self.upload.write(bytes).await.map_err(|failure| self.place.sorted(failure))
    }

    async fn commit(self: Box<Self>) -> Result<u64, ShelfError> {
        let size = self.upload.size();
        self.upload.finish(&[]).await.map_err(|failure| self.place.sorted(failure))?;
        Ok(size)
    }

    async fn abort(self: Box<Self>) {
        self.upload.abort().await;
    }
}
