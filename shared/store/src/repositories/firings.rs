//! Firings of rules: what happened (for people), which study a rule has fired for (so that it does so once), and how many jobs
//! it has made in an hour. The job and these rows are written in one transaction.

use std::sync::Arc;

use adit_domain::job::Job;
use adit_domain::task::Task;
use adit_domain::{JobId, RuleId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use super::encoding::{Versioned, item, key, sortable, value};
use super::jobs::new_job_writes;
use crate::items::{Condition, Index, ItemStore, Key, Query, SkRange, StoreError, Write};

/// Studies in one job of a rule at most: job, two rows for each study, the hour and the firing fit into one transaction.
pub const MAX_STUDIES_PER_FIRING: usize = 45;
/// One hour in milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// What happened, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiringRecord {
    /// When.
    pub at: Timestamp,
    /// One sentence without patient data.
    pub event: String,
    /// The job that was made.
    pub job: Option<JobId>,
    /// Why none was made, if that is a problem.
    pub problem: String,
}

/// A rule has fired for a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// When.
    pub at: Timestamp,
    /// The job.
    pub job: JobId,
    /// Its task for the study.
    pub task: TaskId,
    /// Images that were there.
    pub images: u64,
}

/// How many jobs a rule has made in one hour of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Hour {
    jobs: u32,
}

/// A firing about to be written.
pub struct NewFiring<'a> {
    /// The rule.
    pub rule: &'a RuleId,
    /// The job, with one task for each study.
    pub job: &'a Job,
    /// Its tasks.
    pub tasks: &'a [Task],
    /// Images of each task's study.
    pub images: &'a [u64],
    /// Jobs per hour at most; 0: no limit.
    pub jobs_per_hour: u32,
    /// What people read.
    pub event: &'a str,
    /// Seconds since the epoch after which the row for people goes.
    pub expires_at: i64,
}

/// What became of a firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is written.
    Yes,
    /// The rule has made as many jobs this hour as it may.
    Full,
}

/// Repository of firings.
#[derive(Clone)]
pub struct Firings {
    items: Arc<dyn ItemStore>,
}

impl Firings {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// Writes the job, its tasks, and that the rule has fired for their studies: all or nothing. A conflict means that somebody else
    /// was faster, with a study or with this hour's number; look again.
    pub async fn insert(&self, new: &NewFiring<'_>) -> Result<Inserted, StoreError> {
        let mut writes = new_job_writes(new.job, new.tasks)?;
        let now = new.job.created;
        for (task, images) in new.tasks.iter().zip(new.images) {
            let fired = Fired { at: now, job: new.job.id.clone(), task: task.id.clone(), images: *images };
            let row = item(fired_key(new.rule, &task.study_instance_uid), &fired)?;
            writes.push(Write::Put { item: row, condition: Condition::Absent });
        }
        if new.jobs_per_hour > 0 {
            let place = hour_key(new.rule, now);
            let hour: Option<Versioned<Hour>> = self.items.get(&place).await?.map(value).transpose()?;
            let jobs = hour.as_ref().map_or(0, |hour| hour.value.jobs);
            if jobs >= new.jobs_per_hour {
                return Ok(Inserted::Full);
            }
            let mut row = item(place, &Hour { jobs: jobs + 1 })?;
            row.expires_at = Some(now.plus_ms(2 * HOUR_MS).seconds());
            let condition = hour.map_or(Condition::Absent, |hour| Condition::Version(hour.version));
            writes.push(Write::Put { item: row, condition });
        }
        let record = FiringRecord {
            at: now,
            event: new.event.to_owned(),
            job: Some(new.job.id.clone()),
            problem: String::new(),
        };
        writes.push(record_write(new.rule, new.job.id.as_str(), &record, new.expires_at)?);
        self.items.transact(writes).await?;
        Ok(Inserted::Yes)
    }

    /// When the present hour of `now` ends and more jobs may be made.
    #[must_use]
    pub fn next_hour(now: Timestamp) -> Timestamp {
        Timestamp((now.0.div_euclid(HOUR_MS) + 1) * HOUR_MS)
    }

    /// Records what happened without a job. The same `what` at the same moment is one row.
    pub async fn note(
        &self,
        rule: &RuleId,
        what: &str,
        record: &FiringRecord,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        self.items.transact(vec![record_write(rule, what, record, expires_at)?]).await
    }

    /// The newest firings first.
    pub async fn list(&self, rule: &RuleId, limit: usize) -> Result<Vec<FiringRecord>, StoreError> {
        let query = Query {
            index: Index::Primary,
            pk: format!("RULE#{rule}"),
            sk: SkRange::Prefix("FIRING#".into()),
            descending: true,
            limit,
            after: None,
        };
        let page = self.items.query(query).await?;
        page.items.into_iter().map(|found| Ok(value::<FiringRecord>(found)?.value)).collect()
    }

    /// Whether (and how) a rule has fired for a study.
    pub async fn fired(&self, rule: &RuleId, study: &str) -> Result<Option<Versioned<Fired>>, StoreError> {
        self.items.get(&fired_key(rule, study)).await?.map(value).transpose()
    }

    /// More images of the study belong to the firing now.
    pub async fn grow(
        &self,
        rule: &RuleId,
        study: &str,
        fired: &Versioned<Fired>,
        images: u64,
    ) -> Result<(), StoreError> {
        let grown = Fired { images, ..fired.value.clone() };
        self.items.put(item(fired_key(rule, study), &grown)?, Condition::Version(fired.version)).await
    }

    /// Forgets everything about a rule that is gone.
    pub async fn forget(&self, rule: &RuleId) -> Result<(), StoreError> {
        for partition in [format!("RULE#{rule}"), format!("FIRED#{rule}")] {
            loop {
                let query = Query {
                    index: Index::Primary,
                    pk: partition.clone(),
                    sk: SkRange::All,
                    descending: false,
                    limit: crate::items::MAX_WRITES,
                    after: None,
                };
                let page = self.items.query(query).await?;
                if page.items.is_empty() {
                    break;
                }
                let gone = page.items.into_iter();
                let writes = gone.map(|found| Write::Delete { key: found.key, condition: Condition::None }).collect();
                self.items.transact(writes).await?;
            }
        }
        Ok(())
    }
}

fn record_write(rule: &RuleId, what: &str, record: &FiringRecord, expires_at: i64) -> Result<Write, StoreError> {
    let place = key(format!("RULE#{rule}"), format!("FIRING#{}#{what}", sortable(record.at)));
    let mut row = item(place, record)?;
    row.expires_at = Some(expires_at);
    Ok(Write::Put { item: row, condition: Condition::None })
}

fn fired_key(rule: &RuleId, study: &str) -> Key {
    key(format!("FIRED#{rule}"), study)
}

fn hour_key(rule: &RuleId, now: Timestamp) -> Key {
    key(format!("RULE#{rule}"), format!("HOUR#{}", now.0.div_euclid(HOUR_MS)))
}
