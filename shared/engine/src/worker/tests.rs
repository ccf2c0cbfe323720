//! Ownership, losses and large jobs, on the embedded backend. Nothing is transferred here: `tests/flow` does that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adit_backend_embedded::Embedded;
use adit_deid::ProjectKey;
use adit_domain::job::{Job, JobStatus};
use adit_domain::node::{Bucket, Folder, Node, NodeConfig, NodeKind, Secrets};
use adit_domain::retry::{LEASE_MS, MAX_LOSSES, ORPHAN_MS, STRANDED_MS};
use adit_domain::task::{Progress, Step, Task, TaskStatus};
use adit_domain::{JobId, NodeId, TaskId, Timestamp, UserId};
use adit_store::clock::{Clock, ManualClock, SystemClock};
use adit_store::items::{Item, ItemStore, Key, Kind, Page, Query, StoreError, Write};
use adit_store::queue::{Delivery, Lane, Pointer, Receipt};
use adit_store::repositories::LiveProgress;
use async_trait::async_trait;
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::claim::Beat;
use super::{HOLD, Worked};
use crate::transfer::{Ending, Outcome};
use crate::{Engine, Ports, Settings, now};

/// What an item store does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Silent,
    Refusing,
    /// Breaks whoever asks for a node.
    Panicking,
}

struct Faulty(Arc<dyn ItemStore>, Fault);

impl Faulty {
    async fn hit<T>(&self, pk: &str) -> Result<Option<T>, StoreError> {
        match self.1 {
            Fault::Silent => std::future::pending().await,
            Fault::Refusing => Err(StoreError::new(Kind::Unavailable, "down")),
            Fault::Panicking => {
                assert!(pk != "NODES", "a bug");
                Ok(None)
            }
        }
    }
}

#[async_trait]
impl ItemStore for Faulty {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.hit::<()>(&key.pk).await?;
        self.0.get(key).await
    }
    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.hit::<()>(&query.pk).await?;
        self.0.query(query).await
    }
    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.hit::<()>("").await?;
        self.0.transact(writes).await
    }
    async fn purge_expired(&self) -> Result<usize, StoreError> {
        self.0.purge_expired().await
    }
}

struct Site {
    backend: Embedded,
    _dir: TempDir,
}

impl Site {
    fn open() -> Self {
        Self::open_with(Arc::new(SystemClock))
    }

    fn open_with(clock: Arc<dyn Clock>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = Embedded::open(dir.path(), clock).unwrap();
        Self { backend, _dir: dir }
    }

    fn engine(&self, process: &str) -> Engine {
        self.engine_over(process, Arc::clone(&self.backend.items))
    }

    fn engine_over(&self, process: &str, items: Arc<dyn ItemStore>) -> Engine {
        let (queue, staging) = (Arc::clone(&self.backend.queue), Arc::clone(&self.backend.staging));
        let settings = Settings {
            ae_title: "ADIT".into(),
            project_key: ProjectKey::from_bytes([7; 32]),
            default_profile: "adit-compatible".into(),
            process: process.into(),
            folder_roots: Vec::new(),
        };
        Engine::new(Ports { items, queue, staging, buckets: None }, settings)
    }
}

fn job(number: u128) -> Job {
    let node = NodeId::new(Timestamp(1), 1);
    Job {
        id: JobId::new(now(), number),
        owner: UserId::new(Timestamp(1), 1),
        owner_name: "tester".into(),
        source: node.clone(),
        source_name: "S".into(),
        destination: node,
        destination_name: "D".into(),
        options: serde_json::from_value(serde_json::json!({})).unwrap(),
        urgent: false,
        canceling: false,
        status: JobStatus::Pending,
        message: String::new(),
        created: now(),
        start: None,
        end: None,
        trace: "Root=1-test".into(),
        cause: None,
    }
}

fn task(job: &Job, number: u32) -> Task {
    serde_json::from_value(serde_json::json!({
        "id": TaskId::new(now(), number.into()), "job_id": job.id, "source": job.source, "destination": job.destination,
        "patient_id": "1", "study_instance_uid": "1.2.3", "status": "pending", "created": now(),
        "start": null, "end": null, "lease": null, "not_before": null
    }))
    .unwrap()
}

