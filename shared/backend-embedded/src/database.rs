//! One writer thread that commits waiting writes together, and a few reading connections. Nothing here blocks the runtime.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};

use adit_store::items::{Kind, StoreError};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use crate::schema;

type Answer = Result<Box<dyn Any + Send>, StoreError>;
type Work = Box<dyn FnOnce(&Connection) -> Answer + Send>;

/// One write and whom to tell.
struct Job {
    work: Work,
    reply: oneshot::Sender<Answer>,
}

/// Writes committed together at most.
const GROUP: usize = 64;

/// The SQLite file.
pub struct Database {
    path: PathBuf,
    writer: mpsc::Sender<Job>,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens or makes the file and starts the writer.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        schema::prepare(&mut connection)?;
        let (writer, jobs) = mpsc::channel();
        std::thread::Builder::new()
            .name("adit-sqlite".into())
            .spawn(move || write_all(&connection, &jobs))
            .expect("a thread can be started");
        Ok(Self { path: path.to_owned(), writer, readers: Mutex::default() })
    }

    /// Runs `work` in a transaction of the writer; the answer comes after the commit. An error rolls back this work only.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let work: Work =
            Box::new(move |connection| work(connection).map(|value| Box::new(value) as Box<dyn Any + Send>));
        self.writer
            .send(Job { work, reply })
            .map_err(|_| StoreError::new(Kind::Unavailable, "the writer has ended"))?;
        let value = answer.await.map_err(|_| StoreError::new(Kind::Unavailable, "the writer has ended"))??;
        value.downcast().map(|value| *value).map_err(|_| StoreError::new(Kind::Corrupt, "an answer of another type"))
    }

    /// Runs `work` on a reading connection.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let path = self.path.clone();
        let (connection, result) = tokio::task::spawn_blocking(move || {
            let connection = match idle {
                Some(connection) => connection,
                None => reader(&path)?,
            };
            let result = work(&connection);
            Ok::<_, StoreError>((connection, result))
        })
        .await
        .map_err(|error| StoreError::new(Kind::Unavailable, error))??;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(sql)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(sql)?;
    Ok(connection)
}

/// The writer thread: takes what waits, does it in one transaction with a savepoint each, commits, answers.
fn write_all(connection: &Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let group: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1)).collect();
        let mut answers = Vec::with_capacity(group.len());
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        for job in group {
            let answer = match &begun {
                Ok(()) => in_savepoint(connection, job.work),
                Err(error) => Err(StoreError::new(Kind::Unavailable, error.to_string())),
            };
            answers.push((job.reply, answer));
        }
        let committed = begun.and_then(|()| connection.execute_batch("COMMIT"));
        if committed.is_err() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        for (reply, answer) in answers {
            let answer = match &committed {
                Ok(()) => answer,
                Err(error) => Err(StoreError::new(Kind::Unavailable, error.to_string())),
            };
            let _ = reply.send(answer);
        }
    }
}

fn in_savepoint(connection: &Connection, work: Work) -> Answer {
    connection.execute_batch("SAVEPOINT one").map_err(sql)?;
    let answer = work(connection);
    let end = if answer.is_ok() { "RELEASE one" } else { "ROLLBACK TO one; RELEASE one" };
    connection.execute_batch(end).map_err(sql)?;
    answer
}

/// Sorts an SQLite error into a kind.
pub fn sql(error: rusqlite::Error) -> StoreError {
    let kind = match &error {
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => Kind::Corrupt,
        _ => Kind::Unavailable,
    };
    StoreError::new(kind, error)
}
