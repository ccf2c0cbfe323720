//! The other bridges of an installation. They share our AE title and address, so what we wait for may arrive at them, and the
//! other way round. The engine knows these two ports, not how instances travel between bridges.

use adit_dimse::{InstanceHead, InstanceSink};
use async_trait::async_trait;

/// Other bridges, as we ask them. A neighbour that cannot be reached is no "none": its sink refuses with a status that lets the
/// sender try again.
#[async_trait]
pub trait Neighbours: Send + Sync {
    /// A sink at the neighbour that runs the C-MOVE which the head names; none: no neighbour runs it.
    async fn by_move(&self, head: &InstanceHead) -> Option<Box<dyn InstanceSink>>;
    /// A sink at a neighbour that waits for this SOP instance; none: no neighbour does.
    async fn by_instance(&self, head: &InstanceHead) -> Option<Box<dyn InstanceSink>>;
}

/// What this process waits for, as its neighbours ask it.
pub trait Waiting: Send + Sync {
    /// Whether a transfer waits for this SOP instance.
    fn waits_for(&self, sop_instance_uid: &str) -> bool;
    /// A sink of the transfer that waits for this instance; none: no transfer does.
    fn sink_for(&self, head: &InstanceHead) -> Option<Box<dyn InstanceSink>>;
}
