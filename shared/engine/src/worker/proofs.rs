//! A proof for any backend: a job of many tasks and eight consumers, counted exactly. The engine's tests run it on one machine's backend, `tests/cloud` on
//! that of the cloud. Nothing is transferred.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use adit_deid::ProjectKey;
use adit_domain::job::{Job, JobStatus, TaskCounts};
use adit_domain::task::{Progress, Step, Task, TaskStatus};
use adit_domain::{JobId, NodeId, TaskId, Timestamp, UserId};
use adit_store::items::{Item, ItemStore, Key, Page, Query, StoreError, Write};
use adit_store::queue::{Delivery, Lane, Pointer};
use async_trait::async_trait;
use tokio::task::JoinSet;

use super::HOLD;
use crate::transfer::{Ending, Outcome};
use crate::{Engine, Ports, Refusal, Settings, now};

/// Consumers that work on the job.
const CONSUMERS: u32 = 8;
/// What becomes of the tasks, in turn.
const ENDS: [TaskStatus; 3] = [TaskStatus::Success, TaskStatus::Warning, TaskStatus::Failure];

/// What the store and the consumers say at the end; the caller compares.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The job's counters.
    pub counts: TaskCounts,
    /// The job's status.
    pub status: JobStatus,
    /// Tasks that consumers have ended as success, warning, failure.
    pub handled: [u32; 3],
    /// Writes to the job's item.
    pub job_writes: u64,
    /// Writes to the tasks' items.
    pub task_writes: u64,
    /// The most writes to one task's item.
    pub hottest_task: u64,
    /// How long making the job took.
    pub submitted: Duration,
    /// How long the consumers took.
    pub consumed: Duration,
}

impl Counted {
    /// Checks that nothing was counted twice or forgotten, and that no item was written more often than it must be.
    ///
    /// # Panics
    /// Says what does not hold.
    pub fn check(&self, tasks: u32) {
        let counts = self.counts;
        assert_eq!([counts.success, counts.warning, counts.failure], self.handled);
        assert_eq!((counts.finished(), counts.total()), (tasks, tasks), "{counts:?}");
        assert_eq!(self.status, JobStatus::Failure, "some failed");
        // Two additions a task, and a few changes of the job's own state.
        assert!(self.job_writes < u64::from(tasks) * 2 + 100, "{} writes to the job", self.job_writes);
        // Made, marked as enqueued, claimed, settled; the mark may be tried in vain.
        assert!(self.task_writes <= u64::from(tasks) * 4 + 100, "{} writes to the tasks", self.task_writes);
        assert!(self.hottest_task <= 8, "{} writes to one task", self.hottest_task);
    }
}

/// Makes a job of `tasks` tasks and lets eight consumers claim and settle them; every message is handled twice, as queues do it.
///
/// # Errors
/// What the backend refused.
pub async fn large_job(ports: Ports, tasks: u32) -> Result<Counted, Refusal> {
    let counting =
        Arc::new(Counting { inner: Arc::clone(&ports.items), job: AtomicU64::new(0), tasks: Heat::default() });
    let ports = Ports { items: Arc::clone(&counting) as Arc<dyn ItemStore>, ..ports };
    let engine = engine(ports.clone(), "first");
    let job = job(1);
    let begun = Instant::now();
    engine.submit(&job, (1..=tasks).map(|number| task(&job, number)).collect(), Vec::new()).await?;
    let submitted = begun.elapsed();
    let begun = Instant::now();
    let mut consumers = JoinSet::new();
    for number in 0..CONSUMERS {
        consumers.spawn(consume(self::engine(ports.clone(), &format!("consumer {number}")), job.clone()));
    }
    let mut handled = [0; 3];
    while let Some(consumed) = consumers.join_next().await {
        for (sum, count) in handled.iter_mut().zip(consumed.map_err(|_| Refusal::conflict("A consumer broke."))??) {
            *sum += count;
        }
    }
    let consumed = begun.elapsed();
    let record = engine.0.jobs.get(&job.id).await?.ok_or_else(|| Refusal::not_found("job"))?;
    let (task_writes, hottest_task) = counting.tasks.sum_and_most();
    Ok(Counted {
        counts: record.counts,
        status: record.job.status,
        handled,
        job_writes: counting.job.load(Ordering::Relaxed),
        task_writes,
        hottest_task,
        submitted,
        consumed,
    })
}

