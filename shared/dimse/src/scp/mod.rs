//! Services as provider: a server that takes instances and, if it has an archive, answers queries and sends what it holds.

mod query;
mod serve;
mod server;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::association::{Peer, Timeouts};
use crate::identifier::Identifier;
use crate::proposal::Model;
use crate::sink::InstanceSink;
use crate::status::Status;
use crate::tls::TlsServer;

pub use server::Server;

/// Settings of a server.
#[derive(Clone)]
pub struct ServerConfig {
    /// Our AE title; callers that ask for another one are turned away. `None` answers to every title.
    pub ae_title: Option<String>,
    /// Encryption.
    pub tls: Option<TlsServer>,
    /// `handshake` and `idle` are used.
    pub timeouts: Timeouts,
    /// Longest PDU that we accept, in bytes.
    pub max_pdu: u32,
    /// Associations at a time; callers beyond are turned away for the moment.
    pub max_associations: usize,
}

impl Default for ServerConfig {
    fn default() -> Self {
        let timeouts = Timeouts { idle: Duration::from_secs(120), ..Timeouts::default() };
        Self { ae_title: None, tls: None, timeouts, max_pdu: 131_072, max_associations: 64 }
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Calling AE title.
    pub calling_ae_title: String,
    /// Called AE title.
    pub called_ae_title: String,
    /// From where.
    pub addr: SocketAddr,
}

/// Whether a caller gets an association (PS3.8 9.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Yes.
    Accept,
    /// No: the calling AE title (or its address) is not known here.
    UnknownCaller,
    /// Not now.
    Busy,
}

/// What stands behind a server.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Whether the caller may have an association.
    fn admit(&self, caller: &Caller) -> Admission;
    /// Where instances of this association go.
    fn sink(&self, caller: &Caller) -> Box<dyn InstanceSink>;
    /// An archive, if queries are answered.
    fn archive(&self) -> Option<&dyn Archive> {
        None
    }
}

/// Something that can be searched and sent from.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Sends matches of the query into `matches` as they are found; a closed channel means that the caller has had enough.
    async fn find(&self, model: Model, query: Identifier, matches: mpsc::Sender<Identifier>) -> Status;
    /// What a C-GET or C-MOVE wants, in the order in which it is to be sent.
    async fn select(&self, model: Model, query: Identifier) -> Result<Vec<ObjectRef>, Status>;
    /// The peer behind a Move Destination.
    fn destination(&self, ae_title: &str) -> Option<Peer>;
}

/// An object of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// Transfer syntax.
    pub transfer_syntax_uid: String,
    /// File that holds the data set.
    pub path: PathBuf,
    /// Where in the file the data set begins, in bytes.
    pub offset: u64,
    /// Bytes of the data set.
    pub length: u64,
}
