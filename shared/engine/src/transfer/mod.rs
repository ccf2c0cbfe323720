//! One run of one task: plan, retrieve, transform, stage, deliver, verify.
//!
//! The stages overlap: while an instance is delivered the next one is received; a bounded channel between them holds the
//! source back when the destination is slower. What was delivered before, by an earlier attempt or process, has a receipt
//! and does not move again.

mod by_count;
mod converted;
mod counted;
mod deliver;
mod destination;
mod direct;
mod documents;
mod form;
mod from_objects;
mod from_web;
mod identity;
mod ledger;
mod measure;
mod moved;
mod outcome;
mod outside;
mod plan;
mod problem;
mod progress;
mod read;
mod reading;
mod retrieve;
mod sink;
mod tally;
mod units;
mod verify;
mod ways;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use adit_domain::job::Job;
use adit_domain::rule::inbox;
use adit_domain::task::{Step, Task};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

pub(crate) use counted::UNKNOWN;
pub(crate) use form::{Form, READ};
pub(crate) use outcome::{Ending, Outcome, broken};
pub(crate) use problem::Problem;
pub(crate) use reading::{Errand, Reading};
pub(crate) use sink::{StagedInstance, StagedNote};

use crate::peers::End;
use crate::{Engine, now};
use converted::Converted;
use counted::Counted;
use deliver::Homes;
use identity::Identity;
use ledger::Ledger;
use plan::Plan;
use tally::Tally;

/// Transfers that may read the inbox at the same time.
const LOCAL_READERS: usize = 8;

/// Everything that the stages of one run share.
pub(crate) struct Transfer {
    pub engine: Engine,
    pub job: Job,
    pub task: Task,
    pub source: End,
    pub destination: End,
    pub identity: Arc<Identity>,
    pub tally: Arc<Tally>,
    pub ledger: Arc<Ledger>,
    /// The destination gets the images by STOW-RS.
    pub delivers_by_web: AtomicBool,
    /// What is staged of each instance.
    pub form: Form,
    /// Series that stand at the destination as NIfTI files.
    pub converted: Converted,
    /// Folders in which the study stands, by pseudonym.
    pub homes: Homes,
    /// What has come of series whose images the source does not list.
    pub counted: Counted,
    /// Ends this run: a person, the process, or a stage that cannot go on.
    pub stop: CancellationToken,
}

impl Engine {
    /// Runs a claimed task and says what has become of it. Never fails: every problem is part of the outcome.
    pub(crate) async fn transfer(&self, job: &Job, task: &Task, stop: &CancellationToken) -> Outcome {
        let ledger = Arc::new(Ledger::default());
        let showing = progress::show(self.clone(), task.job_id.clone(), task.id.clone(), Arc::clone(&ledger));
        let result = self.run_task(job, task, &ledger, stop).await;
        showing.stop().await;
        outcome::of(&ledger, result, stop.is_cancelled())
    }

    async fn run_task(
        &self,
        job: &Job,
        task: &Task,
        ledger: &Arc<Ledger>,
        stop: &CancellationToken,
    ) -> Result<Plan, Problem> {
        self.permit_task(job, task).await?;
        let (source, destination) = self.ends(task).await?;
        let identity = Arc::new(self.identity(job, task).await?);
        let tally = Arc::new(Tally::default());
        if identity.is_active() {
            let before = self.0.reports.get(&job.id, &task.id).await;
            tally.begin(before.map_err(|error| Problem::Transient(error.to_string()))?.unwrap_or_default());
        }
        let transfer = Transfer {
            engine: self.clone(),
            job: job.clone(),
            task: task.clone(),
            source,
            destination,
            identity: Arc::clone(&identity),
            tally: Arc::clone(&tally),
            ledger: Arc::clone(ledger),
            delivers_by_web: AtomicBool::new(false),
            form: Form::File,
            converted: Converted::default(),
            homes: Homes::default(),
            counted: Counted::default(),
            stop: stop.child_token(),
        };
        let result = Box::pin(Arc::new(transfer).run()).await;
        self.save_report((&job.id, &task.id), &identity, &tally, ledger).await;
        result
    }

