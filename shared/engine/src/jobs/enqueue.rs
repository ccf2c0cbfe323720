//! Putting a waiting task into the queue, and the compare-and-swap loop by which tasks and jobs are changed.

use std::collections::HashMap;
use std::time::Duration;

use adit_domain::job::{Approval, Job, JobStatus};
use adit_domain::rule::inbox;
use adit_domain::task::{Task, TaskStatus};
use adit_domain::{JobId, NodeId, TaskId};
use adit_store::items::{Kind, StoreError, Write};
use adit_store::queue::{Band, Lane, Message, Pointer};
use adit_store::repositories::jobs::JobRecord;
use adit_store::repositories::{Mails, Versioned};
use tokio::task::JoinSet;

use crate::{Engine, Refusal, now};

/// How often a change is tried again when somebody else was faster.
const TRIES: usize = 20;
/// The version at which the store keeps what was just made.
const FIRST_VERSION: u64 = 1;

/// Queue messages sent at the same time for a new job.
const AT_ONCE: usize = 16;

impl Engine {
    /// Sends a queue message for a waiting task and records that it was sent.
    pub(crate) async fn enqueue(&self, job: &Job, id: &TaskId) -> Result<(), Refusal> {
        let Some(task) = self.0.tasks.get(&job.id, id).await? else { return Ok(()) };
        if task.value.status != TaskStatus::Pending || task.value.held || job.status == JobStatus::WaitingForApproval {
            return Ok(());
        }
        let lane = self.lane_between(&task.value.source, &task.value.destination).await?;
        self.send(job, &task.value, lane).await?;
        let sent = now();
        self.change_task(&job.id, id, |task| {
            let waits = task.status == TaskStatus::Pending;
            task.enqueued = true;
            task.sent = Some(sent);
            waits
        })
        .await?;
        Ok(())
    }

    /// The same for the tasks of a job that was just written, several at a time. What fails is left to the sweeper.
    pub(super) async fn enqueue_new(&self, job: &Job, tasks: Vec<Task>) {
        let mut lanes: HashMap<(NodeId, NodeId), Lane> = HashMap::new();
        let mut sending = JoinSet::new();
        for task in tasks {
            let ends = (task.source.clone(), task.destination.clone());
            let lane = match lanes.get(&ends) {
                Some(lane) => *lane,
                None => match self.lane_between(&ends.0, &ends.1).await {
                    Ok(lane) => *lanes.entry(ends).or_insert(lane),
                    Err(error) => {
                        tracing::warn!(job = %job.id, task = %task.id, error = %error, "a task will be enqueued by the sweeper");
                        continue;
                    }
                },
            };
            if sending.len() >= AT_ONCE {
                sending.join_next().await;
            }
            let (engine, job) = (self.clone(), job.clone());
            sending.spawn(async move {
                if let Err(error) = engine.enqueue_first(&job, task, lane).await {
                    tracing::warn!(job = %job.id, error = %error, "a task will be enqueued by the sweeper");
                }
            });
        }
        while sending.join_next().await.is_some() {}
    }

