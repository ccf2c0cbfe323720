//! What only folders have: links, hidden files, names that are not Unicode.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use adit_store::shelf::{Shelf, ShelfError};
use tokio::io::AsyncReadExt;

use super::FolderShelf;

fn folder() -> (tempfile::TempDir, FolderShelf) {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["place/sub", "outside"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    fs::write(dir.path().join("outside/secret"), "secret").unwrap();
    let shelf = FolderShelf::new(&dir.path().join("place"));
    (dir, shelf)
}

async fn names(shelf: &FolderShelf) -> Vec<String> {
    shelf.list("", None, 100).await.unwrap().entries.into_iter().map(|entry| entry.name).collect()
}

#[tokio::test]
async fn links_lead_nowhere_outside() {
    let (dir, shelf) = folder();
    let place = dir.path().join("place");
    fs::write(place.join("sub/file"), "inside").unwrap();
    symlink(dir.path().join("outside"), place.join("out")).unwrap();
    symlink(dir.path().join("outside/secret"), place.join("leak")).unwrap();
    symlink("sub/file", place.join("alias")).unwrap();
    symlink("circle", place.join("circle")).unwrap();
    symlink("..", place.join("sub/up")).unwrap();
    assert_eq!(names(&shelf).await, ["alias", "sub/file"]);
    for name in ["leak", "out/secret", "circle", "sub/up/sub/file/x"] {
        assert!(shelf.open(name, None).await.is_err(), "{name}");
    }
    let mut text = String::new();
    shelf.open("alias", None).await.unwrap().read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "inside");
    for name in ["out/new", "out/deep/new"] {
        assert!(matches!(shelf.begin(name).await.err(), Some(ShelfError::Refused(_))), "{name}");
    }
    shelf.delete("out/secret").await.unwrap();
    shelf.delete("leak").await.unwrap();
    assert_eq!(fs::read_dir(dir.path().join("outside")).unwrap().count(), 1, "nothing outside is touched");
    assert!(dir.path().join("outside/secret").exists());
}

#[tokio::test]
async fn a_link_is_replaced_and_not_written_through() {
    let (dir, shelf) = folder();
    symlink(dir.path().join("outside/secret"), dir.path().join("place/leak")).unwrap();
    let mut writer = shelf.begin("leak").await.unwrap();
    writer.write(b"new").await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("outside/secret")).unwrap(), "secret");
    assert_eq!(names(&shelf).await, ["leak"]);
}

#[tokio::test]
async fn hidden_files_and_odd_names_are_not_listed() {
    let (dir, shelf) = folder();
    let place = dir.path().join("place");
    fs::create_dir(place.join(".git")).unwrap();
    for name in [".rsync.tmp", ".git/x", "back\\slash", "fine"] {
        fs::write(place.join(name), "x").unwrap();
    }
    fs::write(place.join(OsStr::from_bytes(b"not\xFFunicode")), "x").unwrap();
    let writer = shelf.begin("sub/written").await.unwrap();
    assert_eq!(names(&shelf).await, ["fine"]);
    drop(writer);
    assert_eq!(fs::read_dir(place.join("sub")).unwrap().count(), 0, "what is dropped is removed");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_refused() {
    let (dir, _) = folder();
    let shelf = FolderShelf::new(&dir.path().join("nothing"));
    for error in [shelf.check().await.err(), shelf.list("", None, 1).await.err(), shelf.begin("x").await.err()] {
        assert!(matches!(&error, Some(ShelfError::Refused(said)) if said.contains("cannot be used")), "{error:?}");
    }
}
