//! How many requests are answered: of each person, of each token, and from each address of those who are not known; and how many
//! retrievals a person has open.
//!
//! Each process counts by itself and forgets at its end. Memory is bounded: who has not asked for a while is forgotten, and under a flood
//! of strangers everything is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use adit_api::error::ErrorCode;
use adit_domain::UserId;
use adit_domain::installation::RequestLimits;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::refused::Refused;

/// Who is counted at the same time at most, of each sort.
const MOST: usize = 20_000;

type Limiter = RateLimiter<String, HashMapStateStore<String>, DefaultClock>;

/// For how long somebody is asked to wait until one of their retrievals may have ended, in seconds.
const UNTIL_ONE_ENDS_S: u64 = 5;

/// Counts requests. Cheap to clone.
#[derive(Clone, Default)]
pub struct Limits {
    asked: Arc<[Sort; 3]>,
    open: Open,
}

/// Retrievals that are open, by the id of the person.
type Open = Arc<Mutex<HashMap<UserId, u32>>>;

/// A retrieval of a person that is open until the value goes.
pub struct Opened {
    open: Open,
    user: UserId,
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

/// One sort of those who are counted, with the limit that it was made for.
#[derive(Default)]
struct Sort(Mutex<Option<(NonZeroU32, Arc<Limiter>)>>);

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// A person, by their id.
    Person(String),
    /// A token, by its public prefix.
    Token(String),
    /// Where somebody comes from who is not known.
    Address(IpAddr),
}

impl Limits {
    /// Counts a request; refuses it if there were too many.
    pub fn count(&self, who: &Counted, limits: &RequestLimits) -> Result<(), Refused> {
        let (sort, limit, key) = match who {
            Counted::Person(id) => (0, limits.per_person, id.clone()),
            Counted::Token(prefix) => (1, limits.per_token, prefix.clone()),
            Counted::Address(address) => (2, limits.per_address, network(*address)),
        };
        let Some(limit) = NonZeroU32::new(limit) else { return Ok(()) };
        let limiter = self.asked[sort].limiter(limit);
        limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let sentence = format!("Too many requests. Wait {seconds} seconds and try again.");
            Refused { retry_after_s: Some(seconds.max(1)), ..Refused::new(ErrorCode::TooMany, sentence) }
        })
    }
}

impl Limits {
    /// Opens a retrieval; refuses it if the person and their programs have as many open as one may. 0: no limit.
    pub fn open(&self, user: &UserId, most: u32) -> Result<Opened, Refused> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(user.clone()).or_default();
        if most > 0 && *count >= most {
            let sentence = format!(
                "You and your programs have {most} retrievals open, as many as one person may. Wait until one has ended and try again."
            );
            return Err(Refused {
                retry_after_s: Some(UNTIL_ONE_ENDS_S),
                ..Refused::new(ErrorCode::TooMany, sentence)
            });
        }
        *count += 1;
        Ok(Opened { open: Arc::clone(&self.open), user: user.clone() })
    }
}

impl Sort {
    fn limiter(&self, limit: NonZeroU32) -> Arc<Limiter> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, limiter)) = kept.as_ref().filter(|(made_for, _)| *made_for == limit) {
            if limiter.len() < MOST {
                return Arc::clone(limiter);
            }
            limiter.retain_recent();
            limiter.shrink_to_fit();
            if limiter.len() < MOST / 2 {
                return Arc::clone(limiter);
            }
        }
        let limiter = Arc::new(Limiter::hashmap(Quota::per_minute(limit)));
        *kept = Some((limit, Arc::clone(&limiter)));
        limiter
    }
}

/// The address, of IPv6 the network of its customer: they have as many addresses as they like.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => address.segments()[..4].iter().map(|part| format!("{part:x}:")).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_person: u32) -> RequestLimits {
        RequestLimits { per_person, ..RequestLimits::default() }
    }

    #[test]
    fn each_is_counted_by_itself_and_a_new_limit_counts_at_once() {
        let (all, ada) = (Limits::default(), Counted::Person("ada".into()));
        for _ in 0..3 {
            all.count(&ada, &limits(3)).unwrap();
        }
        let refused = all.count(&ada, &limits(3)).unwrap_err();
        assert!(refused.retry_after_s.is_some_and(|wait| (1..=20).contains(&wait)), "{refused:?}");
        all.count(&Counted::Person("bob".into()), &limits(3)).unwrap();
        all.count(&Counted::Token("ada".into()), &limits(3)).unwrap();
        all.count(&ada, &limits(4)).unwrap();
        for _ in 0..100 {
            all.count(&ada, &limits(0)).unwrap();
        }
    }

    #[test]
    fn what_has_ended_makes_room_for_another() {
        let (all, user) = (Limits::default(), |number| UserId::new(adit_domain::Timestamp(1), number));
        let first = all.open(&user(1), 2).unwrap();
        let second = all.open(&user(1), 2).unwrap();
        let refused = all.open(&user(1), 2).err().expect("both are open");
        assert_eq!((refused.body.code, refused.retry_after_s), (ErrorCode::TooMany, Some(UNTIL_ONE_ENDS_S)));
        let other = all.open(&user(2), 2).unwrap();
        drop(first);
        let third = all.open(&user(1), 2).unwrap();
        let unlimited = all.open(&user(1), 0).unwrap();
        drop((second, other, third, unlimited));
        assert!(all.open.lock().unwrap().is_empty(), "nobody is remembered who has nothing open");
    }

    #[test]
    fn memory_is_bounded() {
        let all = Limits::default();
        for number in 0..50_000 {
            all.count(&Counted::Person(number.to_string()), &limits(1)).unwrap();
        }
        let kept = all.asked[0].0.lock().unwrap();
        assert!(kept.as_ref().is_some_and(|(_, limiter)| limiter.len() <= MOST));
    }

    #[test]
    fn a_network_is_one_stranger() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
    }
}