    async fn enqueue_first(&self, job: &Job, mut task: Task, lane: Lane) -> Result<(), Refusal> {
        self.send(job, &task, lane).await?;
        task.enqueued = true;
        task.sent = Some(now());
        match self.0.tasks.update(&task, TaskStatus::Pending, FIRST_VERSION).await {
            // A worker was faster: the mark has no meaning any more.
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    async fn send(&self, job: &Job, task: &Task, lane: Lane) -> Result<(), Refusal> {
        let wait = task.not_before.map_or(0, |moment| moment.since_ms(now()).max(0));
        let message = Message {
            body: Pointer::task(&job.id, &task.id).encode(),
            lane,
            band: if job.urgent { Band::Urgent } else { Band::Normal },
            group: job.owner.to_string(),
            trace: job.trace.clone(),
        };
        let delay = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        self.0.ports.queue.send(message, delay).await.map_err(Refusal::from)
    }

    /// Who can carry a task between these nodes: only the bridge when one of them needs it. A node that is gone is the bridge's, too: the
    /// task ends there with the reason. What has come into the inbox lies in staging, which everybody reaches.
    pub(crate) async fn lane_between(&self, source: &NodeId, destination: &NodeId) -> Result<Lane, Refusal> {
        for id in [source, destination].into_iter().filter(|id| **id != inbox()) {
            let needs_bridge = self.0.nodes.get(id).await?.is_none_or(|record| record.node.config.needs_bridge());
            if needs_bridge {
                return Ok(Lane::Bridge);
            }
        }
        Ok(Lane::Worker)
    }

    /// Changes a task by compare-and-swap: `change` sees the present value and answers whether it is to be written.
    /// The counters of the job move in the same transaction. `None`: the task is gone or `change` said no.
    pub(crate) async fn change_task(
        &self,
        job: &JobId,
        id: &TaskId,
        change: impl FnMut(&mut Task) -> bool,
    ) -> Result<Option<Task>, Refusal> {
        self.change_task_with(job, id, Vec::new(), change).await
    }

    /// The same together with another write.
    pub(crate) async fn change_task_with(
        &self,
        job: &JobId,
        id: &TaskId,
        also: Vec<Write>,
        mut change: impl FnMut(&mut Task) -> bool,
    ) -> Result<Option<Task>, Refusal> {
        for _ in 0..TRIES {
            let Some(Versioned { value: mut task, version }) = self.0.tasks.get(job, id).await? else {
                return Ok(None);
            };
            let before = task.status;
            if !change(&mut task) {
                return Ok(None);
            }
            match self.0.tasks.update_with(&task, before, version, also.clone()).await {
                Ok(()) => {
                    if before != task.status && task.status.is_final() {
                        metrics::counter!("tasks", "state" => task.status.counter()).increment(1);
                    }
                    return Ok(Some(task));
                }
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::conflict("This task changes too quickly just now. Try again."))
    }

    /// Changes a job by compare-and-swap; see [`Engine::change_task`].
    pub(crate) async fn change_job(
        &self,
        id: &JobId,
        change: impl FnMut(&mut JobRecord) -> bool,
    ) -> Result<Option<JobRecord>, Refusal> {
        self.change_job_with(id, change, |_| Ok(Vec::new())).await
    }

    /// The same; what `more` makes of the changed job is written in the same transaction.
    async fn change_job_with(
        &self,
        id: &JobId,
        mut change: impl FnMut(&mut JobRecord) -> bool,
        mut more: impl FnMut(&JobRecord) -> Result<Vec<Write>, StoreError>,
    ) -> Result<Option<JobRecord>, Refusal> {
        for _ in 0..TRIES {
            let Some(mut record) = self.0.jobs.get(id).await? else { return Ok(None) };
            if !change(&mut record) {
                return Ok(None);
            }
            match self.0.jobs.update_with(&record.job, record.version, more(&record)?).await {
                Ok(()) => return Ok(Some(record)),
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::conflict("This job changes too quickly just now. Try again."))
    }

    /// Brings a job's status in line with its tasks. Safe to call at any time and twice.
    pub(crate) async fn settle_job(&self, id: &JobId) -> Result<(), Refusal> {
        let mut mail = None;
        let change = |record: &mut JobRecord| {
            let waits = record.job.status == JobStatus::WaitingForApproval && !record.job.canceling;
            if waits && record.job.approval == Some(Approval::Waiting) {
                return false;
            }
            let (status, message) = record.counts.derive(record.job.canceling);
            let job = &mut record.job;
            let started = job.start.is_none() && record.counts.in_progress > 0;
            if job.status == status && !started {
                return false;
            }
            if started {
                job.start = Some(now());
            }
            job.status = status;
            message.clone_into(&mut job.message);
            job.end = status.is_final().then(now);
            if status.is_final() {
                job.canceling = false;
            }
            true
        };
        // The mail of an ending is written together with it: neither is there without the other, nor twice.
        let tell = |record: &JobRecord| {
            mail = self.mail_of_ending(record)?;
            mail.as_ref().map(Mails::insertion).into_iter().collect()
        };
        let changed = self.change_job_with(id, change, tell).await?;
        if let Some(record) = changed.filter(|record| record.job.status.is_final()) {
            tracing::info!(job = %id, status = ?record.job.status, "job finished");
            if let Some(mail) = mail {
                self.send_pointer(&mail.id, Duration::ZERO).await;
            }
        }
        Ok(())
    }
}
