//! How a node is used: its address as a DIMSE peer, how many associations may be open, and when it is left alone.

mod batch;
mod content;
mod end;
mod find;
mod line;
mod remarks;
mod taking;
mod web;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_api::nodes::NodeHealth;
use adit_dicomweb_client::{Client, WebError};
use adit_dimse::{Peer, Timeouts, TlsClient};
use adit_domain::node::{Secrets, Server};
use adit_domain::retry::{BREAKER_FAILURES, BREAKER_OPEN_MS};
use adit_domain::{NodeId, Timestamp};
use adit_store::repositories::NodeRecord;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

pub(crate) use batch::{BATCH, BATCH_MOMENT, Batch, Verdict, Verdicts};
pub(crate) use content::{Arrival, Content, Follower, State as ArrivalState};
pub(crate) use end::End;
pub(crate) use find::{Finder, Take, find_model};
pub(crate) use line::{Line, Outgoing, Route, Sent};
pub(crate) use remarks::Remark;
pub use remarks::Remarks;
pub(crate) use taking::Taking;
pub(crate) use web::Stowed;

/// Permits and breakers of all nodes of this process.
#[derive(Default)]
pub(crate) struct Peers {
    states: Mutex<HashMap<NodeId, Arc<State>>>,
}

/// One node's state.
pub(crate) struct State {
    permits: Arc<Semaphore>,
    breaker: Mutex<Breaker>,
    pace: tokio::sync::Mutex<Instant>,
    /// The client of its DICOMweb services, with the version of the settings that it was made from.
    web: Mutex<Option<(u64, Client)>>,
}

#[derive(Default)]
struct Breaker {
    failures: u32,
    open_until: Option<Timestamp>,
    last_error: String,
}

impl Peers {
    /// The state of a node, made on first use with its limit of associations.
    pub fn state(&self, record: &NodeRecord) -> Arc<State> {
        let associations = record.node.config.server().map_or(8, |server| usize::from(server.limits.associations));
        self.state_of(&record.node.id, associations)
    }

    /// The state of anything with an id.
    pub fn state_of(&self, id: &NodeId, associations: usize) -> Arc<State> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(id.clone()).or_insert_with(|| {
            Arc::new(State {
                permits: Arc::new(Semaphore::new(associations)),
                breaker: Mutex::default(),
                pace: tokio::sync::Mutex::new(Instant::now()),
                web: Mutex::default(),
            })
        });
        Arc::clone(state)
    }

    /// Forgets a node: its settings changed.
    pub fn forget(&self, id: &NodeId) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// How the node did lately.
    pub fn health(&self, id: &NodeId) -> NodeHealth {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = states.get(id) else { return NodeHealth::default() };
        let breaker = state.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        NodeHealth { resting_until: breaker.open_until, last_error: breaker.last_error.clone() }
    }
}

impl State {
    /// Waits for the right to open one association.
    pub async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// The right to open one more association, if one is free now.
    pub fn try_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// The client of its DICOMweb services, made by `make` unless there is one for this version of the settings.
    pub fn web(&self, version: u64, make: impl FnOnce() -> Result<Client, WebError>) -> Result<Client, WebError> {
        let mut kept = self.web.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = kept.as_ref().filter(|(of, _)| *of == version) {
            return Ok(client.clone());
        }
        let client = make()?;
        *kept = Some((version, client.clone()));
        Ok(client)
    }

    /// Until when the node is left alone, if it is.
    pub fn resting(&self, now: Timestamp) -> Option<Timestamp> {
        let breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.open_until.filter(|until| *until > now)
    }

    /// The node answered.
    pub fn answered(&self) {
        *self.breaker.lock().unwrap_or_else(PoisonError::into_inner) = Breaker::default();
    }

    /// The node did not answer; after some failures in a row it is left alone for a while.
    pub fn failed(&self, now: Timestamp, error: String) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.failures += 1;
        breaker.last_error = error;
        if breaker.failures >= BREAKER_FAILURES {
            breaker.open_until = Some(now.plus_ms(BREAKER_OPEN_MS));
        }
    }

    /// Waits until one more instance may move, at `per_second` instances per second (0: at once).
    pub async fn pace(&self, per_second: u32) {
        if per_second == 0 {
            return;
        }
        let mut next = self.pace.lock().await;
        tokio::time::sleep_until(*next).await;
        *next = (*next).max(Instant::now()) + Duration::from_secs(1) / per_second;
    }
}

/// The address of a server as DIMSE needs it.
pub(crate) fn peer(server: &Server, secrets: &Secrets, our_ae_title: &str) -> Result<Peer, adit_dimse::DimseError> {
    let tls = if server.tls.enabled { Some(tls_client(server, secrets)?) } else { None };
    let limits = &server.limits;
    let seconds = |s: u32| Duration::from_secs(u64::from(s));
    let calling = if server.calling_ae_title.is_empty() { our_ae_title } else { &server.calling_ae_title };
    Ok(Peer {
        host: server.host.clone(),
        port: server.port,
        called_ae_title: server.ae_title.to_string(),
        calling_ae_title: calling.to_owned(),
        tls,
        timeouts: Timeouts {
            connect: seconds(limits.connect_timeout_s),
            handshake: seconds(limits.connect_timeout_s),
            first_byte: seconds(limits.first_byte_timeout_s),
            idle: seconds(limits.idle_timeout_s),
            total: (limits.total_timeout_s > 0).then(|| seconds(limits.total_timeout_s)),
        },
        max_pdu: 131_072,
    })
}

/// TLS as configured for a server.
pub(crate) fn tls_client(server: &Server, secrets: &Secrets) -> Result<TlsClient, adit_dimse::DimseError> {
    let given = |text: &'_ str| (!text.trim().is_empty()).then(|| text.to_owned());
    let (ca, certificate, key, name) = (
        given(&server.tls.ca_pem),
        given(&server.tls.client_certificate_pem),
        given(&secrets.client_key_pem),
        given(&server.tls.server_name),
    );
    TlsClient::from_pem(ca.as_deref(), certificate.as_deref(), key.as_deref(), name.as_deref())
}
