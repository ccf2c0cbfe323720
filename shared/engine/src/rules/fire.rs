//! A rule fires: the job, its tasks, and that the rule has fired for their studies are one transaction.

use adit_api::error::ErrorCode;
use adit_api::jobs::StudySelection;
use adit_domain::job::{Cause, Job, JobStatus};
use adit_domain::rule::{Rule, Trigger, inbox};
use adit_domain::task::Task;
use adit_domain::{JobId, NodeId, TaskId, Timestamp};
use adit_store::items::Kind;
use adit_store::repositories::firings::{FiringRecord, Firings, Inserted, NewFiring};
use sha2::{Digest, Sha256};

use super::arrive::REMEMBERED_S;
use super::filter::Choice;
use crate::clock::{new_trace, random};
use crate::jobs::new_task;
use crate::{Engine, Refusal, now};

/// What the inbox is called among the sources of a job.
pub(crate) const INBOX_NAME: &str = "Inbox";
/// Series of one study that a task can name.
const MAX_SERIES: usize = 1000;

/// A study that a rule takes.
pub(crate) struct Study {
    pub study_instance_uid: String,
    pub choice: Choice,
}

/// What became of a firing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Made {
    /// A job, with its first task.
    Job((JobId, TaskId)),
    /// The rule has made as many jobs as it may until then.
    Full(Timestamp),
    /// Somebody else was faster with a study, or the rule has changed; look again.
    Again,
    /// The destination or the project cannot be used now; it is said.
    NotNow,
    /// The study cannot go; it is said.
    NeverHere,
}

impl Engine {
    /// Makes one job of the studies. `at`: when they came, so that the same problem is said once only.
    pub(crate) async fn make_job(
        &self,
        rule: &Rule,
        source: &NodeId,
        event: &str,
        at: Timestamp,
        studies: Vec<Study>,
    ) -> Result<Made, Refusal> {
        // A sweep knows the rules as they were when it began.
        let stored = self.0.rules.get(&rule.id).await?;
        if stored.is_none_or(|stored| stored.value != *rule || !stored.value.config.enabled) {
            return Ok(Made::Again);
        }
        let about = studies.iter().map(|study| study.study_instance_uid.as_str()).collect::<Vec<_>>().join(" ");
        let studies = match ready(rule, source, studies) {
            Ok(studies) => studies,
            Err(problem) => return self.refused(rule, &about, event, at, problem).await.map(|()| Made::NeverHere),
        };
        let job = match self.job_of(rule, source, event).await {
            Ok(job) => job,
            Err(refusal) if refusal.body.code == ErrorCode::Internal => return Err(refusal),
            Err(refusal) => {
                return self.refused(rule, &about, event, at, refusal.body.detail).await.map(|()| Made::NotNow);
            }
        };
        let images: Vec<u64> = studies.iter().map(|(_, images)| *images).collect();
        let numbered = (0_i64..).zip(studies);
        let tasks: Vec<Task> = numbered.map(|(n, (study, _))| new_task(&job, study, job.created, n)).collect();
        let firing = NewFiring {
            rule: &rule.id,
            job: &job,
            tasks: &tasks,
            images: &images,
            jobs_per_hour: rule.config.jobs_per_hour,
            event,
            expires_at: job.created.seconds() + REMEMBERED_S,
        };
        match self.0.firings.insert(&firing).await {
            Ok(Inserted::Yes) => {}
            Ok(Inserted::Full) => return Ok(Made::Full(Firings::next_hour(now()))),
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => return Ok(Made::Again),
            Err(error) => return Err(error.into()),
        }
        tracing::info!(job = %job.id, rule = %rule.id, tasks = tasks.len(), "a rule made a job");
        for task in &tasks {
            // A task that is not enqueued now is found by the sweeper.
            if let Err(error) = self.enqueue(&job, &task.id).await {
                tracing::warn!(job = %job.id, task = %task.id, error = %error, "a task will be enqueued by the sweeper");
            }
        }
        let first = tasks.first().map(|task| task.id.clone());
        Ok(first.map_or(Made::NeverHere, |task| Made::Job((job.id.clone(), task))))
    }

