//! Staging: instances between source and destination. Write, then commit; what is not committed does not exist.

use std::ops::Range;
use std::path::PathBuf;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use thiserror::Error;
use tokio::io::AsyncRead;

/// A stream of staged bytes.
pub type Stream = Box<dyn AsyncRead + Send + Unpin>;

/// Where an instance is staged: `task/series/sop`. The parts are safe in a path and in an object key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StagedKey {
    task: String,
    series: String,
    sop: String,
}

impl StagedKey {
    /// A key of the given parts; characters other than letters, digits, dot, dash and underscore are written as `%XX`.
    #[must_use]
    pub fn new(task_id: &str, series_instance_uid: &str, sop_instance_uid: &str) -> Self {
        Self { task: part(task_id), series: part(series_instance_uid), sop: part(sop_instance_uid) }
    }

    /// A key from parts that were made safe before, as a backend reads them back.
    #[must_use]
    pub fn stored(task: &str, series: &str, sop: &str) -> Self {
        Self { task: task.to_owned(), series: series.to_owned(), sop: sop.to_owned() }
    }

    /// The task's part.
    #[must_use]
    pub fn task(&self) -> &str {
        &self.task
    }

    /// The series' part.
    #[must_use]
    pub fn series(&self) -> &str {
        &self.series
    }

    /// The instance's part.
    #[must_use]
    pub fn sop(&self) -> &str {
        &self.sop
    }
}

/// Makes one part of a key safe: never empty, never `.` or `..`, no separator.
#[must_use]
pub fn part(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    match safe.as_str() {
        "" => "%".to_owned(),
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => safe,
    }
}

/// A committed object.
#[derive(Debug, Clone, PartialEq)]
pub struct Staged {
    /// Where it is.
    pub key: StagedKey,
    /// Bytes.
    pub size: u64,
    /// CRC-32 (IEEE) of all bytes.
    pub crc32: u32,
    /// What was said at commit; a small JSON value without patient data.
    pub metadata: Value,
}

/// How much is staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Objects.
    pub objects: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Why staging did not work.
#[derive(Debug, Error)]
pub enum StagingError {
    /// There is no such object.
    #[error("not staged")]
    Absent,
    /// The stored bytes are not those that were committed.
    #[error("the staged object is damaged")]
    Damaged,
    /// The medium failed (full, gone, forbidden).
    #[error("staging failed: {0}")]
    Io(#[from] std::io::Error),
}

/// The port.
#[async_trait]
pub trait Staging: Send + Sync {
    /// Begins an object. Nothing is visible before the commit; dropping the writer removes what was written.
    async fn begin(&self, key: &StagedKey) -> Result<Box<dyn StagedWriter>, StagingError>;
    /// Opens a committed object, or a part of it.
    async fn open(&self, key: &StagedKey, range: Option<Range<u64>>) -> Result<Stream, StagingError>;
    /// A committed object as a whole; larger than `cap` bytes is an error.
    async fn read_all(&self, key: &StagedKey, cap: u64) -> Result<Bytes, StagingError>;
    /// All committed objects of a task.
    async fn list(&self, task_id: &str) -> Result<Vec<Staged>, StagingError>;
    /// Removes an object; removing what is absent is no error.
    async fn delete(&self, key: &StagedKey) -> Result<(), StagingError>;
    /// Removes everything of a task.
    async fn delete_task(&self, task_id: &str) -> Result<(), StagingError>;
    /// How much is staged in all.
    async fn usage(&self) -> Result<Usage, StagingError>;
    /// The object as a local file of exactly the committed bytes, where the backend has one. It may be linked or moved away.
    fn local_path(&self, key: &StagedKey) -> Option<PathBuf>;
}

/// An object being written.
#[async_trait]
pub trait StagedWriter: Send + Sync {
    /// Appends bytes.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StagingError>;
    /// Makes the object visible, replacing an earlier one of the same key as a whole.
    async fn commit(self: Box<Self>, metadata: Value) -> Result<Staged, StagingError>;
    /// Removes what was written.
    async fn abort(self: Box<Self>);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_never_leave_their_folder() {
        for (given, safe) in [("1.2.3", "1.2.3"), ("..", "%2E%2E"), ("a/b", "a%2Fb"), ("", "%"), ("1 2", "1%202")] {
            assert_eq!(part(given), safe);
        }
        assert_ne!(StagedKey::new("t", "s", "a/b"), StagedKey::new("t", "s", "a_b"));
    }
}
