//! The journal: takes events and answers when they are durable.
//!
//! One background task per process writes what waits, up to [`GROUP`] events with the chain's head in one transaction. A full queue
//! holds the callers back. Each process has chains of its own, so that processes do not wait for one another.

mod opening;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use adit_domain::{EventId, Timestamp};
use adit_store::clock::Clock;
use adit_store::items::ItemStore;
use thiserror::Error;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::chain::ChainKey;
use crate::event::{Event, Record};

/// Events in one transaction at most.
pub(crate) const GROUP: usize = 25;
/// Events that wait at most; further callers are held back.
const QUEUE: usize = 1024;
/// Bytes of one event's JSON at most.
const MAX_EVENT: usize = 32 * 1024;
/// How long events are kept unless the installation says otherwise: six years.
pub const DEFAULT_RETENTION_DAYS: i64 = 6 * 365 + 2;

/// Why an event is not on record. What it stands for must then not be answered as done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JournalError {
    /// The event is too large. Retrying never helps.
    #[error("an audit event of {0} bytes is too large")]
    TooLarge(usize),
    /// The journal was closed.
    #[error("the audit journal has ended")]
    Ended,
    /// The store has not taken it in time, or its answer was lost: it may turn up on record later, but nothing else will be lost or doubled.
    #[error("the audit event could not be put on record: {0}")]
    NotKept(String),
}

/// One event and whom to tell.
pub(crate) struct Waiting {
    pub record: Record,
    pub expires: i64,
    pub reply: oneshot::Sender<Result<(), JournalError>>,
}

/// Puts events on record. Cheap to clone; all clones write the same chain.
#[derive(Clone)]
pub struct Journal {
    queue: mpsc::Sender<Option<Waiting>>,
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    process: String,
    retention_days: AtomicI64,
    number: AtomicU64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// A journal of this process; needs a tokio runtime. `process`: its name for people, such as `standalone 1f3a`. The chain begins with the
    /// first event.
    #[must_use]
    pub fn start(
        items: Arc<dyn ItemStore>,
        master_key: &[u8; 32],
        process: impl Into<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let process = process.into();
        let (queue, waiting) = mpsc::channel(QUEUE);
        let writer = writer::Writer::new(items, ChainKey::new(master_key), process.clone());
        let task = tokio::spawn(writer.run(waiting));
        let shared = Shared {
            clock,
            process,
            retention_days: AtomicI64::new(DEFAULT_RETENTION_DAYS),
            number: AtomicU64::new(0),
            writer: Mutex::new(Some(task)),
        };
        Self { queue, shared: Arc::new(shared) }
    }

    /// Sets how long events are kept that are recorded from now on. Within a chain the time never becomes shorter: a shorter one takes
    /// effect at the latest one day later.
    pub fn keep_days(&self, days: u32) {
        self.shared.retention_days.store(i64::from(days.max(1)), Ordering::Relaxed);
    }

    /// Puts an event on record; the answer comes when it is durable. Dropping the future takes nothing back.
    pub async fn record(&self, event: Event) -> Result<(), JournalError> {
        let size = serde_json::to_vec(&event).map_err(|error| JournalError::NotKept(error.to_string()))?.len();
        if size > MAX_EVENT {
            return Err(JournalError::TooLarge(size));
        }
        let (reply, answer) = oneshot::channel();
        let waiting = self.waiting(event, reply);
        self.queue.send(Some(waiting)).await.map_err(|_| JournalError::Ended)?;
        answer.await.map_err(|_| JournalError::Ended)?
    }

    fn waiting(&self, event: Event, reply: oneshot::Sender<Result<(), JournalError>>) -> Waiting {
        let Shared { clock, process, retention_days, number, .. } = &*self.shared;
        let at = clock.now();
        let id = event_id(at, number.fetch_add(1, Ordering::Relaxed));
        let expires = at.seconds().saturating_add(retention_days.load(Ordering::Relaxed).saturating_mul(86_400));
        Waiting { record: Record { id, at, process: process.clone(), event }, expires, reply }
    }

    /// Writes what waits and ends. Later events, also of clones, are refused.
    pub async fn close(&self) {
        let _ = self.queue.send(None).await;
        if let Some(task) = self.shared.writer.lock().await.take() {
            let _ = task.await;
        }
    }
}

/// An id whose random part begins with the event's number in the process: events of one millisecond sort as they came.
fn event_id(at: Timestamp, number: u64) -> EventId {
    EventId::new(at, (u128::from(number) << 40) | (random() & ((1 << 40) - 1)))
}

/// 128 random bits from the operating system.
pub(crate) fn random() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    u128::from_le_bytes(bytes)
}
