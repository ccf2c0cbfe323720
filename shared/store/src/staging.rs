//! Staging: instances between source and destination. Write, then commit; what is not committed does not exist.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use thiserror::Error;
use tokio::io::AsyncRead;

/// Bytes of what is said at commit at most, written as [`metadata_text`] does.
pub const MAX_METADATA: usize = 1500;

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
    /// What was said at commit; a small JSON value without patient data, see [`metadata_text`].
    pub metadata: Value,
}

/// What is said at commit as JSON of plain letters, so that it fits into a header; longer than [`MAX_METADATA`] is an error.
pub fn metadata_text(metadata: &Value) -> Result<String, StagingError> {
    let mut text = String::new();
    for letter in serde_json::to_string(metadata).map_err(io::Error::other)?.chars() {
        if letter.is_ascii_graphic() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            text.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    if text.len() > MAX_METADATA {
        let said = format!("{} bytes are said of one staged object, {MAX_METADATA} fit", text.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, said).into());
    }
    Ok(text)
}

/// What a grant is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantWay {
    /// To read the object.
    Read,
    /// To write the object if there is none.
    Write,
}

/// A right to read or write one object by HTTP for a limited time. Whoever has it can use it.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// The address, which holds the right.
    pub url: String,
    /// The HTTP method.
    pub method: String,
    /// Headers that must be sent as they are.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Grant({} ..)", self.method)
    }
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
    Io(#[from] io::Error),
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
    /// Removes objects, as few requests as the backend needs for them.
    async fn delete_all(&self, keys: &[StagedKey]) -> Result<(), StagingError>;
    /// Removes everything of a task.
    async fn delete_task(&self, task_id: &str) -> Result<(), StagingError>;
    /// How much is staged in all.
    async fn usage(&self) -> Result<Usage, StagingError>;
    /// A right to read or write this object past ADIT for `valid`, a week at most. `None`: the backend has no address of its own and
    /// the object goes through ADIT's API. An object written so says nothing at commit: its metadata is null.
    async fn grant(&self, key: &StagedKey, way: GrantWay, valid: Duration) -> Result<Option<Grant>, StagingError>;
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
    fn what_is_said_fits_into_a_header_and_comes_back() {
        let said = serde_json::json!({ "a": "ü  \u{1F600}\n", "n": [1, null] });
        let text = metadata_text(&said).unwrap();
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), said);
        assert!(metadata_text(&Value::String("x".repeat(MAX_METADATA - 2))).is_ok());
        assert!(metadata_text(&Value::String("x".repeat(MAX_METADATA - 1))).is_err());
    }

    #[test]
    fn a_grant_is_not_printed() {
        let grant = Grant { url: "https://secret".into(), method: "GET".into(), headers: Vec::new() };
        assert_eq!(format!("{grant:?}"), "Grant(GET ..)");
    }

    #[test]
    fn parts_never_leave_their_folder() {
        for (given, safe) in [("1.2.3", "1.2.3"), ("..", "%2E%2E"), ("a/b", "a%2Fb"), ("", "%"), ("1 2", "1%202")] {
            assert_eq!(part(given), safe);
        }
        assert_ne!(StagedKey::new("t", "s", "a/b"), StagedKey::new("t", "s", "a_b"));
    }
}
