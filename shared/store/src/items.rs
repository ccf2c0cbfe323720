//! ItemStore: the honest subset of a single-table key-value design with two secondary indexes.
//!
//! Promises: a transaction happens wholly or not at all; a version condition is checked in the same moment as the write;
//! a read by key after a write sees it; an index may lag behind on some backends. There are no table scans.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Writes per transaction at most.
pub const MAX_WRITES: usize = 100;
/// Bytes of an item's body at most.
pub const MAX_BODY: usize = 100 * 1024;
/// Bytes of all bodies of a transaction at most.
pub const MAX_TRANSACTION: usize = 3_900_000;
/// Bytes of a partition's name at most, of an index too.
pub const MAX_PARTITION: usize = 2048;
/// Bytes of a place at most, of an index too.
pub const MAX_PLACE: usize = 1024;

/// Primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place in the partition; items are sorted by it, byte by byte.
    pub sk: String,
}

/// An item.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its key.
    pub key: Key,
    /// What it holds, at most [`MAX_BODY`] bytes.
    pub body: serde_json::Value,
    /// Numbers that are added to without reading; see [`Write::Add`].
    pub counters: BTreeMap<String, i64>,
    /// Partition and place in the first index, if it is to be found there.
    pub index1: Option<(String, String)>,
    /// Partition and place in the second index.
    pub index2: Option<(String, String)>,
    /// Set by the store: 1 for a new item, one more with each put. Ignored on writing.
    pub version: u64,
    /// Seconds since the epoch after which the item answers as absent.
    pub expires_at: Option<i64>,
}

/// What must hold for a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// The item does not exist.
    Absent,
    /// The item exists with this version.
    Version(u64),
}

/// One write of a transaction. A key may occur once per transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Stores an item. Counters of an existing item stay as they are (a put never loses a concurrent addition); a new item takes the given ones.
    Put {
        /// The item.
        item: Item,
        /// What must hold.
        condition: Condition,
    },
    /// Removes an item; removing what is absent is no error unless a version is demanded.
    Delete {
        /// Its key.
        key: Key,
        /// What must hold.
        condition: Condition,
    },
    /// Adds to counters of an existing item without changing its version; an absent item is a conflict.
    Add {
        /// Its key.
        key: Key,
        /// Counter and what is added to it.
        deltas: Vec<(String, i64)>,
    },
    /// Only checks.
    Check {
        /// The key.
        key: Key,
        /// What must hold.
        condition: Condition,
    },
}

impl Write {
    /// The key that is written or checked.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { item, .. } => &item.key,
            Self::Delete { key, .. } | Self::Add { key, .. } | Self::Check { key, .. } => key,
        }
    }
}

/// Where a query looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// By primary key.
    Primary,
    /// By the first index.
    First,
    /// By the second index.
    Second,
}

/// Which places of a partition a query wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkRange {
    /// All.
    All,
    /// Those that begin with this.
    Prefix(String),
    /// Those from the first to the second, both included.
    Between(String, String),
}

impl SkRange {
    /// Whether a place lies within.
    #[must_use]
    pub fn contains(&self, place: &str) -> bool {
        match self {
            Self::All => true,
            Self::Prefix(prefix) => place.starts_with(prefix.as_str()),
            Self::Between(low, high) => (low.as_str()..=high.as_str()).contains(&place),
        }
    }
}

/// A query within one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Where to look.
    pub index: Index,
    /// The partition.
    pub pk: String,
    /// Which places.
    pub sk: SkRange,
    /// Last place first.
    pub descending: bool,
    /// Items per page, at least 1.
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<Cursor>,
}

/// Where a page ended. Outside it is text that [`PageSeal`](crate::paging::PageSeal) made; a store checks it against the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Place in the index (or the primary sort key).
    pub place: String,
    /// Primary key of the last item.
    pub pk: String,
    /// Primary sort key of the last item.
    pub sk: String,
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The items in order.
    pub items: Vec<Item>,
    /// Give back for the next page; absent at the end.
    pub next: Option<Cursor>,
}

