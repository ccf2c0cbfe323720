//! Slows guessing down: after some wrong attempts for a user name or from an address, further ones have to wait. Bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use adit_domain::Timestamp;

/// Wrong attempts that cost nothing.
const FREE: u32 = 5;
/// Longest wait in seconds.
const LONGEST_S: i64 = 300;
/// Names and addresses remembered; the oldest are forgotten first.
const REMEMBERED: usize = 10_000;

#[derive(Default)]
pub(crate) struct Brake(Mutex<HashMap<String, Attempts>>);

#[derive(Clone, Copy)]
struct Attempts {
    count: u32,
    last: Timestamp,
}

impl Brake {
    /// Seconds that `who` has to wait, if any.
    pub fn wait_s(&self, who: &str, now: Timestamp) -> Option<u64> {
        let attempts = *self.0.lock().unwrap_or_else(PoisonError::into_inner).get(who)?;
        let over = attempts.count.checked_sub(FREE)?;
        let wait = 1_i64.checked_shl(over.min(20)).unwrap_or(LONGEST_S).min(LONGEST_S);
        let left = wait * 1000 - now.since_ms(attempts.last);
        (left > 0).then(|| u64::try_from(left.div_euclid(1000) + 1).unwrap_or(1))
    }

    /// A wrong attempt.
    pub fn wrong(&self, who: &str, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED
            && let Some(oldest) = all.iter().min_by_key(|(_, attempts)| attempts.last).map(|(who, _)| who.clone())
        {
            all.remove(&oldest);
        }
        let attempts = all.entry(who.to_owned()).or_insert(Attempts { count: 0, last: now });
        // Old sins are forgotten after an hour.
        attempts.count = if now.since_ms(attempts.last) > 3_600_000 { 1 } else { attempts.count + 1 };
        attempts.last = now;
    }

    /// A right one.
    pub fn right(&self, who: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_a_right_password_frees() {
        let brake = Brake::default();
        let now = Timestamp(1_000_000);
        for _ in 0..FREE {
            assert_eq!(brake.wait_s("eve", now), None);
            brake.wrong("eve", now);
        }
        assert_eq!(brake.wait_s("eve", now), Some(2));
        brake.wrong("eve", now);
        assert_eq!(brake.wait_s("eve", now), Some(3));
        assert_eq!(brake.wait_s("eve", now.plus_ms(2500)), None);
        assert_eq!(brake.wait_s("bob", now), None);
        brake.right("eve");
        assert_eq!(brake.wait_s("eve", now), None);
    }
}
