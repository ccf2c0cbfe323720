//! What people see of jobs and tasks, made from what is stored.

use adit_api::jobs::{JobView, TaskView};
use adit_domain::Right;
use adit_domain::job::{Job, JobAction, JobStatus};
use adit_domain::task::{LogLevel, Progress, Task, TaskStatus};
use adit_store::repositories::LiveProgress;
use adit_store::repositories::jobs::JobRecord;

use crate::Actor;

/// Warnings shown in the list of tasks.
const WARNINGS: usize = 5;

pub(super) fn job_view(actor: &Actor, record: &JobRecord) -> JobView {
    let job = record.job.clone();
    let is_own = actor.owns(&job) && actor.concerns(&job);
    let by_them = |action: &JobAction| if action.is_decision() { may_decide(actor, &job) } else { is_own };
    let for_staff = |action: &JobAction| action.staff_only() || job.group.is_none() && action.lets_go_on();
    let allowed =
        |action: &JobAction| action.allowed_in(job.status) && by_them(action) && (actor.staff || !for_staff(action));
    JobView {
        actions: JobAction::ALL.into_iter().filter(allowed).collect(),
        id: job.id,
        owner: job.owner_name,
        status: job.status,
        message: job.message,
        source_name: job.source_name,
        destination_name: job.destination_name,
        options: job.options,
        urgent: job.urgent,
        tasks: record.counts,
        created: job.created,
        start: job.start,
        end: job.end,
        cause: job.cause,
        group: job.group,
        approval: job.approval,
        images: None,
    }
}

/// Whether the actor may approve or reject a job: with the right in its group, and not their own unless they are staff.
pub(super) fn may_decide(actor: &Actor, job: &Job) -> bool {
    let own_group = actor.group.as_ref().map(|group| &group.id);
    let in_group = job.group.is_some() && own_group == job.group.as_ref() && actor.may(Right::ApproveJobs);
    let as_staff = actor.staff && actor.token.is_none();
    job.status == JobStatus::WaitingForApproval
        && actor.concerns(job)
        && (as_staff || (in_group && job.owner != actor.user_id))
}

pub(super) fn task_view(task: &Task, live: Option<&LiveProgress>) -> TaskView {
    let running = task.status == TaskStatus::InProgress;
    let live = live.filter(|_| running);
    let logged =
        task.log.iter().rev().filter(|entry| entry.level == LogLevel::Warning).map(|entry| entry.message.clone());
    TaskView {
        id: task.id.clone(),
        label: task.label.clone(),
        status: task.status,
        message: task.message.clone(),
        attempts: task.attempts,
        progress: live.map_or(task.progress, |live| live.progress),
        warnings: live.map_or_else(|| logged.take(WARNINGS).collect(), |live| live.warnings.clone()),
        start: task.start,
        end: task.end,
        not_before: task.not_before.filter(|_| task.status == TaskStatus::Pending),
    }
}

/// Sums over tasks; the longest remaining time counts.
pub(super) fn total(tasks: &[TaskView]) -> Progress {
    let mut sum = Progress::default();
    for task in tasks {
        let one = &task.progress;
        sum.expected += one.expected;
        sum.received += one.received;
        sum.delivered += one.delivered;
        sum.verified += one.verified;
        sum.failed += one.failed;
        sum.held_back += one.held_back;
        sum.bytes += one.bytes;
        sum.warnings += one.warnings;
        sum.at = sum.at.max(one.at);
        if task.status == TaskStatus::InProgress {
            sum.step = sum.step.max(one.step);
            sum.bytes_per_second += one.bytes_per_second;
            sum.eta_s = sum.eta_s.max(one.eta_s);
        }
    }
    sum
}
