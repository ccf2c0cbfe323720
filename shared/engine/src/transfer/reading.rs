//! A retrieval without a destination: plan and fetch as a task does, into staging, for readers who come there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use adit_dicomweb::paths::Resource;
use adit_domain::job::{Job, JobStatus};
use adit_domain::rule::inbox;
use adit_domain::task::{Step, Task};
use adit_domain::transfer::TransferOptions;
use adit_domain::{JobId, TaskId, Uid};
use adit_store::repositories::NodeRecord;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use super::converted::Converted;
use super::counted::Counted;
use super::deliver::Homes;
use super::ledger::{DOCUMENT, Ledger};
use super::plan::Plan;
use super::{End, Form, Problem, StagedInstance, Tally, Transfer, deliver};
use crate::clock::random;
use crate::{Actor, Engine, now};

/// What is to be fetched, for whom and in which form.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    pub id: JobId,
    pub actor: Actor,
    pub source: NodeRecord,
    pub resource: Resource,
    /// Of a study: only these series; empty: all of them.
    pub series: Vec<Uid>,
    pub options: TransferOptions,
    /// Only headers are wanted.
    pub metadata: bool,
}

/// An errand whose plan is made.
pub(crate) struct Reading {
    transfer: Arc<Transfer>,
    plan: Arc<Plan>,
    /// The right to have one association open, until everything is fetched.
    permit: Option<OwnedSemaphorePermit>,
}

impl Engine {
    /// Finds out what an errand will bring. Nothing is fetched yet.
    pub(crate) async fn plan_reading(&self, errand: &Errand, stop: &CancellationToken) -> Result<Reading, Problem> {
        let state = self.0.peers.state(&errand.source);
        if let Some(until) = state.resting(now()) {
            let name = &errand.source.node.config.name;
            return Err(Problem::Deferred(until, format!("{name} does not answer at present; try again later.")));
        }
        let (job, task) = errand.as_task().map_err(|error| Problem::Permanent(error.to_string()))?;
        let identity = Arc::new(self.identity(&job, &task).await?);
        let destination =
            End { id: inbox(), record: None, state: self.0.peers.state_of(&inbox(), super::LOCAL_READERS) };
        let source = End { id: errand.source.node.id.clone(), record: Some(errand.source.clone()), state };
        let name = errand.id.to_string();
        let transfer = Transfer {
            engine: self.clone(),
            job,
            task,
            source,
            destination,
            identity,
            tally: Arc::new(Tally::default()),
            ledger: Arc::new(Ledger::default()),
            form: if errand.metadata { Form::Metadata(name.clone()) } else { Form::Read(name.clone()) },
            converted: Converted::default(),
            homes: Homes::default(),
            counted: Counted::default(),
            delivers_by_web: false.into(),
            stop: stop.clone(),
        };
        let permit = tokio::select! {
            permit = transfer.source.state.permit() => permit,
            () = stop.cancelled() => return Err(Problem::Canceled),
        };
        let by_count = transfer.form == Form::Read(name) && errand.resource.instance.is_none();
        let by_count = by_count && transfer.job.options.leaves_unchanged();
        let mut plan = transfer.plan_as_far_as(|plan| by_count && transfer.may_count(plan)).await?;
        if let Some(instance) = &errand.resource.instance {
            transfer.narrow(&mut plan, instance.as_str())?;
        }
        let reading = Reading { plan: Arc::new(plan), transfer: Arc::new(transfer), permit: Some(permit) };
        reading.check_that_something_comes()?;
        Ok(reading)
    }
}

impl Errand {
    /// The same as a task that nobody stores: what fetches for tasks fetches for readers, too.
    fn as_task(&self) -> Result<(Job, Task), serde_json::Error> {
        let (now, node) = (now(), &self.source.node);
        let job = Job {
            id: self.id.clone(),
            owner: self.actor.user_id.clone(),
            owner_name: self.actor.username.clone(),
            source: node.id.clone(),
            sources: vec![node.id.clone()],
            source_name: node.config.name.clone(),
            destination: inbox(),
            destination_name: String::new(),
            options: self.options.clone(),
            urgent: false,
            canceling: false,
            status: JobStatus::InProgress,
            message: String::new(),
            created: now,
            start: Some(now),
            end: None,
            trace: String::new(),
            cause: None,
            group: self.actor.group.as_ref().map(|group| group.id.clone()),
            by_staff: self.actor.staff,
            approval: None,
        };
        let series: Vec<&str> = self.resource.series.iter().chain(&self.series).map(Uid::as_str).collect();
        // Most of a task's fields are about its life in the queue.
        let task = serde_json::from_value(json!({
            "id": TaskId::new(now, random()), "job_id": job.id, "source": job.source, "destination": job.destination,
            "patient_id": "", "study_instance_uid": self.resource.study, "series_instance_uids": series,
            "status": "in_progress", "created": now, "start": now, "end": null, "lease": null, "not_before": null,
        }))?;
        Ok((job, task))
    }
}

