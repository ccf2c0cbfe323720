//! Use cases on nodes: list, add, change, delete.

use std::path::Path;

use adit_api::nodes::{NodeInput, NodeView, SecretsInput};
use adit_domain::NodeId;
use adit_domain::group::Direction;
use adit_domain::node::{Node, NodeConfig, NodeKind, Secrets};
use adit_store::items::{Kind, StoreError};
use adit_store::repositories::NodeRecord;

use crate::clock::random;
use crate::permit::Reach;
use crate::{Actor, Engine, Refusal, now};

impl Engine {
    /// The nodes that the actor's group may use, all of them for staff: servers first, then folders, each by name.
    pub async fn nodes(&self, actor: &Actor) -> Result<Vec<NodeView>, Refusal> {
        let reach = self.reach(actor).await?;
        let records = self.0.nodes.list().await?.into_iter();
        let seen = records.filter(|record| sees(actor, &reach, &record.node.id));
        let mut views: Vec<NodeView> = seen.map(|record| self.node_view(record, &reach)).collect();
        views.sort_by_key(|view| (view.config.server().is_none(), view.config.name.to_lowercase()));
        Ok(views)
    }

    /// One node; one that the actor's group may not use answers as absent, except to staff.
    pub async fn node(&self, actor: &Actor, id: &NodeId) -> Result<NodeView, Refusal> {
        let reach = self.reach(actor).await?;
        if !sees(actor, &reach, id) {
            return Err(self.unseen(id).await?);
        }
        Ok(self.node_view(self.node_record(id).await?, &reach))
    }

    /// Adds a node, and grants it to the actor's group for all that it can do.
    pub async fn add_node(&self, actor: &Actor, input: NodeInput) -> Result<NodeView, Refusal> {
        let config = self.checked(input.config)?;
        let node = Node { id: NodeId::new(now(), random()), config };
        let secrets = merged(Secrets::default(), input.secrets);
        check_tls(&node.config, &secrets)?;
        self.0.nodes.insert(&node, &secrets).await.map_err(taken)?;
        self.grant_new(actor, &node).await?;
        self.refresh_reception().await;
        tracing::info!(node = %node.id, "node added");
        self.node(actor, &node.id).await
    }

    /// Changes a node; a stale version is refused.
    pub async fn change_node(&self, actor: &Actor, id: &NodeId, input: NodeInput) -> Result<NodeView, Refusal> {
        let before = self.node_record(id).await?;
        if input.version.is_some_and(|version| version != before.version) {
            return Err(Refusal::conflict(
                "Somebody else changed this node meanwhile. Reload the page and enter your change again.",
            ));
        }
        let node = Node { id: id.clone(), config: self.checked(input.config)? };
        if node.config.server().is_some() != before.node.config.server().is_some() {
            return Err(Refusal::invalid(
                "A server cannot become a folder, nor a folder a server. Add a new node instead.",
            ));
        }
        let secrets = merged(before.secrets.clone(), input.secrets);
        check_tls(&node.config, &secrets)?;
        self.0.nodes.update(&before, &node, &secrets).await.map_err(taken)?;
        self.0.peers.forget(id);
        self.0.gauges.forget(id);
        self.refresh_reception().await;
        tracing::info!(node = %id, "node changed");
        self.node(actor, id).await
    }

    /// Deletes a node that no unfinished job uses. Finished jobs keep its name.
    pub async fn delete_node(&self, id: &NodeId) -> Result<(), Refusal> {
        let record = self.node_record(id).await?;
        if self.node_in_use(id).await? {
            return Err(Refusal::conflict(
                "A job that has not finished uses this node. Wait for the job or cancel it, then delete the node.",
            ));
        }
        self.0.nodes.delete(&record).await?;
        self.0.groups.forget_node(id).await?;
        self.0.storage.remove(id).await?;
        self.0.peers.forget(id);
        self.0.gauges.forget(id);
        self.refresh_reception().await;
        tracing::info!(node = %id, "node deleted");
        Ok(())
    }

    /// Tells the receiver which servers may send. To be called at start and whenever addresses may have changed.
    pub async fn refresh_reception(&self) {
        match self.0.nodes.list().await {
            Ok(records) => self.0.reception.admit_servers(&records).await,
            Err(error) => tracing::error!(error = %error, "the list of servers that may send could not be read"),
        }
        if let Err(error) = self.fresh_rules().await {
            tracing::error!(error = %error, "the rules could not be read");
        }
    }

