//! What a person may do with a job or a task, following the tables in `adit_domain::job`.

use adit_api::jobs::{JobView, TaskDetail};
use adit_domain::Right;
use adit_domain::job::{Job, JobAction, JobStatus};
use adit_domain::task::TaskStatus;
use adit_domain::{JobId, TaskId};
use adit_store::repositories::jobs::JobRecord;

use crate::{Actor, Engine, Refusal, now};

impl Engine {
    /// Does `action`; `None` when the job is gone by it.
    pub async fn act(&self, actor: &Actor, id: &JobId, action: JobAction) -> Result<Option<JobView>, Refusal> {
        if action.is_decision() {
            return self.decide(actor, id, action, "").await.map(Some);
        }
        let record = self.readable(actor, id).await?;
        if action.staff_only() && !actor.staff {
            return Err(Refusal::forbidden("Only staff may restart a job. Use retry, or ask an administrator."));
        }
        if !action.allowed_in(record.job.status) {
            return Err(Refusal::conflict(refused(action, record.job.status)));
        }
        tracing::info!(job = %id, action = ?action, "job action");
        match action {
            JobAction::Cancel => self.cancel(&record.job).await?,
            JobAction::Delete => {
                self.delete_job(&record).await?;
                return Ok(None);
            }
            JobAction::Approve | JobAction::Reject => {}
            JobAction::Resume | JobAction::Retry | JobAction::Restart => self.reopen(actor, id, action).await?,
        }
        self.job_view(actor, id).await.map(Some)
    }

    /// Lets a job go before others, or no longer. Waiting tasks get a new queue message; the old one finds nothing to do.
    pub async fn set_urgent(&self, actor: &Actor, id: &JobId, urgent: bool) -> Result<JobView, Refusal> {
        let record = self.readable(actor, id).await?;
        if urgent {
            self.demand_in(actor, record.job.group.as_ref(), Right::TransferUrgently).await?;
        }
        if record.job.urgent != urgent {
            let changed = self.change_job(id, |record| {
                record.job.urgent = urgent;
                true
            });
            if let Some(record) = changed.await? {
                for task in self.0.tasks.of_job(id).await? {
                    if task.value.status == TaskStatus::Pending {
                        self.enqueue(&record.job, &task.value.id).await?;
                    }
                }
            }
        }
        self.job_view(actor, id).await
    }

    /// Ends one running task (staff).
    pub async fn kill_task(&self, actor: &Actor, job: &JobId, id: &TaskId) -> Result<TaskDetail, Refusal> {
        let record = self.readable(actor, job).await?;
        if !actor.staff {
            return Err(Refusal::forbidden("Only staff may end a single task. You can cancel the whole job."));
        }
        self.end_task(&record.job, id).await?;
        self.settle_job(job).await?;
        self.task(actor, job, id).await
    }

    pub(super) async fn cancel(&self, job: &Job) -> Result<(), Refusal> {
        self.change_job(&job.id, |record| {
            record.job.canceling = true;
            true
        })
        .await?;
        for task in self.0.tasks.of_job(&job.id).await? {
            self.end_task(job, &task.value.id).await?;
        }
        self.settle_job(&job.id).await?;
        self.wait_no_longer(job).await
    }

    /// A waiting task is canceled at once; a running one is told to stop.
    async fn end_task(&self, job: &Job, id: &TaskId) -> Result<(), Refusal> {
        let ended = self.change_task(&job.id, id, |task| match task.status {
            TaskStatus::Pending => {
                task.status = TaskStatus::Canceled;
                "Canceled before it began.".clone_into(&mut task.message);
                task.end = Some(now());
                true
            }
            TaskStatus::InProgress => {
                let new = !task.cancel_requested;
                task.cancel_requested = true;
                new
            }
            _ => false,
        });
        let ended = ended.await?;
        self.0.running.cancel(id);
        if let Some(task) = ended {
            self.tidy_staging(job, &task).await;
        }
        Ok(())
    }

    async fn delete_job(&self, record: &JobRecord) -> Result<(), Refusal> {
        let id = &record.job.id;
        self.wait_no_longer(&record.job).await?;
        for task in self.0.tasks.of_job(id).await? {
            if task.value.status == TaskStatus::InProgress {
                return Err(Refusal::conflict("A task of this job has just begun. Cancel the job, then delete it."));
            }
            self.0.receipts.forget_all(&task.value.id, task.value.epoch).await?;
            self.0.reports.delete(id, &task.value.id).await?;
            self.0.ports.staging.delete_task(task.value.id.as_str()).await.map_err(Refusal::from)?;
            self.0.tasks.delete(&task.value, task.version).await?;
        }
        Ok(self.0.jobs.delete(id).await?)
    }
}

pub(super) fn refused(action: JobAction, status: JobStatus) -> String {
    let verb = match action {
        JobAction::Approve => "approved",
        JobAction::Reject => "rejected",
        JobAction::Cancel => "canceled",
        JobAction::Resume => "resumed",
        JobAction::Retry => "retried",
        JobAction::Restart => "restarted",
        JobAction::Delete => "deleted",
    };
    let state = match status {
        JobStatus::WaitingForApproval => "waiting for approval",
        JobStatus::Pending => "waiting",
        JobStatus::InProgress => "running",
        JobStatus::Canceling => "being canceled",
        JobStatus::Canceled => "canceled",
        JobStatus::Success => "finished",
        JobStatus::Warning => "finished with warnings",
        JobStatus::Failure => "failed",
    };
    let hint = if action == JobAction::Delete { " Cancel it first." } else { "" };
    format!("The job is {state}, so it cannot be {verb}.{hint}")
}
