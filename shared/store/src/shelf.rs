//! Shelf: files at a place outside of ADIT's own keeping, such as an S3 prefix: read when they are watched, written when they are a destination.
//!
//! Names are relative to the place, with `/` between their parts, and never leave it. What is written is visible as a whole or not at all.

use std::ops::Range;
use std::sync::Arc;

use adit_domain::Timestamp;
use adit_domain::node::{Bucket, Folder};
use async_trait::async_trait;
use thiserror::Error;

use crate::staging::Stream;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfEntry {
    /// Its name below the place.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was written last.
    pub modified: Timestamp,
}

/// A page of files in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShelfPage {
    /// The files.
    pub entries: Vec<ShelfEntry>,
    /// Give back for the next page; absent at the end.
    pub next: Option<String>,
}

/// Why a place did not do what it was asked.
#[derive(Debug, Error)]
pub enum ShelfError {
    /// There is no such file.
    #[error("there is no such file")]
    Absent,
    /// The place may not be used: no such bucket, no right to it, disk full. Trying again does not help until somebody acts.
    #[error("{0}")]
    Refused(String),
    /// The place does not answer; trying again may help.
    #[error("{0}")]
    Unavailable(String),
}

/// What every backend checks before it writes a file: parts between `/` that are neither empty nor begin with a dot (such files are
/// being written, or somebody hid them), no control characters, at most 1024 bytes in all and 255 in one part.
pub fn check_name(name: &str) -> Result<(), ShelfError> {
    let good = |part: &str| (1..=255).contains(&part.len()) && !part.starts_with('.');
    if name.len() <= 1024
        && !name.contains(['\\', '\0'])
        && !name.chars().any(char::is_control)
        && name.split('/').all(good)
    {
        Ok(())
    } else {
        Err(ShelfError::Refused("a file cannot have this name".to_owned()))
    }
}

/// The port.
#[async_trait]
pub trait Shelf: Send + Sync {
    /// Files in the order of their names, byte by byte, whose names begin with `prefix`, up to `limit` (1000 at most), after the page before.
    async fn list(&self, prefix: &str, after: Option<String>, limit: usize) -> Result<ShelfPage, ShelfError>;
    /// Opens a file, or a part of it; a range may end after the file does.
    async fn open(&self, name: &str, range: Option<Range<u64>>) -> Result<Stream, ShelfError>;
    /// Begins a file. Nothing is visible before the commit; dropping the writer removes what was written.
    async fn begin(&self, name: &str) -> Result<Box<dyn ShelfWriter>, ShelfError>;
    /// Removes a file; removing what is absent is no error.
    async fn delete(&self, name: &str) -> Result<(), ShelfError>;
    /// Whether the place can be listed and written to; leaves nothing behind.
    async fn check(&self) -> Result<(), ShelfError>;
}

/// A file being written.
#[async_trait]
pub trait ShelfWriter: Send + Sync {
    /// Appends bytes.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), ShelfError>;
    /// Makes the file visible, replacing an earlier one of the same name as a whole. Returns its size.
    async fn commit(self: Box<Self>) -> Result<u64, ShelfError>;
    /// Removes what was written.
    async fn abort(self: Box<Self>);
}

/// Access to buckets.
#[async_trait]
pub trait Buckets: Send + Sync {
    /// The place that a node names.
    fn shelf(&self, bucket: &Bucket) -> Arc<dyn Shelf>;
}

/// Access to folders of this machine.
pub trait Folders: Send + Sync {
    /// The place that a node names.
    fn shelf(&self, folder: &Folder) -> Arc<dyn Shelf>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_place() {
        for name in ["a", "a/b.dcm", "ü/1 2", "a..b"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", ".a", "a\\b", "a\n", &"x".repeat(256)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
