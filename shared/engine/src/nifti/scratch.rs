//! The folder in which conversions have their files: one below it for each process, which the next process removes if this one is killed.
//!
//! A process holds the lock of its folder as long as it lives; the lock of the whole guards against two that begin at the same moment.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::Refusal;

const LOCK: &str = "lock";

/// The scratch folder of an installation.
pub(crate) struct Scratch {
    root: PathBuf,
    own: OnceCell<Arc<Own>>,
}

/// What belongs to this process.
struct Own {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    pub fn new(root: PathBuf) -> Self {
        Self { root, own: OnceCell::new() }
    }

    /// Makes the folder of this process and removes those of processes that are gone; once.
    pub async fn open(&self) -> io::Result<()> {
        self.own().await.map(|_| ())
    }

    /// A new folder. It goes when the value does.
    pub async fn folder(&self) -> io::Result<TempDir> {
        let own = self.own().await?;
        blocking(move || tempfile::tempdir_in(own.folder.path())).await
    }

    async fn own(&self) -> io::Result<Arc<Own>> {
        let begin = || {
            let root = self.root.clone();
            blocking(move || Own::begin(&root).map(Arc::new))
        };
        self.own.get_or_try_init(begin).await.cloned()
    }
}

impl Own {
    fn begin(root: &Path) -> io::Result<Self> {
        private_dir(root)?;
        let whole = File::create(root.join(LOCK))?;
        whole.lock()?;
        for entry in fs::read_dir(root)? {
            let folder = entry?.path();
            // Who holds the lock lives. A folder without a lock is one whose process died before it had one.
            let is_gone = match File::open(folder.join(LOCK)) {
                Ok(lock) => lock.try_lock().is_ok(),
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            };
            if folder.is_dir() && is_gone {
                fs::remove_dir_all(&folder)?;
            }
        }
        let folder = tempfile::Builder::new().prefix("process-").tempdir_in(root)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }
}

/// A folder that its owner alone may look into.
fn private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// What is said when the folder cannot be used.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn refusal(error: io::Error) -> Refusal {
    tracing::error!(error = %error, "the scratch folder cannot be used");
    Refusal::of(
        adit_api::error::ErrorCode::Internal,
        "The folder for conversions cannot be used (is the disk full?). Tell an administrator.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_killed_process_left_goes_and_what_others_use_stays() {
        let root = tempfile::tempdir().unwrap();
        let left = root.path().join("process-left");
        fs::create_dir_all(left.join("in")).unwrap();
        File::create(left.join(LOCK)).unwrap();
        let one = Scratch::new(root.path().to_owned());
        let used = one.folder().await.unwrap();
        assert!(!left.exists() && used.path().exists());
        let other = Scratch::new(root.path().to_owned());
        other.open().await.unwrap();
        assert!(used.path().exists(), "its process lives");
        let path = used.path().to_owned();
        drop(used);
        assert!(!path.exists());
    }
}
