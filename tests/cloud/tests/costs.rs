//! Requests and units are counted as they are paid. A test of its own program: the recorder is the process's.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use adit_store::items::{Condition, Item, Key, Write};
use adit_store::staging::StagedKey;
use adit_test_cloud::Local;
use metrics::{Counter, CounterFn, Gauge, Histogram, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::json;

/// Counters by the last of their labels.
#[derive(Clone, Default)]
struct Counts(Arc<Mutex<HashMap<String, Arc<Count>>>>);

#[derive(Default)]
struct Count(AtomicU64);

impl CounterFn for Count {
    fn increment(&self, by: u64) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::SeqCst);
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &metrics::Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
        Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(labels.join(" ")).or_default()))
    }
    fn register_gauge(&self, _: &metrics::Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &metrics::Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

impl Counts {
    fn of(&self, labels: &str) -> u64 {
        self.0.lock().unwrap().get(labels).map_or(0, |count| count.0.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_is_counted() {
    let counts = Counts::default();
    metrics::set_global_recorder(counts.clone()).expect("the only recorder");
    let local = Local::make().await;
    let aws = local.aws().await;
    let item = |sk: &str, size: usize| Item {
        key: Key { pk: "C".into(), sk: sk.into() },
        body: json!("x".repeat(size)),
        counters: BTreeMap::new(),
        index1: Some(("I".into(), sk.into())),
        index2: None,
        version: 0,
        expires_at: None,
    };
    // 3 KiB begun, in the table and in one index: 6 units, 12 halves. In a transaction the table's share counts twice: 9 units each.
    aws.items.put(item("a", 2500), Condition::Absent).await.unwrap();
    assert_eq!((counts.of("DynamoDB PutItem"), counts.of("write")), (1, 12), "{:?}", counts.0.lock().unwrap().keys());
    let together = ["b", "c"].map(|sk| Write::Put { item: item(sk, 2500), condition: Condition::Absent });
    aws.items.transact(together.into()).await.unwrap();
    assert_eq!((counts.of("DynamoDB TransactWriteItems"), counts.of("write")), (1, 12 + 36));
    aws.items.get(&Key { pk: "C".into(), sk: "a".into() }).await.unwrap().unwrap();
    assert_eq!((counts.of("DynamoDB GetItem"), counts.of("read")), (1, 2));
    let mut writer = aws.staging.begin(&StagedKey::new("T", "1", "1")).await.unwrap();
    writer.write(b"x").await.unwrap();
    writer.commit(json!({})).await.unwrap();
    assert_eq!(counts.of("S3 PutObject"), 1);
    aws.staging.delete_task("T").await.unwrap();
    local.remove().await;
}
