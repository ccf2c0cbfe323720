//! WorkQueue over SQLite.

use std::sync::Arc;
use std::time::Duration;

use adit_store::clock::Clock;
use adit_store::queue::{Band, Delivery, Depth, Kind, Lane, MAX_BODY, Message, Receipt, StoreError, WorkQueue};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::Notify;

use crate::database::{Database, sql};

/// The queue in the SQLite file.
pub struct SqliteQueue {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    sent: Notify,
}

impl SqliteQueue {
    pub(crate) fn new(database: Arc<Database>, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock, sent: Notify::new() }
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().0
    }

    /// Runs one statement on the message that `receipt` stands for; no row means that the receipt is no longer valid.
    async fn answer(
        &self,
        receipt: &Receipt,
        statement: &'static str,
        number: i64,
        text: String,
    ) -> Result<(), StoreError> {
        let receipt = receipt.0.clone();
        self.database
            .write(move |connection| {
                let rows = connection.execute(statement, params![receipt, number, text]).map_err(sql)?;
                if rows == 1 {
                    Ok(())
                } else {
                    Err(StoreError::new(Kind::Conflict { index: 0 }, "the receipt is no longer valid"))
                }
            })
            .await
    }
}

#[async_trait]
impl WorkQueue for SqliteQueue {
    async fn send(&self, message: Message, delay: Duration) -> Result<(), StoreError> {
        if message.body.len() > MAX_BODY {
            return Err(StoreError::new(Kind::TooLarge, "a message is a pointer, not a letter"));
        }
        let now = self.now_ms();
        self.database
            .write(move |connection| {
                connection
                    .execute(
                        "INSERT INTO queue (body, lane, band, grp, sent_at, visible_at, trace) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                        params![message.body, lane(message.lane), band(message.band), message.group, now, now.saturating_add(ms(delay)), message.trace],
                    )
                    .map(|_| ())
                    .map_err(sql)
            })
            .await?;
        self.sent.notify_one();
        Ok(())
    }

    async fn receive(&self, of: Lane, max: usize, hold: Duration) -> Result<Vec<Delivery>, StoreError> {
        let now = self.now_ms();
        let until = now.saturating_add(ms(hold));
        self.database
            .write(move |connection| {
                let mut deliveries = Vec::new();
                while deliveries.len() < max {
                    match next(connection, of, now, until)? {
                        Some(delivery) => deliveries.push(delivery),
                        None => break,
                    }
                }
                Ok(deliveries)
            })
            .await
    }

    async fn extend(&self, receipt: &Receipt, hold: Duration) -> Result<(), StoreError> {
        let until = self.now_ms().saturating_add(ms(hold));
        self.answer(receipt, "UPDATE queue SET visible_at = ?2 WHERE receipt = ?1 AND ?3 = ''", until, String::new())
            .await
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.answer(receipt, "DELETE FROM queue WHERE receipt = ?1 AND ?2 = 0 AND ?3 = ''", 0, String::new()).await
    }

    async fn release(&self, receipt: &Receipt, delay: Duration) -> Result<(), StoreError> {
        let at = self.now_ms().saturating_add(ms(delay));
        self.answer(
            receipt,
            "UPDATE queue SET visible_at = ?2, receipt = NULL WHERE receipt = ?1 AND ?3 = ''",
            at,
            String::new(),
        )
        .await?;
        self.sent.notify_one();
        Ok(())
    }

    async fn dead_letter(&self, receipt: &Receipt, reason: &str) -> Result<(), StoreError> {
        self.answer(
            receipt,
            "UPDATE queue SET dead = ?3, receipt = NULL, visible_at = ?2 WHERE receipt = ?1",
            self.now_ms(),
            reason.to_owned(),
        )
        .await
    }

    async fn depth(&self, of: Lane) -> Result<Depth, StoreError> {
        let now = self.now_ms();
        self.database.read(move |connection| depth(connection, of, now)).await
    }

    async fn wait(&self, _lane: Lane, timeout: Duration) {
        let _ = tokio::time::timeout(timeout, self.sent.notified()).await;
    }

    async fn leave(&self, _lane: Lane) {
        // A message is received at once or not at all: none is on its way.
    }
}

/// Lends out the next message: urgent before normal, then the group with the fewest messages on loan, then the oldest.
fn next(connection: &Connection, of: Lane, now: i64, until: i64) -> Result<Option<Delivery>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT min(q.id) FROM queue q WHERE q.lane = ?1 AND q.dead IS NULL AND q.visible_at <= ?2 GROUP BY q.band, q.grp
             ORDER BY q.band, (SELECT count(*) FROM queue f WHERE f.lane = ?1 AND f.grp = q.grp AND f.receipt IS NOT NULL AND f.visible_at > ?2), min(q.id)
             LIMIT 1",
        )
        .map_err(sql)?;
    let Some(id) = statement.query_row(params![lane(of), now], |row| row.get::<_, i64>(0)).optional().map_err(sql)?
    else {
        return Ok(None);
    };
    let receipt = new_receipt();
    connection
        .execute(
            "UPDATE queue SET receipt = ?2, visible_at = ?3, receives = receives + 1 WHERE id = ?1",
            params![id, receipt, until],
        )
        .map_err(sql)?;
    connection
        .query_row("SELECT body, band, grp, receives, trace FROM queue WHERE id = ?1", [id], |row| {
            let urgent = row.get::<_, i64>(1)? == 0;
            Ok(Delivery {
                message: Message {
                    body: row.get(0)?,
                    lane: of,
                    band: if urgent { Band::Urgent } else { Band::Normal },
                    group: row.get(2)?,
                    trace: row.get(4)?,
                },
                receipt: Receipt(receipt.clone()),
                receive_count: row.get(3)?,
            })
        })
        .map(Some)
        .map_err(sql)
}

fn depth(connection: &Connection, of: Lane, now: i64) -> Result<Depth, StoreError> {
    connection
        .query_row(
            "SELECT count(*) FILTER (WHERE dead IS NULL AND band = 0 AND (receipt IS NULL OR visible_at <= ?2)),
                    count(*) FILTER (WHERE dead IS NULL AND band = 1 AND (receipt IS NULL OR visible_at <= ?2)),
                    count(*) FILTER (WHERE dead IS NULL AND receipt IS NOT NULL AND visible_at > ?2),
                    coalesce(min(sent_at) FILTER (WHERE dead IS NULL AND (receipt IS NULL OR visible_at <= ?2)), ?2),
                    count(*) FILTER (WHERE dead IS NOT NULL)
             FROM queue WHERE lane = ?1",
            params![lane(of), now],
            |row| {
                let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
                let oldest: i64 = row.get(3)?;
                Ok(Depth {
                    urgent: count(0)?,
                    normal: count(1)?,
                    in_flight: count(2)?,
                    oldest_age_seconds: (now - oldest).max(0).unsigned_abs() / 1000,
                    dead: count(4)?,
                })
            },
        )
        .map_err(sql)
}

fn lane(lane: Lane) -> i64 {
    match lane {
        Lane::Bridge => 0,
        Lane::Worker => 1,
    }
}

fn band(band: Band) -> i64 {
    match band {
        Band::Urgent => 0,
        Band::Normal => 1,
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn new_receipt() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    hex::encode(bytes)
}