    /// The job that a rule makes now.
    async fn job_of(&self, rule: &Rule, source: &NodeId, event: &str) -> Result<Job, Refusal> {
        self.permit_rule(rule, source).await?;
        let config = &rule.config;
        let destination = self.0.nodes.get(&config.destination).await?;
        let destination = destination.ok_or_else(|| Refusal::conflict("The destination was deleted."))?;
        let name = &destination.node.config.name;
        if !destination.node.config.can_be_destination() {
            return Err(Refusal::conflict(format!("{name} cannot receive images (any more).")));
        }
        let source_name = if *source == inbox() {
            INBOX_NAME.to_owned()
        } else {
            let found = self.0.nodes.get(source).await?;
            found.ok_or_else(|| Refusal::conflict("The source was deleted."))?.node.config.name
        };
        let mut options = config.options.clone();
        self.choose_project(&mut options).await?;
        let now = now();
        Ok(Job {
            id: JobId::new(now, random()),
            owner: rule.owner.clone(),
            owner_name: rule.owner_name.clone(),
            source: source.clone(),
            sources: vec![source.clone()],
            source_name,
            destination: destination.node.id.clone(),
            destination_name: name.clone(),
            options,
            urgent: config.urgent,
            trace: new_trace(now),
            cause: Some(Cause { rule: rule.id.clone(), rule_name: config.name.clone(), event: event.to_owned() }),
            group: rule.group.clone(),
            by_staff: true,
            approval: None,
            canceling: false,
            status: JobStatus::Pending,
            message: String::new(),
            created: now,
            start: None,
            end: None,
        })
    }

    /// Says why a rule made no job of these studies.
    pub(crate) async fn refused(
        &self,
        rule: &Rule,
        studies: &str,
        event: &str,
        at: Timestamp,
        problem: String,
    ) -> Result<(), Refusal> {
        tracing::warn!(rule = %rule.id, "a rule met a study and made no job of it");
        let what: String = Sha256::digest(studies).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.note_firing(rule, &what, at, event, &problem).await
    }

    /// Records a firing without a job.
    pub(crate) async fn note_firing(
        &self,
        rule: &Rule,
        what: &str,
        at: Timestamp,
        event: &str,
        problem: &str,
    ) -> Result<(), Refusal> {
        let record = FiringRecord { at, event: event.to_owned(), job: None, problem: problem.to_owned() };
        Ok(self.0.firings.note(&rule.id, what, &record, now().seconds() + REMEMBERED_S).await?)
    }
}

/// The studies as a job takes them, with their images; or why one cannot go.
fn ready(rule: &Rule, source: &NodeId, studies: Vec<Study>) -> Result<Vec<(StudySelection, u64)>, String> {
    let is_searched = matches!(rule.config.trigger, Trigger::Schedule { .. });
    let mut ready = Vec::new();
    for Study { study_instance_uid, choice } in studies {
        let mut patient_id = choice.patient_id;
        if patient_id.len() > 256 {
            patient_id.clear();
        }
        let series_instance_uids: Vec<String> = choice.series.into_iter().collect();
        if series_instance_uids.len() > MAX_SERIES {
            return Err(format!("The study has more than {MAX_SERIES} series that match. Narrow the filter."));
        }
        let is_whole = is_searched && series_instance_uids.len() == choice.series_total;
        let selection = StudySelection {
            source: source.clone(),
            patient_id,
            study_instance_uid,
            series_instance_uids: if is_whole { Vec::new() } else { series_instance_uids },
            pseudonym: choice.pseudonym?,
            label: choice.label,
            images: None,
        };
        ready.push((selection, choice.images));
    }
    Ok(ready)
}
