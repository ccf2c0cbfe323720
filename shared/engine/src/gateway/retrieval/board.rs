//! What is being fetched for readers, by what was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adit_dicomweb::paths::Resource;
use adit_domain::{GroupId, JobId, NodeId, Uid, UserId};
use adit_store::staging::{StagedKey, Staging};

use super::reader::Reader;
use super::reading::Reading;

/// What makes two requests ask for the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub user: UserId,
    pub group: Option<GroupId>,
    pub node: NodeId,
    pub version: u64,
    pub resource: Resource,
    /// Of a study: only these series.
    pub series: Vec<Uid>,
    /// Of the transfer, as text.
    pub options: String,
    pub metadata: bool,
}

/// All retrievals for readers of this process.
#[derive(Default)]
pub(crate) struct Board(Mutex<HashMap<Key, Arc<Reading>>>);

impl Board {
    /// A reader of what is fetched under this key; true: nothing was, and the caller has to let it be fetched.
    pub fn join(&self, key: &Key, id: &JobId, staging: &Arc<dyn Staging>) -> (Reader, bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = all.get(key).and_then(|reading| Reader::of(reading, staging)) {
            return (reader, false);
        }
        let reading = Arc::new(Reading::new(id.clone()));
        all.insert(key.clone(), Arc::clone(&reading));
        (Reader::first(&reading, staging), true)
    }

    /// What is fetched under this key.
    pub fn find(&self, key: &Key) -> Option<Arc<Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Of what somebody has read to its end and nobody reads now, and of which some object `counts`, the oldest.
    pub fn oldest_served(&self, counts: impl Fn(&StagedKey) -> bool) -> Option<Arc<Reading>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let served = all.values().filter(|reading| reading.is_served() && reading.has_staged(&counts));
        let idle = served.filter_map(|reading| Some((reading.idle_since()?, reading)));
        idle.min_by_key(|(since, _)| *since).map(|(_, reading)| Arc::clone(reading))
    }

    /// Takes a retrieval off the board, unless another one stands there by now: who asks again begins anew.
    pub fn remove(&self, key: &Key, reading: &Arc<Reading>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(key).is_some_and(|known| Arc::ptr_eq(known, reading)) {
            all.remove(key);
        }
    }
}