    /// Both ends, if they may be used now.
    async fn ends(&self, task: &Task) -> Result<(End, End), Problem> {
        let mut ends = Vec::new();
        for (id, what) in [(&task.source, "source"), (&task.destination, "destination")] {
            if *id == inbox() {
                ends.push(End { id: id.clone(), record: None, state: self.0.peers.state_of(id, LOCAL_READERS) });
                continue;
            }
            let record = self.0.nodes.get(id).await.map_err(|error| Problem::Transient(error.to_string()))?;
            let record = record.ok_or_else(|| {
                Problem::Permanent(format!("The {what} was deleted from the list of servers and folders."))
            })?;
            let name = &record.node.config.name;
            if !record.node.config.enabled {
                let until = now().plus_ms(adit_domain::retry::BREAKER_OPEN_MS);
                return Err(Problem::Deferred(
                    until,
                    format!("{name} is disabled; the transfer waits until it is enabled again."),
                ));
            }
            let state = self.0.peers.state(&record);
            if let Some(until) = state.resting(now()) {
                return Err(Problem::Deferred(
                    until,
                    format!("{name} does not answer at present; the transfer waits until it does."),
                ));
            }
            ends.push(End { id: id.clone(), record: Some(record), state });
        }
        let destination = ends.pop();
        let source = ends.pop();
        source.zip(destination).ok_or_else(|| Problem::Permanent("The transfer has no source or destination.".into()))
    }
}

impl Transfer {
    async fn run(self: Arc<Self>) -> Result<Plan, Problem> {
        let (at_source, at_destination) = self.permits().await?;
        self.ledger.step(Step::Plan);
        let (plan, ()) = tokio::try_join!(self.plan(), self.check_destination())?;
        let plan = Arc::new(plan);
        self.ledger.expect(plan.expected_count());
        self.restore(&plan).await?;
        if self.wants_more(&plan) {
            let moved = self.wants_direct_move() && Arc::clone(&self).direct_move(&plan).await?;
            if !moved {
                Arc::clone(&self).stream(Arc::clone(&plan), at_source, at_destination).await?;
            }
        } else if self.task.attempts > 1 {
            self.clear_staging().await?;
        }
        self.ledger.step(Step::Verify);
        self.verify(&plan).await?;
        // What could not be removed from staging before.
        self.save_receipts().await?;
        Arc::try_unwrap(plan).or_else(|shared| Ok((*shared).clone()))
    }

    /// Retrieves and delivers at the same time.
    async fn stream(
        self: Arc<Self>,
        plan: Arc<Plan>,
        source: OwnedSemaphorePermit,
        destination: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Problem> {
        let (to_deliver, staged) = deliver::channel();
        self.ledger.step(Step::Retrieve);
        let delivering = Arc::clone(&self).deliver(Arc::clone(&plan), staged, destination);
        let retrieving = async {
            self.redeliver_staged(&plan, &to_deliver).await?;
            let result = Arc::clone(&self).retrieve(&plan, &to_deliver, vec![source]).await;
            drop(to_deliver);
            self.ledger.step(Step::Deliver);
            result
        };
        let (retrieved, delivered) = tokio::join!(retrieving, delivering);
        self.save_receipts().await?;
        if retrieved.is_ok() && !self.converts() && !self.stop.is_cancelled() {
            self.say_what_lacks(&plan, |_| true);
        }
        // A delivery that cannot go on stops the retrieval: its problem is the cause.
        delivered.and(retrieved)
    }

    /// One association at each end, taken in the order of the nodes' ids so that two opposite transfers cannot block one another.
    async fn permits(&self) -> Result<(OwnedSemaphorePermit, Option<OwnedSemaphorePermit>), Problem> {
        let take = async {
            let (source, destination) = (&self.source, &self.destination);
            if source.id == destination.id {
                let permit = source.state.permit().await;
                return (permit, source.state.try_permit());
            }
            if source.id < destination.id {
                let first = source.state.permit().await;
                return (first, Some(destination.state.permit().await));
            }
            let first = destination.state.permit().await;
            (source.state.permit().await, Some(first))
        };
        tokio::select! {
            permits = take => Ok(permits),
            () = self.stop.cancelled() => Err(Problem::Canceled),
        }
    }
}
