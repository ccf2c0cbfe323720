//! Tables of the SQLite file and their versions.

use rusqlite::Connection;

/// Each entry lifts the schema by one version.
const MIGRATIONS: [&str; 2] = ["
    CREATE TABLE items (
        pk TEXT NOT NULL, sk TEXT NOT NULL, body TEXT NOT NULL, counters TEXT NOT NULL,
        i1pk TEXT, i1sk TEXT, i2pk TEXT, i2sk TEXT, version INTEGER NOT NULL, expires_at INTEGER,
        PRIMARY KEY (pk, sk)
    ) WITHOUT ROWID;
    CREATE INDEX items_first ON items (i1pk, i1sk, pk, sk) WHERE i1pk IS NOT NULL;
    CREATE INDEX items_second ON items (i2pk, i2sk, pk, sk) WHERE i2pk IS NOT NULL;
    CREATE INDEX items_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE queue (
        id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, lane INTEGER NOT NULL, band INTEGER NOT NULL,
        grp TEXT NOT NULL, sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL, receipt TEXT, receives INTEGER NOT NULL DEFAULT 0,
        dead TEXT
    );
    CREATE INDEX queue_ready ON queue (lane, band, visible_at) WHERE dead IS NULL;
    CREATE UNIQUE INDEX queue_receipt ON queue (receipt) WHERE receipt IS NOT NULL;
", "
    ALTER TABLE queue ADD COLUMN trace TEXT NOT NULL DEFAULT '';
"];

/// Sets the file up and brings it to the newest version.
pub fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: an acknowledged write survives a power cut. Group commit keeps the price low.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let version: usize = connection
        .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        .map(|v| usize::try_from(v).unwrap_or(0))?;
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", i64::try_from(number + 1).unwrap_or(0))?;
        transaction.commit()?;
    }
    Ok(())
}
