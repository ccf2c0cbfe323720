//! Promises of [`Staging`].

use std::sync::Arc;
use std::time::Duration;

use adit_store::staging::{Grant, GrantWay, StagedKey, Staging, StagingError};
use serde_json::json;
use tokio::io::AsyncReadExt;

type Store = Arc<dyn Staging>;

/// Runs every promise; each leaves staging empty.
pub async fn run(staging: Store) {
    only_what_is_committed_exists(&staging).await;
    what_is_written_is_read(&staging).await;
    a_second_commit_replaces(&staging).await;
    odd_names_do_no_harm(&staging).await;
    large_objects_are_like_small_ones(&staging).await;
    ranges_may_end_behind_the_end(&staging).await;
    what_is_said_at_commit_is_kept(&staging).await;
    many_are_removed_together(&staging).await;
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

async fn many_are_removed_together(staging: &Store) {
    let keys: Vec<StagedKey> = (0..7).map(|n| StagedKey::new("T9", "1", &n.to_string())).collect();
    for key in &keys[..5] {
        put(staging, key, b"bytes").await;
    }
    staging.delete_all(&[]).await.unwrap();
    assert_eq!(staging.list("T9").await.unwrap().len(), 5);
    // What is not there does no harm, nor what is named twice.
    let named: Vec<StagedKey> = keys[1..].iter().chain(&keys[1..2]).cloned().collect();
    staging.delete_all(&named).await.unwrap();
    let left: Vec<StagedKey> = staging.list("T9").await.unwrap().into_iter().map(|staged| staged.key).collect();
    assert_eq!(left, keys[..1]);
    staging.delete_task("T9").await.unwrap();
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

/// Some bytes of this size.
fn bytes(size: usize, seed: usize) -> Vec<u8> {
    (0..size).map(|n| ((n + seed) % 251) as u8).collect()
}

async fn large_objects_are_like_small_ones(staging: &Store) {
    let (key, size) = (StagedKey::new("T5", "1", "1"), 20_000_001);
    let mut dropped = staging.begin(&key).await.unwrap();
    dropped.write(&bytes(size, 0)).await.unwrap();
    drop(dropped);
    let mut aborted = staging.begin(&key).await.unwrap();
    aborted.write(&bytes(size, 0)).await.unwrap();
    aborted.abort().await;
    assert!(staging.list("T5").await.unwrap().is_empty());
    // Each replaces the one before as a whole, whatever its size; both sides of a limit of 8 MiB.
    for (seed, size) in [size, 7, 8 << 20, (8 << 20) + 1, 0, size].into_iter().enumerate() {
        let content = bytes(size, seed);
        put(staging, &key, &content).await;
        assert_eq!(staging.read_all(&key, 1 << 30).await.unwrap(), content, "{size} bytes");
        let listed = staging.list("T5").await.unwrap();
        assert_eq!((listed.len(), listed[0].size, listed[0].metadata.clone()), (1, size as u64, json!({ "n": size })));
        let mut whole = Vec::new();
        staging.open(&key, None).await.unwrap().read_to_end(&mut whole).await.unwrap();
        assert_eq!(whole, content);
    }
    assert_eq!(staging.usage().await.unwrap().objects, 1);
    staging.delete(&key).await.unwrap();
    assert_eq!(staging.usage().await.unwrap(), Default::default());
    assert!(matches!(staging.open(&key, None).await.err(), Some(StagingError::Absent)));
}

async fn ranges_may_end_behind_the_end(staging: &Store) {
    let (key, empty) = (StagedKey::new("T6", "1", "1"), StagedKey::new("T6", "1", "2"));
    put(staging, &key, b"0123456789").await;
    put(staging, &empty, b"").await;
    for (key, range, wanted) in [
        (&key, 8..100, "89"),
        (&key, 10..12, ""),
        (&key, 50..60, ""),
        (&key, 3..3, ""),
        (&key, 0..1, "0"),
        (&empty, 0..9, ""),
    ] {
        let mut text = String::new();
        staging.open(key, Some(range.clone())).await.unwrap().read_to_string(&mut text).await.unwrap();
        assert_eq!(text, wanted, "{range:?}");
    }
    staging.delete_task("T6").await.unwrap();
    assert!(matches!(staging.open(&key, Some(0..1)).await.err(), Some(StagingError::Absent)));
}

async fn what_is_said_at_commit_is_kept(staging: &Store) {
    let key = StagedKey::new("T7", "1", "1");
    let said = json!({ "text": "ü  \u{1F600} \"quoted\"\n", "deep": [{ "n": 1.5 }, null] });
    let mut writer = staging.begin(&key).await.unwrap();
    writer.write(b"x").await.unwrap();
    assert_eq!(writer.commit(said.clone()).await.unwrap().metadata, said);
    assert_eq!(staging.list("T7").await.unwrap()[0].metadata, said);
    let writer = staging.begin(&key).await.unwrap();
    assert!(writer.commit(json!("x".repeat(1600))).await.is_err(), "a note is short");
    assert_eq!(staging.list("T7").await.unwrap()[0].metadata, said, "what was refused changes nothing");
    staging.delete_task("T7").await.unwrap();
}

/// Grants of a backend that gives some: what they allow, and what they do not.
pub async fn grants(staging: Store) {
    let (key, http) = (StagedKey::new("T8", "1", "a/b"), reqwest::Client::new());
    let minute = Duration::from_secs(60);
    let grant = async |way, valid| staging.grant(&key, way, valid).await.unwrap().expect("a grant");
    let write = grant(GrantWay::Write, minute).await;
    assert_eq!(send(&http, &write, b"first").await.0, 200);
    assert_eq!(send(&http, &write, b"second").await.0, 412, "only once");
    let read = grant(GrantWay::Read, minute).await;
    assert_eq!(send(&http, &read, b"").await, (200, b"first".to_vec()));
    let listed = staging.list("T8").await.unwrap();
    assert_eq!((listed.len(), listed[0].size, listed[0].metadata.clone()), (1, 5, json!(null)));
    assert_eq!(staging.read_all(&key, 10).await.unwrap(), &b"first"[..]);
    // Another object, another signature, another way, too late: refused.
    let other = Grant { url: read.url.replace("/T8/", "/T9/"), ..read.clone() };
    let at = read.url.find("X-Amz-Signature=").expect("a signature") + "X-Amz-Signature=".len();
    let digit = if read.url.as_bytes()[at] == b'0' { "1" } else { "0" };
    let mut url = read.url.clone();
    url.replace_range(at..=at, digit);
    let tampered = Grant { url, ..read.clone() };
    let as_write = Grant { method: "PUT".into(), ..read.clone() };
    let without_condition = Grant { headers: Vec::new(), ..write.clone() };
    for (what, forged) in
        [("object", other), ("signature", tampered), ("way", as_write), ("condition", without_condition)]
    {
        assert_eq!(send(&http, &forged, b"").await.0, 403, "another {what}");
    }
    let short = grant(GrantWay::Read, Duration::from_secs(1)).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(send(&http, &short, b"").await.0, 403, "too late");
    assert_eq!(staging.read_all(&key, 10).await.unwrap(), &b"first"[..]);
    staging.delete_task("T8").await.unwrap();
}

async fn send(http: &reqwest::Client, grant: &Grant, body: &'static [u8]) -> (u16, Vec<u8>) {
    let mut request = http.request(grant.method.parse().unwrap(), &grant.url);
    for (name, value) in &grant.headers {
        request = request.header(name, value);
    }
    if grant.method == "PUT" {
        request = request.body(body);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}
