//! A whole ADIT in the test's process: embedded backend, receiver, worker.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use adit_api::jobs::{CreateJob, JobSnapshot, StudySelection};
use adit_api::nodes::{NodeInput, NodeView, SecretsInput};
use adit_api::projects::ProjectInput;
use adit_backend_embedded::{Embedded, FolderShelf, LocalFolders};
use adit_deid::ProjectKey;
use adit_dimse::{Peer, Server, ServerConfig, Timeouts};
use adit_domain::node::{Bucket, Folder, NodeConfig, NodeKind};
use adit_domain::transfer::{Identity, TransferOptions};
use adit_domain::{JobId, Timestamp, UserId};
use adit_engine::reception::ReceptionDesk;
use adit_engine::worker::Worker;
use adit_engine::{Actor, Engine, Known, Ports, Settings};
use adit_store::clock::SystemClock;
use adit_store::queue::{Depth, Lane};
use adit_store::shelf::{Buckets, Shelf};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::ANY;

/// The key of every test's project.
pub const KEY: [u8; 32] = [42; 32];

/// Buckets as folders, by their names.
struct FolderBuckets(PathBuf);

impl Buckets for FolderBuckets {
    fn shelf(&self, bucket: &Bucket) -> Arc<dyn Shelf> {
        let place = self.0.join(&bucket.bucket).join(&bucket.prefix);
        std::fs::create_dir_all(&place).expect("a bucket can be made");
        Arc::new(FolderShelf::new(&place))
    }
}

/// A running ADIT.
pub struct Rig {
    pub engine: Engine,
    pub backend: Embedded,
    pub actor: Actor,
    pub dicom: SocketAddr,
    pub data_dir: PathBuf,
    stop: CancellationToken,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Rig {
    /// Starts on `data_dir`.
    pub async fn start(data_dir: &Path) -> Self {
        let backend = Embedded::open(data_dir, Arc::new(SystemClock)).expect("the backend opens");
        let ports = Ports {
            items: Arc::clone(&backend.items),
            queue: Arc::clone(&backend.queue),
            staging: Arc::clone(&backend.staging),
            buckets: Some(Arc::new(FolderBuckets(data_dir.join("buckets")))),
        };
        let settings = Settings {
            ae_title: "ADIT".into(),
            project_key: ProjectKey::from_bytes(KEY),
            default_profile: "adit-compatible".into(),
            process: format!("test-{}", std::process::id()),
            folder_roots: Vec::new(),
            scratch: data_dir.join("scratch"),
        };
        let engine = Engine::new(ports, settings);
        engine.use_folders(Arc::new(LocalFolders));
        engine.open_inbox();
        engine.recover().await.expect("recovery works");
        engine.refresh_reception().await;
        let config = ServerConfig { ae_title: Some("ADIT".into()), ..ServerConfig::default() };
        let server =
            Server::bind(ANY, config, Arc::new(ReceptionDesk(engine.reception()))).await.expect("the receiver binds");
        let (dicom, stop) = (server.local_addr().expect("an address"), CancellationToken::new());
        tokio::spawn(server.run(stop.clone()));
        tokio::spawn(Worker::new(engine.clone(), 2, &[Lane::Bridge, Lane::Worker]).run(stop.clone()));
        let user_id = UserId::new(Timestamp(0), 1);
        let known = Known { user_id: user_id.clone(), username: "tester".into(), staff: true };
        engine.found_groups(&[user_id]).await.expect("the first group is made");
        let actor = engine.actor(known).await.expect("the tester is known");
        Self { engine, backend, actor, dicom, data_dir: data_dir.to_owned(), stop }
    }

    /// This ADIT as the destination of a C-MOVE, called by `calling`.
    pub fn as_destination(&self, calling: &str) -> Peer {
        peer("ADIT", self.dicom, calling)
    }

    /// Adds a server that offers `services` (names of the fields).
    pub async fn server(&self, ae_title: &str, addr: SocketAddr, services: &[&str]) -> NodeView {
        self.server_with(ae_title, addr, services, json!({})).await
    }

    /// Adds a server with limits of its own.
    pub async fn server_with(
        &self,
        ae_title: &str,
        addr: SocketAddr,
        services: &[&str],
        limits: serde_json::Value,
    ) -> NodeView {
        let services: serde_json::Map<String, serde_json::Value> =
            services.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
        let config: NodeConfig = serde_json::from_value(json!({
            "name": ae_title, "kind": "server", "ae_title": ae_title, "host": "127.0.0.1", "port": addr.port(),
            "services": services, "limits": limits, "max_search_results": 20_000
        }))
        .expect("a server");
        self.add(config).await
    }

    /// Adds a server of DICOMweb; `more` are further fields of the server.
    pub async fn web_server(&self, ae_title: &str, url: &str, more: serde_json::Value) -> NodeView {
        let mut config = json!({
            "name": ae_title, "kind": "server", "ae_title": ae_title, "max_search_results": 20_000,
            "dicomweb": {"root_url": url, "qido": true, "wado": true, "stow": true}
        });
        merge(&mut config, more);
        let config: NodeConfig = serde_json::from_value(config).expect("a server");
        self.add(config).await
    }

    /// Adds a folder.
    pub async fn folder(&self, name: &str, path: &Path) -> NodeView {
        let kind = NodeKind::Folder(Folder { path: path.display().to_string(), quota_gb: 0, warn_size_gb: 0 });
        self.add(NodeConfig { name: name.to_owned(), enabled: true, kind }).await
    }

    /// Adds a bucket; its objects lie in [`Rig::bucket_dir`].
    pub async fn bucket(&self, name: &str, bucket: &str, prefix: &str) -> NodeView {
        let kind =
            NodeKind::Bucket(Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned(), region: String::new() });
        self.add(NodeConfig { name: name.to_owned(), enabled: true, kind }).await
    }

