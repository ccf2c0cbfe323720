//! Staging over a directory: `data/<task>/<series>/<sop>` holds exactly the committed bytes, `meta/..` beside it what was said at commit.
//!
//! The rename of the data file is the commit; the note is written before it, so that a visible object always has one. A note
//! whose size does not fit the object (a kill between the two renames of a re-commit) makes the object answer as absent.
//! No sync per instance: a staged object can be fetched again from its source (docs/decisions/0002-staging-durability.md).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_store::staging::{
    Grant, GrantWay, Staged, StagedKey, StagedWriter, Staging, StagingError, Stream, Usage, metadata_text, part,
};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::AsyncReadExt;

/// Bytes collected before they are handed to the file system in one go.
const BUFFER: usize = 1 << 20;

/// Buffers kept for the next objects.
const KEPT: usize = 16;

/// Staging in a directory.
pub struct DirectoryStaging {
    root: Arc<PathBuf>,
    next: AtomicU64,
    buffers: Arc<Buffers>,
}

/// Buffers that are used again: fresh memory for every object would cost as much as writing it.
#[derive(Default)]
struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT && buffer.capacity() <= 2 * BUFFER {
            kept.push(buffer);
        }
    }
}

/// What is kept beside an object.
#[derive(Serialize, Deserialize)]
struct Note {
    size: u64,
    crc32: u32,
    metadata: Value,
}

impl DirectoryStaging {
    /// Opens or makes the directory; what was being written when the last process ended is removed.
    pub fn open(root: &Path) -> io::Result<Self> {
        let _ = fs::remove_dir_all(root.join("tmp"));
        for folder in ["tmp", "data", "meta"] {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { root: Arc::new(root.to_owned()), next: AtomicU64::new(0), buffers: Arc::default() })
    }

    fn data(&self, key: &StagedKey) -> PathBuf {
        place(&self.root, "data", key)
    }

    fn meta(&self, key: &StagedKey) -> PathBuf {
        place(&self.root, "meta", key)
    }
}

fn place(root: &Path, kind: &str, key: &StagedKey) -> PathBuf {
    root.join(kind).join(key.task()).join(key.series()).join(key.sop())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StagingError> + Send + 'static,
) -> Result<T, StagingError> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[async_trait]
impl Staging for DirectoryStaging {
    async fn begin(&self, key: &StagedKey) -> Result<Box<dyn StagedWriter>, StagingError> {
        let temporary = self.root.join("tmp").join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        Ok(Box::new(Writer {
            target: self.data(key),
            note: self.meta(key),
            key: key.clone(),
            file: Open { path: temporary, file: None },
            buffer: self.buffers.take(),
            buffers: Arc::clone(&self.buffers),
            size: 0,
            crc: crc32fast::Hasher::new(),
        }))
    }

    async fn open(&self, key: &StagedKey, range: Option<Range<u64>>) -> Result<Stream, StagingError> {
        let path = self.data(key);
        let file = blocking(move || {
            let mut file = File::open(&path).map_err(absent)?;
            if let Some(range) = &range {
                file.seek(SeekFrom::Start(range.start))?;
            }
            Ok((file, range))
        })
        .await?;
        let (file, range) = file;
        let mut stream = tokio::fs::File::from_std(file);
        stream.set_max_buf_size(BUFFER);
        Ok(match range {
            Some(range) => Box::new(stream.take(range.end.saturating_sub(range.start))),
            None => Box::new(stream),
        })
    }

    async fn read_all(&self, key: &StagedKey, cap: u64) -> Result<Bytes, StagingError> {
        let path = self.data(key);
        blocking(move || {
            let mut file = File::open(&path).map_err(absent)?;
            let size = file.metadata()?.len();
            if size > cap {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than asked for").into());
            }
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
            file.read_to_end(&mut bytes)?;
            Ok(bytes.into())
        })
        .await
    }

    async fn list(&self, task_id: &str) -> Result<Vec<Staged>, StagingError> {
        let (root, task) = (Arc::clone(&self.root), part(task_id));
        blocking(move || list(&root, &task)).await
    }

    async fn delete(&self, key: &StagedKey) -> Result<(), StagingError> {
        self.delete_all(std::slice::from_ref(key)).await
    }

    async fn delete_all(&self, keys: &[StagedKey]) -> Result<(), StagingError> {
        let files: Vec<(PathBuf, PathBuf)> = keys.iter().map(|key| (self.data(key), self.meta(key))).collect();
        blocking(move || {
            for (data, meta) in files {
                // The note goes last: an object without a note is never visible, a note without an object neither.
                gone(fs::remove_file(data))?;
                gone(fs::remove_file(meta))?;
            }
            Ok(())
        })
        .await
    }

