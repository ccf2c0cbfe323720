//! DIMSE over TCP and TLS (PS3.7, PS3.8): associations, command sets, status codes, service classes as user and provider.
//!
//! The association PDUs are dicom-ul's; sockets, handshake and data path are ours, so that nothing is copied after the
//! kernel, every wait has a limit, and small messages never meet Nagle's algorithm. This room knows no job and no backend:
//! instances go to an [`InstanceSink`] as they arrive, each with a status of its own.

mod acse;
mod assembler;
mod association;
mod command;
pub mod dictionary;
mod error;
mod identifier;
mod proposal;
mod scp;
mod scu;
mod sink;
mod status;
mod stream;
mod tls;
pub mod uids;
mod wire;

pub use association::{Association, Context, Negotiated, Peer, Timeouts};
pub use error::{DimseError, Phase};
pub use identifier::{Identifier, InvalidIdentifier, Tag, Value, tags};
pub use proposal::{MAX_CONTEXTS, Model, Proposal, get_contexts};
pub use scp::{Admission, Archive, Caller, ObjectRef, Provider, Server, ServerConfig};
pub use scu::{FindOutcome, RetrieveOutcome, StoreOutcome, StoreRequest, SubOperations};
pub use sink::{InstanceHead, InstanceSink};
pub use status::{Service, Status, StatusClass};
pub use tls::{TlsClient, TlsServer};

/// What fuzzing and property tests reach.
#[doc(hidden)]
pub mod raw {
    pub use crate::assembler::{Assembler, Event};
    pub use crate::command::Command;
}

pub use adit_domain::implementation::{
    CLASS_UID as IMPLEMENTATION_CLASS_UID, VERSION_NAME as IMPLEMENTATION_VERSION_NAME,
};
