//! Approval: a job whose group asks for it begins only after somebody with the right has decided. Nothing is enqueued before.

use adit_api::groups::PageQuery;
use adit_api::jobs::{JobPage, JobView};
use adit_domain::installation::MAX_REASON;
use adit_domain::job::{Approval, Job, JobAction, JobStatus};
use adit_domain::{Group, JobId, Right, UserId};
use adit_mail::{JobWaits, Letter};
use adit_store::repositories::limits::waiting_listing;

use super::act::refused;
use super::views::{job_view, may_decide};
use crate::groups::size_of;
use crate::{Actor, Addressee, Engine, Refusal, now};

/// People who are told of a job that waits, at most.
const MAX_APPROVERS: usize = 50;

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
            let Some(record) = waits else { continue };
            let tasks = self.0.tasks.of_job(&id).await?;
            // A sum without one of the studies would be too small.
            let told = tasks.iter().map(|task| Some(task.value.progress.expected).filter(|images| *images > 0));
            jobs.push(JobView { images: told.sum(), ..job_view(actor, &record) });
        }
        Ok(JobPage { jobs, next: self.seal(&listing, next) })
    }

    /// Approves or rejects a job that waits, and tells its owner. Safe to repeat: of two decisions at once one is refused.
    pub async fn decide(&self, actor: &Actor, id: &JobId, action: JobAction, reason: &str) -> Result<JobView, Refusal> {
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control) {
            let most = format!("A reason may have {MAX_REASON} printable characters at most.");
            return Err(Refusal::invalid(most).at("reason"));
        }
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
            self.reject(actor, &record.job, reason).await?
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
        self.tell_owner(job, &Letter::JobApproved { job: job.id.clone(), by: actor.username.clone() }).await;
        self.settle_job(&job.id).await
    }

    async fn reject(&self, actor: &Actor, job: &Job, reason: String) -> Result<(), Refusal> {
        let rejected = Approval::Rejected { by: actor.username.clone(), at: now(), reason: reason.clone() };
        // It stays a waiting job until its tasks are canceled, so that none of them begins.
        let record = self.end_wait(job, rejected, JobStatus::WaitingForApproval).await?;
        self.cancel(&record).await?;
        let why = if reason.is_empty() { String::new() } else { format!(" Reason: {reason}") };
        let message = format!("The job was rejected by {}.{why}", actor.username);
        self.change_job(&job.id, |record| {
            record.job.message.clone_from(&message);
            true
        })
        .await?;
        let letter = Letter::JobRejected { job: job.id.clone(), by: actor.username.clone(), reason };
        self.tell_owner(job, &letter).await;
        Ok(())
    }

    /// Tells those who may decide about a job that it waits: members of its group other than its owner, where the group has the right,
    /// else the administrators. A letter that cannot be posted is no reason to refuse the job.
    pub(super) async fn tell_approvers(&self, group: &Group, job: &Job, studies: usize) {
        let letter = Letter::JobWaits(JobWaits {
            job: job.id.clone(),
            owner: job.owner_name.clone(),
            group: group.config.name.clone(),
            studies: u32::try_from(studies).unwrap_or(u32::MAX),
            source: job.source_name.clone(),
            destination: job.destination_name.clone(),
            pseudonymised: job.options.pseudonymises(),
        });
        let posted = match self.approvers(group, &job.owner).await {
            Ok(people) if people.is_empty() => return,
            Ok(people) => self.post_to_all(people.into_iter().map(Addressee::Person).collect(), &letter).await,
            Err(error) => Err(error),
        };
        if let Err(error) = posted {
            tracing::warn!(job = %job.id, error = %error, "the approvers could not be told");
        }
    }

    async fn approvers(&self, group: &Group, owner: &UserId) -> Result<Vec<UserId>, Refusal> {
        let mut people = Vec::new();
        if group.may(Right::ApproveJobs) {
            let (members, _) = self.0.groups.members(&group.id, MAX_APPROVERS, None).await?;
            people.extend(members.into_iter().map(|member| member.user).filter(|user| user != owner));
        }
        if people.is_empty() {
            if let Some(addresses) = self.0.post.addresses.get() {
                people = addresses.administrators().await?;
            }
        }
        Ok(people)
    }

    async fn tell_owner(&self, job: &Job, letter: &Letter) {
        if let Err(error) = self.post(job.owner.clone(), letter).await {
            tracing::warn!(job = %job.id, error = %error, "the owner could not be told");
        }
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