    pub(crate) async fn node_record(&self, id: &NodeId) -> Result<NodeRecord, Refusal> {
        self.0.nodes.get(id).await?.ok_or_else(|| Refusal::not_found("server or folder"))
    }

    async fn node_in_use(&self, id: &NodeId) -> Result<bool, Refusal> {
        let mut after = None;
        loop {
            let (records, next) = self.0.jobs.list(None, 200, after).await?;
            for record in records.iter().filter(|record| !record.job.status.is_final()) {
                let tasks = self.0.tasks.of_job(&record.job.id).await?;
                if tasks.iter().any(|task| {
                    !task.value.status.is_final() && (task.value.source == *id || task.value.destination == *id)
                }) {
                    return Ok(true);
                }
            }
            after = next;
            if after.is_none() {
                return Ok(false);
            }
        }
    }

    fn checked(&self, config: NodeConfig) -> Result<NodeConfig, Refusal> {
        let config = config.validated()?;
        if let NodeKind::Folder(folder) = &config.kind {
            let roots = &self.0.settings.folder_roots;
            if !roots.is_empty() && !roots.iter().any(|root| Path::new(&folder.path).starts_with(root)) {
                let allowed: Vec<String> = roots.iter().map(|root| root.display().to_string()).collect();
                return Err(Refusal::invalid(format!("This installation only writes below {}.", allowed.join(" or ")))
                    .at("path"));
            }
        }
        Ok(config)
    }

    fn node_view(&self, record: NodeRecord, reach: &Reach) -> NodeView {
        let (id, config) = (&record.node.id, &record.node.config);
        NodeView {
            can_be_source: config.can_be_source(),
            can_be_destination: config.can_be_destination(),
            may_be_source: config.can_be_source() && reach.allows(id, Direction::Source),
            may_be_destination: config.can_be_destination() && reach.allows(id, Direction::Destination),
            health: self.0.peers.health(&record.node.id),
            id: record.node.id,
            config: record.node.config,
            version: record.version,
            has_client_key: !record.secrets.client_key_pem.is_empty(),
            has_authorization_header: !record.secrets.authorization_header.is_empty(),
            has_client_secret: !record.secrets.client_secret.is_empty(),
            has_extra_header: !record.secrets.extra_header.is_empty(),
        }
    }
}

/// A session of an administrator sees all nodes; everybody else, and every token, those of the group.
fn sees(actor: &Actor, reach: &Reach, id: &NodeId) -> bool {
    (actor.staff && actor.token.is_none()) || reach.includes(id)
}

fn merged(mut secrets: Secrets, input: SecretsInput) -> Secrets {
    let SecretsInput { client_key_pem, authorization_header, client_secret, extra_header } = input;
    for (kept, entered) in [
        (&mut secrets.client_key_pem, client_key_pem),
        (&mut secrets.authorization_header, authorization_header),
        (&mut secrets.client_secret, client_secret),
        (&mut secrets.extra_header, extra_header),
    ] {
        if let Some(entered) = entered {
            *kept = entered;
        }
    }
    secrets
}

/// Reads the certificates now, so that a mistake shows at the form and not in a job.
fn check_tls(config: &NodeConfig, secrets: &Secrets) -> Result<(), Refusal> {
    if let Some(server) = config.server().filter(|server| server.tls.enabled) {
        crate::peers::tls_client(server, secrets)
            .map_err(|error| Refusal::invalid(format!("The TLS settings cannot be used: {error}.")).at("ca_pem"))?;
    }
    if let Some(server) = config.server().filter(|server| server.dicomweb.is_any()) {
        adit_dicomweb_client::Client::new(server, secrets).map_err(|error| {
            Refusal::invalid(format!("The DICOMweb settings cannot be used: {error}.")).at("dicomweb_address")
        })?;
    }
    Ok(())
}

/// A conflict after the node itself means that a claim on a name or AE title exists.
fn taken(error: StoreError) -> Refusal {
    match error.kind {
        Kind::Conflict { index } if index >= 2 => {
            Refusal::conflict("Another node has this name or this AE title already. Choose a different one.").at("name")
        }
        _ => error.into(),
    }
}
