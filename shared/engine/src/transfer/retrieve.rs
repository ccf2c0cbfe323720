//! Retrieve: C-GET first, then C-MOVE, with several associations where the source allows; what is still missing is asked for again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_dimse::{Association, Proposal, RetrieveOutcome, Service, StatusClass, get_contexts};
use adit_domain::task::{LogLevel, Step};
use adit_store::repositories::Receipt;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::Transfer;
use super::moved::Arrivals;
use super::plan::Plan;
use super::problem::Problem;
use super::sink::{StagedInstance, StagedNote, TransferSink};
use super::units::Unit;
use super::ways::{Method, Way, ways};

/// How often a request is repeated after the connection broke.
pub(super) const TRIES: u32 = 3;
/// Associations of one retrieval at most.
const MAX_PARALLEL: usize = 8;

type Open = Arc<Mutex<VecDeque<Unit>>>;

impl Transfer {
    /// Takes over what earlier runs have delivered.
    pub(super) async fn restore(&self, plan: &Plan) -> Result<(), Problem> {
        let receipts = self.engine.0.receipts.all(&self.task.id, self.task.epoch).await?;
        let known: Vec<Receipt> = receipts
            .into_iter()
            .filter(|receipt| !plan.exact || plan.expected.contains_key(&receipt.sop_instance_uid))
            .collect();
        let known = self.whole_series(plan, known);
        if !known.is_empty() {
            self.ledger.note(
                LogLevel::Info,
                "Continued",
                &format!("{} images have arrived in an earlier run and do not move again.", known.len()),
            );
        }
        self.ledger.restore(known);
        Ok(())
    }

    /// Sends what an earlier run has staged but not delivered.
    pub(super) async fn redeliver_staged(
        &self,
        plan: &Plan,
        to_deliver: &mpsc::Sender<StagedInstance>,
    ) -> Result<(), Problem> {
        for staged in self.engine.0.ports.staging.list(self.task.id.as_str()).await? {
            let Ok(note) = serde_json::from_value::<StagedNote>(staged.metadata) else { continue };
            let wanted = note.epoch == self.task.epoch
                && self.ledger.is_wanted(&note.original)
                && (!plan.exact || plan.expected.contains_key(&note.original));
            if !wanted {
                self.engine.0.ports.staging.delete(&staged.key).await?;
                continue;
            }
            self.ledger.received(&note.original);
            self.counted.inherit(plan, &note.series, &note.original);
            let instance = StagedInstance { key: staged.key, size: staged.size, note };
            if to_deliver.send(instance).await.is_err() {
                return Err(Problem::Canceled);
            }
        }
        Ok(())
    }

    /// Fetches everything that is missing. A source that sends less than it announced is asked once more, image by image, and
    /// by the other method if it offers one.
    pub(super) async fn retrieve(
        self: Arc<Self>,
        plan: &Arc<Plan>,
        to_deliver: &mpsc::Sender<StagedInstance>,
        permits: Vec<OwnedSemaphorePermit>,
    ) -> Result<(), Problem> {
        let Some(server) = self.source.server() else { return self.read_objects(plan, to_deliver).await };
        let permits = self.more_permits(permits, MAX_PARALLEL);
        let mut last = Ok(());
        for way in ways(server) {
            for by_image in [false, true] {
                // A series comes fastest in one body: single images are asked for only where some of it is missing.
                let parallel = if way == Way::Web { 1 } else { permits.len() };
                let open = self.open_units(plan, parallel, by_image);
                if open.is_empty() {
                    break;
                }
                last = Arc::clone(&self).pass(way, plan, open, to_deliver, permits.len()).await;
                match &last {
                    Err(Problem::Canceled) => return last,
                    Err(Problem::Permanent(sentence) | Problem::Transient(sentence)) => {
                        self.ledger.note(LogLevel::Info, &format!("{} did not bring everything", way.name()), sentence);
                        break;
                    }
                    _ => {}
                }
            }
        }
        self.report_unasked();
        match last {
            Err(Problem::Transient(sentence)) if plan.exact && self.ledger.has_received() => {
                self.give_up(plan, &sentence, true)
            }
            Err(Problem::Permanent(sentence)) if plan.exact && self.ledger.has_received() => {
                self.give_up(plan, &sentence, false)
            }
            Err(problem) if self.is_short(plan) => return Err(problem),
            _ => {}
        }
        Ok(())
    }

    /// As many further associations at the source as are free now, up to `most` in all and no more than its settings allow.
    pub(super) fn more_permits(
        &self,
        mut permits: Vec<OwnedSemaphorePermit>,
        most: usize,
    ) -> Vec<OwnedSemaphorePermit> {
        let allowed = self.source.server().map_or(1, |server| usize::from(server.limits.associations));
        while permits.len() < allowed.min(most).min(MAX_PARALLEL) {
            match self.source.state.try_permit() {
                Some(permit) => permits.push(permit),
                None => break,
            }
        }
        permits
    }

    /// Some images came and others will not: the others have failed, each by itself, and the run goes on to its verification.
    fn give_up(&self, plan: &Plan, sentence: &str, transient: bool) {
        for (uid, one) in plan.expected.iter().filter(|(uid, _)| self.ledger.is_wanted(uid)) {
            self.ledger.fail(
                uid,
                &plan.series[one.series].uid,
                Step::Retrieve,
                sentence.trim_end_matches('.'),
                transient,
            );
        }
    }

    fn report_unasked(&self) {
        let unasked = self.ledger.unasked();
        if unasked > 0 {
            self.ledger.note(
                LogLevel::Warning,
                "Images that nobody asked for",
                &format!("The source sent {unasked} images that do not belong to the study; they were refused."),
            );
        }
    }

