//! How much a folder holds, as this process knows it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_domain::NodeId;
use tokio::time::Instant;

use crate::transfer::Problem;

/// For how long a measurement and what was added since are believed: others write to the folder, too.
const BELIEVED: Duration = Duration::from_secs(600);
/// A refusal rests on a measurement that is younger than this.
const FRESH: Duration = Duration::from_secs(10);

/// The gauges of all folders of this process.
#[derive(Default)]
pub(crate) struct Gauges(Mutex<HashMap<NodeId, Arc<Gauge>>>);

impl Gauges {
    /// The gauge of a folder, made on first use.
    pub(super) fn of(&self, node: &NodeId) -> Arc<Gauge> {
        let mut gauges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gauges.entry(node.clone()).or_default())
    }

    /// Forgets a folder: its settings changed.
    pub fn forget(&self, node: &NodeId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(node);
    }
}

/// Whether something fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It fits, and its bytes count from now on.
    Taken,
    /// It does not.
    None {
        /// What the folder holds.
        used: u64,
    },
}

/// What one folder holds. One measurement at a time: who asks meanwhile waits for it.
#[derive(Default)]
pub(super) struct Gauge(tokio::sync::Mutex<Option<Measured>>);

#[derive(Clone, Copy)]
struct Measured {
    used: u64,
    at: Instant,
}

impl Gauge {
    /// Takes `size` bytes unless the folder then held more than `quota`; with a size of 0 it asks for room for anything at all.
    pub async fn take<M>(&self, quota: u64, size: u64, measure: impl Fn() -> M) -> Result<Room, Problem>
    where
        M: Future<Output = Result<u64, Problem>>,
    {
        let mut kept = self.0.lock().await;
        let fits = |used: u64| used.saturating_add(size.max(1)) <= quota;
        let mut known = match *kept {
            Some(known) if known.at.elapsed() < BELIEVED => known,
            _ => Measured { used: measure().await?, at: Instant::now() },
        };
        if !fits(known.used) && known.at.elapsed() >= FRESH {
            known = Measured { used: measure().await?, at: Instant::now() };
        }
        let taken = fits(known.used);
        if taken {
            known.used += size;
        }
        *kept = Some(known);
        Ok(if taken { Room::Taken } else { Room::None { used: known.used } })
    }

    /// Measures now.
    pub async fn measure<M>(&self, measure: impl Fn() -> M) -> Result<(), Problem>
    where
        M: Future<Output = Result<u64, Problem>>,
    {
        let mut kept = self.0.lock().await;
        *kept = Some(Measured { used: measure().await?, at: Instant::now() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_added_counts_and_room_that_people_make_is_seen() {
        let (gauge, disk, walks) = (Gauge::default(), AtomicU64::new(90), AtomicU64::new(0));
        let measure = || {
            walks.fetch_add(1, Ordering::Relaxed);
            let used = disk.load(Ordering::Relaxed);
            async move { Ok(used) }
        };
        assert_eq!(gauge.take(100, 6, measure).await.ok(), Some(Room::Taken));
        // Measured a moment ago: what was added since counts, without another walk.
        assert_eq!(gauge.take(100, 6, measure).await.ok(), Some(Room::None { used: 96 }));
        assert_eq!(walks.load(Ordering::Relaxed), 1);
        assert_eq!(gauge.take(100, 4, measure).await.ok(), Some(Room::Taken));
        assert_eq!(gauge.take(100, 0, measure).await.ok(), Some(Room::None { used: 100 }));
        // Somebody deletes files: seen at the next refusal.
        disk.store(20, Ordering::Relaxed);
        tokio::time::advance(FRESH).await;
        assert_eq!(gauge.take(100, 6, measure).await.ok(), Some(Room::Taken));
        assert_eq!(walks.load(Ordering::Relaxed), 2);
        // Others fill the folder: seen after a while, also without a refusal.
        disk.store(99, Ordering::Relaxed);
        tokio::time::advance(BELIEVED).await;
        assert_eq!(gauge.take(100, 6, measure).await.ok(), Some(Room::None { used: 99 }));
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_measured_takes_nothing() {
        let gauge = Gauge::default();
        let broken = || async { Err(Problem::Transient("gone".into())) };
        assert!(gauge.take(100, 1, broken).await.is_err());
        assert_eq!(gauge.take(100, 1, || async { Ok(0) }).await.ok(), Some(Room::Taken));
    }
}
