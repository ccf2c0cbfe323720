//! What limits of groups are measured by: bytes of a day, the unfinished job of a person, and the jobs that wait for approval. These rows
//! are written together with the job or task that they are about.

use std::sync::Arc;

use adit_domain::{GroupId, JobId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::encoding::{Versioned, item, key, value};
use super::groups::{partition, user_partition};
use crate::items::{Condition, Cursor, Index, ItemStore, Key, Kind, Query, SkRange, StoreError, Write};

/// One day in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// For how long the bytes of a day are kept, in days.
const KEPT_DAYS: i64 = 400;
const BYTES: &str = "bytes";

/// A row that names a job.
#[derive(Serialize, Deserialize)]
struct OfJob {
    job: JobId,
}

/// Repository of what limits are measured by.
#[derive(Clone)]
pub struct GroupLimits {
    items: Arc<dyn ItemStore>,
}

impl GroupLimits {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// Bytes that the transfers of a group have moved on the day (UTC) of `now`.
    pub async fn bytes_of_day(&self, group: &GroupId, now: Timestamp) -> Result<u64, StoreError> {
        let found = self.items.get(&day_key(group, now)).await?;
        let bytes = found.and_then(|found| found.counters.get(BYTES).copied()).unwrap_or(0);
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// The write that adds bytes to the day of `now`; the day's row is there afterwards.
    pub async fn add_bytes(&self, group: &GroupId, now: Timestamp, bytes: u64) -> Result<Write, StoreError> {
        let place = day_key(group, now);
        if self.items.get(&place).await?.is_none() {
            let mut row = item(place.clone(), &serde_json::json!({}))?;
            row.expires_at = Some(now.plus_ms(KEPT_DAYS * DAY_MS).seconds());
            match self.items.put(row, Condition::Absent).await {
                Err(error) if !matches!(error.kind, Kind::Conflict { .. }) => return Err(error),
                _ => {}
            }
        }
        Ok(Write::Add { key: place, deltas: vec![(BYTES.to_owned(), i64::try_from(bytes).unwrap_or(i64::MAX))] })
    }

    /// Notes that the day of `now` is full; true for the first who says so.
    pub async fn first_full(&self, group: &GroupId, now: Timestamp) -> Result<bool, StoreError> {
        let Key { pk, sk } = day_key(group, now);
        let mut row = item(key(pk, format!("FULL_{sk}")), &serde_json::json!({}))?;
        row.expires_at = Some(now.plus_ms(2 * DAY_MS).seconds());
        match self.items.put(row, Condition::Absent).await {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The job that a person has begun last in a group, with the version of the row.
    pub async fn active_job(&self, user: &UserId, group: &GroupId) -> Result<Option<Versioned<JobId>>, StoreError> {
        let found = self.items.get(&active_key(user, group)).await?;
        let row: Option<Versioned<OfJob>> = found.map(value).transpose()?;
        Ok(row.map(|row| Versioned { value: row.value.job, version: row.version }))
    }

    /// The write that makes `job` the one that a person has begun last; `before`: the version at which the row was read.
    pub fn begin_job(
        &self,
        user: &UserId,
        group: &GroupId,
        job: &JobId,
        before: Option<u64>,
    ) -> Result<Write, StoreError> {
        let row = item(active_key(user, group), &OfJob { job: job.clone() })?;
        Ok(Write::Put { item: row, condition: before.map_or(Condition::Absent, Condition::Version) })
    }

    /// The write by which a job waits for approval.
    pub fn wait(&self, group: &GroupId, job: &JobId) -> Result<Write, StoreError> {
        let row = item(approval_key(group, job), &OfJob { job: job.clone() })?;
        Ok(Write::Put { item: row, condition: Condition::None })
    }

    /// The write by which it waits no longer.
    #[must_use]
    pub fn wait_no_longer(&self, group: &GroupId, job: &JobId) -> Write {
        Write::Delete { key: approval_key(group, job), condition: Condition::None }
    }

    /// A page of the jobs of a group that wait for approval, the oldest first.
    pub async fn waiting(
        &self,
        group: &GroupId,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<JobId>, Option<Cursor>), StoreError> {
        let (index, pk) = waiting_listing(group);
        let sk = SkRange::Prefix("APPROVAL#".into());
        let page = self.items.query(Query { index, pk, sk, descending: false, limit, after }).await?;
        let ids = page.items.into_iter().map(|found| Ok(value::<OfJob>(found)?.value.job));
        Ok((ids.collect::<Result<_, StoreError>>()?, page.next))
    }

    /// When the day (UTC) of `now` ends.
    #[must_use]
    pub fn next_day(now: Timestamp) -> Timestamp {
        Timestamp((now.0.div_euclid(DAY_MS) + 1) * DAY_MS)
    }
}

/// The list of a group's waiting jobs: index and partition, to which page tokens are bound.
#[must_use]
pub fn waiting_listing(group: &GroupId) -> (Index, String) {
    (Index::Primary, partition(group))
}

fn day_key(group: &GroupId, now: Timestamp) -> Key {
    key(partition(group), format!("DAY#{:08}", now.0.div_euclid(DAY_MS)))
}

fn active_key(user: &UserId, group: &GroupId) -> Key {
    key(user_partition(user), format!("ACTIVE_JOB#{group}"))
}

fn approval_key(group: &GroupId, job: &JobId) -> Key {
    key(partition(group), format!("APPROVAL#{job}"))
}
