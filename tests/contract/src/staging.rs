//! Promises of [`Staging`].

use std::sync::Arc;

use adit_store::staging::{StagedKey, Staging, StagingError};
use serde_json::json;
use tokio::io::AsyncReadExt;

type Store = Arc<dyn Staging>;

/// Runs every promise; each leaves staging empty.
pub async fn run(staging: Store) {
    only_what_is_committed_exists(&staging).await;
    what_is_written_is_read(&staging).await;
    a_second_commit_replaces(&staging).await;
    odd_names_do_no_harm(&staging).await;
}

async fn put(staging: &Store, key: &StagedKey, bytes: &[u8]) {
    let mut writer = staging.begin(key).await.unwrap();
    for chunk in bytes.chunks(70_000) {
        writer.write(chunk).await.unwrap();
    }
    writer.commit(json!({ "n": bytes.len() })).await.unwrap();
}

async fn only_what_is_committed_exists(staging: &Store) {
    let key = StagedKey::new("T1", "1.2", "1.2.3");
    let mut dropped = staging.begin(&key).await.unwrap();
    dropped.write(&[1; 3_000_000]).await.unwrap();
    drop(dropped);
    let mut aborted = staging.begin(&key).await.unwrap();
    aborted.write(b"abc").await.unwrap();
    aborted.abort().await;
    assert!(staging.list("T1").await.unwrap().is_empty());
    assert!(matches!(staging.read_all(&key, 10).await, Err(StagingError::Absent)));
    assert_eq!(staging.usage().await.unwrap().objects, 0);
}

async fn what_is_written_is_read(staging: &Store) {
    let bytes: Vec<u8> = (0..2_500_001_u32).map(|n| (n % 251) as u8).collect();
    let (first, second) = (StagedKey::new("T2", "1.2", "1"), StagedKey::new("T2", "1.3", "2"));
    put(staging, &first, &bytes).await;
    put(staging, &second, b"").await;
    assert_eq!(staging.read_all(&first, 1 << 30).await.unwrap(), bytes);
    assert!(staging.read_all(&first, 10).await.is_err());
    let mut part = Vec::new();
    staging.open(&first, Some(1000..1_800_000)).await.unwrap().read_to_end(&mut part).await.unwrap();
    assert_eq!(part, &bytes[1000..1_800_000]);
    let mut listed = staging.list("T2").await.unwrap();
    listed.sort_by_key(|staged| staged.key.clone());
    assert_eq!((listed[0].size, listed[0].metadata.clone(), listed[1].size), (2_500_001, json!({ "n": 2_500_001 }), 0));
    assert_ne!(listed[0].crc32, 0);
    assert!(staging.list("T").await.unwrap().is_empty(), "a task's list holds no other task's objects");
    staging.delete(&first).await.unwrap();
    staging.delete(&first).await.unwrap();
    assert_eq!(staging.list("T2").await.unwrap().len(), 1);
    staging.delete_task("T2").await.unwrap();
    staging.delete_task("T2").await.unwrap();
    assert_eq!(staging.usage().await.unwrap().objects, 0);
}

async fn a_second_commit_replaces(staging: &Store) {
    let key = StagedKey::new("T3", "1", "1");
    put(staging, &key, b"first").await;
    put(staging, &key, b"second!").await;
    assert_eq!(&staging.read_all(&key, 100).await.unwrap()[..], b"second!");
    let listed = staging.list("T3").await.unwrap();
    assert_eq!((listed.len(), listed[0].size), (1, 7));
    staging.delete_task("T3").await.unwrap();
}

async fn odd_names_do_no_harm(staging: &Store) {
    for (series, sop) in [("..", ".."), ("a/b", "../../x"), ("", "\0"), ("1.2", "ü")] {
        let key = StagedKey::new("T4", series, sop);
        put(staging, &key, b"x").await;
        assert_eq!(&staging.read_all(&key, 10).await.unwrap()[..], b"x");
    }
    assert_eq!(staging.list("T4").await.unwrap().len(), 4);
    staging.delete_task("T4").await.unwrap();
}
