//! One chain from its first event to its head.

use std::time::Duration;

use adit_store::items::{Index, Item, Query, SkRange, StoreError};

use super::{Fault, PAGE, Report};
use crate::chain::{Head, Link, Linked, Mac};
use crate::event::{Entity, Record};
use crate::rows::{self, REGISTER};
use crate::trail::Trail;

/// A chain that moved less than this ago may not be in the index yet, in milliseconds.
const LAG_MS: i64 = 60_000;
/// How often and how long its index is waited for.
const LOOKS: u32 = 10;
const WAIT: Duration = Duration::from_millis(300);
/// How often what was written meanwhile is walked too.
const ROUNDS: u32 = 10;

/// How far the walk has come.
struct Walk {
    head: Head,
    number: u64,
    /// MAC of the event with that number; unknown if it is not as it was recorded.
    mac: Option<Mac>,
    /// Whether any event was seen.
    seen: bool,
    looks: u32,
}

/// What to do after an event.
enum Step {
    On,
    /// Events before it may not be in the index yet: look again.
    Again,
}

impl Trail {
    pub(super) async fn walk(&self, head: Head, report: &mut Report) -> Result<(), StoreError> {
        report.chains += 1;
        let mut walk = Walk { head, number: 0, mac: Some(Link::START.mac), seen: false, looks: LOOKS };
        let target = walk.head.last.number;
        for round in 0.. {
            let before = walk.number;
            self.walk_on(&mut walk, report).await?;
            match self.head(&walk.head.chain).await? {
                Some(head) => walk.head = head,
                None => {
                    self.head_is_gone(&walk, report).await?;
                    return Ok(());
                }
            }
            if walk.number >= walk.head.last.number {
                break;
            }
            if walk.number > before {
                // A chain that is written to all the time is not run after for ever.
                if round >= ROUNDS && walk.number >= target {
                    return Ok(());
                }
            } else if self.may_lag(&walk) {
                walk.looks -= 1;
                tokio::time::sleep(WAIT).await;
            } else {
                break;
            }
        }
        self.end(&walk, report);
        Ok(())
    }

    /// The head went while the chain was walked: in order only if the whole chain has expired.
    async fn head_is_gone(&self, walk: &Walk, report: &mut Report) -> Result<(), StoreError> {
        let chain = &walk.head.chain;
        let absent = self.items.get(&rows::head_key(chain)).await?.is_none();
        if !(absent && walk.is_expired(self.now().seconds())) {
            let sentence = format!("Chain {chain}: its head was changed while it was verified.");
            report.add(Fault::HeadChanged, chain, sentence);
        }
        Ok(())
    }

    fn may_lag(&self, walk: &Walk) -> bool {
        walk.looks > 0 && self.now().since_ms(walk.head.moved) < LAG_MS
    }

