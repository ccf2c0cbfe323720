//! The embedded backend keeps every promise, also when it is killed.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use adit_backend_embedded::{Embedded, FolderShelf};
use adit_store::clock::SystemClock;
use adit_store::items::{Condition, Index, Item, Key, Query, SkRange, Write};
use adit_store::staging::{GrantWay, StagedKey};
use adit_test_contract::{Gaps, Time, audit, clock, items, queue, repositories, shelf, staging};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn item_store() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    items::run(Embedded::open(dir.path(), clock.clone()).unwrap().items, Time::Moved(clock), Gaps::NONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_on_top() {
    let dir = tempfile::tempdir().unwrap();
    repositories::run(Embedded::open(dir.path(), clock()).unwrap().items).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_trail() {
    let dir = tempfile::tempdir().unwrap();
    audit::run(Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap().items).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_queue() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    queue::run(Embedded::open(dir.path(), clock.clone()).unwrap().queue, Time::Moved(clock), Gaps::NONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staging_directory() {
    let dir = tempfile::tempdir().unwrap();
    let staging = Embedded::open(dir.path(), clock()).unwrap().staging;
    staging::run(Arc::clone(&staging)).await;
    let key = StagedKey::new("T", "1", "1");
    assert!(staging.grant(&key, GrantWay::Read, Duration::from_secs(60)).await.unwrap().is_none(), "through the API");
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_as_a_shelf() {
    let dir = tempfile::tempdir().unwrap();
    shelf::run(Arc::new(FolderShelf::new(dir.path()))).await;
}

#[test]
fn a_data_directory_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let first = Embedded::open(dir.path(), clock()).unwrap();
    let error = Embedded::open(dir.path(), clock()).err().expect("the second is refused");
    assert!(error.to_string().contains("another ADIT"));
    drop(first);
}

/// Where the writing child of the kill test works; set only in that child.
const CHILD: &str = "ADIT_TEST_KILL_DIR";

/// Writes pairs of items in one transaction, and staged objects, naming each on standard output when it is acknowledged.
async fn write_forever(dir: &std::path::Path) {
    let backend = Embedded::open(dir, Arc::new(SystemClock)).unwrap();
    for n in 0_u64.. {
        let put = |sk: String| Write::Put {
            item: Item {
                key: Key { pk: "k".into(), sk },
                body: json!(n),
                counters: Default::default(),
                index1: None,
                index2: None,
                version: 0,
                expires_at: None,
            },
            condition: Condition::Absent,
        };
        backend.items.transact(vec![put(format!("a{n:06}")), put(format!("b{n:06}"))]).await.unwrap();
        let mut writer = backend.staging.begin(&StagedKey::new("T", "1", &n.to_string())).await.unwrap();
        writer.write(&vec![7; 200_000]).await.unwrap();
        writer.commit(json!({})).await.unwrap();
        println!("{n}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "the test talks to its own child")]
    if let Ok(dir) = std::env::var(CHILD) {
        tokio::runtime::Runtime::new().unwrap().block_on(write_forever(dir.as_ref()));
    }
    for round in 0..8_u64 {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "nothing_acknowledged_is_lost_when_the_process_is_killed", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        #[expect(clippy::disallowed_methods, reason = "the moment of the kill")]
        std::thread::sleep(Duration::from_millis(200 + round * 37));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let acknowledged =
            String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.trim().parse::<usize>().ok()).max();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let backend = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap();
            let count = |prefix: &'static str| {
                let items = Arc::clone(&backend.items);
                async move {
                    let query = Query {
                        index: Index::Primary,
                        pk: "k".into(),
                        sk: SkRange::Prefix(prefix.into()),
                        descending: false,
                        limit: 100_000,
                        after: None,
                    };
                    items.query(query).await.unwrap().items.len()
                }
            };
            let (a, b) = (count("a").await, count("b").await);
            assert_eq!(a, b, "a transaction was torn");
            let staged = backend.staging.list("T").await.unwrap();
            assert!(
                a >= acknowledged.map_or(0, |n| n + 1) && staged.len() >= acknowledged.map_or(0, |n| n + 1),
                "acknowledged writes are lost"
            );
            assert!(staged.iter().all(|object| object.size == 200_000));
            assert_eq!(
                std::fs::read_dir(dir.path().join("staging/tmp")).unwrap().count(),
                0,
                "temporary files are left"
            );
        });
    }
}
