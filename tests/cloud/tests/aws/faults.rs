//! Items, queue and staging go on when AWS throttles, slows down, loses answers and delivers twice.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use adit_store::items::{Condition, Item, Key, Kind, Write};
use adit_store::queue::{Band, Lane, Message};
use adit_store::staging::{StagedKey, StagingError};
use adit_test_cloud::{Fault, Faults, Local, What, When};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

fn key(sk: &str) -> Key {
    Key { pk: "F".into(), sk: sk.into() }
}

fn item(sk: &str, body: Value) -> Item {
    let counters = BTreeMap::from([("n".to_owned(), 0)]);
    Item { key: key(sk), body, counters, index1: None, index2: None, version: 0, expires_at: None }
}

fn fault(service: &'static str, operation: Option<&'static str>, when: When, what: What) -> Fault {
    Fault { service, operation, when, what }
}

/// A third of all writes is throttled, meets a transaction, or loses its answer; what was counted is exact all the same.
#[tokio::test(flavor = "multi_thread")]
async fn items_are_exact_when_dynamodb_fails() {
    let local = Local::make().await;
    let faults = Faults::before(local.settings.endpoint_url.as_ref().unwrap()).await;
    let items = local.aws_through(&faults.endpoint()).await.items;
    items.put(item("sum", json!(0)), Condition::Absent).await.unwrap();
    for what in [What::Throttle, What::TransactionConflict, What::LoseAnswer] {
        faults.add(fault("dynamodb", None, When::Share(0.1), what));
    }
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..4 {
        let items = Arc::clone(&items);
        workers.spawn(async move {
            for n in 0..15 {
                let writes = vec![
                    Write::Add { key: key("sum"), deltas: vec![("n".into(), 1)] },
                    Write::Put { item: item(&format!("{worker}.{n}"), json!(n)), condition: Condition::Absent },
                ];
                items.transact(writes).await.unwrap();
                items.transact(vec![Write::Add { key: key("sum"), deltas: vec![("alone".into(), 1)] }]).await.unwrap();
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.unwrap();
    }
    assert!(faults.struck() > 10, "{} struck", faults.struck());
    faults.clear();
    let sum = items.get(&key("sum")).await.unwrap().unwrap();
    assert_eq!((sum.counters["n"], sum.counters["alone"]), (60, 60));
    local.remove().await;
}

/// The answer to a put is lost, and the second try meets the first one's work: no conflict with oneself.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_no_conflict() {
    let local = Local::make().await;
    let faults = Faults::before(local.settings.endpoint_url.as_ref().unwrap()).await;
    let items = local.aws_through(&faults.endpoint()).await.items;
    faults.add(fault("dynamodb", Some("PutItem"), When::First(1), What::LoseAnswer));
    faults.add(fault("dynamodb", Some("UpdateItem"), When::First(1), What::LoseAnswer));
    faults.add(fault("dynamodb", Some("TransactWriteItems"), When::First(1), What::LoseAnswer));
    items.put(item("a", json!(1)), Condition::Absent).await.expect("it was our own");
    items.put(item("a", json!(2)), Condition::Version(1)).await.expect("it was our own");
    items.transact(vec![Write::Add { key: key("a"), deltas: vec![("n".into(), 5)] }]).await.unwrap();
    assert_eq!(faults.struck(), 3);
    let found = items.get(&key("a")).await.unwrap().unwrap();
    assert_eq!((found.version, found.body, found.counters["n"]), (2, json!(2), 5));
    let stale = items.put(item("a", json!(3)), Condition::Version(1)).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict { index: 0 }, "a real conflict is one");
    local.remove().await;
}

/// Endless conflicts end in `Unavailable`, not in an endless loop; nothing was written.
#[tokio::test(flavor = "multi_thread")]
async fn patience_ends() {
    let local = Local::make().await;
    let faults = Faults::before(local.settings.endpoint_url.as_ref().unwrap()).await;
    let items = local.aws_through(&faults.endpoint()).await.items;
    faults.add(fault("dynamodb", None, When::Every(1), What::TransactionConflict));
    let both = || ["a", "b"].map(|sk| Write::Put { item: item(sk, json!(0)), condition: Condition::None }).to_vec();
    assert_eq!(items.transact(both()).await.unwrap_err().kind, Kind::Unavailable);
    assert_eq!(items.put(item("a", json!(0)), Condition::None).await.unwrap_err().kind, Kind::Unavailable);
    faults.clear();
    assert!(items.get(&key("a")).await.unwrap().is_none());
    items.transact(both()).await.unwrap();
    local.remove().await;
}

/// Removals that never reach the queue: the messages come again, with a higher count, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn messages_are_delivered_twice() {
    let local = Local::make().await;
    let faults = Faults::before(local.settings.endpoint_url.as_ref().unwrap()).await;
    let queue = local.aws_through(&faults.endpoint()).await.queue;
    faults.add(fault("sqs", Some("DeleteMessage"), When::Every(2), What::Swallow));
    faults.add(fault("sqs", None, When::Share(0.05), What::LoseAnswer));
    faults.add(fault("sqs", Some("ReceiveMessage"), When::Every(5), What::Delay(Duration::from_millis(300))));
    let hold = Duration::from_secs(3);
    for n in 0..20 {
        let (body, group) = (n.to_string(), "g".to_owned());
        let message = Message { body, lane: Lane::Worker, band: Band::Normal, group, trace: "t".into() };
        queue.send(message, Duration::ZERO).await.unwrap();
    }
    let (mut seen, mut again) = (HashSet::new(), 0);
    let end = tokio::time::Instant::now() + Duration::from_secs(12);
    while tokio::time::Instant::now() < end {
        for delivery in queue.receive(Lane::Worker, 5, hold).await.unwrap() {
            again += usize::from(!seen.insert(delivery.message.body));
            queue.ack(&delivery.receipt).await.unwrap();
        }
        queue.wait(Lane::Worker, Duration::from_millis(500)).await;
    }
    assert_eq!(seen.len(), 20);
    assert!(again >= 5, "{again} came again");
    local.remove().await;
}