impl Transfer {
    /// Leaves one instance of the plan, which is named as at the source or as it is with its pseudonym.
    fn narrow(&self, plan: &mut Plan, instance: &str) -> Result<(), Problem> {
        if plan.exact {
            plan.expected.retain(|uid, _| uid == instance || self.identity.uid(uid) == instance);
            if plan.expected.is_empty() && self.ledger.held_back() == 0 {
                return Err(Problem::Absent(format!("{} does not hold the image (any more).", self.source.name())));
            }
        } else {
            // The source does not list images: whether it holds this one shows when it sends it.
            let one = super::plan::Expected { series: 0, sop_class_uid: String::new() };
            (plan.expected, plan.exact) = (HashMap::from([(instance.to_owned(), one)]), true);
        }
        plan.by_name = true;
        Ok(())
    }
}

impl Reading {
    fn check_that_something_comes(&self) -> Result<(), Problem> {
        if self.plan.series.is_empty() || (self.plan.exact && self.plan.expected.is_empty()) {
            let name = self.transfer.source.name();
            return Err(Problem::Absent(if self.transfer.ledger.held_back() > 0 {
                format!("Nothing of this may leave {name} with a pseudonym: {DOCUMENT}.")
            } else {
                format!("{name} holds no images of this.")
            }));
        }
        Ok(())
    }

    /// Instances that will come, by the source's word.
    pub fn expected(&self) -> u64 {
        self.plan.expected_count()
    }

    /// Instances that stay behind, as far as that is known.
    pub fn held_back(&self) -> u64 {
        self.transfer.ledger.held_back()
    }

    /// Patient ID at the source, for the record.
    pub fn patient_id(&self) -> &str {
        &self.plan.patient_id_text
    }

    /// Names for what is fetched.
    pub fn places(&self) -> Places {
        Places { transfer: Arc::clone(&self.transfer), plan: Arc::clone(&self.plan) }
    }

    /// Where staged instances come out. None waits in between: how many may wait for their readers is the readers' business.
    pub fn channel() -> (mpsc::Sender<StagedInstance>, mpsc::Receiver<StagedInstance>) {
        mpsc::channel(1)
    }

    /// Why the wanted pseudonym cannot be written, if it cannot.
    pub async fn contradiction(&self) -> Option<String> {
        self.transfer.identity.refused().await
    }

    /// Fetches everything into staging; ends when the last instance is on its way through the channel. A missing or failed instance is a
    /// problem, one that stays behind on purpose is none.
    pub async fn fetch(&mut self, to_read: mpsc::Sender<StagedInstance>) -> Result<(), Problem> {
        let transfer = &self.transfer;
        let permit = match self.permit.take() {
            Some(permit) => permit,
            None => transfer.source.state.permit().await,
        };
        transfer.ledger.step(Step::Retrieve);
        let mut permits = vec![permit];
        let mut is_whole = false;
        if self.plan.by_count {
            permits = transfer.more_permits(permits, self.plan.series.len());
            is_whole = transfer.retrieve_counted(&self.plan, &to_read, permits.len()).await?;
        }
        if !is_whole {
            if self.plan.by_count {
                transfer.list_at_last(Arc::make_mut(&mut self.plan)).await?;
            }
            Arc::clone(transfer).retrieve(&self.plan, &to_read, permits).await?;
        }
        if transfer.stop.is_cancelled() {
            return Err(Problem::Canceled);
        }
        let ledger = &transfer.ledger;
        let failed = ledger.failures().1;
        let missing = failed + ledger.unaccounted(&self.plan).len() as u64 + ledger.short_of(&self.plan);
        if missing > 0 {
            let (name, reason) = (transfer.source.name(), ledger.first_reason());
            return Err(Problem::Permanent(format!("{missing} images of {name} could not be given: {reason}.")));
        }
        match transfer.lacking(&self.plan, |_| true).first() {
            Some(lack) => {
                Err(Problem::Permanent(format!("{} could not give everything. {lack}.", transfer.source.name())))
            }
            None => Ok(()),
        }
    }

    /// Series at the source of which nobody knows whether all of their images have come; known when everything is fetched.
    pub fn doubtful(&self) -> HashSet<String> {
        self.transfer.doubtful(&self.plan)
    }

    /// Bytes that came from the source.
    pub fn bytes(&self) -> u64 {
        self.transfer.ledger.progress().bytes
    }
}

/// Names the files of what is fetched.
pub(crate) struct Places {
    transfer: Arc<Transfer>,
    plan: Arc<Plan>,
}

impl Places {
    /// Where an instance stands among all that is fetched: patient, study, series, file, with `/` between them. It says no more than the
    /// instance itself.
    pub fn of(&self, instance: &StagedInstance) -> String {
        let place = deliver::place_for(&self.transfer, &self.plan, instance);
        place.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    }
}
