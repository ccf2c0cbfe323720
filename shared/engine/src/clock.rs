//! The one place where the engine reads the clock and draws random numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use adit_domain::Timestamp;

/// The present moment.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// 128 random bits from the operating system.
pub(crate) fn random() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    u128::from_le_bytes(bytes)
}

/// A number in 0.0..1.0 for spreading waits.
pub(crate) fn jitter() -> f64 {
    let steps = u16::try_from(random() & 0xFFFF).unwrap_or_default();
    f64::from(steps) / 65536.0
}
