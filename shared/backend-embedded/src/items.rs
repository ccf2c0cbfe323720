//! ItemStore over SQLite.

use std::sync::Arc;

use adit_store::clock::Clock;
use adit_store::items::{
    Condition, Cursor, Index, Item, ItemStore, Key, Kind, Page, Query, SkRange, StoreError, Write, check_query,
    check_writes,
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::database::{Database, sql};

const COLUMNS: &str = "pk, sk, body, counters, i1pk, i1sk, i2pk, i2sk, version, expires_at";
/// Greater than every place: places are UTF-8, and no UTF-8 text begins with this character's successor.
const LAST: &str = "\u{10FFFF}";

/// Items in the SQLite file.
pub struct SqliteItems {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
}

impl SqliteItems {
    pub(crate) fn new(database: Arc<Database>, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }
}

#[async_trait]
impl ItemStore for SqliteItems {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let (key, now) = (key.clone(), self.clock.now().seconds());
        self.database.read(move |connection| find(connection, &key, now)).await
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        check_query(&query)?;
        let now = self.clock.now().seconds();
        self.database.read(move |connection| page(connection, &query, now)).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        check_writes(&writes)?;
        let now = self.clock.now().seconds();
        self.database
            .write(move |connection| {
                writes.iter().enumerate().try_for_each(|(index, write)| apply(connection, index, write, now))
            })
            .await
    }

    async fn purge_expired(&self) -> Result<usize, StoreError> {
        let now = self.clock.now().seconds();
        self.database
            .write(move |connection| connection.execute("DELETE FROM items WHERE expires_at <= ?1", [now]).map_err(sql))
            .await
    }
}

fn find(connection: &Connection, key: &Key, now: i64) -> Result<Option<Item>, StoreError> {
    let text =
        format!("SELECT {COLUMNS} FROM items WHERE pk = ?1 AND sk = ?2 AND (expires_at IS NULL OR expires_at > ?3)");
    let mut statement = connection.prepare_cached(&text).map_err(sql)?;
    statement.query_row(params![key.pk, key.sk, now], item).optional().map_err(sql)
}

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let json = |column: usize, text: &str| {
        serde_json::from_str(text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
        })
    };
    let (body, counters): (String, String) = (row.get(2)?, row.get(3)?);
    let pair = |first: Option<String>, second: Option<String>| first.zip(second);
    let version: i64 = row.get(8)?;
    Ok(Item {
        key: Key { pk: row.get(0)?, sk: row.get(1)? },
        body: json(2, &body)?,
        counters: serde_json::from_value(json(3, &counters)?).unwrap_or_default(),
        index1: pair(row.get(4)?, row.get(5)?),
        index2: pair(row.get(6)?, row.get(7)?),
        version: version.unsigned_abs(),
        expires_at: row.get(9)?,
    })
}

fn page(connection: &Connection, query: &Query, now: i64) -> Result<Page, StoreError> {
    let (partition, place) = match query.index {
        Index::Primary => ("pk", "sk"),
        Index::First => ("i1pk", "i1sk"),
        Index::Second => ("i2pk", "i2sk"),
    };
    let (low, high) = match &query.sk {
        SkRange::All => (String::new(), LAST.to_owned()),
        SkRange::Prefix(prefix) => (prefix.clone(), format!("{prefix}{LAST}")),
        SkRange::Between(low, high) => (low.clone(), high.clone()),
    };
    let (order, beyond) = if query.descending { ("DESC", "<") } else { ("ASC", ">") };
    let after = query.after.clone().unwrap_or(Cursor { place: String::new(), pk: String::new(), sk: String::new() });
    let limit = i64::try_from(query.limit.max(1)).unwrap_or(i64::MAX - 1);
    let text = format!(
        "SELECT {COLUMNS} FROM items WHERE {partition} = ?1 AND {place} >= ?2 AND {place} <= ?3
         AND (expires_at IS NULL OR expires_at > ?4) AND (?5 = 0 OR ({place}, pk, sk) {beyond} (?6, ?7, ?8))
         ORDER BY {place} {order}, pk {order}, sk {order} LIMIT ?9"
    );
    let mut statement = connection.prepare_cached(&text).map_err(sql)?;
    let has_after = i64::from(query.after.is_some());
    let rows = statement
        .query_map(params![query.pk, low, high, now, has_after, after.place, after.pk, after.sk, limit + 1], item)
        .map_err(sql)?;
    let mut items = rows.collect::<Result<Vec<_>, _>>().map_err(sql)?;
    let more = items.len() > query.limit.max(1);
    items.truncate(query.limit.max(1));
    let next = items.last().filter(|_| more).map(|last| Cursor {
        place: place_of(query.index, last),
        pk: last.key.pk.clone(),
        sk: last.key.sk.clone(),
    });
    Ok(Page { items, next })
}