/// Why a store did not do what it was asked.
#[derive(Debug, Error)]
#[error("{kind}: {source}")]
pub struct StoreError {
    /// What the caller can act on.
    pub kind: Kind,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// An error of `kind` caused by `source`.
    pub fn new(kind: Kind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }
}

/// Kinds of store errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Kind {
    /// A condition did not hold; nothing was written. Read again and decide anew.
    #[error("a condition of write {index} did not hold")]
    Conflict {
        /// Which write of the transaction.
        index: usize,
    },
    /// The item or the transaction is too large. Retrying never helps.
    #[error("too large")]
    TooLarge,
    /// The request makes no sense. Retrying never helps.
    #[error("invalid request")]
    Invalid,
    /// The backend does not answer. Retrying may help.
    #[error("store not available")]
    Unavailable,
    /// What is stored cannot be read.
    #[error("stored data cannot be read")]
    Corrupt,
}

/// The port.
#[async_trait]
pub trait ItemStore: Send + Sync {
    /// The item, unless it is absent or expired.
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError>;

    /// A page of items of one partition, in order of their place. A page may be followed by an empty one.
    async fn query(&self, query: Query) -> Result<Page, StoreError>;

    /// Does all writes or none. At most [`MAX_WRITES`], each key once.
    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError>;

    /// Removes items that have expired; returns how many. A backend that removes them by itself returns 0.
    async fn purge_expired(&self) -> Result<usize, StoreError>;

    /// Stores one item.
    async fn put(&self, item: Item, condition: Condition) -> Result<(), StoreError> {
        self.transact(vec![Write::Put { item, condition }]).await
    }

    /// Removes one item.
    async fn delete(&self, key: &Key, condition: Condition) -> Result<(), StoreError> {
        self.transact(vec![Write::Delete { key: key.clone(), condition }]).await
    }
}

/// What every backend checks before it writes: sizes, numbers, each key once.
pub fn check_writes(writes: &[Write]) -> Result<(), StoreError> {
    if writes.len() > MAX_WRITES {
        return Err(StoreError::new(Kind::TooLarge, format!("{} writes in one transaction", writes.len())));
    }
    let mut keys = std::collections::HashSet::new();
    let mut total = 0;
    for write in writes {
        let key = write.key();
        check_place(&key.pk, &key.sk)?;
        if !keys.insert(key) {
            return Err(StoreError::new(Kind::Invalid, "a key occurs twice in one transaction"));
        }
        if let Write::Put { item, .. } = write {
            for (partition, place) in item.index1.iter().chain(&item.index2) {
                check_place(partition, place)?;
            }
            let size = serde_json::to_vec(&item.body).map_err(|error| StoreError::new(Kind::Invalid, error))?.len();
            if size > MAX_BODY {
                return Err(StoreError::new(Kind::TooLarge, format!("a body of {size} bytes")));
            }
            total += size;
        }
    }
    if total > MAX_TRANSACTION {
        return Err(StoreError::new(Kind::TooLarge, format!("a transaction of {total} bytes")));
    }
    Ok(())
}

fn check_place(partition: &str, place: &str) -> Result<(), StoreError> {
    if (1..=MAX_PARTITION).contains(&partition.len()) && (1..=MAX_PLACE).contains(&place.len()) {
        Ok(())
    } else {
        Err(StoreError::new(Kind::Invalid, "a part of a key is empty or too long"))
    }
}

/// What every backend checks before it reads a page: the page before was one of the same query.
pub fn check_query(query: &Query) -> Result<(), StoreError> {
    let Some(after) = &query.after else { return Ok(()) };
    let same_partition = query.index != Index::Primary || (after.pk == query.pk && after.sk == after.place);
    if same_partition && query.sk.contains(&after.place) && check_place(&after.pk, &after.sk).is_ok() {
        Ok(())
    } else {
        Err(StoreError::new(Kind::Invalid, "the page before belongs to another query"))
    }
}
