//! Where received instances go, one after the other per association.

use std::net::SocketAddr;

use async_trait::async_trait;

use crate::status::Status;

/// What a C-STORE request says before its data set comes (PS3.7 9.3.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceHead {
    /// Affected SOP Class UID.
    pub sop_class_uid: String,
    /// Affected SOP Instance UID.
    pub sop_instance_uid: String,
    /// Transfer syntax of the presentation context.
    pub transfer_syntax_uid: String,
    /// Who sends.
    pub calling_ae_title: String,
    /// From where.
    pub peer_addr: Option<SocketAddr>,
    /// Move Originator AE title and message id, if the sender says so: it sends because of that C-MOVE.
    pub move_originator: Option<(String, u16)>,
    /// Message id of this request.
    pub message_id: u16,
}

/// Takes instances as they arrive. Calls come in the order begin, write*, then end or abort; a refusal in begin or write ends the
/// instance at once: the rest of its data set is read and dropped, the status is answered, the association lives on.
#[async_trait]
pub trait InstanceSink: Send {
    /// An instance begins.
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status>;
    /// More bytes of its data set, exactly as they came, in the negotiated transfer syntax.
    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status>;
    /// The data set is complete. The status is answered to the sender: Success only after the instance is durable.
    async fn end(&mut self) -> Status;
    /// The instance was cut off; nothing of it may stay.
    async fn abort(&mut self);
}
