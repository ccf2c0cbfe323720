//! Submit: a wish becomes a job with its tasks, which are there together or not at all, then a queue message each.

use std::collections::{BTreeMap, BTreeSet};

use adit_api::jobs::{CreateJob, JobView, StudySelection};
use adit_domain::job::{Approval, Job, JobStatus};
use adit_domain::task::{Losses, Progress, Task, TaskStatus};
use adit_domain::transfer::{MAX_STUDIES, TransferOptions, parse_pseudonym};
use adit_domain::{JobId, NodeId, TaskId, Timestamp, Uid};
use adit_store::items::{Kind, Write};
use adit_store::repositories::NodeRecord;

use crate::clock::random;
use crate::{Actor, Engine, Refusal, now, unnamed};

impl Engine {
    /// Makes a job of the chosen studies and puts its tasks into the queue.
    pub async fn create_job(&self, actor: &Actor, wish: CreateJob) -> Result<JobView, Refusal> {
        let mut options = wish.options.validated()?;
        check_selection(&wish.studies)?;
        if actor.is_told_no_names() {
            wish.studies.iter().try_for_each(|study| unnamed::check_number("studies", &study.patient_id))?;
        }
        check_pseudonyms(&options, &wish.studies)?;
        self.choose_project(&mut options).await?;
        let wanted: BTreeSet<NodeId> = wish.studies.iter().map(|study| study.source.clone()).collect();
        let studies = wish.studies.len();
        self.permit_job(actor, &options, wish.urgent, &wanted, &wish.destination, studies).await?;
        let group = actor.acting_group()?;
        let destination = self.node_record(&wish.destination).await.map_err(|error| error.at("destination"))?;
        check_destination(&destination)?;
        let sources = self.sources(&wish.studies).await?;
        check_direct_move(&options, &destination)?;
        self.permit_nifti(&options, &destination.node.config).await?;
        let now = now();
        let approval = (group.config.settings.jobs_need_approval && !actor.staff).then_some(Approval::Waiting);
        let waits = approval.is_some();
        let job = Job {
            id: JobId::new(now, random()),
            owner: actor.user_id.clone(),
            owner_name: actor.username.clone(),
            source: sources[0].node.id.clone(),
            sources: sources.iter().map(|record| record.node.id.clone()).collect(),
            source_name: names(&sources),
            destination: destination.node.id.clone(),
            destination_name: destination.node.config.name.clone(),
            options,
            urgent: wish.urgent,
            trace: crate::clock::new_trace(now),
            cause: None,
            group: Some(group.id.clone()),
            by_staff: actor.staff,
            approval,
            canceling: false,
            status: if waits { JobStatus::WaitingForApproval } else { JobStatus::Pending },
            message: String::new(),
            created: now,
            start: None,
            end: None,
        };
        let tasks: Vec<Task> = (0_i64..).zip(wish.studies).map(|(n, study)| new_task(&job, study, now, n)).collect();
        let mut also = self.one_at_a_time(group, &job).await?;
        if waits {
            also.push(self.0.limits.wait(&group.id, &job.id)?);
        }
        self.submit(&job, tasks, also).await?;
        if waits {
            self.tell_approvers(group, &job, studies).await;
        }
        self.job_view(actor, &job.id).await
    }

    /// Stores a job with any number of tasks, together with a few other writes, and puts the tasks into the queue. Once it is stored
    /// nothing is lost: a task that is not enqueued here is found by the sweeper.
    pub(crate) async fn submit(&self, job: &Job, tasks: Vec<Task>, also: Vec<Write>) -> Result<(), Refusal> {
        self.0.jobs.insert_with(job, &tasks, also).await.map_err(|error| match error.kind {
            Kind::Conflict { .. } => {
                Refusal::conflict("You have begun another job at the same moment. Look at your jobs and try again.")
            }
            _ => error.into(),
        })?;
        tracing::info!(job = %job.id, tasks = tasks.len(), pseudonymised = job.options.pseudonymises(), trace = job.trace, "job created");
        if job.lacks_approval() {
            tracing::info!(job = %job.id, "the job waits for approval");
        } else {
            self.enqueue_new(job, tasks).await;
        }
        Ok(())
    }

    async fn sources(&self, studies: &[StudySelection]) -> Result<Vec<NodeRecord>, Refusal> {
        let ids: BTreeSet<&NodeId> = studies.iter().map(|study| &study.source).collect();
        let mut records = Vec::new();
        for id in ids {
            let record = self.node_record(id).await.map_err(|error| error.at("studies"))?;
            let name = &record.node.config.name;
            if !record.node.config.enabled {
                return Err(Refusal::conflict(format!(
                    "{name} is disabled. Choose studies from another server or ask an administrator."
                )));
            }
            if !record.node.config.can_be_source() {
                return Err(Refusal::invalid(format!(
                    "Nothing can be fetched from {name}: neither C-GET nor C-MOVE is ticked in its settings."
                )));
            }
            records.push(record);
        }
        Ok(records)
    }
}

