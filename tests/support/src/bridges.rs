//! More bridges beside a [`Rig`]: further engines over its store, each with a receiver and a relay of its own, all with one AE title.

use std::net::SocketAddr;
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
        };
        let (engine, stop) = (Engine::new(ports, settings), CancellationToken::new());
        let config =
            RelayConfig { name: name.to_owned(), listen: ANY, address: None, token: Token::derive(&KEY) };
        let relay = Relay::open(config, Arc::clone(&backend.items), &engine.reception()).await.expect("the relay opens");
        tokio::spawn(relay.run(stop.clone()));
        let desk = Arc::new(Desk {
            inner: ReceptionDesk(engine.reception()),
            forgetful: Mutex::new(false),
            answers: Mutex::default(),
        });
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
    forgetful: Mutex<bool>,
    answers: Mutex<Vec<Status>>,
}

impl Desk {
    /// From now on no instance says which C-MOVE brought it.
    pub fn overlook_originators(&self) {
        *self.forgetful.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Statuses that senders got, one per instance.
    pub fn answers(&self) -> Vec<Status> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, status: Status) -> Status {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(status);
        status
    }
}

/// The desk as the server sees it.
#[async_trait]
impl Provider for Desk {
    fn admit(&self, caller: &Caller) -> Admission {
        self.inner.admit(caller)
    }

    fn sink(&self, caller: &Caller) -> Box<dyn InstanceSink> {
        let desk = Self {
            inner: ReceptionDesk(Arc::clone(&self.inner.0)),
            forgetful: Mutex::default(),
            answers: Mutex::default(),
        };
        let _ = desk;
        self.inner.sink(caller)
    }
}
