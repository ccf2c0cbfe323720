//! What the engine answers when it will not or cannot do what was asked: a code for programs, a sentence for people.

use adit_api::error::{ErrorBody, ErrorCode};
use adit_domain::{InvalidValue, Timestamp};
use adit_store::items::{Kind, StoreError};
use adit_store::staging::StagingError;
use thiserror::Error;

use crate::now;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", body.detail)]
pub struct Refusal {
    /// What the caller is told.
    pub body: ErrorBody,
    /// The thing is there, but somebody else's. The caller is not told; the audit trail is.
    pub is_foreign: bool,
    /// Seconds after which the same will be possible, where that is known.
    pub retry_after_s: Option<u64>,
}

impl Refusal {
    fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { body: ErrorBody { code, detail: detail.into(), field: None }, is_foreign: false, retry_after_s: None }
    }

    /// It was too much; from `until` on it is possible again.
    pub(crate) fn too_much(detail: impl Into<String>, until: Timestamp) -> Self {
        let seconds = u64::try_from(until.since_ms(now()) / 1000 + 1).unwrap_or(1);
        Self { retry_after_s: Some(seconds), ..Self::new(ErrorCode::TooMany, detail) }
    }

    /// A refusal of this kind.
    pub(crate) fn of(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::new(code, detail)
    }

    /// The request breaks a rule.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Invalid, detail)
    }

    /// The thing does not exist, or belongs to somebody else.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            ErrorCode::NotFound,
            format!("There is no such {what}. It may have been deleted; go back and reload the page."),
        )
    }

    /// The thing that an address names does not exist; the sentence says what does.
    pub fn absent(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, detail)
    }

    /// The same for a thing that belongs to somebody else.
    pub fn foreign(what: &str) -> Self {
        Self { is_foreign: true, ..Self::not_found(what) }
    }

    /// Not now; trying again later helps.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unavailable, detail)
    }

    /// The person may not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Forbidden, detail)
    }

    /// The thing is there, but not in a form that can be given.
    pub fn not_acceptable(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotAcceptable, detail)
    }

    /// The state does not allow it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Conflict, detail)
    }

    /// A server could not be reached or refused.
    pub fn peer(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Peer, detail)
    }

    /// Names the form field that the sentence is about.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.body.field = Some(field.to_owned());
        self
    }
}

impl From<InvalidValue> for Refusal {
    fn from(error: InvalidValue) -> Self {
        let field = error.what.replace(' ', "_").to_lowercase();
        let mut sentence = error.to_string();
        if let Some(first) = sentence.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        Self::invalid(format!("{sentence}.")).at(&field)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error.kind {
            Kind::Conflict { .. } => {
                Self::conflict("Somebody else changed this at the same moment. Reload the page and try again.")
            }
            Kind::TooLarge => {
                Self::invalid("This is too much for one entry. Shorten the texts or choose fewer studies.")
            }
            _ => {
                tracing::error!(error = %error, "the store failed");
                Self::new(
                    ErrorCode::Internal,
                    "The database did not answer. Try again in a moment; if it stays like this, tell an administrator.",
                )
            }
        }
    }
}

impl From<StagingError> for Refusal {
    fn from(error: StagingError) -> Self {
        tracing::error!(error = %error, "staging failed");
        Self::new(ErrorCode::Internal, "The staging area cannot be used (is the disk full?). Tell an administrator.")
    }
}