    /// Reads what comes after the last event that was seen.
    async fn walk_on(&self, walk: &mut Walk, report: &mut Report) -> Result<(), StoreError> {
        let (low, mut after) = (rows::chain_place(walk.number + 1), None);
        // Until there is one, everything from the beginning; places that are no numbers are looked at too.
        let sk = if walk.seen { SkRange::Between(low, "\u{10FFFF}".into()) } else { SkRange::All };
        loop {
            let query = Query {
                index: Index::First,
                pk: rows::chain_partition(&walk.head.chain),
                sk: sk.clone(),
                descending: false,
                limit: PAGE,
                after,
            };
            let page = self.page(query).await?;
            for item in &page.items {
                if matches!(self.step(walk, item, report).await?, Step::Again) {
                    return Ok(());
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn step(&self, walk: &mut Walk, item: &Item, report: &mut Report) -> Result<Step, StoreError> {
        let chain = walk.head.chain.clone();
        let linked = match self.key.read_event(item) {
            Ok(linked) if linked.intact && linked.chain == chain => linked,
            _ => {
                walk.skip(item);
                report_changed(item, report);
                return Ok(Step::On);
            }
        };
        let (number, expected) = (linked.link.number, walk.number + 1);
        if number > expected {
            // The first event that is left says whether those before it were due.
            let expired = !walk.seen && linked.previous_expires <= self.now().seconds();
            if !expired && self.may_lag(walk) {
                return Ok(Step::Again);
            }
            match (expired, walk.seen) {
                (true, _) => report.expired += number - expected,
                (false, true) => report.add(
                    Fault::Gap,
                    format!("{chain} {expected}"),
                    format!("Chain {chain}: {}.", missing(expected, number - 1)),
                ),
                (false, false) => report.add(
                    Fault::MissingBeginning,
                    &chain,
                    format!("Chain {chain}: {} though their time is not over.", missing(1, number - 1)),
                ),
            }
        } else if number < expected {
            report.add(
                Fault::Duplicate,
                format!("{chain} {number}"),
                format!("Chain {chain}: number {number} occurs twice."),
            );
            return Ok(Step::On);
        } else if walk.mac.is_some_and(|mac| mac != linked.previous) {
            let sentence = format!("Chain {chain}: event {number} does not follow the event before it.");
            report.add(Fault::Changed, format!("{chain} {number}"), sentence);
        }
        report.events += 1;
        (walk.number, walk.mac, walk.seen) = (number, Some(linked.link.mac), true);
        if chain == REGISTER {
            self.entered_chains(&linked, report).await?;
        }
        Ok(Step::On)
    }

    /// The chains that an entry of the register names must be there.
    async fn entered_chains(&self, entry: &Linked, report: &mut Report) -> Result<(), StoreError> {
        for chain in names(&entry.record) {
            if self.items.get(&rows::head_key(chain)).await?.is_none() {
                let process = &entry.record.process;
                report.add(
                    Fault::ChainGone,
                    chain,
                    format!("Chain {chain} of {process} is in the register, but its head is gone."),
                );
            }
        }
        Ok(())
    }

    fn end(&self, walk: &Walk, report: &mut Report) {
        let Head { chain, last, .. } = &walk.head;
        if walk.number > last.number {
            let sentence = format!(
                "Chain {chain}: its head names event {} as the last, but there are {}.",
                last.number, walk.number
            );
            report.add(Fault::BeyondEnd, chain, sentence);
        } else if walk.number == last.number {
            if walk.mac.is_some_and(|mac| mac != last.mac) {
                let sentence = format!("Chain {chain}: its head does not belong to its last event.");
                report.add(Fault::Changed, format!("{chain} head"), sentence);
            }
        } else if walk.is_expired(self.now().seconds()) {
            report.expired += last.number;
        } else {
            let sentence = format!("Chain {chain} was cut off: {}.", missing(walk.number + 1, last.number));
            report.add(Fault::CutOff, chain, sentence);
        }
    }
}

impl Walk {
    /// Whether all events may be gone because the last one has expired.
    fn is_expired(&self, now: i64) -> bool {
        !self.seen && self.head.last.expires <= now
    }

    /// Passes an event that is not as it was recorded, if it stands where the next one is expected.
    fn skip(&mut self, item: &Item) {
        let place = item.index1.as_ref().and_then(|(_, place)| place.parse::<u64>().ok());
        if place == Some(self.number + 1) {
            (self.number, self.mac, self.seen) = (self.number + 1, None, true);
        }
    }
}

/// The chains that an event names.
pub(super) fn names(record: &Record) -> impl Iterator<Item = &str> {
    record.event.entities.iter().filter_map(|entity| match entity {
        Entity::Chain { id } => Some(id.as_str()),
        _ => None,
    })
}

pub(super) fn report_changed(item: &Item, report: &mut Report) {
    let place = format!("{} {}", item.key.pk, item.key.sk);
    let sentence = format!("The row {} of {} is not as it was recorded.", item.key.sk, item.key.pk);
    report.add(Fault::Changed, place, sentence);
}

fn missing(first: u64, last: u64) -> String {
    if first == last { format!("event {first} is missing") } else { format!("events {first} to {last} are missing") }
}
