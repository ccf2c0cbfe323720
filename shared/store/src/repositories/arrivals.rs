//! What is coming in at a source: studies, and the objects (instances in the inbox, files in a folder or bucket) they consist of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adit_domain::{JobId, NodeId, RuleId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use super::encoding::{Versioned, item, key, sortable, value};
use crate::items::{Condition, Cursor, Index, Item, ItemStore, Key, Query, SkRange, StoreError, Write};

/// A study that is coming in at a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The node, or [`adit_domain::rule::inbox`].
    pub source: NodeId,
    /// The study.
    pub study_instance_uid: String,
    /// When its first object came.
    pub first: Timestamp,
    /// When its last object came.
    pub last: Timestamp,
    /// Objects that have come.
    pub images: u64,
    /// One more with every object that comes or comes again.
    pub changes: u64,
    /// When it is to be looked at; none: nothing is left to do.
    pub due: Option<Timestamp>,
    /// Rules that have seen it, with the `changes` that they saw.
    #[serde(default)]
    pub handled: BTreeMap<String, u64>,
    /// What was made of it.
    #[serde(default)]
    pub jobs: Vec<(JobId, TaskId)>,
    /// Rules that took its objects when they came.
    #[serde(default)]
    pub takers: BTreeSet<String>,
    /// A rule wanted it and could not send it.
    #[serde(default)]
    pub wanted: bool,
}

impl Arrival {
    /// Whether a rule has seen the study as it is now.
    #[must_use]
    pub fn is_handled(&self, rule: &RuleId) -> bool {
        self.handled.get(rule.as_str()) == Some(&self.changes)
    }
}

/// An object that has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivedObject {
    /// The node, or [`adit_domain::rule::inbox`].
    pub source: NodeId,
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// Series Instance UID.
    pub series_instance_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// Name below the node; empty in the inbox.
    #[serde(default)]
    pub name: String,
    /// Calling AE titles of its senders; none for files.
    #[serde(default)]
    pub from: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// When the file was written last.
    #[serde(default)]
    pub modified: Timestamp,
    /// CRC-32 of all bytes in the inbox; 0 for files.
    #[serde(default)]
    pub crc32: u32,
    /// Another file came under its SOP Instance UID after this one was on record: what was transferred may be the earlier one.
    #[serde(default)]
    pub replaced: bool,
    /// When it came.
    pub at: Timestamp,
    /// Values of the attributes that were looked for, by keyword; absent ones are left out.
    #[serde(default)]
    pub facts: BTreeMap<String, Vec<String>>,
    /// Attributes beyond the usual ones that were looked for.
    #[serde(default)]
    pub also: Vec<String>,
    /// Its bytes were removed from the source by ADIT.
    #[serde(default)]
    pub removed: bool,
    /// Seconds since the epoch after which this is forgotten.
    #[serde(default)]
    pub expires_at: i64,
}

/// Repository of arrivals.
#[derive(Clone)]
pub struct Arrivals {
    items: Arc<dyn ItemStore>,
}

impl Arrivals {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// One arrival.
    pub async fn get(&self, source: &NodeId, study: &str) -> Result<Option<Versioned<Arrival>>, StoreError> {
        self.items.get(&key(partition(source, study), ARRIVAL)).await?.map(value).transpose()
    }

    /// One object.
    pub async fn object(
        &self,
        source: &NodeId,
        study: &str,
        sop: &str,
    ) -> Result<Option<Versioned<ArrivedObject>>, StoreError> {
        self.items.get(&object_key(source, study, sop)).await?.map(value).transpose()
    }

    /// Stores an object and its arrival in one transaction; the versions say as what they were read, none: absent. A conflict means that
    /// somebody else was faster.
    pub async fn record(
        &self,
        object: &ArrivedObject,
        object_version: Option<u64>,
        arrival: &Arrival,
        arrival_version: Option<u64>,
    ) -> Result<(), StoreError> {
        let must = |version: Option<u64>| version.map_or(Condition::Absent, Condition::Version);
        self.items
            .transact(vec![
                Write::Put { item: object_item(object)?, condition: must(object_version) },
                Write::Put { item: arrival_item(arrival, object.expires_at)?, condition: must(arrival_version) },
            ])
            .await
    }

    /// Changes an arrival that was read at `version`.
    pub async fn update(&self, arrival: &Arrival, version: u64, expires_at: i64) -> Result<(), StoreError> {
        self.items.put(arrival_item(arrival, expires_at)?, Condition::Version(version)).await
    }

    /// Stores an object anew that was read at `version`: it was removed, or it is to be remembered longer.
    pub async fn update_object(&self, object: &ArrivedObject, version: u64) -> Result<(), StoreError> {
        self.items.put(object_item(object)?, Condition::Version(version)).await
    }