    async fn delete_task(&self, task_id: &str) -> Result<(), StagingError> {
        let (root, task) = (Arc::clone(&self.root), part(task_id));
        blocking(move || {
            gone(fs::remove_dir_all(root.join("data").join(&task)))?;
            gone(fs::remove_dir_all(root.join("meta").join(&task)))
        })
        .await
    }

    async fn usage(&self) -> Result<Usage, StagingError> {
        let root = Arc::clone(&self.root);
        blocking(move || {
            let mut usage = Usage::default();
            for task in entries(&root.join("data"))? {
                for series in entries(&task)? {
                    for object in entries(&series)? {
                        usage.objects += 1;
                        usage.bytes += object.metadata().map(|meta| meta.len()).unwrap_or_default();
                    }
                }
            }
            Ok(usage)
        })
        .await
    }

    async fn grant(&self, _: &StagedKey, _: GrantWay, _: Duration) -> Result<Option<Grant>, StagingError> {
        Ok(None)
    }

    fn local_path(&self, key: &StagedKey) -> Option<PathBuf> {
        Some(self.data(key))
    }
}

fn absent(error: io::Error) -> StagingError {
    if error.kind() == io::ErrorKind::NotFound { StagingError::Absent } else { StagingError::Io(error) }
}

fn gone(result: io::Result<()>) -> Result<(), StagingError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn list(root: &Path, task: &str) -> Result<Vec<Staged>, StagingError> {
    let mut all = Vec::new();
    for series in entries(&root.join("data").join(task))? {
        for object in entries(&series)? {
            let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
            let (Some(series), Some(sop)) = (name(&series), name(&object)) else { continue };
            let Ok(note) = fs::read(root.join("meta").join(task).join(&series).join(&sop)) else { continue };
            let Ok(note) = serde_json::from_slice::<Note>(&note) else { continue };
            if object.metadata().is_ok_and(|meta| meta.len() == note.size) {
                let key = StagedKey::stored(task, &series, &sop);
                all.push(Staged { key, size: note.size, crc32: note.crc32, metadata: note.metadata });
            }
        }
    }
    Ok(all)
}

/// A temporary file that disappears unless it is renamed.
struct Open {
    path: PathBuf,
    file: Option<File>,
}

impl Open {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(OpenOptions::new().write(true).create_new(true).open(&self.path)?);
        }
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    fn publish(&mut self, target: &Path) -> io::Result<()> {
        rename(&self.path, target)?;
        self.file = None;
        Ok(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Renames, making the target's folder when it is not there yet.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::rename(from, to)
        }
        result => result,
    }
}

struct Writer {
    target: PathBuf,
    note: PathBuf,
    key: StagedKey,
    file: Open,
    buffer: Vec<u8>,
    buffers: Arc<Buffers>,
    size: u64,
    crc: crc32fast::Hasher,
}

impl Writer {
    async fn flush(&mut self) -> Result<(), StagingError> {
        let bytes = std::mem::take(&mut self.buffer);
        let mut file = std::mem::replace(&mut self.file, Open { path: PathBuf::new(), file: None });
        let (file, mut bytes) = blocking(move || {
            file.append(&bytes)?;
            Ok((file, bytes))
        })
        .await?;
        self.file = file;
        bytes.clear();
        self.buffer = bytes;
        Ok(())
    }
}

#[async_trait]
impl StagedWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StagingError> {
        self.size += bytes.len() as u64;
        self.crc.update(bytes);
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.flush().await?;
        }
        Ok(())
    }

    async fn commit(self: Box<Self>, metadata: Value) -> Result<Staged, StagingError> {
        let Self { target, note, key, mut file, buffer, buffers, size, crc } = *self;
        metadata_text(&metadata)?;
        let crc32 = crc.finalize();
        blocking(move || {
            file.append(&buffer)?;
            buffers.give_back(buffer);
            let text =
                serde_json::to_vec(&Note { size, crc32, metadata: metadata.clone() }).map_err(io::Error::other)?;
            let mut beside = Open { path: file.path.with_extension("note"), file: None };
            beside.append(&text)?;
            beside.publish(&note)?;
            file.publish(&target)?;
            Ok(Staged { key, size, crc32, metadata })
        })
        .await
    }

    async fn abort(self: Box<Self>) {
        drop(self);
    }
}
