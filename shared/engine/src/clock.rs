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

/// A new trace id in the form of an X-Ray trace header.
pub(crate) fn new_trace(now: Timestamp) -> String {
    format!("Root=1-{:08x}-{:024x}", now.seconds(), random() & ((1 << 96) - 1))
}

/// A number in 0.0..1.0 for spreading waits.
pub(crate) fn jitter() -> f64 {
    let steps = u16::try_from(random() & 0xFFFF).unwrap_or_default();
    f64::from(steps) / 65536.0
}
