//! Search: newest first, filtered, in pages. A request reads a bounded number of partitions and events; it may bring few or none and still a
//! token to go on with.

use adit_domain::{JobId, NodeId, Timestamp, Uid, UserId};
use adit_store::items::{Cursor, Index, Query, SkRange};
use serde::{Deserialize, Serialize};

use crate::event::{Entity, Outcome, Record};
use crate::kind::Kind;
use crate::rows;
use crate::trail::{Trail, TrailError};

/// Days that one request looks into at most.
pub const MAX_PARTITIONS: usize = 31;
/// Events that one request reads at most.
pub const MAX_READ: usize = 2000;
/// Events on one page at most.
const MAX_PAGE: usize = 200;

/// What is searched for; what is absent does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Until this moment.
    pub to: Option<Timestamp>,
    /// One of these kinds; empty: all.
    pub kinds: Vec<Kind>,
    /// This outcome.
    pub outcome: Option<Outcome>,
    /// Done by this person.
    pub user: Option<UserId>,
    /// About this server.
    pub node: Option<NodeId>,
    /// About this job.
    pub job: Option<JobId>,
    /// About this study.
    pub study: Option<Uid>,
}

/// An event that was found, with its place in its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event.
    pub record: Record,
    /// Its chain.
    pub chain: String,
    /// Its number there.
    pub number: u64,
    /// MAC of the event before, hexadecimal.
    pub previous: String,
    /// Its own MAC, hexadecimal.
    pub mac: String,
    /// Whether it is as it was recorded. What is missing only verification can tell.
    pub intact: bool,
}

/// A page of a search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Rows that are no readable event.
    pub unreadable: usize,
    /// Token for the next page, for the same filter only; absent at the end.
    pub next: Option<String>,
}

impl Filter {
    fn holds(&self, record: &Record) -> bool {
        let event = &record.event;
        let about = |wanted: &dyn Fn(&Entity) -> bool| event.entities.iter().any(wanted);
        (self.kinds.is_empty() || self.kinds.contains(&event.kind()))
            && self.outcome.is_none_or(|outcome| event.outcome == outcome)
            && self.user.as_ref().is_none_or(|user| event.actor.user.as_ref() == Some(user))
            && self
                .node
                .as_ref()
                .is_none_or(|node| about(&|entity| matches!(entity, Entity::Node { id, .. } if id == node)))
            && self.job.as_ref().is_none_or(|job| about(&|entity| matches!(entity, Entity::Job { id } if id == job)))
            && self
                .study
                .as_ref()
                .is_none_or(|study| about(&|entity| matches!(entity, Entity::Study { uid } if uid == study)))
    }

    /// What a page token belongs to.
    fn name(&self) -> String {
        format!("AUDIT_SEARCH#{}", serde_json::to_string(self).unwrap_or_default())
    }
}

/// One place where the search goes on: a partition, and what was read of it.
struct Walk {
    index: Index,
    /// Day of the partition; not used for a person's partition.
    day: i64,
    pk: String,
    after: Option<Cursor>,
}

impl Trail {
    /// A page of at most `limit` events. `token`: the one of the page before.
    pub async fn search(&self, filter: &Filter, limit: usize, token: Option<&str>) -> Result<Found, TrailError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let to = self.clock.now().plus_ms(rows::DAY_MS).min(filter.to.unwrap_or(Timestamp(i64::MAX)));
        let from = self.beginning().await?.unwrap_or(Timestamp(0)).max(filter.from.unwrap_or_default());
        let mut walk = Some(self.start(filter, to, token)?);
        let mut found = Found::default();
        let (mut partitions, mut read) = (0, 0);
        while let Some(place) = walk.take() {
            if place.index == Index::Primary && place.day < rows::day_of(from) {
                return Ok(found);
            }
            if partitions == MAX_PARTITIONS || read >= MAX_READ || found.entries.len() >= limit {
                found.next = Some(self.seal(filter, &place));
                return Ok(found);
            }
            let page = self.page(query(&place, from, to, limit)).await?;
            read += page.items.len();
            for (at, item) in page.items.iter().enumerate() {
                match self.read(item) {
                    Some(entry) if filter.holds(&entry.record) => found.entries.push(entry),
                    Some(_) => {}
                    None => found.unreadable += 1,
                }
                if found.entries.len() == limit && at + 1 < page.items.len() {
                    let after = Some(place_of(&place, item.key.clone()));
                    found.next = Some(self.seal(filter, &Walk { after, ..place }));
                    return Ok(found);
                }
            }
            partitions += usize::from(page.next.is_none());
            walk = match (page.next, place.index) {
                (Some(next), _) => Some(Walk { after: Some(next), ..place }),
                (None, Index::Primary) => Some(day_walk(place.day - 1)),
                (None, _) => None,
            };
        }
        Ok(found)
    }

    fn start(&self, filter: &Filter, to: Timestamp, token: Option<&str>) -> Result<Walk, TrailError> {
        let mut start = match &filter.user {
            Some(user) => Walk { index: Index::Second, day: 0, pk: rows::user_partition(user.as_str()), after: None },
            None => day_walk(rows::day_of(to)),
        };
        let Some(token) = token else { return Ok(start) };
        let cursor = self.pages.open(start.index, &filter.name(), token).map_err(|_| TrailError::ForeignPage)?;
        // The place holds the day before the place proper.
        let (day, place) = cursor.place.split_once('/').ok_or(TrailError::ForeignPage)?;
        if start.index == Index::Primary {
            start = day_walk(day.parse().map_err(|_| TrailError::ForeignPage)?);
        }
        if !place.is_empty() {
            start.after = Some(Cursor { place: place.to_owned(), ..cursor });
        }
        Ok(start)
    }

    fn seal(&self, filter: &Filter, walk: &Walk) -> String {
        let Cursor { place, pk, sk } =
            walk.after.clone().unwrap_or(Cursor { place: String::new(), pk: String::new(), sk: String::new() });
        let cursor = Cursor { place: format!("{}/{place}", walk.day), pk, sk };
        self.pages.seal(walk.index, &filter.name(), &cursor)
    }
}

fn day_walk(day: i64) -> Walk {
    Walk { index: Index::Primary, day, pk: rows::day_partition(day), after: None }
}

/// Both in a day and in a person's partition, the place is the event's id.
fn place_of(walk: &Walk, key: adit_store::items::Key) -> Cursor {
    debug_assert!(walk.index != Index::First);
    Cursor { place: key.sk.clone(), pk: key.pk, sk: key.sk }
}

fn query(walk: &Walk, from: Timestamp, to: Timestamp, limit: usize) -> Query {
    let (low, high) = rows::places(from, to);
    Query {
        index: walk.index,
        pk: walk.pk.clone(),
        sk: SkRange::Between(low, high),
        descending: true,
        limit: limit.max(50),
        after: walk.after.clone(),
    }
}
