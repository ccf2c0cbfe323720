//! Message ids of C-MOVEs: unique in this process or, where bridges share an AE title, among all of them.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use adit_store::items::{Kind, StoreError};
use adit_store::repositories::{MoveKey, Moves};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::{now, random};

/// How often a running C-MOVE says that it runs; three times within its expiry.
const RENEW: Duration = Duration::from_secs(40);
/// How often another id is drawn when one is taken. With a thousand C-MOVEs running, three draws in a row fail once in 300,000 times.
const DRAWS: usize = 20;

/// Gives out message ids.
pub(super) struct MessageIds {
    next: AtomicU16,
    shared: RwLock<Option<Shared>>,
}

/// Where the ids of all bridges are, and who we are there.
#[derive(Clone)]
struct Shared {
    moves: Moves,
    bridge: String,
}

/// A message id that no other C-MOVE has while this lives.
pub(crate) struct MessageId {
    value: u16,
    _held: Option<DropGuard>,
}

impl MessageId {
    /// The id, not 0.
    pub fn get(&self) -> u16 {
        self.value
    }
}

impl Default for MessageIds {
    fn default() -> Self {
        Self { next: AtomicU16::new(1), shared: RwLock::default() }
    }
}

impl MessageIds {
    /// From now on ids are unique among all bridges, of which we are `bridge`.
    pub fn share(&self, moves: Moves, bridge: String) {
        *self.shared.write().unwrap_or_else(PoisonError::into_inner) = Some(Shared { moves, bridge });
    }

    /// The next id of a process that is alone: after 65,535 comes 1, once.
    fn next_alone(&self) -> u16 {
        loop {
            let value = self.next.fetch_add(1, Ordering::Relaxed);
            if value != 0 {
                return value;
            }
        }
    }

    /// An id for a C-MOVE that is requested under `calling_ae_title`.
    pub async fn take(&self, calling_ae_title: &str) -> Result<MessageId, StoreError> {
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(shared) = shared else {
            let value = self.next_alone();
            return Ok(MessageId { value, _held: None });
        };
        for _ in 0..DRAWS {
            let value = u16::try_from(random() % u128::from(u16::MAX)).unwrap_or_default() + 1;
            let of = MoveKey { calling_ae_title: calling_ae_title.to_owned(), message_id: value };
            if shared.moves.begin(&of, &shared.bridge, now()).await? {
                let ended = CancellationToken::new();
                tokio::spawn(shared.hold(of, ended.clone()));
                return Ok(MessageId { value, _held: Some(ended.drop_guard()) });
            }
        }
        Err(StoreError::new(Kind::Unavailable, "no free message id was found"))
    }
}

impl Shared {
    /// Renews the row until the C-MOVE has ended, then removes it.
    async fn hold(self, of: MoveKey, ended: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(RENEW) => {}
                () = ended.cancelled() => break,
            }
            match self.moves.renew(&of, &self.bridge, now()).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(message_id = of.message_id, "the message id of a running C-MOVE was lost");
                    return;
                }
                Err(error) => tracing::warn!(error = %error, "a running C-MOVE could not be renewed; tried again"),
            }
        }
        if let Err(error) = self.moves.end(&of, &self.bridge).await {
            tracing::warn!(error = %error, "the message id of an ended C-MOVE could not be freed; it expires by itself");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use adit_backend_embedded::Embedded;
    use adit_store::clock::SystemClock;

    use super::*;

    #[tokio::test]
    async fn alone_each_id_comes_once_in_a_round() {
        let ids = MessageIds { next: AtomicU16::new(u16::MAX), shared: RwLock::default() };
        let mut taken = Vec::new();
        for _ in 0..4 {
            taken.push(ids.take("ADIT").await.unwrap().get());
        }
        assert_eq!(taken, [u16::MAX, 1, 2, 3]);
    }

    /// By chance alone, 4000 of 65,535 ids would collide more than a hundred times.
    #[tokio::test(flavor = "multi_thread")]
    async fn ids_of_two_bridges_never_collide_and_are_freed() {
        let dir = tempfile::tempdir().unwrap();
        let items = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap().items;
        let moves = Moves::new(items);
        let mut taking = tokio::task::JoinSet::new();
        for bridge in ["one", "other"] {
            let ids = Arc::new(MessageIds::default());
            ids.share(moves.clone(), bridge.to_owned());
            for _ in 0..40 {
                let ids = Arc::clone(&ids);
                taking.spawn(async move {
                    let mut taken = Vec::new();
                    for _ in 0..50 {
                        taken.push(ids.take("ADIT").await.unwrap());
                    }
                    taken
                });
            }
        }
        let all: Vec<MessageId> = taking.join_all().await.into_iter().flatten().collect();
        let different: HashSet<u16> = all.iter().map(MessageId::get).collect();
        assert_eq!((different.len(), different.contains(&0)), (4000, false));

        let of = |message_id| MoveKey { calling_ae_title: "ADIT".into(), message_id };
        let one = all[0].get();
        assert!(moves.bridge_of(&of(one)).await.unwrap().is_some());
        drop(all);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        for id in different {
            while moves.bridge_of(&of(id)).await.unwrap().is_some() {
                assert!(tokio::time::Instant::now() < deadline, "an id is not freed");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}