/// A job with one task in the queue.
async fn one(engine: &Engine) -> (Job, Task) {
    let job = job(1);
    let task = task(&job, 1);
    engine.submit(&job, vec![task.clone()]).await.unwrap();
    (job, task)
}

async fn stored(engine: &Engine, task: &Task) -> Task {
    engine.0.tasks.get(&task.job_id, &task.id).await.unwrap().unwrap().value
}

/// As if the owner had been silent for as long as a lease lasts.
async fn expire(engine: &Engine, task: &Task) {
    let change = engine.change_task(&task.job_id, &task.id, |task| {
        if let Some(lease) = task.lease.as_mut() {
            lease.until = now().plus_ms(-1);
        }
        task.not_before = None;
        true
    });
    change.await.unwrap().unwrap();
}

async fn receive(engine: &Engine) -> Delivery {
    engine.0.ports.queue.receive(Lane::Bridge, 1, HOLD).await.unwrap().pop().expect("a message")
}

fn done(status: TaskStatus) -> Outcome {
    Outcome {
        ending: Ending::Finished(status),
        message: "done".into(),
        log: Vec::new(),
        failures: Vec::new(),
        failures_total: 0,
        progress: Progress { step: Step::Verify, ..Progress::default() },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_lease_expired_settles_nothing_and_stops_at_its_next_heartbeat() {
    let site = Site::open();
    let (first, second) = (site.engine("first"), site.engine("second"));
    let (job, task) = one(&first).await;
    let delivery = receive(&first).await;
    let old = first.claim(&task).await.unwrap().expect("it is free");
    assert!(second.claim(&old).await.unwrap().is_none(), "a task has one owner");
    expire(&first, &task).await;
    let new = second.claim(&stored(&second, &task).await).await.unwrap().expect("it was abandoned");
    assert_eq!((old.attempts, new.attempts, new.losses.times), (1, 2, 1));

    let begun = Instant::now();
    assert_eq!(first.heartbeat(&old, begun, &delivery).await, Beat::Lost);
    assert!(begun.elapsed() < Duration::from_secs(6), "promptly");
    first.settle(&job, &old, &done(TaskStatus::Success), false).await.unwrap();
    assert_eq!(stored(&first, &task).await.status, TaskStatus::InProgress, "the former owner changes nothing");
    second.settle(&job, &new, &done(TaskStatus::Warning), false).await.unwrap();
    first.settle(&job, &old, &done(TaskStatus::Success), false).await.unwrap();
    let end = stored(&first, &task).await;
    assert_eq!((end.status, end.losses.times), (TaskStatus::Warning, 0));
    let record = first.0.jobs.get(&job.id).await.unwrap().unwrap();
    assert_eq!((record.job.status, record.counts.warning, record.counts.total()), (JobStatus::Warning, 1, 1));
}

#[tokio::test]
async fn an_owner_that_cannot_reach_the_store_lets_go_before_its_lease_ends() {
    for fault in [Fault::Silent, Fault::Refusing] {
        let site = Site::open();
        let engine = site.engine("first");
        let (_, task) = one(&engine).await;
        let delivery = receive(&engine).await;
        let claimed_at = Instant::now();
        let claimed = engine.claim(&task).await.unwrap().unwrap();
        let cut_off = site.engine_over("first", Arc::new(Faulty(Arc::clone(&site.backend.items), fault)));
        tokio::time::pause();
        let beat = cut_off.heartbeat(&claimed, claimed_at, &delivery).await;
        let alone = i64::try_from(claimed_at.elapsed().as_millis()).unwrap();
        tokio::time::resume();
        assert_eq!(beat, Beat::Lost);
        assert!((LEASE_MS / 2..=LEASE_MS).contains(&alone), "{fault:?}: let go after {alone} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_hands_back_and_cancels_nothing() {
    let site = Site::open();
    let engine = site.engine("first");
    let (job, task) = one(&engine).await;
    let claimed = engine.claim(&task).await.unwrap().unwrap();
    engine
        .settle(&job, &claimed, &Outcome { ending: Ending::Canceled, ..done(TaskStatus::Success) }, true)
        .await
        .unwrap();
    let waiting = stored(&engine, &task).await;
    assert_eq!((waiting.status, waiting.failed_attempts, waiting.enqueued), (TaskStatus::Pending, 0, true));
    let again = engine.claim(&waiting).await.unwrap().unwrap();
    engine
        .settle(&job, &again, &Outcome { ending: Ending::Canceled, ..done(TaskStatus::Success) }, false)
        .await
        .unwrap();
    assert_eq!(stored(&engine, &task).await.status, TaskStatus::Canceled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_workers_die_ends_and_one_that_gets_on_does_not() {
    let site = Site::open();
    let engine = site.engine("first");
    for gets_on in [false, true] {
        let (job, task) = one(&engine).await;
        for life in 1..=MAX_LOSSES + 2 {
            let seen = stored(&engine, &task).await;
            if seen.status.is_final() {
                break;
            }
            engine.claim(&seen).await.unwrap().expect("it waits");
            let delivered = if gets_on { u64::from(life) } else { 0 };
            let progress = Progress { delivered, ..Progress::default() };
            engine.0.tasks.show(&job.id, &task.id, &LiveProgress { progress, warnings: Vec::new() }).await.unwrap();
            expire(&engine, &task).await;
            engine.sweep().await.unwrap();
            expire(&engine, &task).await;
        }
        let end = stored(&engine, &task).await;
        let record = engine.0.jobs.get(&job.id).await.unwrap().unwrap();
        if gets_on {
            assert_eq!((end.status, end.attempts), (TaskStatus::Pending, MAX_LOSSES + 2));
        } else {
            assert_eq!((end.status, end.attempts), (TaskStatus::Failure, MAX_LOSSES), "{end:?}");
            assert!(end.message.starts_with("ADIT gave this transfer up"), "{}", end.message);
            assert_eq!(record.job.status, JobStatus::Failure);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_message_was_set_aside_is_sent_again_and_ends_at_last() {
    let clock = Arc::new(ManualClock::at(now()));
    let site = Site::open_with(clock.clone());
    let engine = site.engine("first");
    let (job, task) = one(&engine).await;
    for sent in 1..=MAX_LOSSES {
        clock.advance(Duration::from_secs(60));
        let delivery = receive(&engine).await;
        let age = |ms: i64| {
            let engine = engine.clone();
            let task = task.clone();
            async move {
                let change = engine.change_task(&task.job_id, &task.id, |task| {
                    task.sent = Some(now().plus_ms(-ms));
                    task.not_before = None;
                    true
                });
                change.await.unwrap().unwrap();
            }
        };
        age(STRANDED_MS + 1).await;
        engine.sweep().await.unwrap();
        assert_eq!(stored(&engine, &task).await.losses.times, sent - 1, "its message is on loan");
        engine.0.ports.queue.dead_letter(&delivery.receipt, "its receivers died").await.unwrap();
        age(STRANDED_MS - 5_000).await;
        engine.sweep().await.unwrap();
        assert_eq!(stored(&engine, &task).await.losses.times, sent - 1, "it may still come");
        age(STRANDED_MS + 1).await;
        engine.sweep().await.unwrap();
        assert_eq!(stored(&engine, &task).await.losses.times, sent);
    }
    assert_eq!(stored(&engine, &task).await.status, TaskStatus::Failure);
    assert_eq!(engine.0.jobs.get(&job.id).await.unwrap().unwrap().job.status, JobStatus::Failure);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_is_a_failed_attempt_and_what_cannot_be_read_is_said() {
    let site = Site::open();
    let engine = site.engine_over("first", Arc::new(Faulty(Arc::clone(&site.backend.items), Fault::Panicking)));
    let (job, task) = one(&site.engine("other")).await;
    let stop = CancellationToken::new();
    let mut delivery = receive(&engine).await;
    assert_eq!(engine.work_on(&delivery, &stop).await, Worked::Later(Duration::from_secs(10)), "the store breaks, too");
    let broken = site.engine("other");
    let seen = stored(&broken, &task).await;
    assert!(seen.lease.is_none() && seen.status == TaskStatus::Pending && seen.failed_attempts == 1, "{seen:?}");
    assert!(seen.message.starts_with("Something broke in ADIT"), "{}", seen.message);
    assert!(matches!(broken.work_on(&delivery, &stop).await, Worked::Later(wait) if wait > Duration::from_secs(20)));
    delivery.message.body = "nonsense".into();
    assert!(matches!(broken.work_on(&delivery, &stop).await, Worked::Unreadable(_)));
    let gone = Pointer::task(&JobId::new(now(), 9), &task.id).encode();
    delivery.message.body = gone;
    assert_eq!(broken.work_on(&delivery, &stop).await, Worked::Done, "a job that was deleted");
    assert_eq!(broken.0.jobs.get(&job.id).await.unwrap().unwrap().counts.pending, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_tasks_between_buckets_need_no_bridge() {
    let site = Site::open();
    let engine = site.engine("first");
    let kinds = [
        NodeKind::Bucket(Bucket { bucket: "one".into(), prefix: String::new(), region: String::new() }),
        NodeKind::Bucket(Bucket { bucket: "two".into(), prefix: String::new(), region: String::new() }),
        NodeKind::Folder(Folder { path: "/tmp/x".into(), quota_gb: 0, warn_size_gb: 0 }),
    ];
    let mut ids = Vec::new();
    for (number, kind) in (1_u128..).zip(kinds) {
        let node = Node {
            id: NodeId::new(Timestamp(9), number),
            config: NodeConfig { name: format!("N{number}"), enabled: true, kind },
        };
        ids.push(node.id.clone());
        engine.0.nodes.insert(&node, &Secrets::default()).await.unwrap();
    }
    for (source, destination, lane) in [(0, 1, Lane::Worker), (0, 2, Lane::Bridge), (2, 0, Lane::Bridge)] {
        assert_eq!(engine.lane_between(&ids[source], &ids[destination]).await.unwrap(), lane);
    }
    assert_eq!(engine.lane_between(&ids[0], &NodeId::new(Timestamp(9), 99)).await.unwrap(), Lane::Bridge);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_job_that_was_never_made_is_removed_after_an_hour() {
    let site = Site::open();
    let engine = site.engine("first");
    let (made, lost, young) = (job(1), job(2), job(3));
    let old = |mut task: Task| {
        task.created = now().plus_ms(-ORPHAN_MS - 1000);
        task
    };
    let forgotten = old(task(&made, 1));
    engine.0.jobs.insert(&made, std::slice::from_ref(&forgotten)).await.unwrap();
    // The head of these two is written under another job's name: as if the process had died before.
    for (job, tasks) in [(&lost, vec![old(task(&lost, 2))]), (&young, vec![task(&young, 3)])] {
        engine.0.jobs.insert(job, &tasks).await.unwrap();
        engine.0.jobs.delete(&job.id).await.unwrap();
    }
    engine.sweep().await.unwrap();
    engine.sweep().await.unwrap();
    let count = async |job: &Job| engine.0.tasks.of_job(&job.id).await.unwrap().len();
    assert_eq!((count(&made).await, count(&lost).await, count(&young).await), (1, 0, 1));
    assert!(stored(&engine, &forgotten).await.enqueued);
}

/// Counts the writes per item.
struct Counting {
    inner: Arc<dyn ItemStore>,
    job: AtomicU64,
    task: AtomicU64,
    transactions: AtomicU64,
}

#[async_trait]
impl ItemStore for Counting {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.inner.get(key).await
    }
    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.inner.query(query).await
    }
    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        for key in writes.iter().map(Write::key) {
            let counter = if key.sk == "JOB" { &self.job } else { &self.task };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.inner.transact(writes).await
    }
    async fn purge_expired(&self) -> Result<usize, StoreError> {
        self.inner.purge_expired().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tasks_and_eight_consumers_are_counted_exactly() {
    const TASKS: u32 = 10_000;
    let site = Site::open();
    let counting = Arc::new(Counting {
        inner: Arc::clone(&site.backend.items),
        job: AtomicU64::new(0),
        task: AtomicU64::new(0),
        transactions: AtomicU64::new(0),
    });
    let engine = site.engine_over("first", Arc::clone(&counting) as Arc<dyn ItemStore>);
    let job = job(1);
    let tasks: Vec<Task> = (1..=TASKS).map(|number| task(&job, number)).collect();
    engine.submit(&job, tasks).await.unwrap();
    let record = engine.0.jobs.get(&job.id).await.unwrap().unwrap();
    assert_eq!((record.counts.pending, record.counts.total()), (TASKS, TASKS));
    let depth = engine.0.ports.queue.depth(Lane::Bridge).await.unwrap();
    assert_eq!(depth.normal, u64::from(TASKS));

    let mut consumers = tokio::task::JoinSet::new();
    for number in 0..8_u32 {
        let engine = site.engine_over(&format!("consumer {number}"), Arc::clone(&counting) as Arc<dyn ItemStore>);
        consumers.spawn(consume(engine, job.clone()));
    }
    let mut handled = [0; 3];
    while let Some(consumed) = consumers.join_next().await {
        for (sum, count) in handled.iter_mut().zip(consumed.unwrap()) {
            *sum += count;
        }
    }
    let record = engine.0.jobs.get(&job.id).await.unwrap().unwrap();
    let counts = record.counts;
    assert_eq!([counts.success, counts.warning, counts.failure], handled);
    assert_eq!((counts.finished(), counts.total()), (TASKS, TASKS), "{counts:?}");
    assert_eq!(record.job.status, JobStatus::Failure, "some failed");
    let depth = engine.0.ports.queue.depth(Lane::Bridge).await.unwrap();
    assert_eq!(depth, Default::default(), "nothing is left in the queue");
    let (of_job, of_tasks) = (counting.job.load(Ordering::Relaxed), counting.task.load(Ordering::Relaxed));
    println!(
        "{TASKS} tasks: {of_job} writes to the job's item, {of_tasks} to the tasks' ({:.2} a task), {} transactions",
        of_tasks as f64 / f64::from(TASKS),
        counting.transactions.load(Ordering::Relaxed)
    );
    // Two additions a task, and a few changes of the job's own state.
    assert!(of_job < u64::from(TASKS) * 2 + 100, "{of_job}");
    // Made, marked as enqueued, claimed, settled; the mark may be tried in vain.
    assert!(of_tasks <= u64::from(TASKS) * 4 + 100, "{of_tasks}");
}

/// Claims and settles until the queue is empty; every message is handled twice, as queues do it. Answers with what became of the tasks.
async fn consume(engine: Engine, job: Job) -> [u32; 3] {
    const ENDS: [TaskStatus; 3] = [TaskStatus::Success, TaskStatus::Warning, TaskStatus::Failure];
    let mut handled = [0; 3];
    loop {
        let deliveries = engine.0.ports.queue.receive(Lane::Bridge, 10, HOLD).await.unwrap();
        if deliveries.is_empty() {
            return handled;
        }
        for Delivery { message, receipt, .. } in deliveries {
            let id = Pointer::decode(&message.body).unwrap().task_id;
            for _ in 0..2 {
                let seen = engine.0.tasks.get(&job.id, &id).await.unwrap().unwrap().value;
                let Some(claimed) = engine.claim(&seen).await.unwrap() else { continue };
                engine.settle_job(&job.id).await.unwrap();
                let end = usize::from(id.as_str().as_bytes()[25] % 3);
                handled[end] += 1;
                engine.settle(&job, &claimed, &done(ENDS[end]), false).await.unwrap();
            }
            answer(&engine, &receipt).await;
        }
    }
}

async fn answer(engine: &Engine, receipt: &Receipt) {
    engine.0.ports.queue.ack(receipt).await.unwrap();
}
