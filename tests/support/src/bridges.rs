//! More bridges beside a [`Rig`]: further engines over its store, each with a receiver and a relay of its own, all with one AE title.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use adit_backend_embedded::Embedded;
use adit_deid::ProjectKey;
use adit_dimse::{Admission, Caller, InstanceHead, InstanceSink, Provider, Server, ServerConfig, Status};
use adit_engine::reception::ReceptionDesk;
use adit_engine::worker::Worker;
use adit_engine::{Engine, Ports, Settings};
use adit_relay::{Relay, RelayConfig, Token};
use adit_store::queue::Lane;
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::ANY;
use crate::rig::KEY;

/// A bridge.
pub struct Bridge {
    pub engine: Engine,
    pub dicom: SocketAddr,
    pub desk: Arc<Desk>,
    /// Ends it.
    pub stop: CancellationToken,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Bridge {
    /// Starts a bridge over `backend`, without a worker.
    pub async fn start(backend: &Embedded, name: &str) -> Self {
        let ports = Ports {
            items: Arc::clone(&backend.items),
            queue: Arc::clone(&backend.queue),
            staging: Arc::clone(&backend.staging),
            buckets: None,
        };
        let settings = Settings {
            ae_title: "ADIT".into(),
            project_key: ProjectKey::from_bytes(KEY),
            default_profile: "adit-compatible".into(),
            process: name.to_owned(),
            folder_roots: Vec::new(),
            scratch: std::env::temp_dir().join("adit-test-scratch"),
        };
        let (engine, stop) = (Engine::new(ports, settings), CancellationToken::new());
        let config = RelayConfig { name: name.to_owned(), listen: ANY, address: None, token: Token::derive(&KEY) };
        let relay =
            Relay::open(config, Arc::clone(&backend.items), &engine.reception()).await.expect("the relay opens");
        tokio::spawn(relay.run(stop.clone()));
        let desk = Arc::new(Desk { inner: ReceptionDesk(engine.reception()), kept: Arc::default() });
        let config = ServerConfig { ae_title: Some("ADIT".into()), ..ServerConfig::default() };
        let server = Server::bind(ANY, config, Arc::clone(&desk) as _).await.expect("the receiver binds");
        let dicom = server.local_addr().expect("an address");
        tokio::spawn(server.run(stop.clone()));
        engine.refresh_reception().await;
        Self { engine, dicom, desk, stop }
    }

    /// Lets it work on the tasks of the store.
    pub fn work(&self) {
        let worker = Worker::new(self.engine.clone(), 2, &[Lane::Bridge, Lane::Worker]);
        tokio::spawn(worker.run(self.stop.clone()));
    }
}

/// A desk that can be told to overlook move originators, as if the sender had left them out, and that keeps what was answered.
pub struct Desk {
    inner: ReceptionDesk,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    forgetful: AtomicBool,
    answers: Mutex<Vec<Status>>,
}

impl Desk {
    /// From now on no instance says which C-MOVE brought it.
    pub fn overlook_originators(&self) {
        self.kept.forgetful.store(true, Ordering::SeqCst);
    }

    /// Statuses that senders got, one per instance that was not cut off.
    pub fn answers(&self) -> Vec<Status> {
        self.kept.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Kept {
    fn note(&self, status: Status) -> Status {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(status);
        status
    }
}

#[async_trait]
impl Provider for Desk {
    fn admit(&self, caller: &Caller) -> Admission {
        self.inner.admit(caller)
    }

    fn sink(&self, caller: &Caller) -> Box<dyn InstanceSink> {
        Box::new(Watched { inner: tokio::sync::Mutex::new(self.inner.sink(caller)), kept: Arc::clone(&self.kept) })
    }
}

/// A sink whose answers are kept. The lock only makes it shareable between threads; nobody waits for it.
struct Watched {
    inner: tokio::sync::Mutex<Box<dyn InstanceSink>>,
    kept: Arc<Kept>,
}

#[async_trait]
impl InstanceSink for Watched {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        let mut head = head.clone();
        if self.kept.forgetful.load(Ordering::SeqCst) {
            head.move_originator = None;
        }
        self.inner.get_mut().begin(&head).await.map_err(|status| self.kept.note(status))
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        self.inner.get_mut().write(chunk).await.map_err(|status| self.kept.note(status))
    }

    async fn end(&mut self) -> Status {
        let status = self.inner.get_mut().end().await;
        self.kept.note(status)
    }

    async fn abort(&mut self) {
        self.inner.get_mut().abort().await;
    }
}
