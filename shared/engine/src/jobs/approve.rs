//! Approval: a job whose group asks for it begins only after somebody with the right has decided. Nothing is enqueued before.

use adit_api::groups::PageQuery;
use adit_api::jobs::{JobPage, JobView};
use adit_domain::job::{Approval, Job, JobAction, JobStatus};
use adit_domain::{JobId, Right};
use adit_store::repositories::limits::waiting_listing;

use super::act::refused;
use super::views::{job_view, may_decide};
use crate::groups::size_of;
use crate::{Actor, Engine, Refusal, now};

impl Engine {
    /// The jobs of the active group that wait for approval, the oldest first.
    pub async fn waiting_jobs(&self, actor: &Actor, query: &PageQuery) -> Result<JobPage, Refusal> {
        actor.demand(Right::ApproveJobs)?;
        let group = actor.acting_group()?;
        let listing = waiting_listing(&group.id);
        let (ids, next) = self.0.limits.waiting(&group.id, size_of(query), self.open(&listing, query)?).await?;
        let mut jobs = Vec::new();
        for id in ids {
            let record = self.0.jobs.get(&id).await?;
            // A row that outlived its job's wait is none.
            let waits = record
                .filter(|record| record.job.status == JobStatus::WaitingForApproval && actor.concerns(&record.job));
            jobs.extend(waits.map(|record| job_view(actor, &record)));
        }
        Ok(JobPage { jobs, next: self.seal(&listing, next) })
    }

    /// Approves or rejects a job that waits. Safe to repeat: of two decisions at once one is refused.
    pub(super) async fn decide(&self, actor: &Actor, id: &JobId, action: JobAction) -> Result<JobView, Refusal> {
        let record = self.visible(actor, id).await?;
        if record.job.status != JobStatus::WaitingForApproval {
            return Err(Refusal::conflict(refused(action, record.job.status)));
        }
        if !may_decide(actor, &record.job) {
            return Err(Refusal::forbidden(if record.job.owner == actor.user_id {
                "Somebody else has to approve your job."
            } else {
                "Only members of the job's group with the right \"Approve jobs\" may decide about it."
            }));
        }
        tracing::info!(job = %id, user = %actor.user_id, action = ?action, "decided about a job");
        if action == JobAction::Approve {
            self.approve(actor, &record.job).await?
        } else {
            self.reject(actor, &record.job).await?
        }
        let record = self.0.jobs.get(id).await?.ok_or_else(|| Refusal::not_found("job"))?;
        Ok(job_view(actor, &record))
    }

    /// Tasks first: should this be interrupted, the job waits still and can be approved again.
    async fn approve(&self, actor: &Actor, job: &Job) -> Result<(), Refusal> {
        let tasks = self.0.tasks.of_job(&job.id).await?;
        for task in &tasks {
            self.change_task(&job.id, &task.value.id, |task| std::mem::take(&mut task.held)).await?;
        }
        let given = Approval::Given { by: actor.username.clone(), at: now() };
        let record = self.end_wait(job, given, JobStatus::Pending).await?;
        self.wait_no_longer(job).await?;
        for task in tasks {
            if let Err(error) = self.enqueue(&record, &task.value.id).await {
                tracing::warn!(job = %job.id, error = %error, "a task will be enqueued by the sweeper");
            }
        }
        self.settle_job(&job.id).await
    }

    async fn reject(&self, actor: &Actor, job: &Job) -> Result<(), Refusal> {
        let rejected = Approval::Rejected { by: actor.username.clone(), at: now() };
        // It stays a waiting job until its tasks are canceled, so that none of them begins.
        let record = self.end_wait(job, rejected, JobStatus::WaitingForApproval).await?;
        self.cancel(&record).await?;
        let message = format!("The job was rejected by {}.", actor.username);
        self.change_job(&job.id, |record| {
            record.job.message.clone_from(&message);
            true
        })
        .await?;
        Ok(())
    }

    /// Writes the decision down, once.
    async fn end_wait(&self, job: &Job, decision: Approval, status: JobStatus) -> Result<Job, Refusal> {
        let changed = self.change_job(&job.id, |record| {
            let waits = record.job.status == JobStatus::WaitingForApproval
                && !record.job.canceling
                && record.job.approval == Some(Approval::Waiting);
            record.job.approval = Some(decision.clone());
            record.job.status = status;
            waits
        });
        let record = changed.await?;
        record.map(|record| record.job).ok_or_else(|| Refusal::conflict("Somebody else has decided about this job."))
    }

    /// Takes a job out of those that wait, if it is there.
    pub(super) async fn wait_no_longer(&self, job: &Job) -> Result<(), Refusal> {
        let Some(group) = job.group.as_ref().filter(|_| job.approval.is_some()) else { return Ok(()) };
        Ok(self.0.ports.items.transact(vec![self.0.limits.wait_no_longer(group, &job.id)]).await?)
    }
}
