//! What is held and what is not.

use adit_backend_embedded::DirectoryStaging;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::*;

fn key(sop: &str) -> StagedKey {
    StagedKey::new(READ, "1.2", sop)
}

async fn begin() -> (tempfile::TempDir, Arc<DirectoryStaging>, HeldStaging) {
    let folder = tempfile::tempdir().unwrap();
    let medium = Arc::new(DirectoryStaging::open(folder.path()).unwrap());
    let staging = HeldStaging::new(medium.clone());
    (folder, medium, staging)
}

async fn put(staging: &HeldStaging, key: &StagedKey, bytes: &[u8]) -> Staged {
    let mut writer = staging.begin(key).await.unwrap();
    writer.write(bytes).await.unwrap();
    writer.commit(json!({ "n": 1 })).await.unwrap()
}

async fn part_of(staging: &dyn Staging, key: &StagedKey, range: Option<Range<u64>>) -> Vec<u8> {
    let mut all = Vec::new();
    staging.open(key, range).await.unwrap().read_to_end(&mut all).await.unwrap();
    all
}

#[tokio::test]
async fn what_is_small_is_held_and_reads_as_if_it_were_staged() {
    let (_folder, medium, staging) = begin().await;
    let staged = put(&staging, &key("1"), b"0123456789").await;
    assert_eq!((staged.size, staged.crc32), (10, crc32fast::hash(b"0123456789")));
    assert_eq!(medium.usage().await.unwrap().objects, 0, "nothing is written");
    assert_eq!(staging.usage().await.unwrap(), Usage { objects: 1, bytes: 10 });
    let read = |range| part_of(&staging, &staged.key, range);
    assert_eq!((read(None).await, read(Some(2..5)).await), (b"0123456789".to_vec(), b"234".to_vec()));
    assert_eq!(read(Some(8..20)).await, b"89", "as a file does");
    assert!(staging.read_all(&staged.key, 9).await.is_err());
    assert_eq!(staging.list(READ).await.unwrap(), std::slice::from_ref(&staged));
    assert!(staging.local_path(&staged.key).is_none());

    put(&staging, &key("1"), b"replaced").await;
    assert_eq!(staging.usage().await.unwrap(), Usage { objects: 1, bytes: 8 });
    staging.delete(&key("1")).await.unwrap();
    assert!(matches!(staging.read_all(&key("1"), 99).await, Err(StagingError::Absent)));
    put(&staging, &key("2"), b"another").await;
    staging.delete_task(READ).await.unwrap();
    assert_eq!(staging.usage().await.unwrap(), Usage::default());
}

#[tokio::test]
async fn what_is_large_belongs_to_others_or_finds_no_room_is_staged() {
    let (_folder, medium, staging) = begin().await;
    let large = vec![7; LARGEST + 1];
    let mut writer = staging.begin(&key("large")).await.unwrap();
    for piece in large.chunks(100_000) {
        writer.write(piece).await.unwrap();
    }
    writer.commit(json!({})).await.unwrap();
    assert_eq!(medium.read_all(&key("large"), 2 << 20).await.unwrap(), large);
    put(&staging, &StagedKey::new("task", "1.2", "1"), b"of a task").await;
    assert_eq!(medium.usage().await.unwrap().objects, 2);

    let one = vec![1; LARGEST];
    let wanted = staging.clone();
    let mut room = tokio::spawn(async move { wanted.wants_room().await });
    tokio::task::yield_now().await;
    for number in 0..MUCH / LARGEST {
        put(&staging, &key(&number.to_string()), &one).await;
    }
    assert!(timeout(Duration::from_millis(50), &mut room).await.is_err(), "there is room");
    for number in MUCH / LARGEST..MOST / LARGEST {
        put(&staging, &key(&number.to_string()), &one).await;
    }
    timeout(Duration::from_secs(5), room).await.expect("room is wanted").unwrap();
    assert_eq!((medium.usage().await.unwrap().objects, staging.0.held().bytes), (2, MOST));
    put(&staging, &key("0"), &[2; LARGEST]).await;
    assert_eq!(
        staging.read_all(&key("0"), 2 << 20).await.unwrap(),
        [2; LARGEST].as_slice(),
        "one for one there is room"
    );
    put(&staging, &key("more"), &one).await;
    assert_eq!(medium.usage().await.unwrap().objects, 3);
    assert!(staging.local_path(&key("more")).is_some());

    // The same again when there is room: there is one of it, and it can be removed.
    staging.delete(&key("1")).await.unwrap();
    put(&staging, &key("more"), b"held now").await;
    assert_eq!(staging.read_all(&key("more"), 99).await.unwrap(), b"held now".as_slice());
    let count = staging.list(READ).await.unwrap().iter().filter(|staged| staged.key == key("more")).count();
    assert_eq!(count, 1);
    staging.delete(&key("more")).await.unwrap();
    assert!(matches!(staging.read_all(&key("more"), 99).await, Err(StagingError::Absent)));
    // A small one is replaced by a large one.
    let mut writer = staging.begin(&key("0")).await.unwrap();
    writer.write(&large).await.unwrap();
    writer.commit(json!({})).await.unwrap();
    assert_eq!(staging.read_all(&key("0"), 2 << 20).await.unwrap(), large);
}
