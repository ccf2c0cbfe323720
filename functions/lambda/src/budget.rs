//! The time of an invocation: when to begin with handing back, and when to answer at the latest.

use std::time::{Duration, SystemTime};

/// Before the end of an invocation so much is kept for handing back, at most.
const RESERVE: Duration = Duration::from_secs(45);

/// How an invocation spends its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// After this, work is handed back.
    pub work: Duration,
    /// After this, what has not been handed back is left to its queue.
    pub all: Duration,
}

impl Budget {
    /// Of an invocation that may last so long: 45 s, or a tenth of a shorter time, are kept for handing back, and a fifth of that for the
    /// answer.
    #[must_use]
    pub fn of(left: Duration) -> Self {
        let reserve = RESERVE.min(left / 10);
        Self { work: left - reserve, all: left - reserve / 5 }
    }
}

/// What is left until `deadline`.
pub fn left(deadline: SystemTime) -> Duration {
    deadline.duration_since(SystemTime::now()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_invocation_keeps_45_seconds_and_a_short_one_a_tenth() {
        let seconds = Duration::from_secs;
        assert_eq!(Budget::of(seconds(900)), Budget { work: seconds(855), all: seconds(891) });
        assert_eq!(Budget::of(seconds(60)), Budget { work: seconds(54), all: Duration::from_millis(58_800) });
        assert_eq!(Budget::of(Duration::ZERO), Budget { work: Duration::ZERO, all: Duration::ZERO });
    }
}
