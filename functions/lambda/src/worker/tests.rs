//! A batch with everything that may be in one, over the embedded backend.

use std::collections::BTreeMap;
use std::time::Instant;

use adit_api::nodes::{NodeInput, SecretsInput};
use adit_backend_embedded::Embedded;
use adit_deid::ProjectKey;
use adit_domain::job::{Job, JobStatus};
use adit_domain::task::{Task, TaskStatus};
use adit_domain::{JobId, NodeId, TaskId, Timestamp, UserId};
use adit_engine::{Known, Ports, Settings, now};
use adit_store::clock::SystemClock;
use adit_store::items::{Item, ItemStore, Key, Page, Query, StoreError, Write};
use adit_store::queue::{Message, Pointed, Pointer, Receipt};
use adit_store::repositories::{Jobs, Tasks};
use async_trait::async_trait;
use tempfile::TempDir;

use super::*;
use crate::testing::failed;

const TRACE: &str = "Root=1-2-3";

/// An item store that breaks, or does not answer, when it is asked for certain nodes.
struct Traps(Arc<dyn ItemStore>, BTreeMap<String, Trap>);

#[derive(Clone, Copy)]
enum Trap {
    Panic,
    Hang,
}

#[async_trait]
impl ItemStore for Traps {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        match self.1.get(key.sk.trim_start_matches("NODE#")) {
            Some(Trap::Panic) => unreachable!("a bug"),
            Some(Trap::Hang) => std::future::pending().await,
            None => self.0.get(key).await,
        }
    }
    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.0.query(query).await
    }
    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.0.transact(writes).await
    }
    async fn purge_expired(&self) -> Result<usize, StoreError> {
        self.0.purge_expired().await
    }
}

struct Site {
    backend: Embedded,
    worker: Worker,
    _dir: TempDir,
}

impl Site {
    fn open(traps: BTreeMap<String, Trap>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap();
        let ports = Ports {
            items: Arc::new(Traps(Arc::clone(&backend.items), traps)),
            queue: Arc::clone(&backend.queue),
            staging: Arc::clone(&backend.staging),
            buckets: None,
        };
        let settings = Settings {
            ae_title: "ADIT".into(),
            project_key: ProjectKey::from_bytes([7; 32]),
            default_profile: "adit-compatible".into(),
            process: "worker-test".into(),
            folder_roots: Vec::new(),
            scratch: std::env::temp_dir().join("adit-test-scratch"),
        };
        let engine = Engine::new(ports, settings);
        let worker = Worker { engine, queue: Arc::clone(&backend.queue), to_delivery: own };
        Self { backend, worker, _dir: dir }
    }

    /// A job with a task between nodes of this id, and its message.
    async fn task(&self, node: &NodeId, number: u128) -> (Job, Task) {
        let id = UserId::new(Timestamp(1), 1);
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": JobId::new(now(), number), "owner": id, "owner_name": "t", "source": node, "source_name": "S",
            "destination": node, "destination_name": "D", "options": {}, "urgent": false, "canceling": false,
            "status": JobStatus::Pending, "message": "", "created": now(), "start": null, "end": null
        }))
        .unwrap();
        let task: Task = serde_json::from_value(serde_json::json!({
            "id": TaskId::new(now(), number), "job_id": job.id, "source": node, "destination": node, "patient_id": "1",
            "study_instance_uid": "1.2.3", "status": "pending", "created": now(), "enqueued": true,
            "start": null, "end": null, "lease": null, "not_before": null
        }))
        .unwrap();
        Jobs::new(Arc::clone(&self.backend.items)).insert(&job, std::slice::from_ref(&task)).await.unwrap();
        self.send(&Pointer::task(&job.id, &task.id).encode()).await;
        (job, task)
    }

    async fn send(&self, body: &str) {
        let (group, trace) = ("u".into(), String::new());
        let message = Message { body: body.into(), lane: Lane::Worker, band: Band::Normal, group, trace };
        self.backend.queue.send(message, Duration::ZERO).await.unwrap();
    }

    /// Everything in the queue, as Lambda would hand it over.
    async fn event(&self) -> SqsEvent {
        let received = self.backend.queue.receive(Lane::Worker, 10, Duration::from_secs(60)).await.unwrap();
        let mut event = SqsEvent::default();
        for delivery in received {
            let mut record = SqsMessage::default();
            record.message_id = Some(delivery.message.body.clone());
            record.receipt_handle = Some(delivery.receipt.0);
            record.body = Some(delivery.message.body);
            event.records.push(record);
        }
        event
    }

    async fn stored(&self, task: &Task) -> Task {
        let tasks = Tasks::new(Arc::clone(&self.backend.items));
        tasks.get(&task.job_id, &task.id).await.unwrap().unwrap().value
    }
}

