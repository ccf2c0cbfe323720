//! Tasks and their live progress. A change of state moves the job's counters in the same transaction.

use std::sync::Arc;

use adit_domain::task::{Progress, Task, TaskStatus};
use adit_domain::{JobId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use super::encoding::{Versioned, collected, item, key, sortable, value};
use super::jobs::job_key;
use crate::items::{Condition, Cursor, Index, Item, ItemStore, Key, Query, SkRange, StoreError, Write};

/// What a running task shows, written about twice a second without touching the task itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LiveProgress {
    /// Figures.
    pub progress: Progress,
    /// The newest warnings.
    pub warnings: Vec<String>,
}

/// Repository of tasks.
#[derive(Clone)]
pub struct Tasks {
    items: Arc<dyn ItemStore>,
}

impl Tasks {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// One task.
    pub async fn get(&self, job: &JobId, id: &TaskId) -> Result<Option<Versioned<Task>>, StoreError> {
        self.items.get(&task_key(job, id)).await?.map(value).transpose()
    }

    /// All tasks of a job in the order in which they were made.
    pub async fn of_job(&self, job: &JobId) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.collect(job, "TASK#").await?.into_iter().map(value).collect()
    }

    /// Live progress of all running tasks of a job, by task id.
    pub async fn live_of_job(&self, job: &JobId) -> Result<Vec<(String, LiveProgress)>, StoreError> {
        let items = self.collect(job, "LIVE#").await?;
        items
            .into_iter()
            .map(|item| {
                let id = item.key.sk.trim_start_matches("LIVE#").to_owned();
                Ok((id, value::<LiveProgress>(item)?.value))
            })
            .collect()
    }

    /// Live progress of one task, as its last worker wrote it.
    pub async fn live(&self, job: &JobId, id: &TaskId) -> Result<Option<LiveProgress>, StoreError> {
        let found = self.items.get(&live_key(job, id)).await?;
        Ok(found.map(value::<LiveProgress>).transpose()?.map(|live| live.value))
    }

    async fn collect(&self, job: &JobId, prefix: &str) -> Result<Vec<Item>, StoreError> {
        collected(&*self.items, format!("JOB#{job}"), SkRange::Prefix(prefix.into())).await
    }

    /// Replaces a task that was read in state `before` at `version`; the job's counters follow in the same transaction.
    pub async fn update(&self, task: &Task, before: TaskStatus, version: u64) -> Result<(), StoreError> {
        self.update_with(task, before, version, Vec::new()).await
    }

    /// The same together with other writes.
    pub async fn update_with(
        &self,
        task: &Task,
        before: TaskStatus,
        version: u64,
        also: Vec<Write>,
    ) -> Result<(), StoreError> {
        let mut writes = vec![Write::Put { item: task_item(task)?, condition: Condition::Version(version) }];
        if before != task.status {
            let deltas = vec![(before.counter().to_owned(), -1), (task.status.counter().to_owned(), 1)];
            writes.push(Write::Add { key: job_key(&task.job_id), deltas });
        }
        writes.extend(also);
        self.items.transact(writes).await
    }

    /// Stores what a running task shows.
    pub async fn show(&self, job: &JobId, id: &TaskId, live: &LiveProgress) -> Result<(), StoreError> {
        self.items.put(item(live_key(job, id), live)?, Condition::None).await
    }

    /// Removes a task (and its live progress), taking it out of the job's counters.
    pub async fn delete(&self, task: &Task, version: u64) -> Result<(), StoreError> {
        let counter = task.status.counter().to_owned();
        self.items
            .transact(vec![
                Write::Delete { key: task_key(&task.job_id, &task.id), condition: Condition::Version(version) },
                Write::Delete { key: live_key(&task.job_id, &task.id), condition: Condition::None },
                Write::Add { key: job_key(&task.job_id), deltas: vec![(counter, -1)] },
            ])
            .await
    }

    /// Removes a task that has no job. Safe to call twice.
    pub async fn delete_orphan(&self, task: &Task, version: u64) -> Result<(), StoreError> {
        let head = Write::Check { key: job_key(&task.job_id), condition: Condition::Absent };
        let key = task_key(&task.job_id, &task.id);
        self.items.transact(vec![head, Write::Delete { key, condition: Condition::Version(version) }]).await
    }

    /// Running tasks whose lease ended before `now`, the longest ago first.
    pub async fn leases_ended(&self, now: Timestamp, after: Option<Cursor>) -> Result<TaskPage, StoreError> {
        self.indexed(Index::First, "LEASE", now, after).await
    }

    /// Waiting tasks written before `now` for which no queue message was recorded, the oldest first.
    pub async fn not_enqueued(&self, now: Timestamp, after: Option<Cursor>) -> Result<TaskPage, StoreError> {
        self.indexed(Index::Second, "OUTBOX", now, after).await
    }

    /// Waiting tasks whose queue message could be received before `now`, the longest ago first.
    pub async fn waiting(&self, now: Timestamp, after: Option<Cursor>) -> Result<TaskPage, StoreError> {
        self.indexed(Index::Second, "WAITING", now, after).await
    }

    async fn indexed(
        &self,
        index: Index,
        pk: &str,
        until: Timestamp,
        after: Option<Cursor>,
    ) -> Result<TaskPage, StoreError> {
        let sk = SkRange::Between(String::new(), sortable(until));
        let page = self.items.query(Query { index, pk: pk.into(), sk, descending: false, limit: PAGE, after }).await?;
        let tasks = page.items.into_iter().map(value).collect::<Result<_, _>>()?;
        Ok(TaskPage { tasks, next: page.next })
    }
}

/// Tasks per page.
const PAGE: usize = 100;

/// A page of tasks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<Versioned<Task>>,
    /// Give back for the next page; absent at the end.
    pub next: Option<Cursor>,
}

fn task_key(job: &JobId, id: &TaskId) -> Key {
    key(format!("JOB#{job}"), format!("TASK#{id}"))
}

fn live_key(job: &JobId, id: &TaskId) -> Key {
    key(format!("JOB#{job}"), format!("LIVE#{id}"))
}

pub(super) fn task_item(task: &Task) -> Result<Item, StoreError> {
    let mut item = item(task_key(&task.job_id, &task.id), task)?;
    if let (TaskStatus::InProgress, Some(lease)) = (task.status, &task.lease) {
        item.index1 = Some(("LEASE".to_owned(), sortable(lease.until)));
    }
    if task.status == TaskStatus::Pending && !task.enqueued && !task.held {
        item.index2 = Some(("OUTBOX".to_owned(), sortable(task.created)));
    }
    if let (TaskStatus::Pending, true, Some(sent)) = (task.status, task.enqueued, task.sent) {
        let due = task.not_before.map_or(sent, |moment| moment.max(sent));
        item.index2 = Some(("WAITING".to_owned(), sortable(due)));
    }
    Ok(item)
}
