//! Retrieval by count: a reader's series are asked for as a whole, without a list of their images before. An archive takes as long for
//! the list as for a good part of the images, and most retrievals bring everything. The images are listed when they did not.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Transfer;
use super::plan::Plan;
use super::problem::Problem;
use super::retrieve::TRIES;
use super::sink::StagedInstance;
use super::units::units;
use super::ways::ways;

/// Larger series are shared by several associations, for which the images have to be known by name.
const MAX_IMAGES: u64 = 250;

/// Whether whole series may be asked for by count: the source has counted each, and none is so large that it should be shared.
pub(super) fn is_enough(plan: &Plan) -> bool {
    plan.series.iter().all(|series| series.count.is_some_and(|count| (1..=MAX_IMAGES).contains(&count)))
}

impl Transfer {
    /// Fetches every series once, by the first way that the source offers, `parallel` at a time. True: the source said that it sent
    /// everything, and as many came as it had counted.
    pub(super) async fn retrieve_counted(
        self: &Arc<Self>,
        plan: &Arc<Plan>,
        to_deliver: &mpsc::Sender<StagedInstance>,
        parallel: usize,
    ) -> Result<bool, Problem> {
        let Some(way) = self.source.server().and_then(|server| ways(server).next()) else { return Ok(false) };
        let mut open = units(plan, &self.ledger, parallel, false);
        // What fails is not repeated as a whole: then only what is missing is asked for.
        open.iter_mut().for_each(|unit| unit.tries = TRIES);
        match Arc::clone(self).pass(way, plan, open, to_deliver, parallel).await {
            Err(Problem::Canceled) => Err(Problem::Canceled),
            Err(_) => Ok(false),
            Ok(()) => Ok(self.ledger.has_counted(plan) && self.ledger.failures().1 == 0 && !self.ledger.was_short()),
        }
    }
}
