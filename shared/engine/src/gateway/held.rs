//! Staging that keeps what is fetched for readers in memory for a moment. Most of it is read at once; on the way to the medium and back
//! each instance would cost more than all the rest, and on a medium that counts requests also money. What stays longer than a moment, is
//! large, or finds no room here lies in staging as everything else does.

use std::collections::HashMap;
use std::io::{self, Cursor};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adit_store::staging::{
    Grant, GrantWay, Staged, StagedKey, StagedWriter, Staging, StagingError, Stream, Usage, metadata_text, part,
};
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use crate::transfer::READ;

/// Largest object that is held.
const LARGEST: usize = 1 << 20;
/// Bytes that are held in all.
const MOST: usize = 64 << 20;
/// How long an object is held before it is put down.
const MOMENT: Duration = Duration::from_secs(2);

/// Staging with a hand in front of it.
pub(crate) struct HeldStaging(Arc<Hand>);

struct Hand {
    staging: Arc<dyn Staging>,
    held: Mutex<Held>,
    /// One object is put down at a time: readers come first.
    putting_down: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    objects: HashMap<StagedKey, Object>,
    bytes: usize,
    next: u64,
}

#[derive(Clone)]
struct Object {
    /// Tells an object from a later one of the same key.
    number: u64,
    bytes: Bytes,
    metadata: Value,
    crc32: u32,
}

impl HeldStaging {
    pub fn new(staging: Arc<dyn Staging>) -> Self {
        let held = Mutex::new(Held::default());
        Self(Arc::new(Hand { staging, held, putting_down: tokio::sync::Mutex::new(()) }))
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

    fn drop_all(&self, goes: impl Fn(&StagedKey, &Object) -> bool) -> bool {
        let held = &mut *self.held();
        let before = held.objects.len();
        let bytes = &mut held.bytes;
        held.objects.retain(|key, object| {
            let goes = goes(key, object);
            if goes {
                *bytes -= object.bytes.len();
            }
            !goes
        });
        held.objects.len() < before
    }

    /// Takes an object, if there is room.
    fn take(&self, key: &StagedKey, bytes: Bytes, metadata: &Value) -> Result<Object, Bytes> {
        let held = &mut *self.held();
        let before = held.objects.get(key).map_or(0, |object| object.bytes.len());
        if held.bytes - before + bytes.len() > MOST {
            return Err(bytes);
        }
        held.next += 1;
        held.bytes = held.bytes - before + bytes.len();
        let object = Object { number: held.next, crc32: crc32fast::hash(&bytes), bytes, metadata: metadata.clone() };
        held.objects.insert(key.clone(), object.clone());
        Ok(object)
    }

    async fn put_down_later(self: Arc<Self>, key: StagedKey, number: u64) {
        tokio::time::sleep(MOMENT).await;
        if let Err(error) = self.put_down(&key, number).await {
            tracing::warn!(error = %error, "what is held for readers could not be staged; it stays in memory until they have gone");
        }
    }

    async fn put_down(&self, key: &StagedKey, number: u64) -> Result<(), StagingError> {
        let _one = self.putting_down.lock().await;
        let Some(object) = self.find(key).filter(|object| object.number == number) else { return Ok(()) };
        write(self.staging.as_ref(), key, &object.bytes, object.metadata).await?;
        // Who asks between the two finds it in either place. If it was removed or replaced meanwhile, nobody asks for it.
        if !self.drop_all(|other, object| other == key && object.number == number) {
            self.staging.delete(key).await?;
        }
        Ok(())
    }

    /// An object of the same key that is held makes way for one that lies in staging.
    async fn make_way(&self, key: &StagedKey) {
        if self.find(key).is_some() {
            let _one = self.putting_down.lock().await;
            self.drop_all(|other, _| other == key);
        }
    }
}

async fn write(staging: &dyn Staging, key: &StagedKey, bytes: &[u8], metadata: Value) -> Result<Staged, StagingError> {
    let mut writer = staging.begin(key).await?;
    writer.write(bytes).await?;
    writer.commit(metadata).await
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
        Ok(Box::new(Writer { hand: Arc::clone(&self.0), key: key.clone(), to: To::Memory(Vec::new()) }))
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
        let held = held.objects.iter().filter(|(key, _)| key.task() == task);
        all.extend(held.map(|(key, object)| object.staged(key)));
        Ok(all)
    }

    async fn delete(&self, key: &StagedKey) -> Result<(), StagingError> {
        // What is held lies nowhere else, unless it is being put down: who does that removes it.
        if self.0.drop_all(|other, _| other == key) { Ok(()) } else { self.0.staging.delete(key).await }
    }