    /// Objects of the inbox with this SOP Instance UID, of whatever studies. What came a moment ago may be missing.
    pub async fn in_inbox(&self, sop: &str) -> Result<Vec<ArrivedObject>, StoreError> {
        let pk = format!("INBOX#{sop}");
        let query = Query { index: Index::First, pk, sk: SkRange::All, descending: false, limit: 10, after: None };
        let page = self.items.query(query).await?;
        page.items.into_iter().map(|found| Ok(value::<ArrivedObject>(found)?.value)).collect()
    }

    /// All objects of a study at a source.
    pub async fn objects(&self, source: &NodeId, study: &str) -> Result<Vec<ArrivedObject>, StoreError> {
        let mut objects = Vec::new();
        let mut after = None;
        loop {
            let query = Query {
                index: Index::Primary,
                pk: partition(source, study),
                sk: SkRange::Prefix("O#".into()),
                descending: false,
                limit: 500,
                after,
            };
            let page = self.items.query(query).await?;
            for found in page.items {
                objects.push(value::<ArrivedObject>(found)?.value);
            }
            after = page.next;
            if after.is_none() {
                return Ok(objects);
            }
        }
    }

    /// Arrivals that are to be looked at by now, the most urgent first; a row that cannot be read is left out. As it was a moment ago.
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Versioned<Arrival>>, StoreError> {
        let sk = SkRange::Between(String::new(), sortable(now));
        let query = Query { index: Index::First, pk: "DUE".into(), sk, descending: false, limit, after: None };
        let found = self.items.query(query).await?.items.into_iter();
        Ok(found.filter_map(|row| readable(value(row))).collect())
    }

    /// Arrivals at a source, the newest first, a page at a time.
    pub async fn page(
        &self,
        source: &NodeId,
        after: Option<Cursor>,
    ) -> Result<(Vec<Arrival>, Option<Cursor>), StoreError> {
        let (index, pk) = (Index::Second, format!("ARRIVALS#{source}"));
        let query = Query { index, pk, sk: SkRange::All, descending: true, limit: 500, after };
        let page = self.items.query(query).await?;
        let found = page.items.into_iter();
        Ok((found.filter_map(|row| readable(value::<Arrival>(row))).map(|row| row.value).collect(), page.next))
    }

    /// Arrivals at a source, the newest first.
    pub async fn newest(&self, source: &NodeId, limit: usize) -> Result<Vec<Arrival>, StoreError> {
        let query = Query {
            index: Index::Second,
            pk: format!("ARRIVALS#{source}"),
            sk: SkRange::All,
            descending: true,
            limit,
            after: None,
        };
        let page = self.items.query(query).await?;
        page.items.into_iter().map(|found| Ok(value::<Arrival>(found)?.value)).collect()
    }

    /// Objects of a folder or bucket in the order of their names, a page at a time.
    pub async fn known_files(
        &self,
        source: &NodeId,
        after: Option<Cursor>,
    ) -> Result<(Vec<ArrivedObject>, Option<Cursor>), StoreError> {
        let pk = format!("SHELF#{source}");
        let query = Query { index: Index::First, pk, sk: SkRange::All, descending: false, limit: 1000, after };
        let page = self.items.query(query).await?;
        let objects = page.items.into_iter().map(|found| Ok(value::<ArrivedObject>(found)?.value));
        Ok((objects.collect::<Result<_, StoreError>>()?, page.next))
    }
}

/// One row that another version of ADIT wrote must not keep all others from being seen to.
fn readable<T>(row: Result<T, StoreError>) -> Option<T> {
    row.inspect_err(|error| tracing::error!(error = %error, "the row of an arrival cannot be read and is left out"))
        .ok()
}

const ARRIVAL: &str = "ARRIVAL";

fn partition(source: &NodeId, study: &str) -> String {
    format!("ARRIVAL#{source}#{study}")
}

fn object_key(source: &NodeId, study: &str, sop: &str) -> Key {
    key(partition(source, study), format!("O#{sop}"))
}

fn object_item(object: &ArrivedObject) -> Result<Item, StoreError> {
    let place = object_key(&object.source, &object.study_instance_uid, &object.sop_instance_uid);
    let mut row = item(place, object)?;
    row.index1 = Some(if object.name.is_empty() {
        (format!("INBOX#{}", object.sop_instance_uid), object.study_instance_uid.clone())
    } else {
        (format!("SHELF#{}", object.source), object.name.clone())
    });
    row.expires_at = Some(object.expires_at);
    Ok(row)
}

fn arrival_item(arrival: &Arrival, expires_at: i64) -> Result<Item, StoreError> {
    let mut row = item(key(partition(&arrival.source, &arrival.study_instance_uid), ARRIVAL), arrival)?;
    row.index1 = arrival.due.map(|due| ("DUE".to_owned(), sortable(due)));
    row.index2 = Some((format!("ARRIVALS#{}", arrival.source), sortable(arrival.first)));
    row.expires_at = Some(expires_at);
    Ok(row)
}
