//! What is being converted for readers, by what was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adit_domain::JobId;
use tokio::sync::Semaphore;

use super::super::retrieval::Key;
use super::conversion::Conversion;
use super::reader::FilesReader;

/// Conversions at the same time. Each takes a processor and the disk.
const AT_ONCE: usize = 2;

/// All conversions for readers of this process.
pub(crate) struct Conversions {
    all: Mutex<HashMap<Key, Arc<Conversion>>>,
    pub(super) slots: Semaphore,
}

impl Conversions {
    /// None yet.
    pub fn new() -> Self {
        Self { all: Mutex::default(), slots: Semaphore::new(AT_ONCE) }
    }

    /// A reader of what is converted under this key; true: nothing was, and the caller has to let it be converted.
    pub(super) fn join(&self, key: &Key, id: JobId) -> (FilesReader, bool) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = all.get(key).and_then(FilesReader::of) {
            return (reader, false);
        }
        let conversion = Arc::new(Conversion::new(id));
        all.insert(key.clone(), Arc::clone(&conversion));
        (FilesReader::first(&conversion), true)
    }

    /// Takes a conversion off the board, unless another one stands there by now: who asks again begins anew.
    pub(super) fn remove(&self, key: &Key, conversion: &Arc<Conversion>) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(key).is_some_and(|known| Arc::ptr_eq(known, conversion)) {
            all.remove(key);
        }
    }
}
