//! Ownership, losses and large jobs, on the embedded backend. Nothing is transferred here: `tests/flow` does that.

mod large;
mod losses;
mod mail;
mod ownership;
mod usage;

use std::sync::Arc;

use adit_backend_embedded::Embedded;
use adit_domain::job::{Job, JobStatus};
use adit_domain::task::{Progress, Task, TaskStatus};
use adit_domain::{JobId, NodeId, Timestamp, UserId};
use adit_store::clock::{Clock, SystemClock};
use adit_store::items::{Item, ItemStore, Key, Kind, Page, Query, StoreError, Write};
use adit_store::queue::{Delivery, Lane};
use async_trait::async_trait;
use tempfile::TempDir;

use super::HOLD;
use super::proofs::{done, engine, job, task};
use crate::transfer::{Ending, Outcome};
use crate::{Engine, Ports, now};

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
    async fn hit(&self, pk: &str) -> Result<(), StoreError> {
        match self.1 {
            Fault::Silent => std::future::pending().await,
            Fault::Refusing => Err(StoreError::new(Kind::Unavailable, "down")),
            Fault::Panicking => {
                assert!(pk != "NODES", "a bug");
                Ok(())
            }
        }
    }
}

#[async_trait]
impl ItemStore for Faulty {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.hit(&key.pk).await?;
        self.0.get(key).await
    }
    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.hit(&query.pk).await?;
        self.0.query(query).await
    }
    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.hit("").await?;
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
        engine(Ports { items, queue, staging, buckets: None }, process)
    }
}

/// A job with one task in the queue.
async fn one(engine: &Engine) -> (Job, Task) {
    let job = job(1);
    let task = task(&job, 1);
    engine.submit(&job, vec![task.clone()], Vec::new()).await.unwrap();
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
