//! One C-MOVE: the source opens an association of its own to our receiver, or to that of a neighbour, and sends there.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use adit_dimse::{Association, DimseError, InstanceSink, Model, RetrieveOutcome};
use tokio::sync::mpsc;

use super::Transfer;
use super::plan::Plan;
use super::problem::Problem;
use super::sink::{StagedInstance, TransferSink};
use super::units::Unit;

/// How long instances of a finished C-MOVE may still be on their way.
const STRAGGLERS: Duration = Duration::from_secs(5);

/// What a C-MOVE brings, and where it goes.
pub(super) struct Arrivals<'a> {
    pub plan: &'a Arc<Plan>,
    pub unit: &'a Unit,
    pub to_deliver: &'a mpsc::Sender<StagedInstance>,
    /// Series of the request.
    pub hint: String,
}

impl Transfer {
    /// One request. The outer error: no message id could be had; the inner one: the exchange with the source broke.
    pub(super) async fn by_move(
        self: &Arc<Self>,
        association: &mut Association,
        model: Model,
        to: Arrivals<'_>,
    ) -> Result<Result<RetrieveOutcome, DimseError>, Problem> {
        let reception = &self.engine.0.reception;
        // A server may have been added by another process a moment ago.
        if self.source.server().is_some_and(|server| !reception.has_heard_of(server.ae_title.as_str())) {
            self.engine.refresh_reception().await;
        }
        let calling = self.source.server().map(|server| server.calling_ae_title.as_str()).unwrap_or_default();
        let calling = if calling.is_empty() { self.engine.ae_title() } else { calling };
        let message_id = reception.message_id(calling).await?;
        association.set_next_message_id(message_id.get());
        let Arrivals { plan, unit, to_deliver, hint } = to;
        let wanted: HashSet<String> = if unit.images.is_empty() {
            plan.expected.iter().filter(|(_, one)| one.series == unit.series).map(|(uid, _)| uid.clone()).collect()
        } else {
            unit.images.iter().cloned().collect()
        };
        let wanted = Arc::new(wanted);
        let (this, shared_plan, sender) = (Arc::clone(self), Arc::clone(plan), to_deliver.clone());
        let sink = move || {
            let (this, plan) = (Arc::clone(&this), Arc::clone(&shared_plan));
            Box::new(TransferSink::new(this, plan, sender.clone(), hint.clone())) as Box<dyn InstanceSink>
        };
        let expecting = reception.expect(calling, message_id.get(), Arc::clone(&wanted), Arc::new(sink));
        let query = unit.identifier(plan, &self.task.study_instance_uid);
        let mut ignore = |_| {};
        let moving = association.move_to(model, &query, reception.ae_title(), &mut ignore, &self.stop);
        let moved = self.source.measured("C-MOVE", moving).await;
        let outcome = match moved {
            Ok(outcome) => outcome,
            Err(error) => return Ok(Err(error)),
        };
        let completed = outcome.sub_operations.completed;
        if outcome.status.is_done() && completed.unwrap_or(1) > 0 {
            let (series, sent) = (plan.series[unit.series].uid.as_str(), completed.map_or(0, u64::from));
            // Where the source lists no images their number has to do.
            let is_here = || plan.exact || self.counted.of_series(series) >= sent;
            self.await_stragglers(&wanted, is_here).await;
        }
        drop(expecting);
        Ok(Ok(outcome))
    }

    /// Some servers answer the C-MOVE before their last image is through.
    async fn await_stragglers(&self, wanted: &HashSet<String>, is_here: impl Fn() -> bool) {
        let until = tokio::time::Instant::now() + STRAGGLERS;
        while (!is_here() || wanted.iter().any(|uid| self.ledger.is_wanted(uid)))
            && tokio::time::Instant::now() < until
            && !self.stop.is_cancelled()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