/// One poll for all who wait: an idle process of eight workers sends no more requests than one.
#[tokio::test(flavor = "multi_thread")]
async fn idle_workers_share_one_poll() {
    let local = Local::make().await;
    let faults = Faults::before(local.settings.endpoint_url.as_ref().unwrap()).await;
    let queue = local.aws_through(&faults.endpoint()).await.queue;
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let queue = Arc::clone(&queue);
        workers.spawn(async move {
            for _ in 0..8 {
                assert!(queue.receive(Lane::Bridge, 1, Duration::from_secs(30)).await.unwrap().is_empty());
                queue.wait(Lane::Bridge, Duration::from_millis(500)).await;
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.unwrap();
    }
    // Two long polls, and at most two short ones of each worker before they begin.
    assert!(faults.count("sqs", "ReceiveMessage") <= 18, "{:?}", faults.counts());
    local.remove().await;
}

/// Who stops working takes no message along that its long poll brings afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_for_nobody_is_handed_back() {
    let local = Local::make().await;
    let (leaving, other) = (local.aws().await.queue, local.aws().await.queue);
    let hold = Duration::from_secs(600);
    assert!(leaving.receive(Lane::Bridge, 1, hold).await.unwrap().is_empty());
    leaving.wait(Lane::Bridge, Duration::from_millis(500)).await;
    let leave = leaving.leave(Lane::Bridge);
    let send = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let message = Message {
            body: "pointer".into(),
            lane: Lane::Bridge,
            band: Band::Normal,
            group: "g".into(),
            trace: "t".into(),
        };
        other.send(message, Duration::ZERO).await.unwrap();
    };
    tokio::join!(leave, send);
    let mut found = Vec::new();
    for _ in 0..20 {
        found.extend(other.receive(Lane::Bridge, 1, hold).await.unwrap());
        if !found.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(found.iter().map(|delivery| delivery.message.body.as_str()).collect::<Vec<_>>(), ["pointer"]);
    local.remove().await;
}

/// S3 slows down and loses answers; what is staged is whole, and no upload is left unfinished.
#[tokio::test(flavor = "multi_thread")]
async fn staging_is_whole_when_s3_fails() {
    let local = Local::make().await;
    let faults = Faults::before(local.settings.endpoint_url.as_ref().unwrap()).await;
    let staging = local.aws_through(&faults.endpoint()).await.staging;
    faults.add(fault("s3", None, When::Share(0.2), What::SlowDown));
    faults.add(fault("s3", Some("UploadPart"), When::Every(3), What::LoseAnswer));
    faults.add(fault("s3", Some("CompleteMultipartUpload"), When::First(1), What::LoseAnswer));
    for (n, size) in [100, 9 << 20, 20 << 20, 8 << 20].into_iter().enumerate() {
        let bytes: Vec<u8> = (0..size).map(|at: usize| ((at + n) % 253) as u8).collect();
        let key = StagedKey::new("T", "1", &n.to_string());
        let mut writer = staging.begin(&key).await.unwrap();
        writer.write(&bytes).await.unwrap();
        let staged = writer.commit(json!({ "n": n })).await.unwrap();
        assert_eq!(staging.read_all(&key, 1 << 30).await.unwrap(), bytes);
        assert!(staging.list("T").await.unwrap().contains(&staged));
    }
    assert!(faults.struck() >= 4, "{:?}", faults.counts());
    faults.clear();
    staging.delete_task("T").await.unwrap();
    assert_eq!(staging.usage().await.unwrap().objects, 0);
    assert_eq!(local.unfinished_uploads(&local.settings.staging_bucket).await, 0);
    local.remove().await;
}

/// S3 refuses for longer than anybody waits: an error, nothing visible, the upload taken back.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_upload_leaves_nothing() {
    let local = Local::make().await;
    let faults = Faults::before(local.settings.endpoint_url.as_ref().unwrap()).await;
    let staging = local.aws_through(&faults.endpoint()).await.staging;
    faults.add(fault("s3", Some("CompleteMultipartUpload"), When::Every(1), What::SlowDown));
    let key = StagedKey::new("T", "1", "1");
    let mut writer = staging.begin(&key).await.unwrap();
    writer.write(&vec![1; 17 << 20]).await.unwrap();
    assert!(matches!(writer.commit(json!({})).await, Err(StagingError::Io(_))));
    assert!(staging.list("T").await.unwrap().is_empty());
    assert!(matches!(staging.open(&key, None).await.err(), Some(StagingError::Absent)));
    for _ in 0..50 {
        if local.unfinished_uploads(&local.settings.staging_bucket).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(local.unfinished_uploads(&local.settings.staging_bucket).await, 0);
    staging.delete_task("T").await.unwrap();
    local.remove().await;
}

/// Bytes that are not those of the commit are told apart, whether the object is read as a whole or as a stream, and are not listed.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_object_is_told() {
    let local = Local::make().await;
    let staging = local.aws().await.staging;
    let bucket = &local.settings.staging_bucket;
    for (sop, size) in [("small", 100), ("large", 9 << 20)] {
        let key = StagedKey::new("T", "1", sop);
        let mut writer = staging.begin(&key).await.unwrap();
        writer.write(&vec![1; size]).await.unwrap();
        writer.commit(json!({})).await.unwrap();
        let name = format!("staging/T/1/{sop}");
        let found = local.s3.head_object().bucket(bucket).key(&name).send().await.unwrap();
        let put = local.s3.put_object().bucket(bucket).key(&name).set_metadata(found.metadata);
        put.checksum_algorithm(aws_sdk_s3::types::ChecksumAlgorithm::Crc32)
            .body(vec![2; size].into())
            .send()
            .await
            .unwrap();
        assert!(staging.list("T").await.unwrap().is_empty(), "{sop}");
    }
    let key = StagedKey::new("T", "1", "small");
    // The process that wrote it still has the right bytes in memory; whoever takes over reads what S3 holds.
    let other = local.aws().await.staging;
    assert!(matches!(other.read_all(&key, 1000).await, Err(StagingError::Damaged)));
    let mut bytes = Vec::new();
    let streamed = match other.open(&key, None).await {
        Ok(mut stream) => stream.read_to_end(&mut bytes).await.map_err(StagingError::from).map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(matches!(streamed, Err(StagingError::Damaged)));
    staging.delete_task("T").await.unwrap();
    local.remove().await;
}
