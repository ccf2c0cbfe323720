//! Nodes and their secrets. Names and AE titles are unique through claim items written in the same transaction. Secrets are sealed; those
//! that were stored before there was a vault are read, and sealed when the node is changed next.

use std::sync::Arc;

use adit_domain::node::{Node, Secrets};
use adit_domain::{AeTitle, NodeId};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::encoding::{Versioned, item, key, value};
use crate::items::{Condition, Index, Item, ItemStore, Key, Kind, Query, SkRange, StoreError, Write};
use crate::vault::Vault;

const PARTITION: &str = "NODES";
const CLAIMS: &str = "NODE_CLAIM";

/// A node with what is needed to change it.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeRecord {
    /// The node.
    pub node: Node,
    /// Version of its item.
    pub version: u64,
    /// Its secrets.
    pub secrets: Secrets,
}

/// Repository of nodes.
#[derive(Clone)]
pub struct Nodes {
    items: Arc<dyn ItemStore>,
    vault: Vault,
}

/// Whose a name is.
#[derive(Serialize, Deserialize)]
struct Claimed {
    node: NodeId,
}

/// A node's secrets as they are stored.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Sealed { sealed: String },
    BeforeTheVault(Secrets),
}

impl Nodes {
    /// A repository over `items` that keeps secrets in `vault`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>, vault: Vault) -> Self {
        Self { items, vault }
    }

    /// All nodes, by id. An installation has tens of them.
    pub async fn list(&self) -> Result<Vec<NodeRecord>, StoreError> {
        let mut records = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .items
                .query(Query {
                    index: Index::Primary,
                    pk: PARTITION.into(),
                    sk: SkRange::Prefix("NODE#".into()),
                    descending: false,
                    limit: 100,
                    after,
                })
                .await?;
            for item in page.items {
                let node: Versioned<Node> = value(item)?;
                let secrets = self.secrets(&node.value.id).await?;
                records.push(NodeRecord { node: node.value, version: node.version, secrets });
            }
            after = page.next;
            if after.is_none() {
                return Ok(records);
            }
        }
    }

    /// One node.
    pub async fn get(&self, id: &NodeId) -> Result<Option<NodeRecord>, StoreError> {
        let Some(found) = self.items.get(&node_key(id)).await? else { return Ok(None) };
        let node: Versioned<Node> = value(found)?;
        let secrets = self.secrets(id).await?;
        Ok(Some(NodeRecord { node: node.value, version: node.version, secrets }))
    }

    /// The server with this AE title.
    pub async fn by_ae_title(&self, ae_title: &AeTitle) -> Result<Option<NodeRecord>, StoreError> {
        let claim = key(CLAIMS, format!("AE#{ae_title}"));
        let Some(found) = self.items.get(&claim).await? else { return Ok(None) };
        let claimed: Versioned<Claimed> = value(found)?;
        self.get(&claimed.value.node).await
    }

    async fn secrets(&self, id: &NodeId) -> Result<Secrets, StoreError> {
        let key = secret_key(id);
        let Some(found) = self.items.get(&key).await? else { return Ok(Secrets::default()) };
        match value(found)?.value {
            Kept::BeforeTheVault(secrets) => Ok(secrets),
            Kept::Sealed { sealed } => {
                let plain = Zeroizing::new(self.vault.open(&key, &sealed)?);
                // The parser's own message could quote a secret.
                serde_json::from_slice(&plain).map_err(|_| StoreError::new(Kind::Corrupt, "secrets of a node"))
            }
        }
    }

    fn keep(&self, id: &NodeId, secrets: &Secrets) -> Result<Write, StoreError> {
        let key = secret_key(id);
        let plain = serde_json::to_vec(secrets).map_err(|error| StoreError::new(Kind::Invalid, error))?;
        let sealed = self.vault.seal(&key, &Zeroizing::new(plain));
        Ok(Write::Put { item: item(key, &Kept::Sealed { sealed })?, condition: Condition::None })
    }

    /// Adds a node. Conflict at write 1 or later: name or AE title is taken.
    pub async fn insert(&self, node: &Node, secrets: &Secrets) -> Result<(), StoreError> {
        let mut writes = vec![
            Write::Put { item: item(node_key(&node.id), node)?, condition: Condition::Absent },
            self.keep(&node.id, secrets)?,
        ];
        writes.extend(claims(node).into_iter().map(|claim| take(claim, &node.id)));
        self.items.transact(writes).await
    }

    /// Changes a node that was read at `before.version`. Conflict at write 0: somebody else changed it; later: a name is taken.
    pub async fn update(&self, before: &NodeRecord, node: &Node, secrets: &Secrets) -> Result<(), StoreError> {
        let mut writes = vec![
            Write::Put { item: item(node_key(&node.id), node)?, condition: Condition::Version(before.version) },
            self.keep(&node.id, secrets)?,
        ];
        let (old, new) = (claims(&before.node), claims(node));
        writes.extend(new.iter().filter(|claim| !old.contains(claim)).map(|claim| take(claim.clone(), &node.id)));
        writes.extend(
            old.iter()
                .filter(|claim| !new.contains(claim))
                .map(|claim| Write::Delete { key: claim.clone(), condition: Condition::None }),
        );
        self.items.transact(writes).await
    }

    /// Removes a node with everything that belongs to it.
    pub async fn delete(&self, record: &NodeRecord) -> Result<(), StoreError> {
        let id = &record.node.id;
        let mut writes = vec![
            Write::Delete { key: node_key(id), condition: Condition::Version(record.version) },
            Write::Delete { key: secret_key(id), condition: Condition::None },
        ];
        writes.extend(claims(&record.node).into_iter().map(|key| Write::Delete { key, condition: Condition::None }));
        self.items.transact(writes).await
    }
}

fn node_key(id: &NodeId) -> Key {
    key(PARTITION, format!("NODE#{id}"))
}

fn secret_key(id: &NodeId) -> Key {
    key(PARTITION, format!("SECRET#{id}"))
}

/// What nobody else may be called: the name without regard to case, and a server's AE title.
fn claims(node: &Node) -> Vec<Key> {
    let mut claims = vec![key(CLAIMS, format!("NAME#{}", node.config.name.to_lowercase()))];
    if let Some(server) = node.config.server() {
        claims.push(key(CLAIMS, format!("AE#{}", server.ae_title)));
    }
    claims
}

fn take(claim: Key, id: &NodeId) -> Write {
    let body = serde_json::json!({ "node": id.as_str() });
    let item = Item {
        key: claim,
        body,
        counters: Default::default(),
        index1: None,
        index2: None,
        version: 0,
        expires_at: None,
    };
    Write::Put { item, condition: Condition::Absent }
}
