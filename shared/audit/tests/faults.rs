//! A store that fails, loses answers and is late neither doubles an event nor breaks the chain.
#![expect(clippy::unwrap_used, reason = "a test's own functions fail as its cases do")]

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adit_audit::{Filter, JournalError, Kind as EventKind};
use adit_store::items::{Item, ItemStore, Key, Kind, Page, Query, StoreError, Write};
use async_trait::async_trait;
use support::*;

/// Fails by a script of its own: about half of all writes and some reads.
struct Flaky {
    inner: Arc<dyn ItemStore>,
    count: AtomicU64,
    calm: AtomicBool,
    out: AtomicBool,
    held: Mutex<Vec<Vec<Write>>>,
}

impl Flaky {
    fn over(inner: Arc<dyn ItemStore>) -> Arc<Self> {
        Arc::new(Self { inner, count: 0.into(), calm: false.into(), out: false.into(), held: Mutex::default() })
    }

    /// A number that looks random.
    fn next(&self) -> u64 {
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % 10
    }
}

fn lost() -> StoreError {
    StoreError::new(Kind::Unavailable, "the answer was lost")
}

#[async_trait]
impl ItemStore for Flaky {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        if self.out.load(Ordering::SeqCst) || (!self.calm.load(Ordering::SeqCst) && self.next() < 2) {
            return Err(lost());
        }
        self.inner.get(key).await
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.inner.query(query).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        if self.out.load(Ordering::SeqCst) {
            self.held.lock().unwrap().push(writes);
            return Err(lost());
        }
        match if self.calm.load(Ordering::SeqCst) { 9 } else { self.next() } {
            0 | 1 => Err(lost()),
            2 | 3 => self.inner.transact(writes).await.and(Err(lost())),
            4 => {
                let inner = Arc::clone(&self.inner);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(15)).await;
                    let _ = inner.transact(writes).await;
                });
                Err(lost())
            }
            _ => self.inner.transact(writes).await,
        }
    }

    async fn purge_expired(&self) -> Result<usize, StoreError> {
        self.inner.purge_expired().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_doubled_and_nothing_acknowledged_is_missing() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let inner = items(dir.path(), &clock);
    let flaky: Arc<dyn ItemStore> = Flaky::over(Arc::clone(&inner));
    let mut callers = tokio::task::JoinSet::new();
    for part in 0..4_u128 {
        // Two journals with two callers each.
        let journal = if part % 2 == 0 { Some(journal(&flaky, &clock)) } else { None };
        let Some(journal) = journal else { continue };
        for half in 0..2_u128 {
            let journal = journal.clone();
            callers.spawn(async move {
                let mut kept = vec![];
                for n in 0..40 {
                    let detail = format!("{part} {half} {n}");
                    let event = adit_audit::Event::new(EventKind::JobActed, actor(part)).with_detail(detail.clone());
                    journal.record(event).await.unwrap();
                    kept.push(detail);
                }
                kept
            });
        }
    }
    let mut kept = vec![];
    while let Some(ended) = callers.join_next().await {
        kept.extend(ended.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let trail = trail(&inner, &clock);
    let report = trail.verify().await.unwrap();
    assert!(report.holds(), "{report}");
    let mut times: HashMap<String, usize> = HashMap::new();
    let acted = Filter { kinds: vec![EventKind::JobActed], ..Filter::default() };
    let mut token = None::<String>;
    loop {
        let found = trail.search(&acted, 200, token.as_deref()).await.unwrap();
        for entry in found.entries {
            *times.entry(entry.record.event.detail).or_default() += 1;
        }
        token = found.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(kept.len(), 160);
    assert!(kept.iter().all(|detail| times[detail] == 1) && times.len() == 160);
}

/// The store is away for longer than callers are kept waiting; then a transaction of that time turns up after all.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_an_error_and_what_arrives_late_breaks_nothing() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let inner = items(dir.path(), &clock);
    let flaky = Flaky::over(Arc::clone(&inner));
    flaky.calm.store(true, Ordering::SeqCst);
    let journal = journal(&(Arc::clone(&flaky) as Arc<dyn ItemStore>), &clock);
    record_all(&journal, 0..3).await;
    flaky.out.store(true, Ordering::SeqCst);
    assert!(matches!(journal.record(event(3)).await, Err(JournalError::NotKept(_))));
    flaky.out.store(false, Ordering::SeqCst);
    let held = std::mem::take(&mut *flaky.held.lock().unwrap());
    assert!(held.len() > 3, "it was tried {} times", held.len());
    assert!(held.windows(2).all(|pair| pair[0] == pair[1]), "all tries are the same");
    let (early, late) = held.split_at(1);
    inner.transact(early[0].clone()).await.unwrap();
    record_all(&journal, 4..6).await;
    for writes in late {
        assert!(inner.transact(writes.clone()).await.is_err(), "it is too late");
    }
    record_all(&journal, 6..8).await;
    journal.close().await;
    let report = trail(&inner, &clock).verify().await.unwrap();
    assert!(report.holds() && report.events == 9 && report.chains == 2, "{report}");
}
