//! Slows guessing down: after some wrong attempts for an account or from an address, further ones have to wait. Bounded memory.
//!
//! Each process counts by itself and forgets at its end: with n processes somebody may try n times as often, which the hash of passwords
//! and the size of tokens and codes bear.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use adit_domain::Timestamp;
use sha2::{Digest, Sha256};

/// Wrong attempts that cost nothing, for an account.
const FREE: u32 = 5;
/// And from an address, behind which a whole hospital may be.
const FREE_ADDRESS: u32 = 30;
/// What keys of addresses begin with.
const ADDRESS: &str = "address ";
/// Longest wait in seconds.
const LONGEST_S: i64 = 300;
/// Old sins are forgotten after an hour.
const FORGET_MS: i64 = 3_600_000;
/// Accounts and addresses remembered; those with the fewest attempts are forgotten first, then the oldest.
const REMEMBERED: usize = 10_000;

#[derive(Default)]
pub(crate) struct Brake(Mutex<HashMap<Key, Attempts>>);

/// A hash of whom it is about, whatever the case and the spaces around it: a name that somebody sends may be long.
type Key = [u8; 32];

#[derive(Clone, Copy)]
struct Attempts {
    count: u32,
    last: Timestamp,
}

impl Brake {
    /// Counts an attempt of `who` before it is looked at, so that many at the same moment do not slip through; refused, with the seconds
    /// to wait, if there were too many. One that turns out to be right is taken back.
    pub fn attempt(&self, who: &str, now: Timestamp) -> Result<(), u64> {
        let key = key(who);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = all.get(&key).and_then(|attempts| wait_s(*attempts, who, now)) {
            return Err(wait);
        }
        if all.len() >= REMEMBERED
            && !all.contains_key(&key)
            && let Some(least) = all.iter().min_by_key(|(_, attempts)| worth(**attempts, now)).map(|(key, _)| *key)
        {
            all.remove(&least);
        }
        let attempts = all.entry(key).or_insert(Attempts { count: 0, last: now });
        attempts.count = if now.since_ms(attempts.last) > FORGET_MS { 1 } else { attempts.count + 1 };
        attempts.last = now;
        Ok(())
    }

    /// The attempt of an account was right: all is forgotten.
    pub fn right(&self, who: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(who));
    }

    /// One attempt from an address was right. The others stay: who has an account must not guess those of others the quicker for it.
    pub fn take_back(&self, who: &str) {
        if let Some(attempts) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&key(who)) {
            attempts.count = attempts.count.saturating_sub(1);
        }
    }
}

/// What is remembered the longest: many attempts, then late ones.
fn worth(attempts: Attempts, now: Timestamp) -> (u32, Timestamp) {
    let is_over = now.since_ms(attempts.last) > FORGET_MS;
    (if is_over { 0 } else { attempts.count }, attempts.last)
}

fn key(who: &str) -> Key {
    Sha256::digest(who.trim().to_lowercase()).into()
}

/// What attempts from an address are counted under. Of IPv6 it is the network that a customer gets (/64): who has one has all of its
/// addresses.
pub(crate) fn address_key(address: &str) -> String {
    let address = match address.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from(network))
        }
        Ok(address) => address.to_string(),
        Err(_) => address.to_owned(),
    };
    format!("{ADDRESS}{address}")
}

fn wait_s(attempts: Attempts, who: &str, now: Timestamp) -> Option<u64> {
    let free = if who.starts_with(ADDRESS) { FREE_ADDRESS } else { FREE };
    if now.since_ms(attempts.last) > FORGET_MS {
        return None;
    }
    let over = attempts.count.checked_sub(free)?;
    let wait = 1_i64.checked_shl(over.min(20)).unwrap_or(LONGEST_S).min(LONGEST_S);
    let left = wait * 1000 - now.since_ms(attempts.last);
    (left > 0).then(|| u64::try_from(left.div_euclid(1000) + 1).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_a_right_password_frees() {
        let brake = Brake::default();
        let now = Timestamp(1_000_000);
        for _ in 0..FREE {
            assert_eq!(brake.attempt("eve", now), Ok(()));
        }
        assert_eq!(brake.attempt("eve", now), Err(2));
        assert_eq!(brake.attempt("eve", now), Err(2), "what was refused is not counted");
        assert_eq!(brake.attempt("eve", now.plus_ms(1500)), Ok(()));
        assert_eq!(brake.attempt("eve", now.plus_ms(1500)), Err(3));
        assert_eq!(brake.attempt("bob", now), Ok(()));
        brake.right("eve");
        assert_eq!(brake.attempt("eve", now), Ok(()));
        for _ in 0..100 {
            let _ = brake.attempt("eve", now);
        }
        assert_eq!(brake.attempt("eve", now.plus_ms(FORGET_MS + 1)), Ok(()), "forgotten");
    }

    #[test]
    fn a_hospital_behind_one_address_has_more_patience() {
        let (brake, now) = (Brake::default(), Timestamp(1_000_000));
        let address = format!("{ADDRESS}10.0.0.1");
        for _ in 0..FREE_ADDRESS * 3 {
            assert_eq!(brake.attempt(&address, now), Ok(()));
            brake.take_back(&address);
        }
        for _ in 0..FREE_ADDRESS {
            assert_eq!(brake.attempt(&address, now), Ok(()));
        }
        brake.take_back(&address);
        assert_eq!(brake.attempt(&address, now), Ok(()));
        assert_eq!(brake.attempt(&address, now), Err(2));
    }

    #[test]
    fn memory_is_bounded_and_who_has_to_wait_is_not_forgotten() {
        let (brake, now) = (Brake::default(), Timestamp(1_000_000));
        for _ in 0..FREE {
            brake.attempt("eve", now).unwrap();
        }
        let at = |number: usize| now.plus_ms(i64::try_from(number / 100).unwrap());
        for number in 0..REMEMBERED + 50 {
            brake.attempt(&format!("name {number} {}", "x".repeat(1000)), at(number)).unwrap();
        }
        assert!(brake.attempt("Eve ", at(REMEMBERED)).is_err(), "her wait goes on");
        let all = brake.0.lock().unwrap();
        assert_eq!(all.len(), REMEMBERED);
        let name = |number: usize| key(&format!("name {number} {}", "x".repeat(1000)));
        // The first hundred came in the same moment, and it is among them that room was made.
        let kept = (0..100).filter(|number| all.contains_key(&name(*number))).count();
        assert!(all.contains_key(&name(REMEMBERED + 49)) && all.contains_key(&name(100)) && kept < 60, "{kept}");
    }

    #[test]
    fn a_network_is_one_address() {
        assert_eq!(address_key("2001:db8:1:2:3::4"), address_key("2001:db8:1:2::9"));
        assert_ne!(address_key("2001:db8:1:2::9"), address_key("2001:db8:1:3::9"));
        assert_eq!(address_key("::ffff:10.0.0.1"), address_key("10.0.0.1"));
        assert_ne!(address_key("10.0.0.1"), address_key("10.0.0.2"));
    }
}
