//! What can go wrong with a DICOMweb server, sorted by what a caller can do about it. No message holds patient data: what a server writes
//! into the body of an error is not kept.

use adit_dicomweb::multipart::MultipartError;
use thiserror::Error;

/// An exchange that did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebError {
    /// No connection, or no TLS over it.
    #[error("no connection ({0})")]
    Connect(String),
    /// TLS, address or headers are not set up right.
    #[error("{0}")]
    Setup(String),
    /// A limit of time was reached.
    #[error("timeout while {0}")]
    Timeout(&'static str),
    /// The connection broke in the middle.
    #[error("the connection broke ({0})")]
    Broken(String),
    /// The server refused with an HTTP status.
    #[error("the server answers with HTTP status {0}")]
    Status(u16),
    /// No access token could be had.
    #[error("the authorization server gives no token ({0})")]
    Token(String),
    /// The answer is not what the standard says.
    #[error("the answer cannot be understood: {0}")]
    Protocol(String),
    /// A multipart body that is broken.
    #[error("the answer is broken: {0}")]
    Multipart(#[from] MultipartError),
    /// What was to be sent could not be read.
    #[error("the object to be sent could not be read ({0})")]
    Source(String),
}

impl WebError {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Timeout(_) | Self::Broken(_) | Self::Source(_) => true,
            // What a server has not implemented (501, 505) it will not have learnt by then.
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 506..=599),
            Self::Multipart(error) => matches!(error, MultipartError::Truncated | MultipartError::Empty),
            Self::Setup(_) | Self::Token(_) | Self::Protocol(_) => false,
        }
    }

    /// Whether it may lie at what was sent, so that less of it may pass.
    #[must_use]
    pub fn is_of_the_content(&self) -> bool {
        match self {
            Self::Timeout(_) | Self::Broken(_) | Self::Source(_) => true,
            Self::Status(400 | 408 | 409 | 413 | 415 | 422) => true,
            Self::Status(_) => self.is_server_failure(),
            _ => false,
        }
    }

    /// Whether the server has tried and failed (5xx), and does not say that it is busy.
    #[must_use]
    pub fn is_server_failure(&self) -> bool {
        matches!(self, Self::Status(500 | 502 | 504 | 506..=599))
    }

    /// Whether the server was not there at all (as opposed to: it refused or broke off).
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Connect(_))
    }

    /// Whether another way to the same server may work: this one is not offered, or not as it is set up.
    #[must_use]
    pub fn is_of_this_way(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Setup(_) | Self::Token(_) | Self::Protocol(_) => true,
            Self::Status(status) => matches!(status, 400..=407 | 410..=428 | 501 | 502 | 503 | 504 | 505),
            _ => false,
        }
    }
}
