//! A job of ten thousand tasks.

use std::sync::atomic::{AtomicU64, Ordering};

use adit_store::queue::Pointer;

use super::*;

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
    engine.submit(&job, tasks, Vec::new()).await.unwrap();
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
            engine.0.ports.queue.ack(&receipt).await.unwrap();
        }
    }
}
