//! Looking at jobs and tasks. A job of somebody else answers as absent, except to staff.

use std::collections::HashMap;

use adit_api::jobs::{JobFilter, JobPage, JobSnapshot, JobView, TaskDetail, TaskView};
use adit_api::projects::{JobReport, ReportOfTask, ReportSummary};
use adit_domain::deidentification::REPORT_FORMAT;
use adit_domain::task::TaskStatus;
use adit_domain::{JobId, TaskId};
use adit_store::repositories::LiveProgress;
use adit_store::repositories::jobs::{JobRecord, listing};

use super::views::{job_view, may_decide, task_view, total};
use crate::{Actor, Engine, Refusal};

/// Jobs on a page unless asked otherwise, and at most.
const PAGE: usize = 50;
const MAX_PAGE: usize = 200;

impl Engine {
    /// The reader's jobs (or everybody's, for staff), newest first.
    pub async fn jobs(&self, actor: &Actor, filter: JobFilter) -> Result<JobPage, Refusal> {
        if filter.all && !actor.staff {
            return Err(Refusal::forbidden("Only staff may see the jobs of everybody."));
        }
        let owner = (!filter.all).then_some(&actor.user_id);
        let limit = filter.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        let (index, partition) = listing(owner);
        let open = |token: &str| self.0.pages.open(index, &partition, token).map_err(|_| gone());
        let mut after = filter.after.as_deref().map(open).transpose()?;
        let mut jobs = Vec::new();
        loop {
            // One row at a time near the end keeps the cursor exact when a filter drops rows.
            let (records, next) = self.0.jobs.list(owner, limit - jobs.len(), after).await?;
            jobs.extend(
                records
                    .into_iter()
                    .filter(|record| actor.owns(&record.job) && actor.concerns(&record.job))
                    .filter(|record| filter.status.is_none_or(|status| record.job.status == status))
                    .map(|record| job_view(actor, &record)),
            );
            after = next;
            if after.is_none() || jobs.len() >= limit {
                let next = after.map(|cursor| self.0.pages.seal(index, &partition, &cursor));
                return Ok(JobPage { jobs, next });
            }
        }
    }

    /// A job with its tasks, as it is this moment.
    pub async fn snapshot(&self, actor: &Actor, id: &JobId) -> Result<JobSnapshot, Refusal> {
        let record = self.visible(actor, id).await?;
        let tasks = self.0.tasks.of_job(id).await?;
        let live: HashMap<String, LiveProgress> = self.0.tasks.live_of_job(id).await?.into_iter().collect();
        let mut views: Vec<_> =
            tasks.into_iter().map(|task| task_view(&task.value, live.get(task.value.id.as_str()))).collect();
        if let Some(reason) = self.suspended().await? {
            let waits = |view: &&mut TaskView| view.status == TaskStatus::Pending && view.message.is_empty();
            views.iter_mut().filter(waits).for_each(|view| view.message = format!("Transfers are suspended: {reason}"));
        }
        Ok(JobSnapshot { job: job_view(actor, &record), progress: total(&views), tasks: views })
    }

    /// Everything about one task; the log only for staff.
    pub async fn task(&self, actor: &Actor, job: &JobId, id: &TaskId) -> Result<TaskDetail, Refusal> {
        self.readable(actor, job).await?;
        let task = self.0.tasks.get(job, id).await?.ok_or_else(|| Refusal::not_found("task"))?.value;
        let live: Vec<(String, LiveProgress)> = self.0.tasks.live_of_job(job).await?;
        let live = live.iter().find(|(of, _)| of == id.as_str()).map(|(_, live)| live);
        let report = self.0.reports.get(job, id).await?;
        Ok(TaskDetail {
            task: task_view(&task, live),
            patient_id: if actor.is_told_no_names() { String::new() } else { task.patient_id },
            study_instance_uid: task.study_instance_uid,
            series_instance_uids: task.series_instance_uids,
            failures: task.failures,
            failures_total: task.failures_total,
            deidentification: report.map(ReportSummary::of),
            log: if actor.staff { task.log } else { Vec::new() },
            log_hidden: !actor.staff,
        })
    }

    /// What de-identification did to the images of a job, task by task.
    pub async fn job_report(&self, actor: &Actor, id: &JobId) -> Result<JobReport, Refusal> {
        let job = self.readable(actor, id).await?.job;
        let mut tasks = Vec::new();
        for task in self.0.tasks.of_job(id).await? {
            let report = self.0.reports.get(id, &task.value.id).await?;
            tasks.extend(report.map(|report| ReportOfTask { task: task.value.id, report }));
        }
        Ok(JobReport {
            format: REPORT_FORMAT,
            job: job.id,
            owner: job.owner_name,
            created: job.created,
            destination: job.destination_name,
            project: job.options.project,
            project_revision: job.options.project_revision,
            profile: job.options.profile,
            allow_risky_pixels: job.options.allow_risky_pixels,
            tasks,
        })
    }

    pub(crate) async fn job_view(&self, actor: &Actor, id: &JobId) -> Result<JobView, Refusal> {
        Ok(job_view(actor, &self.readable(actor, id).await?))
    }

    pub(crate) async fn readable(&self, actor: &Actor, id: &JobId) -> Result<JobRecord, Refusal> {
        let record = self.0.jobs.get(id).await?.ok_or_else(|| Refusal::not_found("job"))?;
        if actor.owns(&record.job) && actor.concerns(&record.job) {
            return Ok(record);
        }
        Err(Refusal::foreign("job"))
    }

    /// A job that the actor may look at from outside: their own, or one that waits for their decision.
    pub(crate) async fn visible(&self, actor: &Actor, id: &JobId) -> Result<JobRecord, Refusal> {
        let record = self.0.jobs.get(id).await?.ok_or_else(|| Refusal::not_found("job"))?;
        let job = &record.job;
        if (actor.owns(job) && actor.concerns(job)) || may_decide(actor, job) {
            return Ok(record);
        }
        Err(Refusal::foreign("job"))
    }
}

fn gone() -> Refusal {
    Refusal::invalid("This page of the list does not exist any more. Go back to the first page.")
}