fn place_of(index: Index, item: &Item) -> String {
    let place = match index {
        Index::Primary => Some(&item.key.sk),
        Index::First => item.index1.as_ref().map(|pair| &pair.1),
        Index::Second => item.index2.as_ref().map(|pair| &pair.1),
    };
    place.cloned().unwrap_or_default()
}

fn apply(connection: &Connection, index: usize, write: &Write, now: i64) -> Result<(), StoreError> {
    let found = find(connection, write.key(), now)?;
    let conflict = || StoreError::new(Kind::Conflict { index }, "condition not met");
    let holds = |condition: &Condition| match condition {
        Condition::None => true,
        Condition::Absent => found.is_none(),
        Condition::Version(version) => found.as_ref().is_some_and(|item| item.version == *version),
    };
    match write {
        Write::Put { item, condition } => {
            if !holds(condition) {
                return Err(conflict());
            }
            store(connection, item, found.as_ref())
        }
        Write::Delete { key, condition } => {
            if !holds(condition) {
                return Err(conflict());
            }
            let mut statement =
                connection.prepare_cached("DELETE FROM items WHERE pk = ?1 AND sk = ?2").map_err(sql)?;
            statement.execute(params![key.pk, key.sk]).map(|_| ()).map_err(sql)
        }
        Write::Add { key, deltas } => {
            let mut counters = found.ok_or_else(conflict)?.counters;
            for (name, delta) in deltas {
                *counters.entry(name.clone()).or_default() += delta;
            }
            let text = serde_json::to_string(&counters).map_err(|error| StoreError::new(Kind::Invalid, error))?;
            let mut statement =
                connection.prepare_cached("UPDATE items SET counters = ?3 WHERE pk = ?1 AND sk = ?2").map_err(sql)?;
            statement.execute(params![key.pk, key.sk, text]).map(|_| ()).map_err(sql)
        }
        Write::Check { condition, .. } => {
            if holds(condition) {
                Ok(())
            } else {
                Err(conflict())
            }
        }
    }
}

fn store(connection: &Connection, item: &Item, found: Option<&Item>) -> Result<(), StoreError> {
    let counters = found.map_or(&item.counters, |found| &found.counters);
    let invalid = |error| StoreError::new(Kind::Invalid, error);
    let (body, counters) =
        (serde_json::to_string(&item.body).map_err(invalid)?, serde_json::to_string(counters).map_err(invalid)?);
    let version = i64::try_from(found.map_or(0, |found| found.version)).unwrap_or(0) + 1;
    let (first, second) = (item.index1.as_ref(), item.index2.as_ref());
    let text = format!("INSERT OR REPLACE INTO items ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    let mut statement = connection.prepare_cached(&text).map_err(sql)?;
    statement
        .execute(params![
            item.key.pk,
            item.key.sk,
            body,
            counters,
            first.map(|pair| &pair.0),
            first.map(|pair| &pair.1),
            second.map(|pair| &pair.0),
            second.map(|pair| &pair.1),
            version,
            item.expires_at
        ])
        .map(|_| ())
        .map_err(sql)
}
