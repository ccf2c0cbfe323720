//! Rules, and which scheduled minutes were seen to.

use std::sync::Arc;

use adit_domain::rule::Rule;
use adit_domain::{RuleId, Timestamp};
use serde::{Deserialize, Serialize};

use super::encoding::{Versioned, item, key, sortable, value};
use crate::items::{Condition, Index, ItemStore, Key, Kind, Query, SkRange, StoreError, Write};

const PARTITION: &str = "RULES";
/// Rules of one installation at most: all of them are read together.
pub const MAX_RULES: usize = 500;

/// A scheduled minute for which a message was sent.
#[derive(Serialize, Deserialize)]
struct Minute {
    sent: Timestamp,
}

/// When the search of a scheduled minute failed first.
#[derive(Serialize, Deserialize)]
struct Failed {
    first: Timestamp,
}

/// Repository of rules.
#[derive(Clone)]
pub struct Rules {
    items: Arc<dyn ItemStore>,
}

impl Rules {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// All rules in the order in which they were made.
    pub async fn list(&self) -> Result<Vec<Versioned<Rule>>, StoreError> {
        let query = Query {
            index: Index::Primary,
            pk: PARTITION.into(),
            sk: SkRange::All,
            descending: false,
            limit: MAX_RULES,
            after: None,
        };
        self.items.query(query).await?.items.into_iter().map(value).collect()
    }

    /// One rule.
    pub async fn get(&self, id: &RuleId) -> Result<Option<Versioned<Rule>>, StoreError> {
        self.items.get(&rule_key(id)).await?.map(value).transpose()
    }

    /// Stores a rule; `before`: the version at which it was read, none for a new one.
    pub async fn put(&self, rule: &Rule, before: Option<u64>) -> Result<(), StoreError> {
        let condition = before.map_or(Condition::Absent, Condition::Version);
        self.items.put(item(rule_key(&rule.id), rule)?, condition).await
    }

    /// Removes a rule.
    pub async fn delete(&self, id: &RuleId, version: u64) -> Result<(), StoreError> {
        self.items.delete(&rule_key(id), Condition::Version(version)).await
    }

    /// Whether a message was sent for this scheduled minute.
    pub async fn is_minute_seen(&self, id: &RuleId, minute: Timestamp) -> Result<bool, StoreError> {
        Ok(self.items.get(&minute_key(id, minute)).await?.is_some())
    }

    /// When the search of a scheduled minute failed first; by this call if it never did before.
    pub async fn first_failure(
        &self,
        id: &RuleId,
        minute: Timestamp,
        now: Timestamp,
        expires_at: i64,
    ) -> Result<Timestamp, StoreError> {
        let place = key(format!("RULE#{id}"), format!("FAILED#{}", sortable(minute)));
        if let Some(known) = self.items.get(&place).await? {
            return Ok(value::<Failed>(known)?.value.first);
        }
        let mut row = item(place, &Failed { first: now })?;
        row.expires_at = Some(expires_at);
        match self.items.put(row, Condition::Absent).await {
            // Somebody else failed at the same moment.
            Err(error) if !matches!(error.kind, Kind::Conflict { .. }) => Err(error),
            _ => Ok(now),
        }
    }

    /// Remembers that a message was sent for this scheduled minute; false: somebody else has done so.
    pub async fn minute_seen(
        &self,
        id: &RuleId,
        minute: Timestamp,
        now: Timestamp,
        expires_at: i64,
    ) -> Result<bool, StoreError> {
        let mut row = item(minute_key(id, minute), &Minute { sent: now })?;
        row.expires_at = Some(expires_at);
        match self.items.transact(vec![Write::Put { item: row, condition: Condition::Absent }]).await {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn rule_key(id: &RuleId) -> Key {
    key(PARTITION, format!("RULE#{id}"))
}

fn minute_key(id: &RuleId, minute: Timestamp) -> Key {
    key(format!("RULE#{id}"), format!("MINUTE#{}", sortable(minute)))
}
