//! What people have moved: one row for each day, person and server, with counters that are only added to. A person's day is read by the
//! person, days are listed by the first index.

use std::sync::Arc;

use adit_domain::usage::{Amount, Way};
use adit_domain::{NodeId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::encoding::{item, key};
use super::groups::user_partition;
use crate::items::{Condition, Cursor, Index, Item, ItemStore, Key, Kind, Query, SkRange, StoreError, Write};

/// One day in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// How often a row that vanishes is made.
const TRIES: usize = 3;

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UsageOf {
    /// Who.
    pub user: UserId,
    /// Their user name at the time.
    pub person: String,
    /// The server; none: it could not be told.
    pub node: Option<NodeId>,
    /// Its name at the time.
    pub server: String,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRecord {
    /// Days since the epoch (UTC).
    pub day: i64,
    /// What it is about.
    pub of: UsageOf,
    /// How much in which way; ways without anything are left out.
    pub amounts: Vec<(Way, Amount)>,
}

/// Repository of what was moved.
#[derive(Clone)]
pub struct UsageBook {
    items: Arc<dyn ItemStore>,
}

impl UsageBook {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// The day (UTC) of a moment, in days since the epoch.
    #[must_use]
    pub fn day_of(now: Timestamp) -> i64 {
        now.0.div_euclid(DAY_MS)
    }

    /// Adds to the day of `now`. A row that is made now is kept for `kept_days`.
    pub async fn add(
        &self,
        of: &UsageOf,
        now: Timestamp,
        way: Way,
        amount: Amount,
        kept_days: u32,
    ) -> Result<(), StoreError> {
        let add = added(of, now, way, amount);
        for _ in 0..TRIES {
            match self.items.transact(vec![add.clone()]).await {
                // The first of the day.
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => self.begin(of, now, kept_days).await?,
                result => return result,
            }
        }
        self.items.transact(vec![add]).await
    }

    /// The write that adds to the day of `now`, for a transaction; the row is there afterwards.
    pub async fn write(
        &self,
        of: &UsageOf,
        now: Timestamp,
        way: Way,
        amount: Amount,
        kept_days: u32,
    ) -> Result<Write, StoreError> {
        if self.items.get(&place(of, now)).await?.is_none() {
            self.begin(of, now, kept_days).await?;
        }
        Ok(added(of, now, way, amount))
    }

    async fn begin(&self, of: &UsageOf, now: Timestamp, kept_days: u32) -> Result<(), StoreError> {
        let mut row = item(place(of, now), of)?;
        let by = row.key.sk.clone();
        row.index1 = Some((day_partition(Self::day_of(now)), format!("{}#{by}", of.user)));
        row.expires_at = Some(now.plus_ms(i64::from(kept_days) * DAY_MS).seconds());
        match self.items.put(row, Condition::Absent).await {
            Err(error) if !matches!(error.kind, Kind::Conflict { .. }) => Err(error),
            _ => Ok(()),
        }
    }

    /// Bytes that a person and their programs have moved by requests on the day of `now`.
    pub async fn bytes_by_requests(&self, user: &UserId, now: Timestamp) -> Result<u64, StoreError> {
        let (mut bytes, mut after) = (0, None);
        loop {
            let sk = SkRange::Prefix(format!("USAGE#{:08}#", Self::day_of(now)));
            let query =
                Query { index: Index::Primary, pk: user_partition(user), sk, descending: false, limit: 100, after };
            let page = self.items.query(query).await?;
            let amounts = page.items.iter().flat_map(amounts);
            bytes += amounts.filter(|(way, _)| way.is_request()).map(|(_, amount)| amount.bytes).sum::<u64>();
            after = page.next;
            if after.is_none() {
                return Ok(bytes);
            }
        }
    }

    /// A page of the rows of a day, given in days since the epoch.
    pub async fn of_day(
        &self,
        day: i64,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<UsageRecord>, Option<Cursor>), StoreError> {
        let (index, pk, sk) = (Index::First, day_partition(day), SkRange::All);
        let page = self.items.query(Query { index, pk, sk, descending: false, limit, after }).await?;
        let records = page.items.into_iter().map(|found| {
            let amounts = amounts(&found);
            let of = serde_json::from_value(found.body).map_err(|error| StoreError::new(Kind::Corrupt, error))?;
            Ok(UsageRecord { day, of, amounts })
        });
        Ok((records.collect::<Result<_, StoreError>>()?, page.next))
    }
}

fn place(of: &UsageOf, now: Timestamp) -> Key {
    let node = of.node.as_ref().map_or("-", NodeId::as_str);
    key(user_partition(&of.user), format!("USAGE#{:08}#{node}", UsageBook::day_of(now)))
}

fn day_partition(day: i64) -> String {
    format!("USAGE#{day:08}")
}

fn added(of: &UsageOf, now: Timestamp, way: Way, amount: Amount) -> Write {
    let parts = [("requests", amount.requests), ("instances", amount.instances), ("bytes", amount.bytes)];
    let delta = |(what, count): (&str, u64)| (counter(way, what), i64::try_from(count).unwrap_or(i64::MAX));
    let deltas = parts.into_iter().filter(|(_, count)| *count > 0).map(delta).collect();
    Write::Add { key: place(of, now), deltas }
}

fn counter(way: Way, what: &str) -> String {
    format!("{}_{what}", way.name())
}

fn amounts(item: &Item) -> Vec<(Way, Amount)> {
    let count = |way, what| {
        let found = item.counters.get(&counter(way, what)).copied().unwrap_or(0);
        u64::try_from(found).unwrap_or(0)
    };
    let amount = |way| Amount {
        requests: count(way, "requests"),
        instances: count(way, "instances"),
        bytes: count(way, "bytes"),
    };
    let all = Way::ALL.into_iter().map(|way| (way, amount(way)));
    all.filter(|(_, amount)| *amount != Amount::default()).collect()
}
