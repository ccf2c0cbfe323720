//! The retry decision and its numbers: one pure table, so that no loop invents its own.

/// How often a task is tried before it counts as failed.
pub const MAX_ATTEMPTS: u32 = 3;
/// How long a worker may be silent before its task is given to another, in milliseconds.
pub const LEASE_MS: i64 = 30_000;
/// How often a worker renews its lease, in milliseconds.
pub const HEARTBEAT_MS: u64 = 5_000;

/// Milliseconds to wait before attempt `failed_attempts + 1`; `jitter` is in 0.0..1.0 and spreads the wait by a quarter.
/// `None` means: do not try again.
#[must_use]
pub fn backoff_ms(failed_attempts: u32, jitter: f64) -> Option<u64> {
    let base: u64 = match failed_attempts {
        0 | 1 => 30_000,
        2 => 120_000,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "small positive numbers"
    )]
    let spread = (base as f64 * 0.25 * jitter.clamp(0.0, 1.0)) as u64;
    Some(base + spread)
}

/// The circuit breaker of one server: after this many failures in a row it is left alone for a while.
pub const BREAKER_FAILURES: u32 = 3;
/// How long an unreachable server is left alone before one task may try it again, in milliseconds.
pub const BREAKER_OPEN_MS: i64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        assert_eq!(backoff_ms(1, 0.0), Some(30_000));
        assert_eq!(backoff_ms(2, 1.0), Some(150_000));
        assert_eq!(backoff_ms(MAX_ATTEMPTS, 0.5), None);
    }
}
