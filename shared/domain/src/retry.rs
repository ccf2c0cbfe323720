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
    Some(base + spread(base, jitter))
}

/// How often in a row a task may lose its worker without getting on.
pub const MAX_LOSSES: u32 = 3;

/// Milliseconds to wait after a worker was lost for the `times`th time in a row: the first time another goes on at once. `None` means: give
/// the task up.
#[must_use]
pub fn loss_wait_ms(times: u32, jitter: f64) -> Option<i64> {
    const SPREAD_MS: u64 = 60_000;
    match times {
        0 | 1 => Some(0),
        MAX_LOSSES.. => None,
        _ => i64::try_from(5_000 + spread(SPREAD_MS, jitter)).ok(),
    }
}

/// A mail is tried for this long after it was written, in milliseconds: a day.
pub const MAIL_TRIED_MS: i64 = 24 * 3_600_000;
/// Who has taken a mail in hand keeps it for this long, in milliseconds; a transport answers within a minute.
pub const MAIL_IN_HAND_MS: i64 = 180_000;
/// A mail that is due for this long has lost its queue message, in milliseconds.
pub const MAIL_STRANDED_MS: i64 = 600_000;

/// Milliseconds to wait before a mail is tried again that was tried `attempts` times: a minute at first, an hour at last.
#[must_use]
pub fn mail_wait_ms(attempts: u32, jitter: f64) -> i64 {
    const LONGEST_MS: u64 = 3_600_000;
    let base = (60_000_u64 << attempts.saturating_sub(1).min(10)).min(LONGEST_MS);
    i64::try_from(base + spread(base, jitter)).unwrap_or(i64::MAX)
}

/// Up to a quarter of `base`.
fn spread(base: u64, jitter: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "small positive numbers"
    )]
    let spread = (base as f64 * 0.25 * jitter.clamp(0.0, 1.0)) as u64;
    spread
}

/// A waiting task whose queue message is older than this and whose lane is empty has lost its message, in milliseconds.
pub const STRANDED_MS: i64 = 300_000;
/// A queue message this old counts as lost in any case, in milliseconds: six hours.
pub const STALE_MESSAGE_MS: i64 = 6 * 3_600_000;
/// A task without a job is what a process left behind that died while it made the job; after this time it is removed, in milliseconds.
pub const ORPHAN_MS: i64 = 3_600_000;

/// The circuit breaker of one server: after this many failures in a row it is left alone for a while.
pub const BREAKER_FAILURES: u32 = 3;
/// How long an unreachable server is left alone before one task may try it again, in milliseconds.
pub const BREAKER_OPEN_MS: i64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_wait_and_end() {
        assert_eq!(loss_wait_ms(1, 1.0), Some(0));
        assert_eq!((loss_wait_ms(2, 0.0), loss_wait_ms(2, 1.0)), (Some(5_000), Some(20_000)));
        assert_eq!(loss_wait_ms(MAX_LOSSES, 0.5), None);
    }

    #[test]
    fn a_mail_waits_a_minute_at_first_and_an_hour_at_last() {
        let waits: Vec<i64> = (1..=8).map(|attempts| mail_wait_ms(attempts, 0.0) / 60_000).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!((mail_wait_ms(0, 0.0), mail_wait_ms(u32::MAX, 1.0)), (60_000, 4_500_000));
    }

    #[test]
    fn waits_grow_and_end() {
        assert_eq!(backoff_ms(1, 0.0), Some(30_000));
        assert_eq!(backoff_ms(2, 1.0), Some(150_000));
        assert_eq!(backoff_ms(MAX_ATTEMPTS, 0.5), None);
    }
}
