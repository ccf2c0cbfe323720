//! Jobs with the counters of their tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use adit_domain::job::{Job, TaskCounts};
use adit_domain::task::{Task, TaskStatus};
use adit_domain::{JobId, UserId};

use super::encoding::{Versioned, item, key, value};
use super::tasks::task_item;
use crate::items::{Condition, Cursor, Index, Item, ItemStore, Key, MAX_WRITES, Query, SkRange, StoreError, Write};

/// Tasks per transaction of a job that does not fit into one: well below the limit on a transaction's bytes, too.
const CHUNK: usize = 90;

/// A job as read: value, version, counters.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// The job.
    pub job: Job,
    /// Version of its item.
    pub version: u64,
    /// Its tasks by state.
    pub counts: TaskCounts,
}

/// Repository of jobs.
#[derive(Clone)]
pub struct Jobs {
    items: Arc<dyn ItemStore>,
}

impl Jobs {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// Writes a new job with all its (pending, not yet enqueued) tasks. They are there together or not at all: a job that fits into one
    /// transaction is written in one; else the tasks come first and the job last, and tasks without a job do not count (the sweeper
    /// removes what a process left that died in between).
    pub async fn insert(&self, job: &Job, tasks: &[Task]) -> Result<(), StoreError> {
        self.insert_with(job, tasks, Vec::new()).await
    }

    /// The same together with a few other writes, which come with the job. A conflict at one of their places means that it could not be done.
    pub async fn insert_with(&self, job: &Job, tasks: &[Task], also: Vec<Write>) -> Result<(), StoreError> {
        let mut writes = new_job_writes(job, tasks)?;
        let mut last = also;
        if writes.len() + last.len() > MAX_WRITES {
            last.push(writes.remove(0));
            while writes.len() + last.len() > MAX_WRITES {
                let chunk = writes.len().min(CHUNK);
                self.items.transact(writes.drain(..chunk).collect()).await?;
            }
        }
        last.extend(writes);
        self.items.transact(last).await
    }

    /// One job.
    pub async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        self.items.get(&job_key(id)).await?.map(record).transpose()
    }

    /// Replaces a job that was read at `version`; its counters stay.
    pub async fn update(&self, job: &Job, version: u64) -> Result<(), StoreError> {
        self.items.put(job_item(job)?, Condition::Version(version)).await
    }

    /// The same, with `more` in the same transaction.
    pub async fn update_with(&self, job: &Job, version: u64, more: Vec<Write>) -> Result<(), StoreError> {
        let mut writes = vec![Write::Put { item: job_item(job)?, condition: Condition::Version(version) }];
        writes.extend(more);
        self.items.transact(writes).await
    }

    /// Removes a job whose tasks are gone.
    pub async fn delete(&self, id: &JobId) -> Result<(), StoreError> {
        self.items.delete(&job_key(id), Condition::None).await
    }

    /// Jobs, newest first: those of `owner`, or all.
    pub async fn list(
        &self,
        owner: Option<&UserId>,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<JobRecord>, Option<Cursor>), StoreError> {
        let (index, pk) = listing(owner);
        let page = self.items.query(Query { index, pk, sk: SkRange::All, descending: true, limit, after }).await?;
        let records = page.items.into_iter().map(record).collect::<Result<_, _>>()?;
        Ok((records, page.next))
    }
}

/// The list of the jobs of `owner`, or of all: index and partition, to which page tokens are bound.
#[must_use]
pub fn listing(owner: Option<&UserId>) -> (Index, String) {
    match owner {
        Some(owner) => (Index::First, format!("OWNER#{owner}")),
        None => (Index::Second, "JOBS".to_owned()),
    }
}

fn record(found: Item) -> Result<JobRecord, StoreError> {
    let count = |status: TaskStatus| {
        found.counters.get(status.counter()).and_then(|n| u32::try_from(*n).ok()).unwrap_or_default()
    };
    let counts = TaskCounts {
        pending: count(TaskStatus::Pending),
        in_progress: count(TaskStatus::InProgress),
        canceled: count(TaskStatus::Canceled),
        success: count(TaskStatus::Success),
        warning: count(TaskStatus::Warning),
        failure: count(TaskStatus::Failure),
    };
    let Versioned { value: job, version } = value(found)?;
    Ok(JobRecord { job, version, counts })
}

/// What makes a new job with its tasks.
pub(super) fn new_job_writes(job: &Job, tasks: &[Task]) -> Result<Vec<Write>, StoreError> {
    let mut head = job_item(job)?;
    let count = i64::try_from(tasks.len()).unwrap_or(0);
    head.counters = BTreeMap::from([(TaskStatus::Pending.counter().to_owned(), count)]);
    let mut writes = vec![Write::Put { item: head, condition: Condition::Absent }];
    for task in tasks {
        writes.push(Write::Put { item: task_item(task)?, condition: Condition::Absent });
    }
    Ok(writes)
}

pub(super) fn job_key(id: &JobId) -> Key {
    key(format!("JOB#{id}"), "JOB")
}

fn job_item(job: &Job) -> Result<Item, StoreError> {
    let mut item = item(job_key(&job.id), job)?;
    item.index1 = Some((format!("OWNER#{}", job.owner), job.id.to_string()));
    item.index2 = Some(("JOBS".to_owned(), job.id.to_string()));
    Ok(item)
}
