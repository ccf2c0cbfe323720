//! Reception: takes what a C-MOVE makes a server send us, and hands each instance to the transfer that waits for it.
//!
//! An instance is matched by Move Originator AE title and message id (PS3.7 9.3.1.1), or, from servers that leave these out, by
//! its SOP Instance UID. What nobody expects is refused, never dropped after a Success.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use adit_dimse::{Admission, Caller, InstanceHead, InstanceSink, Provider, Status};
use adit_store::repositories::NodeRecord;
use async_trait::async_trait;

/// Makes a sink for an association that brings expected instances.
type SinkFactory = Arc<dyn Fn() -> Box<dyn InstanceSink> + Send + Sync>;

/// What a transfer waits for.
#[derive(Clone)]
struct Expectation {
    id: u64,
    calling_ae_title: String,
    message_id: u16,
    sop_instance_uids: Arc<HashSet<String>>,
    sink: SinkFactory,
}

/// A server that may send to us.
#[derive(Debug, Clone)]
struct Known {
    ae_title: String,
    addresses: Vec<IpAddr>,
}

/// Somebody who may take instances that no transfer of this process expects: another bridge, the inbox.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Whether this caller may open an association on behalf of this receiver.
    fn admits(&self, caller: &Caller) -> bool;
    /// A sink for one instance; none: not for this receiver.
    async fn sink_for(&self, caller: &Caller, head: &InstanceHead) -> Option<Box<dyn InstanceSink>>;
}

/// The receiver behind our own C-STORE server.
pub struct Reception {
    ae_title: String,
    others: RwLock<Vec<Arc<dyn Receiver>>>,
    expected: Mutex<Vec<Expectation>>,
    known: RwLock<Vec<Known>>,
    next_id: AtomicU64,
    next_message_id: AtomicU16,
}

/// While it lives, matching instances are taken.
pub(crate) struct Expecting {
    reception: Arc<Reception>,
    id: u64,
}

impl Drop for Expecting {
    fn drop(&mut self) {
        self.reception.expected.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| one.id != self.id);
    }
}

impl Reception {
    /// A receiver with this AE title.
    #[must_use]
    pub fn new(ae_title: String) -> Self {
        Self {
            ae_title,
            others: RwLock::default(),
            expected: Mutex::default(),
            known: RwLock::default(),
            next_id: AtomicU64::new(0),
            next_message_id: AtomicU16::new(1),
        }
    }

    /// Asks `receiver` too, after those that were added before, about what no transfer of this process expects.
    pub fn add_receiver(&self, receiver: Arc<dyn Receiver>) {
        self.others.write().unwrap_or_else(PoisonError::into_inner).push(receiver);
    }

    fn others(&self) -> Vec<Arc<dyn Receiver>> {
        self.others.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Our AE title: the destination of a C-MOVE.
    pub(crate) fn ae_title(&self) -> &str {
        &self.ae_title
    }

    /// A message id that no other C-MOVE of this process uses at present.
    pub(crate) fn message_id(&self) -> u16 {
        self.next_message_id.fetch_add(1, Ordering::Relaxed).max(1)
    }

    /// Expects what the C-MOVE of `calling_ae_title` with `message_id` brings, or these instances from a server that does not say so.
    pub(crate) fn expect(
        self: &Arc<Self>,
        calling_ae_title: &str,
        message_id: u16,
        sop_instance_uids: Arc<HashSet<String>>,
        sink: SinkFactory,
    ) -> Expecting {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let expectation =
            Expectation { id, calling_ae_title: calling_ae_title.to_owned(), message_id, sop_instance_uids, sink };
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).push(expectation);
        Expecting { reception: Arc::clone(self), id }
    }

    /// Sets who may send: the AE titles and addresses of all enabled servers.
    pub(crate) async fn admit_servers(&self, records: &[NodeRecord]) {
        let mut known = Vec::new();
        for record in records.iter().filter(|record| record.node.config.enabled) {
            let Some(server) = record.node.config.server() else { continue };
            let found = tokio::net::lookup_host((server.host.as_str(), server.port)).await;
            let addresses =
                found.map(|all| all.map(|address| address.ip().to_canonical()).collect()).unwrap_or_default();
            known.push(Known { ae_title: server.ae_title.to_string(), addresses });
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    fn sink_for(&self, head: &InstanceHead) -> Option<(u64, Box<dyn InstanceSink>)> {
        let expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        let by_originator = head.move_originator.as_ref().and_then(|(ae_title, message_id)| {
            expected.iter().find(|one| one.message_id == *message_id && one.calling_ae_title == ae_title.trim())
        });
        let found = by_originator
            .or_else(|| expected.iter().find(|one| one.sop_instance_uids.contains(&head.sop_instance_uid)))?
            .clone();
        drop(expected);
        Some((found.id, (found.sink)()))
    }
}

/// The provider that a DIMSE server serves.
pub struct ReceptionDesk(pub Arc<Reception>);

#[async_trait]
impl Provider for ReceptionDesk {
    /// A caller is admitted by its AE title together with its address. A server that sends under another AE title than it answers to is
    /// admitted by its address while something is expected.
    fn admit(&self, caller: &Caller) -> Admission {
        let address = caller.addr.ip().to_canonical();
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let at_home = known.iter().filter(|server| server.addresses.contains(&address)).collect::<Vec<_>>();
        let expecting = !self.0.expected.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if at_home.iter().any(|server| server.ae_title == caller.calling_ae_title) || (expecting && !at_home.is_empty())
        {
            return Admission::Accept;
        }
        let admitted = self.0.others().iter().any(|receiver| receiver.admits(caller));
        if admitted { Admission::Accept } else { Admission::UnknownCaller }
    }

    fn sink(&self, caller: &Caller) -> Box<dyn InstanceSink> {
        Box::new(Desk { reception: Arc::clone(&self.0), caller: caller.clone(), current: None })
    }
}

/// One association at the desk.
struct Desk {
    reception: Arc<Reception>,
    caller: Caller,
    /// The sink that the last instance went to. That of an expectation (with its id) is used again for its neighbours.
    current: Option<(Option<u64>, Box<dyn InstanceSink>)>,
}

impl Desk {
    /// Makes sure that `current` is the sink for this instance; false: nobody wants it.
    async fn choose(&mut self, head: &InstanceHead) -> bool {
        if let Some((id, sink)) = self.reception.sink_for(head) {
            if self.current.as_ref().is_none_or(|(of, _)| *of != Some(id)) {
                self.current = Some((Some(id), sink));
            }
            return true;
        }
        for receiver in self.reception.others() {
            if let Some(sink) = receiver.sink_for(&self.caller, head).await {
                self.current = Some((None, sink));
                return true;
            }
        }
        false
    }
}

#[async_trait]
impl InstanceSink for Desk {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        if !self.choose(head).await {
            tracing::warn!(sender = %head.calling_ae_title, "an instance that nobody asked for was refused");
            return Err(Status::NOT_AUTHORIZED);
        }
        match &mut self.current {
            Some((_, sink)) => sink.begin(head).await,
            None => Err(Status::PROCESSING_FAILURE),
        }
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        match &mut self.current {
            Some((_, sink)) => sink.write(chunk).await,
            None => Err(Status::PROCESSING_FAILURE),
        }
    }

    async fn end(&mut self) -> Status {
        match &mut self.current {
            Some((_, sink)) => sink.end().await,
            None => Status::PROCESSING_FAILURE,
        }
    }

    async fn abort(&mut self) {
        if let Some((_, sink)) = &mut self.current {
            sink.abort().await;
        }
    }
}
