//! Contract suites of the ports. A second backend is one file of tests: here for the embedded one, in `tests/cloud` for the one on AWS.
//!
//! A backend that cannot keep a promise declares it among its [`Gaps`], with a reason that the test prints; what it can keep of the promise
//! is still checked.

pub mod audit;
pub mod gaps;
pub mod groups;
pub mod items;
pub mod queue;
pub mod receipts;
pub mod repositories;
pub mod shelf;
pub mod staging;
pub mod time;
pub mod usage;

pub use gaps::{Gaps, Promise};
pub use time::Time;

use std::sync::Arc;

use adit_domain::Timestamp;
use adit_store::clock::ManualClock;

/// A clock that a test moves, and that a backend reads.
pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp(1_700_000_000_000)))
}
