//! WorkQueue: at-least-once, unordered, with lanes, bands and fairness between groups.
//!
//! The sender's duty: messages are pointers (below [`MAX_BODY`] bytes), and sending twice must do no harm. The receiver's
//! duty: acknowledge only after the outcome is stored, extend the hold while it works, and expect the same message again.

use std::time::Duration;

use async_trait::async_trait;

pub use crate::items::{Kind, StoreError};
pub use crate::pointer::{MailPointer, Pointed, Pointer, RulePointer, UnknownMessage};

/// Bytes of a message at most.
pub const MAX_BODY: usize = 1024;

/// Who can do the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Needs DIMSE.
    Bridge,
    /// Does not.
    Worker,
}

/// What goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Band {
    /// Before everything normal.
    Urgent,
    /// Everything else.
    Normal,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The pointer.
    pub body: String,
    /// Who can do it.
    pub lane: Lane,
    /// How soon.
    pub band: Band,
    /// Groups (users) get their turn one after the other.
    pub group: String,
    /// Follows a wish through all processes that work on it: 1 to 64 letters, digits, `-`, `=`, `;`; empty: none.
    pub trace: String,
}

/// Proof of one delivery; worthless after the message was delivered again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt(pub String);

/// A message on loan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Needed for every answer.
    pub receipt: Receipt,
    /// How often it was delivered, this time included.
    pub receive_count: u32,
}

/// How full a lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Waiting, urgent.
    pub urgent: u64,
    /// Waiting, normal.
    pub normal: u64,
    /// On loan.
    pub in_flight: u64,
    /// Age of the oldest waiting message in seconds.
    pub oldest_age_seconds: u64,
    /// Set aside.
    pub dead: u64,
}

/// The port. A receipt that is no longer valid is answered with [`Kind::Conflict`].
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Puts a message into the queue; it can be received after `delay`.
    async fn send(&self, message: Message, delay: Duration) -> Result<(), StoreError>;
    /// Up to `max` messages, urgent ones first, hidden from others for `hold`.
    async fn receive(&self, lane: Lane, max: usize, hold: Duration) -> Result<Vec<Delivery>, StoreError>;
    /// Hides the message for `hold` from now on.
    async fn extend(&self, receipt: &Receipt, hold: Duration) -> Result<(), StoreError>;
    /// The work is done: the message disappears.
    async fn ack(&self, receipt: &Receipt) -> Result<(), StoreError>;
    /// Hands the message back; it can be received again after `delay`.
    async fn release(&self, receipt: &Receipt, delay: Duration) -> Result<(), StoreError>;
    /// Sets the message aside for an operator.
    async fn dead_letter(&self, receipt: &Receipt, reason: &str) -> Result<(), StoreError>;
    /// How full the lane is.
    async fn depth(&self, lane: Lane) -> Result<Depth, StoreError>;
    /// Returns after `timeout`, or earlier when something may have arrived.
    async fn wait(&self, lane: Lane, timeout: Duration);
    /// Nobody receives here any more: returns when no message is on its way to this process; what had come for nobody is handed back.
    /// Who ends without it may keep a message from others for as long as it was to be held.
    async fn leave(&self, lane: Lane);
}
