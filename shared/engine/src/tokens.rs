//! What a token may be like: never more than who makes it may.

use adit_api::nodes::NodeView;
use adit_domain::right::TokenLimits;
use adit_domain::{GroupId, NodeId, Right, Timestamp};

use crate::{Actor, Engine, Refusal};

/// Days after which a token ends unless its maker may make longer ones.
const TOKEN_DAYS: i64 = 90;
/// An hour more, so that the browser's "90 days from today" is not refused for its clock.
const LEEWAY_MS: i64 = 3_600_000;

impl Engine {
    /// The group for which a token would act that `actor` makes now: the active one.
    ///
    /// # Errors
    /// The right is missing, the token would live too long, or it names a server that the group does not have.
    pub async fn permit_token(
        &self,
        actor: &Actor,
        limits: &TokenLimits,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<GroupId, Refusal> {
        actor.demand(Right::CreateTokens)?;
        let group = actor.acting_group()?.id.clone();
        let latest = now.plus_ms(TOKEN_DAYS * 24 * 3_600_000 + LEEWAY_MS);
        if !actor.may(Right::NeverExpiringTokens) && expires.is_none_or(|expires| expires > latest) {
            let sentence = format!("A token of yours ends after {TOKEN_DAYS} days at most. Choose an earlier end.");
            return Err(Refusal::invalid(sentence).at("expires"));
        }
        if let Some(nodes) = &limits.nodes {
            let known = self.nodes(actor).await?;
            let usable = |view: &NodeView| view.may_be_source || view.may_be_destination;
            let reaches = |id: &NodeId| known.iter().any(|view| view.id == *id && usable(view));
            if !nodes.iter().all(reaches) {
                let sentence = "One of these servers is not one of your group's. Reload the page and choose again.";
                return Err(Refusal::invalid(sentence).at("nodes"));
            }
        }
        Ok(group)
    }
}