    /// One pass over open requests with several associations.
    pub(super) async fn pass(
        self: Arc<Self>,
        way: Way,
        plan: &Arc<Plan>,
        open: VecDeque<Unit>,
        to_deliver: &mpsc::Sender<StagedInstance>,
        parallel: usize,
    ) -> Result<(), Problem> {
        let parallel = parallel.min(open.len());
        let open: Open = Arc::new(Mutex::new(open));
        let mut workers = JoinSet::new();
        for _ in 0..parallel {
            let (this, plan, open, to_deliver) =
                (Arc::clone(&self), Arc::clone(plan), Arc::clone(&open), to_deliver.clone());
            workers.spawn(async move { this.fetch(way, plan, open, to_deliver).await }.in_current_span());
        }
        let mut result = Ok(());
        while let Some(ended) = workers.join_next().await {
            let ended = ended.unwrap_or_else(|_| Err(Problem::Transient("A part of the transfer broke.".into())));
            if result.is_ok() {
                result = ended;
            }
        }
        // One association that could not be opened does no harm when the others have done everything.
        if open.lock().unwrap_or_else(PoisonError::into_inner).is_empty() && !self.is_short(plan) {
            Ok(())
        } else {
            result
        }
    }

    /// One association: request after request until none is open.
    async fn fetch(
        self: Arc<Self>,
        way: Way,
        plan: Arc<Plan>,
        open: Open,
        to_deliver: mpsc::Sender<StagedInstance>,
    ) -> Result<(), Problem> {
        let mut association: Option<Association> = None;
        let next = || open.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let mut result = Ok(());
        while let Some(mut unit) = next() {
            if self.stop.is_cancelled() {
                result = Err(Problem::Canceled);
                break;
            }
            match self.one(way, &plan, &unit, &to_deliver, &mut association).await {
                Ok(()) => {}
                Err(Problem::Transient(sentence)) if unit.tries + 1 < TRIES => {
                    association = None;
                    unit.tries += 1;
                    self.ledger.note(LogLevel::Info, "Trying again", &sentence);
                    let wait = Duration::from_millis(500 << unit.tries);
                    open.lock().unwrap_or_else(PoisonError::into_inner).push_front(unit);
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.stop.cancelled() => {}
                    }
                }
                Err(problem) => {
                    result = Err(problem);
                    break;
                }
            }
        }
        if let Some(association) = association {
            if result.is_ok() { association.release().await } else { association.abort().await }
        }
        result
    }

    /// One request.
    async fn one(
        self: &Arc<Self>,
        way: Way,
        plan: &Arc<Plan>,
        unit: &Unit,
        to_deliver: &mpsc::Sender<StagedInstance>,
        open: &mut Option<Association>,
    ) -> Result<(), Problem> {
        let Some(server) = self.source.server() else { return Ok(()) };
        if unit.images.is_empty() {
            self.counted.asked(plan, unit);
        }
        let Way::Dimse(method) = way else {
            return self.by_web(&self.source.web()?, plan, unit, to_deliver).await;
        };
        let model = method.model(&server.services);
        if open.is_none() {
            let proposal = match method {
                Method::Get => Proposal::new().get(model, &get_contexts(&plan.classes())),
                Method::Move => Proposal::new().move_(model),
            };
            *open = Some(self.open(&self.source, "opening an association", &proposal).await?);
        }
        let Some(association) = open.as_mut() else { return Ok(()) };
        let query = unit.identifier(plan, &self.task.study_instance_uid);
        let hint = plan.series[unit.series].uid.clone();
        let outcome = match method {
            Method::Get => {
                let mut sink = TransferSink::new(Arc::clone(self), Arc::clone(plan), to_deliver.clone(), hint);
                let mut ignore = |_| {};
                let get = association.get(model, &query, &mut sink, &mut ignore, &self.stop);
                self.source.measured(method.name(), get).await
            }
            Method::Move => {
                let to = Arrivals { plan, unit, to_deliver, hint };
                self.by_move(association, model, to).await?
            }
        };
        self.counted.answered(plan, unit, &outcome);
        match outcome {
            Ok(outcome) => self.judge(method, &outcome),
            Err(error) => {
                if let Some(association) = open.take() {
                    association.abort().await;
                }
                Err(Problem::of_peer(self.source.name(), method.name(), &error))
            }
        }
    }

    /// Reads the final status of a request. Missing images are found by comparing with what was expected, not by counters.
    fn judge(&self, method: Method, outcome: &RetrieveOutcome) -> Result<(), Problem> {
        let sub = outcome.sub_operations;
        if sub.warning.unwrap_or(0) > 0 {
            self.ledger.note(
                LogLevel::Info,
                "Warnings of the source",
                &format!("{} images came with a warning of the source.", sub.warning.unwrap_or(0)),
            );
        }
        if outcome.status.class() != StatusClass::Failure {
            return Ok(());
        }
        let comment = if outcome.error_comment.is_empty() {
            String::new()
        } else {
            format!(" It says: {}.", outcome.error_comment)
        };
        let sentence = format!(
            "{}: {} failed: {} (status {}).{comment}",
            self.source.name(),
            method.name(),
            outcome.status.sentence(Service::Retrieve),
            outcome.status
        );
        // Some images came although the request as a whole failed: the second pass asks for the others.
        if sub.completed.unwrap_or(0) > 0 {
            self.ledger.note(LogLevel::Info, "Partly failed", &sentence);
            return Ok(());
        }
        Err(if outcome.status.is_transient(Service::Retrieve) {
            Problem::Transient(sentence)
        } else {
            Problem::Permanent(sentence)
        })
    }
}
