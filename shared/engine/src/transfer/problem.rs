//! Why a run cannot go on, sorted by what follows from it.

use adit_dimse::DimseError;
use adit_domain::Timestamp;
use adit_store::items::StoreError;
use adit_store::staging::StagingError;

/// A problem that ends the run (or one unit of it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Trying again will not help.
    Permanent(String),
    /// The source does not hold what is asked for.
    Absent(String),
    /// Trying again may help.
    Transient(String),
    /// The node rests or is disabled; no attempt is used up.
    Deferred(Timestamp, String),
    /// A person or the process ended the run.
    Canceled,
}

impl Problem {
    /// What happened, for people.
    pub fn sentence(&self) -> &str {
        match self {
            Self::Absent(sentence)
            | Self::Permanent(sentence)
            | Self::Transient(sentence)
            | Self::Deferred(_, sentence) => sentence,
            Self::Canceled => "It was ended.",
        }
    }

    /// The problem of a DIMSE exchange with `name` while doing `what`.
    pub fn of_peer(name: &str, what: &str, error: &DimseError) -> Self {
        if error.is_cancelled() {
            return Self::Canceled;
        }
        let sentence = format!("{name}: {what} failed: {error}.");
        if error.is_retriable() { Self::Transient(sentence) } else { Self::Permanent(sentence) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Transient(format!("ADIT's own database did not answer: {error}."))
    }
}

impl From<StagingError> for Problem {
    fn from(error: StagingError) -> Self {
        Self::Transient(format!("ADIT's staging area cannot be used (is the disk full?): {error}."))
    }
}

impl From<crate::Refusal> for Problem {
    fn from(refusal: crate::Refusal) -> Self {
        Self::Transient(refusal.body.detail)
    }
}
