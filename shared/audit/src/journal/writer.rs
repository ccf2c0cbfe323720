//! The background task: groups, writes, and finds out what became of a transaction whose answer was lost.
//!
//! All tries of one group are the same transaction, to the byte, as long as the chain stands at the same place: if an earlier try turns out to
//! have been done, the head says so, and nothing is doubled. A try that arrives late finds the head moved and is refused by the store.

use std::sync::Arc;
use std::time::Duration;

use adit_domain::Timestamp;
use adit_store::items::{Condition, Item, ItemStore, Kind, StoreError, Write};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::{GROUP, JournalError, Waiting, random};
use crate::chain::{ChainKey, Head};
use crate::rows::{DAY_MS, head_key};

/// How long a group is tried before its callers get an error.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the store may take for one answer.
const ANSWER: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// A chain is followed by a new one after this long, so that the register's entry lives as long as the chain's events.
const CHAIN_MS: i64 = DAY_MS;

/// Why a try did not get through.
pub(super) enum Stopped {
    /// Another try may help.
    Again(String),
    /// None will.
    Failed(String),
}

/// The writer of one process.
pub struct Writer {
    pub(super) items: Arc<dyn ItemStore>,
    pub(super) key: ChainKey,
    pub(super) process: String,
    /// Where the present chain stands.
    head: Option<Head>,
    /// Where it may stand because of tries whose answers were lost.
    doubtful: Vec<Head>,
    /// The chain that is about to be opened; kept over tries.
    pub(super) opening: Option<String>,
    /// A chain of ours that somebody else has changed.
    pub(super) lost: Option<String>,
}

impl Writer {
    pub fn new(items: Arc<dyn ItemStore>, key: ChainKey, process: String) -> Self {
        Self { items, key, process, head: None, doubtful: vec![], opening: None, lost: None }
    }

    /// Writes until the journal is closed or all its clones are gone.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Option<Waiting>>) {
        let mut taken = Vec::with_capacity(GROUP);
        while queue.recv_many(&mut taken, GROUP).await > 0 {
            let closed = taken.iter().any(Option::is_none);
            if closed {
                queue.close();
            }
            let group: Vec<Waiting> = taken.drain(..).flatten().collect();
            if group.is_empty() {
                continue;
            }
            let answer = self.keep(&group).await;
            if let Err(error) = &answer {
                tracing::error!(events = group.len(), %error, "audit events were not kept");
            }
            for waiting in group {
                let _ = waiting.reply.send(answer.clone());
            }
        }
    }

    async fn keep(&mut self, group: &[Waiting]) -> Result<(), JournalError> {
        let end = Instant::now() + PATIENCE;
        let mut wait = FIRST_WAIT;
        loop {
            let said = match self.attempt(group).await {
                Ok(()) => return Ok(()),
                Err(Stopped::Failed(said)) => return Err(JournalError::NotKept(said)),
                Err(Stopped::Again(said)) => said,
            };
            if Instant::now() >= end {
                return Err(JournalError::NotKept(said));
            }
            sleep(spread(wait)).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
    }

    async fn attempt(&mut self, group: &[Waiting]) -> Result<(), Stopped> {
        let Some(first) = group.first() else { return Ok(()) };
        let head = match self.head.take() {
            Some(head) if !is_over(&head, first.record.at) => head,
            _ => {
                self.doubtful.clear();
                self.open(first.record.at, first.expires).await?
            }
        };
        let (writes, next) = self.transaction(&head, group).map_err(|error| Stopped::Failed(error.to_string()))?;
        self.head = Some(head);
        match self.transact(writes).await {
            Ok(()) => self.stand_at(next),
            Err(error) => return self.after(&error, next).await,
        }
        Ok(())
    }

    fn transaction(&self, head: &Head, group: &[Waiting]) -> Result<(Vec<Write>, Head), serde_json::Error> {
        let mut next = Head { writes: head.writes + 1, ..head.clone() };
        let mut writes = Vec::with_capacity(group.len() + 1);
        for waiting in group {
            let (item, link) = self.key.event(&head.chain, &next.last, &waiting.record, waiting.expires)?;
            writes.push(Write::Put { item, condition: Condition::Absent });
            next.last = link;
            next.moved = waiting.record.at;
        }
        writes.push(Write::Put { item: self.key.head(&next)?, condition: Condition::Version(head.writes) });
        Ok((writes, next))
    }

    /// Looks where the chain stands after a try that was not answered with success.
    async fn after(&mut self, error: &StoreError, next: Head) -> Result<(), Stopped> {
        if matches!(error.kind, Kind::TooLarge | Kind::Invalid) {
            return Err(Stopped::Failed(error.to_string()));
        }
        let said = error.to_string();
        let found = self.read_head(&next.chain).await;
        if matches!(&found, Ok(Some(found)) if *found == next) {
            self.stand_at(next);
            return Ok(());
        }
        if !self.doubtful.contains(&next) {
            self.doubtful.push(next);
        }
        match found {
            Err(_) => {}
            Ok(found) if found == self.head => {}
            Ok(Some(found)) if self.doubtful.contains(&found) => self.stand_at(found),
            Ok(_) => self.give_up_chain(),
        }
        Err(Stopped::Again(said))
    }

    fn stand_at(&mut self, head: Head) {
        self.head = Some(head);
        self.doubtful.clear();
    }

    /// Somebody else has written to our chain. It stays as it is, for verification to find; a new one begins.
    fn give_up_chain(&mut self) {
        self.lost = self.head.take().map(|head| head.chain);
        self.doubtful.clear();
        tracing::error!(chain = self.lost.as_deref(), "the audit chain was changed by somebody else; a new one begins");
    }

    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        timeout(ANSWER, self.items.transact(writes))
            .await
            .unwrap_or_else(|late| Err(StoreError::new(Kind::Unavailable, late)))
    }

    /// The head of a chain, unless it is absent or not sealed by us.
    pub(super) async fn read_head(&self, chain: &str) -> Result<Option<Head>, StoreError> {
        Ok(self.head_item(chain).await?.and_then(|item| self.key.read_head(&item).ok()))
    }

    pub(super) async fn head_item(&self, chain: &str) -> Result<Option<Item>, StoreError> {
        let read = timeout(ANSWER, self.items.get(&head_key(chain))).await;
        read.unwrap_or_else(|late| Err(StoreError::new(Kind::Unavailable, late)))
    }
}

fn is_over(head: &Head, now: Timestamp) -> bool {
    now.since_ms(head.started) >= CHAIN_MS
}

/// A random time up to twice `wait`.
fn spread(wait: Duration) -> Duration {
    let share = u32::try_from(random() & 0xFFFF).unwrap_or_default();
    wait * share / 0x8000
}
