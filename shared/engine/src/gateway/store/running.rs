//! How many stores of one person run at the same time, and how much of metadata is in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adit_domain::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Refusal, now};

/// Stores of one person at the same time, in each process.
const MOST: usize = 8;
/// When somebody who sends more than that is asked to come again, in milliseconds.
const AGAIN_MS: i64 = 5_000;

/// Large data sets of metadata in memory at the same time, in each process.
const LARGE: usize = 2;

/// Stores that run in this process.
#[derive(Clone)]
pub(crate) struct Stores {
    by_person: Arc<Mutex<HashMap<UserId, usize>>>,
    large: Arc<Semaphore>,
}

impl Default for Stores {
    fn default() -> Self {
        Self { by_person: Arc::default(), large: Arc::new(Semaphore::new(LARGE)) }
    }
}

/// The right to run one; given back when it is dropped.
pub(super) struct Place {
    stores: Stores,
    user: UserId,
}

impl Stores {
    /// Waits for the right to have a large data set in memory. Who has it asks for nothing else that is waited for.
    pub(super) async fn large(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.large).acquire_owned().await.expect("the semaphore is never closed")
    }

    pub(super) fn place(&self, user: &UserId) -> Result<Place, Refusal> {
        let mut running = self.by_person.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(user.clone()).or_default();
        if *count >= MOST {
            let sentence =
                format!("You are sending {MOST} times at the same moment already. Wait until one has ended.");
            return Err(Refusal::too_much(sentence, now().plus_ms(AGAIN_MS)));
        }
        *count += 1;
        Ok(Place { stores: self.clone(), user: user.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.stores.by_person.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_person_and_come_back() {
        let (stores, ada, bob) = (Stores::default(), UserId::new(now(), 1), UserId::new(now(), 2));
        let mut held: Vec<Place> = (0..MOST).map(|_| stores.place(&ada).unwrap()).collect();
        assert!(stores.place(&ada).is_err() && stores.place(&bob).is_ok());
        held.pop();
        assert!(stores.place(&ada).is_ok());
        held.clear();
        assert!(stores.by_person.lock().unwrap().is_empty());
    }
}