    async fn delete_task(&self, task_id: &str) -> Result<(), StagingError> {
        let task = part(task_id);
        self.0.drop_all(|key, _| key.task() == task);
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
        if let Some(object) = self.0.find(key) {
            self.0.put_down(key, object.number).await?;
        }
        self.0.staging.grant(key, way, valid).await
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
        let mut held = match to {
            To::Staging(writer) => {
                hand.make_way(&key).await;
                return writer.commit(metadata).await;
            }
            To::Memory(held) => held,
        };
        metadata_text(&metadata)?;
        held.shrink_to_fit();
        match hand.take(&key, held.into(), &metadata) {
            Ok(object) => {
                let staged = object.staged(&key);
                tokio::spawn(hand.put_down_later(key, object.number));
                Ok(staged)
            }
            Err(bytes) => {
                hand.make_way(&key).await;
                write(hand.staging.as_ref(), &key, &bytes, metadata).await
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
mod tests {
    use adit_backend_embedded::DirectoryStaging;
    use serde_json::json;
    use tokio::io::AsyncReadExt;

    use super::*;

    fn key(sop: &str) -> StagedKey {
        StagedKey::new(READ, "1.2", sop)
    }

    async fn begin() -> (tempfile::TempDir, Arc<DirectoryStaging>, HeldStaging) {
        let folder = tempfile::tempdir().unwrap();
        let medium = Arc::new(DirectoryStaging::open(folder.path()).unwrap());
        let staging = HeldStaging::new(medium.clone());
        (folder, medium, staging)
    }

    async fn put(staging: &HeldStaging, key: &StagedKey, bytes: &[u8]) -> Staged {
        write(staging, key, bytes, json!({ "n": 1 })).await.unwrap()
    }

    async fn part_of(staging: &dyn Staging, key: &StagedKey, range: Option<Range<u64>>) -> Vec<u8> {
        let mut all = Vec::new();
        staging.open(key, range).await.unwrap().read_to_end(&mut all).await.unwrap();
        all
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_small_is_held_for_a_moment_and_then_lies_in_staging() {
        let (_folder, medium, staging) = begin().await;
        let staged = put(&staging, &key("1"), b"0123456789").await;
        assert_eq!((staged.size, staged.crc32), (10, crc32fast::hash(b"0123456789")));
        assert_eq!(medium.usage().await.unwrap().objects, 0, "nothing is written before it has to be");
        assert_eq!(staging.usage().await.unwrap(), Usage { objects: 1, bytes: 10 });
        let read = |range| part_of(&staging, &staged.key, range);
        assert_eq!((read(None).await, read(Some(2..5)).await), (b"0123456789".to_vec(), b"234".to_vec()));
        assert_eq!(read(Some(8..20)).await, b"89", "as a file does");
        assert!(staging.read_all(&staged.key, 9).await.is_err());
        assert_eq!(staging.list(READ).await.unwrap(), [staged.clone()]);

        while medium.usage().await.unwrap().objects == 0 {
            tokio::time::sleep(MOMENT).await;
        }
        while !staging.0.held().objects.is_empty() {
            tokio::time::sleep(MOMENT).await;
        }
        assert_eq!(staging.0.held().bytes, 0);
        assert_eq!(staging.list(READ).await.unwrap(), [staged.clone()], "with what was said of it");
        assert_eq!(read(Some(2..5)).await, b"234");
        staging.delete(&staged.key).await.unwrap();
        assert!(matches!(staging.read_all(&staged.key, 99).await, Err(StagingError::Absent)));
    }

    #[tokio::test]
    async fn what_is_removed_or_replaced_in_time_is_not_put_down() {
        let (_folder, medium, staging) = begin().await;
        put(&staging, &key("1"), b"first").await;
        let first = staging.0.find(&key("1")).unwrap().number;
        put(&staging, &key("1"), b"second").await;
        staging.0.put_down(&key("1"), first).await.unwrap();
        assert_eq!(medium.usage().await.unwrap().objects, 0, "a later one has taken its place");
        assert_eq!(staging.usage().await.unwrap().bytes, 6);
        let second = staging.0.find(&key("1")).unwrap().number;
        staging.delete(&key("1")).await.unwrap();
        staging.0.put_down(&key("1"), second).await.unwrap();
        assert_eq!((medium.usage().await.unwrap().objects, staging.usage().await.unwrap().objects), (0, 0));
        put(&staging, &key("2"), b"third").await;
        staging.delete_task(READ).await.unwrap();
        assert_eq!(staging.usage().await.unwrap().objects, 0);
    }

    #[tokio::test]
    async fn what_is_large_belongs_to_others_or_finds_no_room_lies_in_staging_at_once() {
        let (_folder, medium, staging) = begin().await;
        let large = vec![7; LARGEST + 1];
        let mut writer = staging.begin(&key("large")).await.unwrap();
        for piece in large.chunks(100_000) {
            writer.write(piece).await.unwrap();
        }
        writer.commit(json!({})).await.unwrap();
        assert_eq!(medium.read_all(&key("large"), 2 << 20).await.unwrap(), large);
        put(&staging, &StagedKey::new("task", "1.2", "1"), b"of a task").await;
        assert_eq!(medium.usage().await.unwrap().objects, 2);

        let one = vec![1; LARGEST];
        for number in 0..MOST / LARGEST {
            put(&staging, &key(&number.to_string()), &one).await;
        }
        assert_eq!((medium.usage().await.unwrap().objects, staging.0.held().bytes), (2, MOST));
        let staged = put(&staging, &key("0"), &[2; LARGEST]).await;
        assert_eq!(
            staging.read_all(&staged.key, 2 << 20).await.unwrap(),
            [2; LARGEST].as_slice(),
            "one for one there is room"
        );
        put(&staging, &key("one more"), &one).await;
        assert_eq!(medium.usage().await.unwrap().objects, 3);
        assert!(staging.local_path(&key("one more")).is_some() && staging.local_path(&key("0")).is_none());
    }
}
