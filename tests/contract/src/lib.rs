//! Contract suites of the three ports. A second backend is one line in `tests/`.

pub mod items;
pub mod queue;
pub mod receipts;
pub mod repositories;
pub mod staging;

use std::sync::Arc;

use adit_domain::Timestamp;
use adit_store::clock::ManualClock;

/// A clock that a test moves, and that a backend reads.
pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp(1_700_000_000_000)))
}
