//! Where things stand in the table: keys, partitions, days.

use adit_domain::{EventId, Timestamp};
use adit_store::items::Key;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
/// The chain in which every other chain is entered when it begins; all processes share it.
pub const REGISTER: &str = "REGISTER";
/// Partition of the heads.
pub const HEADS: &str = "AUDIT_CHAINS";

/// Days since the epoch, UTC.
pub fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MS)
}

/// Partition of the events of a day.
pub fn day_partition(day: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(day.saturating_mul(DAY_MS)).unwrap_or_default();
    format!("AUDIT#{}", moment.strftime("%Y-%m-%d"))
}

/// Partition of a chain in the first index.
pub fn chain_partition(chain: &str) -> String {
    format!("AUDIT_CHAIN#{chain}")
}

/// Place of an event in its chain; sorts by number.
pub fn chain_place(number: u64) -> String {
    format!("{number:015}")
}

/// Partition of a person's events in the second index.
pub fn user_partition(user: &str) -> String {
    format!("AUDIT_USER#{user}")
}

/// Key of an event.
pub fn event_key(at: Timestamp, id: &EventId) -> Key {
    Key { pk: day_partition(day_of(at)), sk: id.to_string() }
}

/// Key of a chain's head.
pub fn head_key(chain: &str) -> Key {
    Key { pk: HEADS.into(), sk: chain.into() }
}

/// The lowest and the highest place of events of a span of time.
pub fn places(from: Timestamp, to: Timestamp) -> (String, String) {
    (EventId::new(from, 0).into(), EventId::new(to, u128::MAX).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(day_partition(day_of(Timestamp(1_709_164_800_000 - 1))), "AUDIT#2024-02-28");
        assert_eq!(day_partition(day_of(Timestamp(1_709_164_800_000))), "AUDIT#2024-02-29");
    }
}
