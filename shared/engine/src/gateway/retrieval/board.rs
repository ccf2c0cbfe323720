//! What is being fetched for readers, by what was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adit_dicomweb::paths::Resource;
use adit_domain::{GroupId, JobId, NodeId, Uid, UserId};
use adit_store::staging::Staging;

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

    /// Takes a retrieval off the board, unless another one stands there by now: who asks again begins anew.
    pub fn remove(&self, key: &Key, reading: &Arc<Reading>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(key).is_some_and(|known| Arc::ptr_eq(known, reading)) {
            all.remove(key);
        }
    }
}
