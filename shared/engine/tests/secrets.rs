//! What people enter and never see again stands sealed in the database; what was stored before there was a vault is sealed at the next
//! change.

#![expect(clippy::unwrap_used, reason = "a test, with helpers")]

use std::path::Path;
use std::sync::Arc;

use adit_api::nodes::NodeInput;
use adit_backend_embedded::Embedded;
use adit_deid::ProjectKey;
use adit_domain::{NodeId, Timestamp, UserId};
use adit_engine::{Actor, Engine, Ports, Settings};
use adit_store::clock::SystemClock;
use adit_store::items::{Condition, Item, Key};
use adit_store::repositories::Nodes;
use adit_store::vault::Vault;

const MASTER: [u8; 32] = [7; 32];
const HEADER: &str = "Bearer a-secret-of-the-archive";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";

fn engine(backend: &Embedded) -> Engine {
    let ports = Ports {
        items: Arc::clone(&backend.items),
        queue: Arc::clone(&backend.queue),
        staging: Arc::clone(&backend.staging),
        buckets: None,
    };
    let settings = Settings {
        ae_title: "ADIT".into(),
        project_key: ProjectKey::from_bytes(MASTER),
        default_profile: "adit-compatible".into(),
        process: "test".into(),
        folder_roots: Vec::new(),
        scratch: std::env::temp_dir().join("adit-test-scratch"),
    };
    Engine::new(ports, settings)
}

/// An administrator without a group.
fn somebody() -> Actor {
    let user_id = UserId::new(Timestamp(1), 1);
    Actor { user_id, username: "admin".into(), staff: true, group: None, token: None }
}

fn input(header: Option<&str>, key: Option<&str>) -> NodeInput {
    serde_json::from_value(serde_json::json!({
        "name": "PACS", "kind": "server", "ae_title": "PACS", "host": "127.0.0.1", "port": 104,
        "services": {"study_root_find": true}, "authorization_header": header, "client_key_pem": key
    }))
    .unwrap()
}

/// Whether `text` stands in any file below `dir`.
fn on_disk(dir: &Path, text: &str) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return on_disk(&path, text);
        }
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn secret_key(id: &NodeId) -> Key {
    Key { pk: "NODES".into(), sk: format!("SECRET#{id}") }
}

#[tokio::test]
async fn secrets_of_servers_are_sealed_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let backend = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap();
    let node = engine(&backend).add_node(&somebody(), input(Some(HEADER), Some(KEY))).await.unwrap();
    assert!(node.has_client_key && node.has_authorization_header);
    assert!(on_disk(dir.path(), "study_root_find"), "the search on disk finds what is there");
    assert!(!on_disk(dir.path(), "a-secret-of-the-archive") && !on_disk(dir.path(), "c2VjcmV0"));

    let read = Nodes::new(Arc::clone(&backend.items), Vault::new(&MASTER)).get(&node.id).await.unwrap().unwrap();
    assert_eq!((read.secrets.authorization_header.as_str(), read.secrets.client_key_pem.as_str()), (HEADER, KEY));
    let stranger = Nodes::new(Arc::clone(&backend.items), Vault::new(&[8; 32]));
    assert!(stranger.get(&node.id).await.is_err(), "another master key opens nothing");
}

#[tokio::test]
async fn what_was_stored_before_is_read_and_sealed_at_the_next_change() {
    let dir = tempfile::tempdir().unwrap();
    let backend = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap();
    let engine = engine(&backend);
    let id = engine.add_node(&somebody(), input(None, None)).await.unwrap().id;
    let old = Item {
        key: secret_key(&id),
        body: serde_json::json!({ "client_key_pem": KEY, "authorization_header": HEADER }),
        counters: Default::default(),
        index1: None,
        index2: None,
        version: 0,
        expires_at: None,
    };
    backend.items.put(old, Condition::None).await.unwrap();
    assert!(engine.node(&somebody(), &id).await.unwrap().has_client_key);

    engine.change_node(&somebody(), &id, input(None, None)).await.unwrap();
    let raw = backend.items.get(&secret_key(&id)).await.unwrap().unwrap().body.to_string();
    assert!(raw.contains("adit-sealed.1.") && !raw.contains("secret-of-the-archive"), "{raw}");
    let read = Nodes::new(Arc::clone(&backend.items), Vault::new(&MASTER)).get(&id).await.unwrap().unwrap();
    assert_eq!((read.secrets.authorization_header.as_str(), read.secrets.client_key_pem.as_str()), (HEADER, KEY));
}
