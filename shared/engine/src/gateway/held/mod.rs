//! Staging that holds what is fetched for readers in memory, as far as there is room. Most of it is read at once and then forgotten; on
//! the way to the medium and back each instance would cost more than all the rest, and on a medium that counts requests also money. What
//! is large or finds no room here lies in staging as everything else does.

use std::collections::{HashMap, HashSet};
use std::io::{self, Cursor};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adit_store::staging::{
    Grant, GrantWay, Staged, StagedKey, StagedWriter, Staging, StagingError, Stream, Usage, metadata_text, part,
};
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::Notify;

use crate::transfer::READ;

/// Largest object that is held.
const LARGEST: usize = 1 << 20;
/// Bytes that are held in all.
const MOST: usize = 64 << 20;
/// From here on those who could do without what they have are asked to give it back.
const MUCH: usize = MOST / 2;

/// Staging with a hand in front of it.
#[derive(Clone)]
pub(crate) struct HeldStaging(Arc<Hand>);

struct Hand {
    staging: Arc<dyn Staging>,
    held: Mutex<Held>,
    /// Tells that room is wanted.
    full: Notify,
    /// Size of the object before: the next one is mostly as large.
    size: AtomicUsize,
}

#[derive(Default)]
struct Held {
    objects: HashMap<StagedKey, Object>,
    bytes: usize,
    /// Keys of readers under which something lies in staging.
    put_down: HashSet<StagedKey>,
}

#[derive(Clone)]
struct Object {
    bytes: Bytes,
    metadata: Value,
    crc32: u32,
}

impl HeldStaging {
    pub fn new(staging: Arc<dyn Staging>) -> Self {
        let (held, full) = (Mutex::default(), Notify::new());
        Self(Arc::new(Hand { staging, held, full, size: AtomicUsize::new(0) }))
    }

    /// Waits until room is wanted.
    pub async fn wants_room(&self) {
        self.0.full.notified().await;
    }

    /// Whether room is still wanted.
    pub fn is_much(&self) -> bool {
        self.0.held().bytes > MUCH
    }

    /// Whether an object takes up room here.
    pub fn holds(&self, key: &StagedKey) -> bool {
        self.0.held().objects.contains_key(key)
    }
}

impl Object {
    fn staged(&self, key: &StagedKey) -> Staged {
        let size = self.bytes.len() as u64;
        Staged { key: key.clone(), size, crc32: self.crc32, metadata: self.metadata.clone() }
    }
}

impl Hand {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &StagedKey) -> Option<Object> {
        self.held().objects.get(key).cloned()
    }

    /// Takes an object in place of one of the same key; gives its bytes back if there is no room.
    fn take(&self, key: &StagedKey, bytes: Bytes, metadata: &Value) -> Result<Staged, Bytes> {
        let object = Object { crc32: crc32fast::hash(&bytes), bytes, metadata: metadata.clone() };
        let staged = object.staged(key);
        let held = &mut *self.held();
        let before = held.objects.get(key).map_or(0, |object| object.bytes.len());
        let bytes = held.bytes - before + object.bytes.len();
        if bytes > MUCH {
            self.full.notify_waiters();
        }
        if bytes > MOST {
            return Err(object.bytes);
        }
        held.bytes = bytes;
        held.objects.insert(key.clone(), object);
        Ok(staged)
    }

    /// Commits an object that is not held.
    async fn put_down(
        &self,
        writer: Box<dyn StagedWriter>,
        key: StagedKey,
        metadata: Value,
    ) -> Result<Staged, StagingError> {
        let staged = writer.commit(metadata).await?;
        let held = &mut *self.held();
        held.remove(&key);
        held.put_down.insert(key);
        Ok(staged)
    }
}

impl Held {
    /// Removes an object; whether there was one.
    fn remove(&mut self, key: &StagedKey) -> bool {
        let object = self.objects.remove(key);
        self.bytes -= object.as_ref().map_or(0, |object| object.bytes.len());
        object.is_some()
    }
}

fn too_large() -> StagingError {
    io::Error::new(io::ErrorKind::FileTooLarge, "larger than asked for").into()
}

#[async_trait]
impl Staging for HeldStaging {
    async fn begin(&self, key: &StagedKey) -> Result<Box<dyn StagedWriter>, StagingError> {
        if key.task() != READ {
            return self.0.staging.begin(key).await;
        }
        let size = self.0.size.load(Ordering::Relaxed);
        Ok(Box::new(Writer { hand: Arc::clone(&self.0), key: key.clone(), to: To::Memory(Vec::with_capacity(size)) }))
    }

