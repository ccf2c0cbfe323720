//! The files of a series take their place all at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::folder::link_or_copy;
use crate::nifti::Output;

/// Where the files of a series are put together, where they belong, and where what stands there goes meanwhile.
pub(super) struct Place {
    pub temporary: PathBuf,
    pub old: PathBuf,
    pub target: PathBuf,
}

/// Puts files together and shows them all at once, in place of what an earlier run has put there. What fails leaves nothing half.
pub(super) fn put(files: &[Output], place: &Place) -> io::Result<()> {
    let shown = show(files, place);
    if shown.is_err() {
        // The reason for the failure may be one for this, too; the next run removes it then.
        let _ = remove(&place.temporary);
    }
    shown
}

fn show(files: &[Output], place: &Place) -> io::Result<()> {
    remove(&place.temporary)?;
    fs::create_dir_all(&place.temporary)?;
    for file in files {
        fs::File::open(&file.path)?.sync_all()?;
        link_or_copy(&file.path, &place.temporary.join(&file.name))?;
    }
    remove(&place.old)?;
    if place.target.exists() {
        fs::rename(&place.target, &place.old)?;
    }
    fs::rename(&place.temporary, &place.target)?;
    remove(&place.old)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_series_replace_those_of_a_killed_run_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let place =
            Place { temporary: at("study/.adit-t-1"), old: at("study/.adit-t-1-old"), target: at("study/1-CT") };
        let file = |name: &str| {
            fs::write(at(name), name).unwrap();
            Output { name: name.into(), path: at(name), size: 1 }
        };
        let names = || {
            let mut names: Vec<_> =
                fs::read_dir(at("study/1-CT")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        put(&[file("a"), file("b")], &place).unwrap();
        assert_eq!(names(), ["a", "b"]);
        // It was killed in the middle of the swap.
        fs::rename(&place.target, &place.old).unwrap();
        fs::create_dir(&place.temporary).unwrap();
        fs::write(place.temporary.join("half"), "x").unwrap();
        put(&[file("a"), file("c")], &place).unwrap();
        assert_eq!(names(), ["a", "c"]);
        put(&[file("a"), file("c")], &place).unwrap();
        assert_eq!(names(), ["a", "c"]);
        let gone = Output { name: "d".into(), path: at("gone"), size: 1 };
        assert!(put(&[file("a"), gone], &place).is_err());
        assert_eq!(names(), ["a", "c"]);
        assert_eq!(fs::read_dir(at("study")).unwrap().count(), 1, "nothing is left beside it");
    }
}
