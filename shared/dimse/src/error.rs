//! What can go wrong with a peer, sorted by what a caller can do about it. No message holds patient data.

use std::io;

use thiserror::Error;

/// What was being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Phase {
    /// TCP connection.
    #[error("connecting")]
    Connect,
    /// TLS handshake and association.
    #[error("opening the association")]
    Handshake,
    /// The first answer to a request.
    #[error("waiting for the first answer")]
    FirstByte,
    /// The next part of a running exchange.
    #[error("waiting for the next data")]
    Idle,
    /// The exchange as a whole.
    #[error("the whole exchange")]
    Total,
}

/// A DIMSE exchange that did not come to its end.
#[derive(Debug, Error)]
pub enum DimseError {
    /// No TCP connection.
    #[error("no connection ({0})")]
    Connect(#[source] io::Error),
    /// The peer refused the association (PS3.8 9.3.4).
    #[error("the association was rejected: {reason}")]
    Rejected {
        /// The peer says that trying again later makes sense.
        transient: bool,
        /// Its reason in words.
        reason: &'static str,
    },
    /// The peer accepted no presentation context for what was asked.
    #[error("the peer does not offer {0}")]
    NoContext(String),
    /// A limit of time was reached.
    #[error("timeout while {0}")]
    Timeout(Phase),
    /// The peer aborted the association (PS3.8 9.3.8).
    #[error("the peer aborted the association")]
    Aborted,
    /// The peer closed the connection in the middle.
    #[error("the connection was closed in the middle")]
    Closed,
    /// The network failed in the middle.
    #[error("the connection broke ({0})")]
    Broken(#[source] io::Error),
    /// The peer said something that the standard does not allow.
    #[error("the peer broke the protocol: {0}")]
    Protocol(String),
    /// TLS could not be set up.
    #[error("TLS: {0}")]
    Tls(String),
    /// More presentation contexts than an association can hold.
    #[error("{0} presentation contexts are wanted, an association holds 128 at most")]
    TooManyContexts(usize),
    /// What was to be sent could not be read.
    #[error("the object to be sent could not be read ({0})")]
    Source(#[source] io::Error),
    /// The caller ended the exchange.
    #[error("canceled")]
    Cancelled,
}

impl DimseError {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Rejected { transient, .. } => *transient,
            Self::Connect(_) | Self::Timeout(_) | Self::Aborted | Self::Closed | Self::Broken(_) | Self::Source(_) => {
                true
            }
            Self::NoContext(_) | Self::Protocol(_) | Self::Tls(_) | Self::TooManyContexts(_) | Self::Cancelled => false,
        }
    }

    /// Whether the caller itself ended the exchange.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Whether the peer was not there at all (as opposed to: it refused or broke off).
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Timeout(Phase::Connect | Phase::Handshake))
    }
}

/// A protocol error in words.
pub(crate) fn protocol(what: impl Into<String>) -> DimseError {
    DimseError::Protocol(what.into())
}
