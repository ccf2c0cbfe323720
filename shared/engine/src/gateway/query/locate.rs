//! Finding out where something is whose UID alone is known, so that not every study has to be asked for it.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use adit_dimse::{Identifier, Model};

use super::ask::Plan;
use super::levels::Level;
use super::walk::Line;
use crate::text::in_utf8;

impl Line<'_> {
    /// Asks for series or images that the search names by their UIDs, without the levels above, and narrows the search to the studies and
    /// series that hold them. Few archives have to understand it (PS3.4 C.4.1.2.2.1); where one does not, or does not find all of them, the
    /// search stays as it is. What the search has said is judged on its way as ever.
    pub(super) async fn locate(&mut self, plan: &mut Plan) {
        let Some((level, uids)) = plan.named_alone() else { return };
        let patient = (self.model() == Model::PatientRoot).then_some(Level::Patient);
        let above: Vec<Level> =
            patient.into_iter().chain([Level::Study, Level::Series]).filter(|upper| *upper < level).collect();
        let mut request = Identifier::at_level(level.name()).with(level.unique_key(), &uids.join("\\"));
        for upper in &above {
            request.ask(upper.unique_key());
        }
        // Some archives name one of several copies only; which one is meant, the rest of the search may tell.
        let mut meant = request.clone();
        plan.said_above(level).for_each(|(tag, value)| meant.set_raw(tag, value.as_bytes()));
        // The same UID may be held twice, by copies of a study.
        let (mut found, mut parents, mut is_understood) = (HashSet::new(), vec![BTreeSet::new(); above.len()], true);
        let mut take = |answer: Identifier| {
            let answer = in_utf8(&answer);
            let uid = answer.text(level.unique_key());
            is_understood = uids.contains(&uid);
            if !is_understood {
                return ControlFlow::Break(());
            }
            for (upper, parents) in above.iter().zip(&mut parents) {
                parents.insert(answer.text(upper.unique_key()));
            }
            found.insert(uid);
            ControlFlow::Continue(())
        };
        let mut asked = self.find(&request, &mut take).await;
        if asked.is_ok() && meant != request {
            asked = self.find(&meant, &mut take).await;
        }
        if asked.is_err() || !is_understood || found.len() < uids.len() {
            return;
        }
        for (upper, parents) in above.into_iter().zip(parents) {
            plan.narrow(upper, parents);
        }
    }
}
