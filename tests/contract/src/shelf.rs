//! Promises of [`Shelf`].

use std::sync::Arc;

use adit_store::shelf::{Shelf, ShelfError, ShelfPage};
use tokio::io::AsyncReadExt;

type Place = Arc<dyn Shelf>;

/// Runs every promise; each leaves the place empty.
pub async fn run(shelf: Place) {
    shelf.check().await.expect("the place can be used");
    assert!(names(&shelf, "", 10).await.is_empty(), "a check leaves nothing behind");
    only_what_is_committed_is_visible(&shelf).await;
    files_are_listed_in_order_and_paged(&shelf).await;
    what_is_written_is_read(&shelf).await;
    names_stay_in_the_place(&shelf).await;
}

async fn put(shelf: &Place, name: &str, bytes: &[u8]) {
    let mut writer = shelf.begin(name).await.unwrap();
    for chunk in bytes.chunks(70_000) {
        writer.write(chunk).await.unwrap();
    }
    assert_eq!(writer.commit().await.unwrap(), bytes.len() as u64);
}

async fn names(shelf: &Place, prefix: &str, limit: usize) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let ShelfPage { entries, next } = shelf.list(prefix, after, limit).await.unwrap();
        assert!(entries.len() <= limit);
        names.extend(entries.into_iter().map(|entry| entry.name));
        after = next;
        if after.is_none() {
            return names;
        }
    }
}

async fn only_what_is_committed_is_visible(shelf: &Place) {
    for size in [10, 20_000_000] {
        let mut dropped = shelf.begin("a/dropped").await.unwrap();
        dropped.write(&vec![1; size]).await.unwrap();
        assert!(names(shelf, "", 10).await.is_empty(), "what is being written is not seen");
        drop(dropped);
        let mut aborted = shelf.begin("a/aborted").await.unwrap();
        aborted.write(&vec![1; size]).await.unwrap();
        aborted.abort().await;
    }
    assert!(names(shelf, "", 10).await.is_empty());
    assert!(matches!(shelf.open("a/dropped", None).await.err(), Some(ShelfError::Absent)));
}

async fn files_are_listed_in_order_and_paged(shelf: &Place) {
    // Byte by byte, with / as one of the bytes: "a.dcm" before "a/1", "a0" after it.
    let all = ["a.dcm", "a/1", "a/2/x", "a/2/y", "a/3", "a0", "b/1", "ü"];
    for name in ["b/1", "a/2/y", "a0", "a/3", "ü", "a/1", "a.dcm", "a/2/x"] {
        put(shelf, name, name.as_bytes()).await;
    }
    for limit in [1, 3, 8, 100] {
        assert_eq!(names(shelf, "", limit).await, all, "{limit} per page");
    }
    assert_eq!(names(shelf, "a/", 2).await, ["a/1", "a/2/x", "a/2/y", "a/3"]);
    assert_eq!(names(shelf, "a/2", 1).await, ["a/2/x", "a/2/y"]);
    assert_eq!(names(shelf, "a", 100).await.len(), 6);
    assert!(names(shelf, "nothing", 100).await.is_empty());
    let page = shelf.list("", Some("a/2".into()), 1).await.unwrap();
    assert_eq!((page.entries[0].name.as_str(), page.entries[0].size), ("a/2/x", 5), "after a name that is no file");
    assert!(page.entries[0].modified.0 > 1_600_000_000_000);
    for name in all {
        shelf.delete(name).await.unwrap();
        shelf.delete(name).await.unwrap();
    }
    assert!(names(shelf, "", 100).await.is_empty());
}

async fn what_is_written_is_read(shelf: &Place) {
    for size in [0, 10, 20_000_001] {
        let bytes: Vec<u8> = (0..size).map(|n: usize| (n % 251) as u8).collect();
        put(shelf, "a/file", &bytes).await;
        let mut whole = Vec::new();
        shelf.open("a/file", None).await.unwrap().read_to_end(&mut whole).await.unwrap();
        assert!(whole == bytes, "{size} bytes, replaced as a whole");
        for range in [0..1, 3..7, 9..5_000_000, 30_000_000..30_000_001, 5..5] {
            let mut part = Vec::new();
            shelf.open("a/file", Some(range.clone())).await.unwrap().read_to_end(&mut part).await.unwrap();
            let end = usize::try_from(range.end).unwrap().min(size);
            let begin = usize::try_from(range.start).unwrap().min(end);
            assert!(part == bytes[begin..end], "{range:?} of {size}");
        }
    }
    assert_eq!(names(shelf, "", 10).await, ["a/file"]);
    shelf.delete("a/file").await.unwrap();
    assert!(matches!(shelf.open("a/file", Some(0..1)).await.err(), Some(ShelfError::Absent)));
}

async fn names_stay_in_the_place(shelf: &Place) {
    for name in ["", "/etc/x", "../x", "a/../../x", "a//b", "a/", ".hidden", "a\0b"] {
        assert!(matches!(shelf.begin(name).await.err(), Some(ShelfError::Refused(_))), "{name:?}");
    }
    assert!(matches!(shelf.open("../x", None).await.err(), Some(ShelfError::Absent)));
    shelf.delete("../x").await.unwrap();
    assert!(names(shelf, "", 10).await.is_empty());
}