async fn consume(engine: Engine, job: Job) -> Result<[u32; 3], Refusal> {
    let mut handled = [0; 3];
    loop {
        let deliveries = engine.0.ports.queue.receive(Lane::Bridge, 10, HOLD).await?;
        if deliveries.is_empty() {
            let record = engine.0.jobs.get(&job.id).await?;
            if record.is_none_or(|record| record.counts.finished() == record.counts.total()) {
                return Ok(handled);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        for Delivery { message, receipt, .. } in deliveries {
            let Ok(pointer) = Pointer::decode(&message.body) else { continue };
            for _ in 0..2 {
                let Some(seen) = engine.0.tasks.get(&job.id, &pointer.task_id).await? else { continue };
                let Some(claimed) = engine.claim(&seen.value).await? else { continue };
                engine.settle_job(&job.id).await?;
                let end = usize::from(pointer.task_id.as_str().as_bytes()[25] % 3);
                handled[end] += 1;
                engine.settle(&job, &claimed, &done(ENDS[end]), false).await?;
            }
            engine.0.ports.queue.ack(&receipt).await?;
        }
    }
}

/// Counts the writes per item.
struct Counting {
    inner: Arc<dyn ItemStore>,
    job: AtomicU64,
    tasks: Heat,
}

/// Writes by item.
#[derive(Default)]
struct Heat(std::sync::Mutex<std::collections::HashMap<Key, u64>>);

impl Heat {
    fn write(&self, key: &Key) {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *all.entry(key.clone()).or_default() += 1;
    }

    fn sum_and_most(&self) -> (u64, u64) {
        let all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (all.values().sum(), all.values().copied().max().unwrap_or(0))
    }
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
            if key.sk == "JOB" {
                self.job.fetch_add(1, Ordering::Relaxed);
            } else {
                self.tasks.write(key);
            }
        }
        self.inner.transact(writes).await
    }
    async fn purge_expired(&self) -> Result<usize, StoreError> {
        self.inner.purge_expired().await
    }
}

pub(crate) fn engine(ports: Ports, process: &str) -> Engine {
    let settings = Settings {
        ae_title: "ADIT".into(),
        project_key: ProjectKey::from_bytes([7; 32]),
        default_profile: "adit-compatible".into(),
        process: process.into(),
        folder_roots: Vec::new(),
        scratch: std::env::temp_dir().join("adit-test-scratch"),
    };
    Engine::new(ports, settings)
}

pub(crate) fn job(number: u128) -> Job {
    let node = NodeId::new(Timestamp(1), 1);
    Job {
        id: JobId::new(now(), number),
        owner: UserId::new(Timestamp(1), 1),
        owner_name: "tester".into(),
        source: node.clone(),
        source_name: "S".into(),
        destination: node,
        destination_name: "D".into(),
        options: serde_json::from_value(serde_json::json!({})).expect("it fits its type"),
        urgent: false,
        canceling: false,
        status: JobStatus::Pending,
        message: String::new(),
        created: now(),
        start: None,
        end: None,
        trace: "Root=1-test".into(),
        cause: None,
        group: None,
        by_staff: false,
        sources: Vec::new(),
        approval: None,
    }
}

pub(crate) fn task(job: &Job, number: u32) -> Task {
    serde_json::from_value(serde_json::json!({
        "id": TaskId::new(now(), number.into()), "job_id": job.id, "source": job.source, "destination": job.destination,
        "patient_id": "1", "study_instance_uid": "1.2.3", "status": "pending", "created": now(),
        "start": null, "end": null, "lease": null, "not_before": null
    }))
    .expect("it fits its type")
}

pub(super) fn done(status: TaskStatus) -> Outcome {
    Outcome {
        ending: Ending::Finished(status),
        message: "done".into(),
        log: Vec::new(),
        failures: Vec::new(),
        failures_total: 0,
        progress: Progress { step: Step::Verify, ..Progress::default() },
    }
}