fn check_selection(studies: &[StudySelection]) -> Result<(), Refusal> {
    if studies.is_empty() {
        return Err(Refusal::invalid("Choose at least one study.").at("studies"));
    }
    if studies.len() > MAX_STUDIES {
        return Err(Refusal::invalid(format!(
            "A job may hold {MAX_STUDIES} studies at most. Split your choice into several jobs."
        ))
        .at("studies"));
    }
    let mut seen = BTreeSet::new();
    for study in studies {
        Uid::parse(&study.study_instance_uid)?;
        for series in &study.series_instance_uids {
            Uid::parse(series)?;
        }
        if study.series_instance_uids.len() > 500 || study.patient_id.len() > 256 || study.label.len() > 400 {
            return Err(
                Refusal::invalid("One of the chosen studies holds too many series or too long texts.").at("studies")
            );
        }
        if !seen.insert((&study.source, &study.study_instance_uid)) {
            return Err(Refusal::invalid("The same study was chosen twice. Remove one of them.").at("studies"));
        }
    }
    Ok(())
}

/// A person's pseudonym may not stand for two patients, nor a patient have two, as far as the chosen studies tell.
fn check_pseudonyms(options: &TransferOptions, studies: &[StudySelection]) -> Result<(), Refusal> {
    let (mut patients, mut pseudonyms) = (BTreeMap::new(), BTreeMap::new());
    for study in studies {
        let own = parse_pseudonym(&study.pseudonym)?;
        if !own.is_empty() && !options.pseudonymises() {
            return Err(
                Refusal::invalid("A study has a pseudonym although the images are left as they are.").at("identity")
            );
        }
        let pseudonym = if own.is_empty() { options.pseudonym.clone() } else { own };
        let patient = study.patient_id.trim();
        if pseudonym.is_empty() || patient.is_empty() {
            continue;
        }
        if *patients.entry(pseudonym.to_lowercase()).or_insert(patient) != patient {
            return Err(Refusal::invalid(
                "The chosen studies belong to different patients, and one pseudonym cannot stand for two. Leave the pseudonym empty, so that each patient gets a code, or make a job for each patient.",
            )
            .at("pseudonym"));
        }
        if *pseudonyms.entry(patient).or_insert(pseudonym.clone()) != pseudonym {
            return Err(Refusal::invalid(
                "A patient would get two pseudonyms. Give all studies of a patient the same one.",
            )
            .at("pseudonym"));
        }
    }
    Ok(())
}

fn check_destination(record: &NodeRecord) -> Result<(), Refusal> {
    let name = &record.node.config.name;
    if !record.node.config.enabled {
        return Err(Refusal::conflict(format!("{name} is disabled. Choose another destination.")).at("destination"));
    }
    if !record.node.config.can_be_destination() {
        return Err(Refusal::invalid(format!("{name} cannot receive images: C-STORE is not ticked in its settings."))
            .at("destination"));
    }
    Ok(())
}

fn check_direct_move(options: &TransferOptions, destination: &NodeRecord) -> Result<(), Refusal> {
    if !options.direct_move {
        return Ok(());
    }
    if !options.leaves_unchanged() {
        return Err(Refusal::invalid(
            "A direct transfer cannot change images. Leave the images as they are and remove the trial, or switch the direct transfer off.",
        )
        .at("direct_move"));
    }
    if destination.node.config.server().is_none() {
        return Err(Refusal::invalid("A direct transfer needs a server as destination.").at("direct_move"));
    }
    Ok(())
}

fn names(records: &[NodeRecord]) -> String {
    records.iter().map(|record| record.node.config.name.as_str()).collect::<Vec<_>>().join(", ")
}

pub(crate) fn new_task(job: &Job, study: StudySelection, now: Timestamp, place: i64) -> Task {
    Task {
        // The place in the moment keeps tasks in the order in which they were chosen.
        id: TaskId::new(now.plus_ms(place), random()),
        job_id: job.id.clone(),
        source: study.source,
        destination: job.destination.clone(),
        patient_id: study.patient_id.trim().to_owned(),
        study_instance_uid: study.study_instance_uid.trim().to_owned(),
        series_instance_uids: study.series_instance_uids,
        pseudonym: study.pseudonym.trim().to_owned(),
        label: study.label,
        status: TaskStatus::Pending,
        held: job.lacks_approval(),
        attempts: 0,
        failed_attempts: 0,
        message: String::new(),
        log: Vec::new(),
        failures: Vec::new(),
        failures_total: 0,
        created: now,
        start: None,
        end: None,
        lease: None,
        cancel_requested: false,
        not_before: None,
        enqueued: false,
        sent: None,
        losses: Losses::default(),
        epoch: 0,
        counted: 0,
        // Until the source is asked, people see what the search has told.
        progress: Progress { expected: study.images.map_or(0, u64::from), ..Progress::default() },
    }
}
