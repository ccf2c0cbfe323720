//! Reception: takes what a C-MOVE makes a server send us, and hands each instance to the transfer that waits for it.
//!
//! An instance is matched by Move Originator AE title and message id (PS3.7 9.3.1.1), or, from servers that leave these out, by
//! its SOP Instance UID. Where bridges share an AE title, the one that waits may be another one. What nobody expects is refused, never
//! dropped after a Success.

mod desk;
mod message_ids;
mod neighbours;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use adit_dimse::{Caller, InstanceHead, InstanceSink};
use adit_store::items::StoreError;
use adit_store::repositories::{Moves, NodeRecord};
use async_trait::async_trait;
use tokio::task::JoinSet;

pub use desk::ReceptionDesk;
pub(crate) use message_ids::MessageId;
pub use neighbours::{Neighbours, Waiting};

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

/// A sink of a transfer that waits.
struct Found {
    /// Of its expectation.
    id: u64,
    sink: Box<dyn InstanceSink>,
}

/// How well we know a caller.
struct Acquaintance {
    /// A known server has its address.
    by_address: bool,
    /// That server has its AE title, too.
    by_title: bool,
}

/// How long a name may take to become addresses.
const RESOLVE: Duration = Duration::from_secs(2);

/// A server that may send to us.
#[derive(Debug, Clone)]
struct Known {
    ae_title: String,
    host: String,
    addresses: Vec<IpAddr>,
}

/// Somebody who may take instances that no transfer expects, such as the inbox.
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
    neighbours: RwLock<Option<Arc<dyn Neighbours>>>,
    others: RwLock<Vec<Arc<dyn Receiver>>>,
    expected: Mutex<Vec<Expectation>>,
    known: RwLock<Vec<Known>>,
    /// AE titles under which we ask servers, beside our own.
    our_titles: RwLock<HashSet<String>>,
    next_id: AtomicU64,
    message_ids: message_ids::MessageIds,
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
            neighbours: RwLock::default(),
            others: RwLock::default(),
            expected: Mutex::default(),
            known: RwLock::default(),
            our_titles: RwLock::default(),
            next_id: AtomicU64::new(0),
            message_ids: message_ids::MessageIds::default(),
        }
    }

    /// Becomes one of several bridges with the same AE title, `bridge` by name: message ids are unique among all of them, and what
    /// nobody expects here is offered to the others.
    pub fn join(&self, bridge: &str, moves: Moves, neighbours: Arc<dyn Neighbours>) {
        self.message_ids.share(moves, bridge.to_owned());
        *self.neighbours.write().unwrap_or_else(PoisonError::into_inner) = Some(neighbours);
    }

    fn neighbours(&self) -> Option<Arc<dyn Neighbours>> {
        self.neighbours.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks `receiver` too, after those that were added before, about what no transfer expects.
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

    /// A message id for a C-MOVE under `calling_ae_title`; no other C-MOVE uses it until it is dropped.
    pub(crate) async fn message_id(&self, calling_ae_title: &str) -> Result<MessageId, StoreError> {
        self.message_ids.take(calling_ae_title).await
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

    /// Whether this process has heard of a server with this AE title.
    pub(crate) fn has_heard_of(&self, ae_title: &str) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).iter().any(|one| one.ae_title == ae_title)
    }

    /// Whether we ask servers under this AE title.
    pub(crate) fn is_ours(&self, ae_title: &str) -> bool {
        ae_title == self.ae_title || self.our_titles.read().unwrap_or_else(PoisonError::into_inner).contains(ae_title)
    }

    /// Sets who may send: the AE titles and addresses of all enabled servers. A name that cannot be resolved now keeps its addresses.
    pub(crate) async fn admit_servers(&self, records: &[NodeRecord]) {
        let servers =
            || records.iter().filter_map(|record| Some((record.node.config.enabled, record.node.config.server()?)));
        let titles = servers().map(|(_, server)| server.calling_ae_title.clone());
        let titles = titles.filter(|title| !title.is_empty()).collect();
        *self.our_titles.write().unwrap_or_else(PoisonError::into_inner) = titles;
        let before = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut resolving = JoinSet::new();
        for (_, server) in servers().filter(|(is_enabled, server)| *is_enabled && !server.host.is_empty()) {
            let (ae_title, host) = (server.ae_title.to_string(), server.host.clone());
            let former = before.iter().find(|one| one.ae_title == ae_title && one.host == host);
            let former = former.map(|one| one.addresses.clone()).unwrap_or_default();
            let port = server.port;
            resolving.spawn(async move {
                let addresses = resolve(&host, port).await.unwrap_or(former);
                Known { ae_title, host, addresses }
            });
        }
        let known = resolving.join_all().await;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// The transfer here whose C-MOVE the head names.
    fn by_move(&self, head: &InstanceHead) -> Option<Found> {
        let (ae_title, message_id) = head.move_originator.as_ref()?;
        self.find(|one| one.message_id == *message_id && one.calling_ae_title == ae_title.trim())
    }

    /// A transfer here that waits for this SOP instance.
    fn by_instance(&self, head: &InstanceHead) -> Option<Found> {
        self.find(|one| one.sop_instance_uids.contains(&head.sop_instance_uid))
    }

    fn find(&self, wanted: impl Fn(&Expectation) -> bool) -> Option<Found> {
        let expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        let found = expected.iter().find(|one| wanted(one))?.clone();
        drop(expected);
        Some(Found { id: found.id, sink: (found.sink)() })
    }

    fn expects_something(&self) -> bool {
        !self.expected.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Whether a server that we know lives at the caller's address, and whether one of that title does.
    fn knows(&self, caller: &Caller) -> Acquaintance {
        let address = caller.addr.ip().to_canonical();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut at_home = known.iter().filter(|server| server.addresses.contains(&address)).peekable();
        Acquaintance {
            by_address: at_home.peek().is_some(),
            by_title: at_home.any(|server| server.ae_title == caller.calling_ae_title),
        }
    }
}

/// The addresses of a host; none: nobody knows just now.
async fn resolve(host: &str, port: u16) -> Option<Vec<IpAddr>> {
    let found = tokio::time::timeout(RESOLVE, tokio::net::lookup_host((host, port))).await.ok()?.ok()?;
    Some(found.map(|address| address.ip().to_canonical()).collect())
}

impl Waiting for Reception {
    fn waits_for(&self, sop_instance_uid: &str) -> bool {
        let expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        expected.iter().any(|one| one.sop_instance_uids.contains(sop_instance_uid))
    }

    fn sink_for(&self, head: &InstanceHead) -> Option<Box<dyn InstanceSink>> {
        self.by_move(head).or_else(|| self.by_instance(head)).map(|found| found.sink)
    }
}
