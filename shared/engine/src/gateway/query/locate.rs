//! Finding out where something is whose UID alone is known, so that not every study has to be asked for it.

use std::collections::{BTreeSet, HashMap};
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
        let (mut found, mut is_understood) = (HashMap::new(), true);
        let mut take = |answer: Identifier| {
            let answer = in_utf8(&answer);
            let uid = answer.text(level.unique_key());
            is_understood = uids.contains(&uid);
            if !is_understood {
                return ControlFlow::Break(());
            }
            found.insert(uid, answer);
            ControlFlow::Continue(())
        };
        let asked = self.find(&request, &mut take).await;
        if asked.is_err() || !is_understood || found.len() < uids.len() {
            return;
        }
        for upper in above {
            plan.narrow(upper, found.values().map(|answer| answer.text(upper.unique_key())).collect::<BTreeSet<_>>());
        }
    }
}
