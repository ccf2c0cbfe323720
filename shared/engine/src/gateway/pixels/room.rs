//! Memory for what answers hold while their clients read: decoded frames, inflated data sets, headers. There is so much in the process; who
//! finds none left waits.
//!
//! An answer takes all that it may need at once, before it decodes or inflates, and gives back what it does not need after all: nobody
//! waits for more while he holds some, so nobody waits for himself.

use std::sync::{Arc, LazyLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Refusal;

/// All that there is, in MiB.
const ALL: u32 = 512;
const MIB: u64 = 1 << 20;

static IN_ALL: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(ALL as usize)));

/// Room that is taken, until it is dropped.
pub(super) struct Room(OwnedSemaphorePermit);

impl Room {
    /// Room for so many bytes, waited for. Who needs more than there is gets all.
    pub(super) async fn take(bytes: u64) -> Result<Self, Refusal> {
        Self::within(&IN_ALL, bytes).await
    }

    async fn within(all: &Arc<Semaphore>, bytes: u64) -> Result<Self, Refusal> {
        let permit = Arc::clone(all).acquire_many_owned(mib(bytes)).await;
        permit.map(Self).map_err(|_| Refusal::unavailable("ADIT is stopping. Try again."))
    }

    /// Gives back what is more than these bytes need.
    pub(super) fn shrink(&mut self, bytes: u64) {
        let surplus = self.0.num_permits().saturating_sub(mib(bytes) as usize);
        drop(self.0.split(surplus));
    }
}

/// What is taken for so many bytes.
fn mib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(MIB)).unwrap_or(ALL).clamp(1, ALL)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_slow_readers_of_large_frames_hold_no_more_than_there_is() {
        let all = Arc::new(Semaphore::new(ALL as usize));
        let (held, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let readers = (0..40_u64).map(|number| {
            let (all, held, most) = (Arc::clone(&all), Arc::clone(&held), Arc::clone(&most));
            tokio::spawn(async move {
                let bytes = [256, 100, 1, 2000][number as usize % 4] * MIB;
                let mut room = Room::within(&all, bytes).await.unwrap();
                // More than all counts as all.
                let counted = bytes.min(u64::from(ALL) * MIB);
                most.fetch_max(held.fetch_add(counted, Ordering::SeqCst) + counted, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(60)).await;
                held.fetch_sub(counted / 2, Ordering::SeqCst);
                room.shrink(counted / 2);
                tokio::time::sleep(Duration::from_secs(60)).await;
                held.fetch_sub(counted - counted / 2, Ordering::SeqCst);
            })
        });
        for reader in readers.collect::<Vec<_>>() {
            reader.await.unwrap();
        }
        assert!((256 * MIB..=512 * MIB).contains(&most.load(Ordering::SeqCst)));
        assert_eq!(all.available_permits(), ALL as usize, "all was given back");
    }

    #[tokio::test]
    async fn who_goes_while_he_waits_takes_nothing() {
        let all = Arc::new(Semaphore::new(ALL as usize));
        let first = Room::within(&all, 400 * MIB).await.unwrap();
        let waiting = Room::within(&all, 200 * MIB);
        assert!(tokio::time::timeout(Duration::from_millis(20), waiting).await.is_err());
        assert_eq!(all.available_permits(), 112);
        drop(first);
        assert!(Room::within(&all, u64::MAX).await.is_ok());
    }
}
