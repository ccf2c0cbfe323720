//! Who asks, and for which group.

use adit_domain::job::Job;
use adit_domain::right::TokenLimits;
use adit_domain::{Group, GroupId, NodeId, Right, UserId};

use crate::{Engine, Refusal};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Identifies the person.
    pub user_id: UserId,
    /// User name.
    pub username: String,
    /// Sees all jobs and logs, and holds every right of every group that they act for.
    pub staff: bool,
    /// The group that they act for, as it was when the request came; none: they belong to no group.
    pub group: Option<Group>,
    /// How their token is narrower than they are; none: they have a session.
    pub token: Option<TokenLimits>,
}

/// A person who is known, before it is clear for which group they act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Identifies the person.
    pub user_id: UserId,
    /// User name.
    pub username: String,
    /// An administrator.
    pub staff: bool,
}

impl Actor {
    /// Whether the person holds a right in the active group.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.staff || self.group.as_ref().is_some_and(|group| group.may(right))
    }

    /// Refuses who does not hold a right.
    pub fn demand(&self, right: Right) -> Result<(), Refusal> {
        if self.may(right) {
            return Ok(());
        }
        Err(Refusal::forbidden(match &self.group {
            Some(group) => format!(
                "The group {} does not have the right \"{}\". Act for another group, or ask an administrator.",
                group.config.name,
                right.title()
            ),
            None => "You do not belong to a group yet. Ask an administrator to add you to one.".to_owned(),
        }))
    }

    /// The active group; without one nothing can be searched or transferred, by nobody.
    pub fn acting_group(&self) -> Result<&Group, Refusal> {
        self.group.as_ref().ok_or_else(|| {
            Refusal::forbidden(if self.staff {
                "You do not belong to a group. Add yourself to one: servers are granted to groups."
            } else {
                "You do not belong to a group yet. Ask an administrator to add you to one."
            })
        })
    }

    /// Whether the active group or the token allows transfers with pseudonyms only.
    #[must_use]
    pub fn pseudonymised_only(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.config.settings.pseudonymised_only)
            || self.token.as_ref().is_some_and(|token| token.pseudonymised_only)
    }

    /// Whether the token, if there is one, may use a node.
    pub(crate) fn token_reaches(&self, node: &NodeId) -> bool {
        let nodes = self.token.as_ref().and_then(|token| token.nodes.as_ref());
        nodes.is_none_or(|nodes| nodes.contains(node))
    }

    /// Whether a job is this actor's concern. A token sees the jobs of its group only, between servers that it reaches, and if it is
    /// narrowed to pseudonymised data those that pseudonymise.
    pub(crate) fn concerns(&self, job: &Job) -> bool {
        let Some(token) = &self.token else { return true };
        let in_group = job.group.is_some() && job.group.as_ref() == self.group.as_ref().map(|own| &own.id);
        let mut ends = job.sources.iter().chain([&job.source, &job.destination]);
        // Which sources an older job has is not known.
        let reached = token.nodes.is_none() || !job.sources.is_empty() && ends.all(|node| self.token_reaches(node));
        in_group && reached && (!token.pseudonymised_only || job.options.pseudonymises())
    }

    /// Whether a job is the actor's own. What a rule has made belongs to the administrators, whoever has written the rule.
    pub(crate) fn owns(&self, job: &Job) -> bool {
        self.staff || job.cause.is_none() && job.owner == self.user_id
    }
}

impl Engine {
    /// A person as an actor for the group they have chosen, else for the first of their groups.
    pub async fn actor(&self, known: Known) -> Result<Actor, Refusal> {
        let groups = &self.0.groups;
        let mut group = None;
        if let Some(chosen) = groups.chosen(&known.user_id).await? {
            group = self.group_of(&known.user_id, &chosen).await?;
        }
        if group.is_none() {
            for id in groups.of_user(&known.user_id).await? {
                group = groups.get(&id).await?.map(|found| found.value);
                if group.is_some() {
                    break;
                }
            }
        }
        Ok(actor(known, group, None))
    }

    /// The owner of a token as an actor for the token's group. `None`: they do not belong to it (any more), so the token is worth nothing.
    pub async fn token_actor(
        &self,
        known: Known,
        group: &GroupId,
        limits: TokenLimits,
    ) -> Result<Option<Actor>, Refusal> {
        let group = self.group_of(&known.user_id, group).await?;
        Ok(group.map(|group| actor(known, Some(group), Some(limits))))
    }

    /// The group, if the person belongs to it.
    pub(crate) async fn group_of(&self, user: &UserId, group: &GroupId) -> Result<Option<Group>, Refusal> {
        if !self.0.groups.is_member(user, group).await? {
            return Ok(None);
        }
        Ok(self.0.groups.get(group).await?.map(|found| found.value))
    }
}

fn actor(known: Known, group: Option<Group>, token: Option<TokenLimits>) -> Actor {
    Actor { user_id: known.user_id, username: known.username, staff: known.staff, group, token }
}
