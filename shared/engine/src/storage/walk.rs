//! What a folder of this machine holds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Found {
    /// Bytes of all files; links are not followed.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

/// Measures everything below a folder. One that is not there yet holds nothing, if the folder above it is there.
pub(super) async fn measure(path: &str) -> io::Result<Found> {
    let root = PathBuf::from(path);
    tokio::task::spawn_blocking(move || walk(&root)).await.map_err(io::Error::other)?
}

fn walk(root: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // Deleted while we walk, or made by the first transfer.
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_beside_others(&folder) => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                // Gone since it was listed: it holds nothing any more.
                found.bytes += entry.metadata().map_or(0, |about| about.len());
                found.files += 1;
            }
        }
    }
    Ok(found)
}

fn is_beside_others(folder: &Path) -> bool {
    folder.parent().is_some_and(Path::is_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_at_all_depths_count_and_links_do_not() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("one"), [0; 10]).unwrap();
        fs::write(dir.path().join("a/b/two"), [0; 32]).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/round")).unwrap();
        assert_eq!(walk(dir.path()).unwrap(), Found { bytes: 42, files: 2 });
        assert_eq!(walk(&dir.path().join("new")).unwrap(), Found::default());
        assert!(walk(&dir.path().join("not/mounted")).is_err());
    }
}
