//! Which group may use which node. Each grant is set on its own; it counts from the next request and the next task on.

use std::collections::HashMap;

use adit_api::groups::{GrantInput, GrantView};
use adit_domain::group::NodeGrant;
use adit_domain::node::Node;
use adit_domain::{GroupId, NodeId};

use super::found::whole;
use crate::{Actor, Engine, Refusal};

impl Engine {
    /// All nodes that a group may use, by name.
    pub async fn grants_of_group(&self, id: &GroupId) -> Result<Vec<GrantView>, Refusal> {
        let group_name = self.stored_group(id).await?.value.config.name;
        let names: HashMap<NodeId, String> =
            self.0.nodes.list().await?.into_iter().map(|record| (record.node.id, record.node.config.name)).collect();
        let grants = self.0.groups.grants_of(id).await?.into_iter();
        // A grant on a node that was deleted meanwhile is none.
        let named = grants.filter_map(|grant| Some((names.get(&grant.node)?.clone(), grant)));
        let mut views: Vec<GrantView> = named.map(|(name, grant)| view(grant, group_name.clone(), name)).collect();
        views.sort_by_key(|view| view.node_name.to_lowercase());
        Ok(views)
    }

    /// All groups that may use a node, by name.
    pub async fn grants_on_node(&self, id: &NodeId) -> Result<Vec<GrantView>, Refusal> {
        let node_name = self.node_record(id).await?.node.config.name;
        let mut views = Vec::new();
        for grant in self.0.groups.grants_on(id).await? {
            if let Some(group) = self.0.groups.get(&grant.group).await? {
                views.push(view(grant, group.value.config.name, node_name.clone()));
            }
        }
        views.sort_by_key(|view| view.group_name.to_lowercase());
        Ok(views)
    }

    /// Sets what a group may do with a node.
    pub async fn set_grant(&self, group: &GroupId, node: &NodeId, input: GrantInput) -> Result<GrantView, Refusal> {
        let group_name = self.stored_group(group).await?.value.config.name;
        let node_name = self.node_record(node).await?.node.config.name;
        let GrantInput { source, destination } = input;
        let grant = NodeGrant { group: group.clone(), node: node.clone(), source, destination };
        self.0.groups.set_grant(&grant).await?;
        tracing::info!(group = %group, node = %node, source, destination, "grant set");
        Ok(view(grant, group_name, node_name))
    }

    /// Grants a node that an administrator has just added to their active group, for all that it can do.
    pub(crate) async fn grant_new(&self, actor: &Actor, node: &Node) -> Result<(), Refusal> {
        let Some(group) = &actor.group else { return Ok(()) };
        Ok(self.0.groups.set_grant(&whole(&group.id, node)).await?)
    }
}

fn view(grant: NodeGrant, group_name: String, node_name: String) -> GrantView {
    let NodeGrant { group, node, source, destination } = grant;
    GrantView { group, group_name, node, node_name, source, destination }
}
