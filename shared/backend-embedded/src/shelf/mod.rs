//! A folder of this machine as a place outside of ADIT.
//!
//! No name leads out of the folder: parts of names are checked, and symbolic links count only where they end inside. A file is written beside
//! its place under a hidden name, synced, and renamed. Hidden files and folders are not listed: somebody is writing them.

#[cfg(test)]
#[cfg(unix)]
mod tests;
mod walk;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use adit_store::shelf::{Shelf, ShelfError, ShelfPage, ShelfWriter, check_name};
use adit_store::staging::Stream;
use async_trait::async_trait;
use tokio::io::AsyncReadExt;

/// Bytes that are handed to the file system at once.
const BUFFER: usize = 1 << 20;
/// Entries of a page at most.
const MAX_PAGE: usize = 1000;

/// A folder.
#[derive(Debug, Clone)]
pub struct FolderShelf {
    root: PathBuf,
}

impl FolderShelf {
    /// The folder at `root`, which must exist when it is used.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Runs `work` with the folder's real path where blocking is allowed.
    async fn inside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ShelfError> {
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || {
            let root = fs::canonicalize(&root).map_err(|error| unusable(&error))?;
            work(&root).map_err(|error| sorted(&error))
        })
        .await
        .map_err(|error| ShelfError::Unavailable(error.to_string()))?
    }
}

fn unusable(error: &io::Error) -> ShelfError {
    ShelfError::Refused(format!("The folder cannot be used: {error}."))
}

fn sorted(error: &io::Error) -> ShelfError {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => ShelfError::Absent,
        Kind::TimedOut
        | Kind::Interrupted
        | Kind::ResourceBusy
        | Kind::StaleNetworkFileHandle
        | Kind::HostUnreachable => ShelfError::Unavailable(format!("The folder does not answer: {error}.")),
        _ => unusable(error),
    }
}

/// The real path of an existing file of this name, if it is a file inside.
fn find(root: &Path, name: &str) -> io::Result<PathBuf> {
    let path = fs::canonicalize(root.join(name))?;
    if path.starts_with(root) && path.is_file() { Ok(path) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// The folder that a file of this name lies in, made if it is not there yet; never outside.
fn parent(root: &Path, name: &str) -> io::Result<PathBuf> {
    let mut folder = root.to_owned();
    for part in Path::new(name).parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        if let Err(error) = fs::create_dir(&folder)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
        // After each step, so that no folder is made behind a link that leads out.
        if !fs::canonicalize(&folder)?.starts_with(root) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "a link leads out of the folder"));
        }
    }
    Ok(folder)
}

fn random() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    hex::encode(bytes)
}

#[async_trait]
impl Shelf for FolderShelf {
    async fn list(&self, prefix: &str, after: Option<String>, limit: usize) -> Result<ShelfPage, ShelfError> {
        let (prefix, limit) = (prefix.to_owned(), limit.clamp(1, MAX_PAGE));
        self.inside(move |root| walk::page(root, &prefix, after.as_deref(), limit)).await
    }

    async fn open(&self, name: &str, range: Option<Range<u64>>) -> Result<Stream, ShelfError> {
        check_name(name).map_err(|_| ShelfError::Absent)?;
        let (name, start) = (name.to_owned(), range.as_ref().map_or(0, |range| range.start));
        let open = move |root: &Path| {
            let mut file = File::open(find(root, &name)?)?;
            file.seek(SeekFrom::Start(start))?;
            Ok(file)
        };
        let mut stream = tokio::fs::File::from_std(self.inside(open).await?);
        stream.set_max_buf_size(BUFFER);
        Ok(match range {
            Some(range) => Box::new(stream.take(range.end.saturating_sub(range.start))),
            None => Box::new(stream),
        })
    }

    async fn begin(&self, name: &str) -> Result<Box<dyn ShelfWriter>, ShelfError> {
        check_name(name)?;
        let name = name.to_owned();
        let begin = move |root: &Path| {
            let folder = parent(root, &name)?;
            let target = root.join(&name);
            if target.is_dir() {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "there is a folder of this name"));
            }
            let path = folder.join(format!(".adit-{}.part", random()));
            let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            Ok(Writer { file: Some(Open { path, file, renamed: false }), target, buffer: Vec::new(), size: 0 })
        };
        // The folder exists, so something missing on the way is no missing file.
        let writer = self.inside(begin).await.map_err(|error| match error {
            ShelfError::Absent => ShelfError::Refused("The folder cannot be written to.".to_owned()),
            error => error,
        })?;
        Ok(Box::new(writer))
    }

    async fn delete(&self, name: &str) -> Result<(), ShelfError> {
        if check_name(name).is_err() {
            return Ok(());
        }
        let name = name.to_owned();
        let delete = move |root: &Path| {
            let path = root.join(&name);
            let folder = fs::canonicalize(path.parent().unwrap_or(root))?;
            // The file itself may be a link: then the link goes, not what it points to.
            if folder.starts_with(root) { fs::remove_file(path) } else { Err(io::ErrorKind::NotFound.into()) }
        };
        match self.inside(delete).await {
            Err(ShelfError::Absent) => Ok(()),
            result => result,
        }
    }

    async fn check(&self) -> Result<(), ShelfError> {
        let check = |root: &Path| {
            fs::read_dir(root)?.next().transpose()?;
            let path = root.join(format!(".adit-{}.part", random()));
            File::create_new(&path)?;
            fs::remove_file(path)
        };
        self.inside(check).await
    }
}

/// A hidden file that disappears unless it is renamed.
struct Open {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

struct Writer {
    file: Option<Open>,
    target: PathBuf,
    buffer: Vec<u8>,
    size: u64,
}

impl Writer {
    /// Hands the buffer to the file; `last` publishes it.
    async fn flush(&mut self, last: bool) -> Result<(), ShelfError> {
        let gone = || ShelfError::Unavailable("The file being written is gone.".to_owned());
        let (mut open, bytes, target) =
            (self.file.take().ok_or_else(gone)?, std::mem::take(&mut self.buffer), self.target.clone());
        let written = tokio::task::spawn_blocking(move || {
            open.file.write_all(&bytes)?;
            if last {
                open.file.sync_data()?;
                fs::rename(&open.path, target)?;
                open.renamed = true;
            }
            Ok((open, bytes))
        });
        let (open, mut bytes) = written
            .await
            .map_err(|error| ShelfError::Unavailable(error.to_string()))?
            .map_err(|error: io::Error| unusable(&error))?;
        bytes.clear();
        (self.file, self.buffer) = (Some(open), bytes);
        Ok(())
    }
}

#[async_trait]
impl ShelfWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), ShelfError> {
        self.size += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER { self.flush(false).await } else { Ok(()) }
    }

    async fn commit(mut self: Box<Self>) -> Result<u64, ShelfError> {
        self.flush(true).await?;
        Ok(self.size)
    }

    async fn abort(self: Box<Self>) {
        drop(self);
    }
}
