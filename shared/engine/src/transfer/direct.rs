//! Direct move: the source sends straight to the destination (C-MOVE), when nothing is modified and the servers differ.

use std::sync::Arc;

use adit_dimse::{Model, Proposal, Service, StatusClass};
use adit_domain::task::{LogLevel, Step};
use adit_store::repositories::{Receipt, ReceiptState};

use super::Transfer;
use super::plan::Plan;
use super::problem::Problem;
use super::units::{Unit, units};

impl Transfer {
    /// Whether this run may be a direct move.
    pub(super) fn wants_direct_move(&self) -> bool {
        let options = &self.job.options;
        let servers = self.source.server().zip(self.destination.server());
        options.direct_move
            && options.leaves_unchanged()
            && self.source.id != self.destination.id
            && servers
                .is_some_and(|(source, destination)| source.services.can_move() && destination.services.can_find())
    }

    /// Moves everything that is missing; false: the source will not, so the images go through ADIT. What has arrived is decided by
    /// the verification, not by the counters of the source.
    pub(super) async fn direct_move(self: Arc<Self>, plan: &Plan) -> Result<bool, Problem> {
        let Some((source, destination)) = self.source.server().zip(self.destination.server()) else { return Ok(false) };
        self.ledger.step(Step::Deliver);
        let model = if source.services.study_root_move { Model::StudyRoot } else { Model::PatientRoot };
        let mut association = self.open(&self.source, "opening an association", &Proposal::new().move_(model)).await?;
        for unit in units(plan, &self.ledger, 1, false) {
            let query = unit.identifier(plan, &self.task.study_instance_uid);
            let mut ignore = |_| {};
            let moving = association.move_to(model, &query, destination.ae_title.as_str(), &mut ignore, &self.stop);
            let moved = self.source.measured("C-MOVE", moving).await;
            let outcome = moved.map_err(|error| Problem::of_peer(self.source.name(), "C-MOVE", &error))?;
            if outcome.status.class() == StatusClass::Failure && outcome.sub_operations.completed.unwrap_or(0) == 0 {
                let sentence = format!(
                    "{} (status {}); the images go through ADIT instead.",
                    outcome.status.sentence(Service::Retrieve),
                    outcome.status
                );
                self.ledger.note(LogLevel::Info, "No direct move", &format!("{}: {sentence}", self.source.name()));
                association.release().await;
                return Ok(false);
            }
            self.claim(plan, &unit, &outcome.failed_sop_instance_uids);
        }
        association.release().await;
        self.save_receipts().await?;
        Ok(true)
    }

    /// Takes the images of a unit for delivered, except those that the source named as failed.
    fn claim(&self, plan: &Plan, unit: &Unit, failed: &[String]) {
        let series = &plan.series[unit.series].uid;
        let images = plan
            .expected
            .iter()
            .filter(|(uid, one)| one.series == unit.series && (unit.images.is_empty() || unit.images.contains(uid)));
        for (uid, _) in images {
            if failed.contains(uid) {
                self.ledger.fail(uid, series, Step::Deliver, "the source could not send it to the destination", true);
                continue;
            }
            self.ledger.received(uid);
            self.ledger.delivered_with(
                Receipt {
                    sop_instance_uid: uid.clone(),
                    series_instance_uid: series.clone(),
                    delivered_as: uid.clone(),
                    pseudonym: String::new(),
                    size: 0,
                    state: ReceiptState::Delivered,
                    conversion: None,
                },
                None,
            );
        }
    }
}
