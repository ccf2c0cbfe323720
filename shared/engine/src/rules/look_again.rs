//! A rule that is new, changed or switched on again sees what has arrived before and is still there.

use adit_domain::rule::{Rule, Trigger, inbox};
use adit_domain::{NodeId, Timestamp};
use adit_store::items::{Kind, StoreError};
use adit_store::repositories::Arrival;

use super::arrive::{REMEMBERED_S, is_about};
use crate::{Engine, Refusal, now};

/// Arrivals, the newest first, that are made due at most: somebody waits for the answer.
const MOST: usize = 5_000;

impl Engine {
    /// Makes due what the rule has not seen. A failure is logged: the rule is saved, and what comes makes its study due anyway.
    pub(crate) async fn look_again(&self, rule: &Rule) {
        let source = match &rule.config.trigger {
            Trigger::Inbox { .. } => inbox(),
            Trigger::Objects { source, .. } => source.clone(),
            Trigger::Schedule { .. } => return,
        };
        if !rule.config.enabled || !is_about(rule, &source) {
            return;
        }
        if let Err(error) = self.make_due(rule, &source).await {
            tracing::warn!(rule = %rule.id, error = %error, "a rule may not see everything that arrived before it");
        }
    }

    async fn make_due(&self, rule: &Rule, source: &NodeId) -> Result<(), Refusal> {
        let (mut after, mut seen, now) = (None, 0, now());
        loop {
            let (arrivals, next) = self.0.arrivals.page(source, after).await?;
            seen += arrivals.len();
            for arrival in arrivals.iter().filter(|arrival| is_to_be_seen(arrival, rule, now)) {
                self.make_one_due(arrival, rule, now).await?;
            }
            after = next;
            if after.is_none() || seen >= MOST {
                return Ok(());
            }
        }
    }

    async fn make_one_due(&self, found: &Arrival, rule: &Rule, now: Timestamp) -> Result<(), Refusal> {
        let Some(current) = self.0.arrivals.get(&found.source, &found.study_instance_uid).await? else { return Ok(()) };
        if !is_to_be_seen(&current.value, rule, now) {
            return Ok(());
        }
        let expires_at = current.value.last.seconds() + REMEMBERED_S;
        let arrival = Arrival { due: Some(now), ..current.value };
        match self.0.arrivals.update(&arrival, current.version, expires_at).await {
            // Something came, or a sweep looks at it just now and makes it due again.
            Err(StoreError { kind: Kind::Conflict { .. }, .. }) => Ok(()),
            other => Ok(other?),
        }
    }
}

/// Whether a rule has not seen a study, and nothing makes it look soon.
fn is_to_be_seen(arrival: &Arrival, rule: &Rule, now: Timestamp) -> bool {
    !arrival.is_handled(&rule.id) && arrival.due.is_none_or(|due| due > now)
}
