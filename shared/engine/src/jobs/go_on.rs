//! A finished job goes on: by whom, and whether somebody has to approve it first. What was allowed when it was made need not be so now.

use adit_api::jobs::TaskDetail;
use adit_domain::job::{Approval, Job, JobAction, JobStatus};
use adit_domain::task::Task;
use adit_domain::{Group, JobId, TaskId};
use adit_store::items::Kind;

use super::act::refused;
use crate::{Actor, Engine, Refusal};

/// How often it is tried again when somebody else was faster.
const TRIES: usize = 20;

impl Engine {
    /// Resume, retry and restart.
    pub(super) async fn reopen(&self, actor: &Actor, id: &JobId, action: JobAction) -> Result<(), Refusal> {
        let allowed = |job: &Job, _: bool| {
            let yes = action.allowed_in(job.status);
            yes.then_some(()).ok_or_else(|| Refusal::conflict(refused(action, job.status)))
        };
        let job = self.begin_again(actor, id, allowed).await?;
        let held = job.lacks_approval();
        for task in self.0.tasks.of_job(id).await? {
            let Task { id: task, epoch, .. } = task.value;
            let again = self.change_task(id, &task, |task| {
                let yes = reopened(task, action);
                task.held = held;
                yes
            });
            if again.await?.is_some() {
                if action == JobAction::Restart {
                    self.0.receipts.forget_all(&task, epoch).await?;
                    self.0.reports.delete(id, &task).await?;
                }
                if !held {
                    self.enqueue(&job, &task).await?;
                }
            }
        }
        self.settle_job(id).await
    }

    /// Lets one finished task run again; only what is missing moves.
    pub async fn reset_task(&self, actor: &Actor, job: &JobId, id: &TaskId) -> Result<TaskDetail, Refusal> {
        self.readable(actor, job).await?;
        let waits = || Refusal::conflict("This task waits or runs already; it can be reset when it has finished.");
        let task = self.0.tasks.get(job, id).await?.ok_or_else(|| Refusal::not_found("task"))?;
        if !task.value.status.is_final() {
            return Err(waits());
        }
        let why = "This job was not approved. Resume or retry the whole job; it then waits for approval.";
        let approved = |_: &Job, held: bool| (!held).then_some(()).ok_or_else(|| Refusal::conflict(why));
        let going_on = self.begin_again(actor, job, approved).await?;
        let reset = self.change_task(job, id, |task| {
            let done = task.status.is_final();
            task.wait_again(true);
            done
        });
        let reset = reset.await?;
        if reset.is_some() {
            self.enqueue(&going_on, id).await?;
        }
        self.settle_job(job).await?;
        reset.ok_or_else(waits)?;
        self.task(actor, job, id).await
    }

    /// Makes a job one that is not finished, in the same moment its owner's unfinished one, and if nobody has approved it one that waits.
    /// `check` sees the job as it is and whether it will wait. Who is no administrator lets it go on as none.
    async fn begin_again(
        &self,
        actor: &Actor,
        id: &JobId,
        check: impl Fn(&Job, bool) -> Result<(), Refusal>,
    ) -> Result<Job, Refusal> {
        for _ in 0..TRIES {
            let record = self.readable(actor, id).await?;
            let mut job = record.job;
            if job.group.is_none() && !actor.staff {
                return Err(Refusal::forbidden(
                    "This job is older than the groups, so only an administrator can let it go on. Make a new one.",
                ));
            }
            let group = match &job.group {
                Some(id) => self.0.groups.get(id).await?.map(|found| found.value),
                None => None,
            };
            let held = waits_again(actor, group.as_ref(), &job);
            check(&job, held)?;
            let mut also = Vec::new();
            if let Some(group) = group.as_ref().filter(|_| job.cause.is_none()) {
                also = self.one_at_a_time(group, &job).await?;
            }
            if held {
                job.approval = Some(Approval::Waiting);
                also.extend(job.group.as_ref().map(|group| self.0.limits.wait(group, id)).transpose()?);
            }
            if job.status.is_final() {
                job.status = if held { JobStatus::WaitingForApproval } else { JobStatus::Pending };
                job.end = None;
                job.message.clear();
                job.canceling = false;
            }
            job.by_staff &= actor.staff;
            match self.0.jobs.update_with(&job, record.version, also).await {
                Ok(()) => return Ok(job),
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::conflict("This job changes too quickly just now. Try again."))
    }
}

/// Whether somebody has to approve a job before it goes on: nobody ever has, or its group asks for that now.
fn waits_again(actor: &Actor, group: Option<&Group>, job: &Job) -> bool {
    let asked = group.is_some_and(|group| group.config.settings.jobs_need_approval);
    let is_asked_now = asked && !actor.staff && job.cause.is_none() && job.approval.is_none();
    job.lacks_approval() || is_asked_now
}

fn reopened(task: &mut Task, action: JobAction) -> bool {
    let yes = action.reopens(task.status);
    if yes {
        task.wait_again(action != JobAction::Resume);
        if action == JobAction::Restart {
            task.epoch += 1;
            task.counted = 0;
        }
    }
    yes
}
