//! A house with groups, people and servers that nobody answers at.

use std::sync::Arc;
use std::time::Duration;

use adit_api::groups::GroupInput;
use adit_api::jobs::{CreateJob, StudySelection};
use adit_api::nodes::{NodeInput, SecretsInput};
use adit_backend_embedded::Embedded;
use adit_deid::ProjectKey;
use adit_domain::group::GroupConfig;
use adit_domain::transfer::{Identity, TransferOptions};
use adit_domain::{GroupId, NodeId, Right, Timestamp, UserId};
use adit_engine::{Actor, Engine, Known, Ports, Settings};
use adit_store::clock::SystemClock;
use serde_json::json;
use tempfile::TempDir;

pub struct House {
    pub engine: Engine,
    pub backend: Embedded,
    pub staff: Actor,
    pub groups: Vec<GroupId>,
    pub nodes: Vec<NodeId>,
    _dir: TempDir,
}

pub fn user(number: u128) -> UserId {
    UserId::new(Timestamp(9), number)
}

pub fn known(number: u128) -> Known {
    Known { user_id: user(number), username: format!("user-{number}"), staff: false }
}

/// A server that nobody answers at.
pub fn server(number: usize) -> NodeInput {
    let config = serde_json::from_value(json!({
        "name": format!("Server {number}"), "kind": "server", "ae_title": format!("S{number}"), "host": "127.0.0.1", "port": 9,
        "services": { "study_root_find": true, "study_root_get": true, "store_scp": true }
    }));
    NodeInput { config: config.expect("a server"), secrets: SecretsInput::default(), version: None }
}

pub fn config(number: usize, rights: impl IntoIterator<Item = Right>) -> GroupConfig {
    GroupConfig { name: format!("Group {number}"), rights: rights.into_iter().collect(), ..GroupConfig::default() }
}

impl House {
    pub async fn new(groups: usize, nodes: usize) -> Self {
        let mut house = Self::unfounded().await;
        house.engine.found_groups(&[]).await.expect("the first group");
        for number in 0..groups {
            let input = GroupInput { config: config(number, []), version: None };
            house.groups.push(house.engine.add_group(input).await.expect("a group").id);
            // People act for the first of their groups by id; those made in the same millisecond would stand in any order.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        for number in 0..nodes {
            house.nodes.push(house.engine.add_node(&house.staff, server(number)).await.expect("a node").id);
        }
        house
    }

    /// As before there were groups.
    pub async fn unfounded() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let backend = Embedded::open(dir.path(), Arc::new(SystemClock)).expect("the backend opens");
        let ports = Ports {
            items: Arc::clone(&backend.items),
            queue: Arc::clone(&backend.queue),
            staging: Arc::clone(&backend.staging),
            buckets: None,
        };
        let settings = Settings {
            ae_title: "ADIT".into(),
            project_key: ProjectKey::from_bytes([3; 32]),
            default_profile: "adit-compatible".into(),
            process: "rights".into(),
            folder_roots: Vec::new(),
            scratch: std::env::temp_dir().join("adit-test-scratch"),
        };
        let engine = Engine::new(ports, settings);
        let staff = Known { user_id: user(999_999), username: "staff".into(), staff: true };
        let staff = engine.actor(staff).await.expect("an actor");
        Self { engine, backend, staff, groups: Vec::new(), nodes: Vec::new(), _dir: dir }
    }

    pub fn wish(&self, from: usize, to: usize, pseudonymise: bool) -> CreateJob {
        let identity = if pseudonymise { Identity::Pseudonymise } else { Identity::Keep };
        let study = StudySelection {
            source: self.nodes[from].clone(),
            patient_id: "1".into(),
            study_instance_uid: "1.2.3".into(),
            series_instance_uids: Vec::new(),
            pseudonym: String::new(),
            label: String::new(),
            images: None,
        };
        CreateJob {
            destination: self.nodes[to].clone(),
            options: TransferOptions { identity: Some(identity), ..TransferOptions::default() },
            urgent: false,
            studies: vec![study],
        }
    }
}
