//! The first group: at a first start, and at the first start after an installation learnt of groups, so that nobody loses anything.

use adit_domain::group::{GroupConfig, GroupSettings, NodeGrant};
use adit_domain::{Group, GroupId, Right, Timestamp, UserId};
use adit_store::items::Kind;

use crate::{Engine, Refusal, now};

/// The name of the first group.
const NAME: &str = "Administrators";

impl Engine {
    /// Makes the group "Administrators" with all rights, `everybody` as its members and all nodes granted, unless that has been done
    /// before. Safe to call at any time, by several processes at once.
    pub async fn found_groups(&self, everybody: &[UserId]) -> Result<(), Refusal> {
        if self.0.groups.is_founded().await? {
            return Ok(());
        }
        // The same for all processes, so that two of them make one group.
        let id = GroupId::new(Timestamp(0), 0);
        let config = GroupConfig {
            name: NAME.to_owned(),
            description: "Made by ADIT: everybody and everything that was there before groups were.".to_owned(),
            rights: Right::ALL.into(),
            settings: GroupSettings::default(),
        };
        let group = Group { id: id.clone(), config, created: now() };
        let grants: Vec<NodeGrant> = self.0.nodes.list().await?.iter().map(|record| whole(&id, &record.node)).collect();
        self.give_rules(&id).await?;
        self.0.groups.found(&group, everybody, &grants).await?;
        tracing::info!(people = everybody.len(), nodes = grants.len(), "the first group is there");
        Ok(())
    }

    /// Rules that were made before groups were go on for the first group.
    async fn give_rules(&self, group: &GroupId) -> Result<(), Refusal> {
        for mut rule in self.0.rules.list().await?.into_iter().filter(|rule| rule.value.group.is_none()) {
            rule.value.group = Some(group.clone());
            match self.0.rules.put(&rule.value, Some(rule.version)).await {
                // Another process does the same, or somebody saves it for a group.
                Err(error) if !matches!(error.kind, Kind::Conflict { .. }) => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the first group was made already.
    pub async fn has_groups(&self) -> Result<bool, Refusal> {
        Ok(self.0.groups.is_founded().await?)
    }
}

/// A grant for all that a node can do.
pub(super) fn whole(group: &GroupId, node: &adit_domain::node::Node) -> NodeGrant {
    NodeGrant {
        group: group.clone(),
        node: node.id.clone(),
        source: node.config.can_be_source() || node.config.can_be_watched(),
        destination: node.config.can_be_destination(),
    }
}