    /// Where the objects of a bucket lie.
    pub fn bucket_dir(&self, bucket: &str) -> PathBuf {
        self.data_dir.join("buckets").join(bucket)
    }

    async fn add(&self, config: NodeConfig) -> NodeView {
        let input = NodeInput { config, secrets: SecretsInput::default(), version: None };
        self.engine.add_node(&self.actor, input).await.expect("the node is accepted")
    }

    /// Sets the secrets of a server.
    pub async fn secrets(&self, node: &NodeView, secrets: SecretsInput) {
        let input = NodeInput { config: node.config.clone(), secrets, version: None };
        self.engine.change_node(&self.actor, &node.id, input).await.expect("the secrets are accepted");
    }

    /// Adds a project.
    pub async fn project(&self, name: &str, profile: &str, rules: &str) {
        let (name, profile, rules) = (name.to_owned(), profile.to_owned(), rules.to_owned());
        let input = ProjectInput { name, profile, rules, ..ProjectInput::default() };
        self.engine.add_project(&self.actor, input).await.expect("the project is accepted");
    }

    /// The wish to transfer one study.
    pub fn wish(&self, source: &NodeView, destination: &NodeView, study: &str, options: TransferOptions) -> CreateJob {
        let studies = vec![StudySelection {
            source: source.id.clone(),
            patient_id: String::new(),
            study_instance_uid: study.to_owned(),
            series_instance_uids: Vec::new(),
            pseudonym: String::new(),
            label: "test".into(),
            images: None,
        }];
        CreateJob { destination: destination.id.clone(), options, urgent: false, studies }
    }

    /// Starts a transfer of one study.
    pub async fn submit(
        &self,
        source: &NodeView,
        destination: &NodeView,
        study: &str,
        options: TransferOptions,
    ) -> JobId {
        let wish = self.wish(source, destination, study, options);
        self.engine.create_job(&self.actor, wish).await.expect("the job is accepted").id
    }

    /// Waits until the job is final, or until its only task waits for another attempt.
    pub async fn outcome(&self, job: &JobId) -> JobSnapshot {
        self.until(job, |snapshot| {
            snapshot.job.status.is_final() || snapshot.tasks.iter().any(|task| task.not_before.is_some())
        })
        .await
    }

    /// Waits until a snapshot of the job fulfils `wanted`.
    pub async fn until(&self, job: &JobId, wanted: impl Fn(&JobSnapshot) -> bool) -> JobSnapshot {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
        loop {
            let snapshot = self.engine.snapshot(&self.actor, job).await.expect("the job is there");
            if wanted(&snapshot) {
                return snapshot;
            }
            assert!(tokio::time::Instant::now() < deadline, "the job does not get there: {snapshot:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A transfer from beginning to end.
    pub async fn transfer(
        &self,
        source: &NodeView,
        destination: &NodeView,
        study: &str,
        options: TransferOptions,
    ) -> JobSnapshot {
        let job = self.submit(source, destination, study, options).await;
        self.outcome(&job).await
    }

    /// Fails when a finished test leaves staged objects or queue messages behind.
    pub async fn assert_clean(&self) {
        let usage = self.backend.staging.usage().await.expect("staging answers");
        assert_eq!(usage.objects, 0, "staged objects are left behind");
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        loop {
            let mut left = Vec::new();
            for lane in [Lane::Bridge, Lane::Worker] {
                let depth = self.backend.queue.depth(lane).await.expect("the queue answers");
                left.extend((depth != Depth::default()).then_some(depth));
            }
            if left.is_empty() {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "queue messages are left behind: {left:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Stops the worker and waits for it to hand everything back.
    pub async fn stop(self) {
        self.stop.cancel();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Puts the fields of `more` into `into`, objects field by field.
fn merge(into: &mut serde_json::Value, more: serde_json::Value) {
    match (into, more) {
        (serde_json::Value::Object(into), serde_json::Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

/// A peer of this machine.
pub fn peer(ae_title: &str, addr: SocketAddr, calling: &str) -> Peer {
    Peer {
        host: addr.ip().to_string(),
        port: addr.port(),
        called_ae_title: ae_title.to_owned(),
        calling_ae_title: calling.to_owned(),
        tls: None,
        timeouts: Timeouts::default(),
        max_pdu: 131_072,
    }
}

/// Options of a job in a project, with a pseudonym or, without one, with a derived one.
pub fn in_project(project: &str, pseudonym: &str) -> TransferOptions {
    TransferOptions {
        identity: Some(Identity::Pseudonymise),
        project: project.to_owned(),
        pseudonym: pseudonym.to_owned(),
        ..TransferOptions::default()
    }
}

/// Options with a pseudonym.
pub fn pseudonym(text: &str) -> TransferOptions {
    TransferOptions { pseudonym: text.to_owned(), ..TransferOptions::default() }
}
