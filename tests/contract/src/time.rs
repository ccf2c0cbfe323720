//! Time in the suites: moved by hand where a backend reads our clock, waited for where it has its own.

use std::sync::Arc;
use std::time::Duration;

use adit_domain::Timestamp;
use adit_store::clock::{Clock, ManualClock, SystemClock};

/// How time passes.
#[derive(Clone)]
pub enum Time {
    /// The backend reads this clock.
    Moved(Arc<ManualClock>),
    /// The backend has its own clock.
    Real,
}

impl Time {
    /// Lets time pass.
    pub async fn pass(&self, by: Duration) {
        match self {
            Self::Moved(clock) => clock.advance(by),
            Self::Real => tokio::time::sleep(by).await,
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Moved(clock) => clock.now(),
            Self::Real => SystemClock.now(),
        }
    }
}