    async fn open(&self, key: &StagedKey, range: Option<Range<u64>>) -> Result<Stream, StagingError> {
        let Some(Object { bytes, .. }) = self.0.find(key) else { return self.0.staging.open(key, range).await };
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        let range = range.map_or(0..bytes.len(), |range| place(range.start)..place(range.end.max(range.start)));
        Ok(Box::new(Cursor::new(bytes.slice(range))))
    }

    async fn read_all(&self, key: &StagedKey, cap: u64) -> Result<Bytes, StagingError> {
        match self.0.find(key) {
            Some(object) if object.bytes.len() as u64 > cap => Err(too_large()),
            Some(object) => Ok(object.bytes),
            None => self.0.staging.read_all(key, cap).await,
        }
    }

    async fn list(&self, task_id: &str) -> Result<Vec<Staged>, StagingError> {
        let mut all = self.0.staging.list(task_id).await?;
        let task = part(task_id);
        let held = self.0.held();
        all.retain(|staged| !held.objects.contains_key(&staged.key));
        let of_task = held.objects.iter().filter(|(key, _)| key.task() == task);
        all.extend(of_task.map(|(key, object)| object.staged(key)));
        Ok(all)
    }

    async fn delete(&self, key: &StagedKey) -> Result<(), StagingError> {
        self.delete_all(std::slice::from_ref(key)).await
    }

    async fn delete_all(&self, keys: &[StagedKey]) -> Result<(), StagingError> {
        let elsewhere: Vec<StagedKey> = {
            let held = &mut *self.0.held();
            // What is held lies nowhere else, unless an earlier one of the same key found no room.
            let mut is_elsewhere = |key: &&StagedKey| {
                let was_held = held.remove(key);
                held.put_down.remove(*key) || !was_held
            };
            keys.iter().filter(|key| is_elsewhere(key)).cloned().collect()
        };
        if elsewhere.is_empty() { Ok(()) } else { self.0.staging.delete_all(&elsewhere).await }
    }

    async fn delete_task(&self, task_id: &str) -> Result<(), StagingError> {
        let task = part(task_id);
        {
            let held = &mut *self.0.held();
            held.objects.retain(|key, _| key.task() != task);
            held.put_down.retain(|key| key.task() != task);
            held.bytes = held.objects.values().map(|object| object.bytes.len()).sum();
        }
        self.0.staging.delete_task(task_id).await
    }

    async fn usage(&self) -> Result<Usage, StagingError> {
        let mut usage = self.0.staging.usage().await?;
        let held = self.0.held();
        usage.objects += held.objects.len() as u64;
        usage.bytes += held.bytes as u64;
        Ok(usage)
    }

    async fn grant(&self, key: &StagedKey, way: GrantWay, valid: Duration) -> Result<Option<Grant>, StagingError> {
        // What is held has no address.
        if self.0.find(key).is_some() { Ok(None) } else { self.0.staging.grant(key, way, valid).await }
    }

    fn local_path(&self, key: &StagedKey) -> Option<PathBuf> {
        if self.0.find(key).is_some() { None } else { self.0.staging.local_path(key) }
    }
}

/// An object that is held if it turns out small.
struct Writer {
    hand: Arc<Hand>,
    key: StagedKey,
    to: To,
}

enum To {
    Memory(Vec<u8>),
    Staging(Box<dyn StagedWriter>),
}

#[async_trait]
impl StagedWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StagingError> {
        match &mut self.to {
            To::Memory(held) if held.len() + bytes.len() <= LARGEST => held.extend_from_slice(bytes),
            To::Memory(held) => {
                let mut writer = self.hand.staging.begin(&self.key).await?;
                writer.write(held).await?;
                writer.write(bytes).await?;
                self.to = To::Staging(writer);
            }
            To::Staging(writer) => writer.write(bytes).await?,
        }
        Ok(())
    }

    async fn commit(self: Box<Self>, metadata: Value) -> Result<Staged, StagingError> {
        let Self { hand, key, to } = *self;
        let mut bytes = match to {
            To::Memory(bytes) => bytes,
            To::Staging(writer) => return hand.put_down(writer, key, metadata).await,
        };
        metadata_text(&metadata)?;
        hand.size.store(bytes.len(), Ordering::Relaxed);
        bytes.shrink_to_fit();
        match hand.take(&key, bytes.into(), &metadata) {
            Ok(staged) => Ok(staged),
            Err(bytes) => {
                let mut writer = hand.staging.begin(&key).await?;
                writer.write(&bytes).await?;
                hand.put_down(writer, key, metadata).await
            }
        }
    }

    async fn abort(self: Box<Self>) {
        if let To::Staging(writer) = self.to {
            writer.abort().await;
        }
    }
}

#[cfg(test)]
mod tests;