/// The embedded queue's own receipt.
fn own(record: SqsMessage) -> Delivery {
    let (group, trace) = ("u".into(), TRACE.into());
    Delivery {
        message: Message { body: record.body.unwrap(), lane: Lane::Worker, band: Band::Normal, group, trace },
        receipt: Receipt(record.receipt_handle.unwrap()),
        receive_count: 1,
    }
}

fn node(number: u128) -> NodeId {
    NodeId::new(Timestamp(3), number)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_batch_with_a_good_task_a_panic_and_a_poison() {
    let site = Site::open(BTreeMap::from([(node(2).to_string(), Trap::Panic)]));
    let (_, plain) = site.task(&node(1), 1).await;
    let (_, breaking) = site.task(&node(2), 2).await;
    site.send("{\"v\":99}").await;
    let event = site.event().await;
    assert_eq!(event.records.len(), 3);
    let response = site.worker.handle(event, Duration::from_secs(60)).await;
    assert_eq!(failed(&response), Vec::<String>::new(), "all are answered");
    // Its node does not exist: that is an end.
    assert_eq!(site.stored(&plain).await.status, TaskStatus::Failure);
    // A broken run is a failed attempt, or it is seen again later when even that could not be written.
    let broken = site.stored(&breaking).await;
    assert_eq!((broken.status, broken.failed_attempts), (TaskStatus::Pending, 1), "{broken:?}");
    let depth = site.backend.queue.depth(Lane::Worker).await.unwrap();
    assert_eq!(depth.dead, 1, "exactly the poison is set aside");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_handed_back_in_time_comes_again() {
    let site = Site::open(BTreeMap::from([(node(2).to_string(), Trap::Hang)]));
    let (_, hanging) = site.task(&node(2), 1).await;
    let (_, plain) = site.task(&node(1), 2).await;
    let begun = Instant::now();
    let response = site.worker.handle(site.event().await, Duration::from_secs(3)).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    // A store that never answers cannot even be told: that one record comes again.
    assert_eq!(failed(&response), [Pointer::task(&hanging.job_id, &hanging.id).encode()]);
    assert_eq!(site.stored(&plain).await.status, TaskStatus::Failure);
    let held = site.stored(&hanging).await;
    assert_eq!((held.status, held.failed_attempts), (TaskStatus::InProgress, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_time_is_up_a_running_task_is_handed_back_and_that_is_no_attempt() {
    let site = Site::open(BTreeMap::new());
    // A server that takes the connection and then says nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let config = serde_json::json!({ "name": "Silent", "kind": "server", "ae_title": "SILENT", "host": "127.0.0.1",
        "port": silent.local_addr().unwrap().port(),
        "services": { "study_root_find": true, "study_root_get": true, "store_scp": true } });
    let config = serde_json::from_value(config).unwrap();
    let input = NodeInput { config, secrets: SecretsInput::default(), version: None };
    let known = Known { user_id: UserId::new(Timestamp(1), 1), username: "t".into(), staff: true };
    let actor = site.worker.engine.actor(known).await.unwrap();
    let server = site.worker.engine.add_node(&actor, input).await.unwrap();
    let (_, task) = site.task(&server.id, 1).await;
    let begun = Instant::now();
    let response = site.worker.handle(site.event().await, Duration::from_secs(3)).await;
    assert!((2_500..3_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    assert_eq!(failed(&response), Vec::<String>::new());
    let waiting = site.stored(&task).await;
    assert_eq!((waiting.status, waiting.attempts, waiting.failed_attempts), (TaskStatus::Pending, 1, 0), "{waiting:?}");
    assert!(waiting.not_before.is_none() && waiting.enqueued);
    let depth = site.backend.queue.depth(Lane::Bridge).await.unwrap();
    assert_eq!(depth.normal, 1, "another one goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_when_the_time_is_up_waits_for_another_invocation() {
    let site = Site::open(BTreeMap::new());
    let (_, task) = site.task(&node(1), 1).await;
    let worker = &site.worker;
    let stopped = CancellationToken::new();
    stopped.cancel();
    let delivery = own(site.event().await.records.remove(0));
    let worked = worker.engine.work_on(&delivery, &stopped).await;
    assert_eq!(worked, Worked::Later(Duration::ZERO));
    assert_eq!(answer(&*worker.queue, &delivery, worked).await, Record::Done);
    assert_eq!(site.stored(&task).await.attempts, 0);
    assert_eq!(site.event().await.records.len(), 1, "it is in the queue again");
    assert_eq!(
        answer(&*worker.queue, &delivery, Worked::Later(Duration::ZERO)).await,
        Record::Again,
        "a stale receipt"
    );
}

/// Log lines as they are written.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_line_about_a_task_says_which_and_follows_its_trace() {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().json().with_current_span(true).with_span_list(false);
    let _log = tracing::subscriber::set_default(log.with_writer(move || writer.clone()).finish());
    let site = Site::open(BTreeMap::from([(node(2).to_string(), Trap::Panic)]));
    let (_, plain) = site.task(&node(1), 1).await;
    let (_, breaking) = site.task(&node(2), 2).await;
    site.worker.handle(site.event().await, Duration::from_secs(60)).await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for task in [plain, breaking] {
        let about: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &serde_json::Value| line["span"]["task"] == serde_json::json!(task.id))
            .collect();
        assert!(about.iter().any(|line| line["fields"]["message"] == "task settled"), "{text}");
        assert!(about.iter().all(|line| line["span"]["trace"] == TRACE), "{text}");
        assert!(about.iter().all(|line| line["span"]["job"] == serde_json::json!(task.job_id)), "{text}");
    }
}

#[test]
fn a_record_is_read_with_band_group_and_trace() {
    let record: SqsMessage = serde_json::from_value(serde_json::json!({
        "messageId": "m", "receiptHandle": "r", "body": "b",
        "attributes": { "ApproximateReceiveCount": "3", "MessageGroupId": "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
        "messageAttributes": { "trace": { "stringValue": "Root=1-2-3", "dataType": "String",
            "stringListValues": [], "binaryListValues": [] } },
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:adit-worker-urgent", "awsRegion": "us-east-1"
    }))
    .unwrap();
    let delivery = delivery_of(record);
    assert_eq!((delivery.message.band, delivery.message.lane, delivery.receive_count), (Band::Urgent, Lane::Worker, 3));
    assert_eq!((delivery.message.body.as_str(), delivery.message.trace.as_str()), ("b", "Root=1-2-3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_among_transfers_is_handled_and_leaves_nothing() {
    let site = Site::open(BTreeMap::new());
    let (_, plain) = site.task(&node(1), 1).await;
    let to = adit_mail::Recipient { name: String::new(), address: "jane@example.org".into() };
    site.worker.engine.post(to, &adit_mail::Letter::AccountApproved { path: "/login".into() }).await.unwrap();
    let event = site.event().await;
    assert_eq!(event.records.len(), 2);
    let mails: Vec<_> = event
        .records
        .iter()
        .filter_map(|record| match Pointed::decode(record.body.as_ref()?) {
            Ok(Pointed::Mail(pointer)) => Some(pointer.mail_id),
            _ => None,
        })
        .collect();
    let response = site.worker.handle(event, Duration::from_secs(60)).await;
    assert_eq!(failed(&response), Vec::<String>::new());
    assert_eq!(site.stored(&plain).await.status, TaskStatus::Failure);
    let key = adit_store::items::Key { pk: format!("MAIL#{}", mails[0]), sk: "MAIL".into() };
    assert!(site.backend.items.get(&key).await.unwrap().is_none());
    assert_eq!(site.backend.queue.depth(Lane::Worker).await.unwrap().dead, 0);
}
