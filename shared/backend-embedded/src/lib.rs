//! The embedded backend: items and queue in one SQLite file, staging in a directory, folders of this machine as places outside. One process at a time owns a data directory; others may use its items.

mod database;
mod folders;
mod items;
mod queue;
mod schema;
mod shelf;
mod staging;

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;

use adit_store::clock::Clock;
use adit_store::items::ItemStore;
use adit_store::queue::WorkQueue;
use adit_store::staging::Staging;

pub use folders::LocalFolders;
pub use items::SqliteItems;
pub use queue::SqliteQueue;
pub use shelf::FolderShelf;
pub use staging::DirectoryStaging;

/// The three ports over one data directory.
#[derive(Clone)]
pub struct Embedded {
    /// Items.
    pub items: Arc<dyn ItemStore>,
    /// Work queue.
    pub queue: Arc<dyn WorkQueue>,
    /// Staging.
    pub staging: Arc<dyn Staging>,
    _lock: Arc<File>,
}

impl Embedded {
    /// Opens (or makes) `data_dir`: `adit.sqlite`, `staging/`, `lock`. The directory is readable by its owner only.
    /// Fails if another process has it open.
    pub fn open(data_dir: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        private_dir(data_dir)?;
        let lock = File::create(data_dir.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::AddrInUse,
                format!("another ADIT is running on {}; stop it or choose another data directory", data_dir.display()),
            ),
            TryLockError::Error(error) => error,
        })?;
        let database = Arc::new(database::Database::open(&data_dir.join("adit.sqlite")).map_err(io::Error::other)?);
        Ok(Self {
            items: Arc::new(SqliteItems::new(Arc::clone(&database), Arc::clone(&clock))),
            queue: Arc::new(SqliteQueue::new(database, clock)),
            staging: Arc::new(DirectoryStaging::open(&data_dir.join("staging"))?),
            _lock: Arc::new(lock),
        })
    }

    /// The items of a data directory without owning it: beside a running ADIT, whose queue and staging stay its own. SQLite lets the two
    /// take turns. Fails where there are no items yet.
    pub fn items_beside(data_dir: &Path, clock: Arc<dyn Clock>) -> io::Result<Arc<dyn ItemStore>> {
        let path = data_dir.join("adit.sqlite");
        if !path.is_file() {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no ADIT in {}", data_dir.display())));
        }
        let database = Arc::new(database::Database::open(&path).map_err(io::Error::other)?);
        Ok(Arc::new(SqliteItems::new(database, clock)))
    }
}

#[cfg(unix)]
fn private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn private_dir(dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)
}
