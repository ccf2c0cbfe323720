//! What was staged a moment ago, still in memory: delivery begins while later instances arrive, and then S3 need not be asked for what this process has just
//! given it. Only what S3 has confirmed is here; each object is given out once, and whoever wants it again asks S3.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use adit_store::staging::StagedKey;
use bytes::Bytes;

/// Bytes that are held at most.
const CAPACITY: usize = 64 << 20;

/// Objects by their keys; the oldest go first.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    objects: HashMap<StagedKey, (u64, Bytes)>,
    order: BTreeMap<u64, StagedKey>,
    arrivals: u64,
    bytes: usize,
}

impl Recent {
    /// Holds an object that was just confirmed.
    pub fn put(&self, key: StagedKey, bytes: Bytes) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&key);
        held.arrivals += 1;
        let number = held.arrivals;
        held.bytes += bytes.len();
        held.order.insert(number, key.clone());
        held.objects.insert(key, (number, bytes));
        while held.bytes > CAPACITY {
            let Some(oldest) = held.order.values().next().cloned() else { return };
            held.remove(&oldest);
        }
    }

    /// Gives an object out and forgets it.
    pub fn take(&self, key: &StagedKey) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    /// Forgets what belongs to a task; `task` is a key's part.
    pub fn forget_task(&self, task: &str) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<StagedKey> = held.objects.keys().filter(|key| key.task() == task).cloned().collect();
        for key in keys {
            held.remove(&key);
        }
    }
}

impl Held {
    fn remove(&mut self, key: &StagedKey) -> Option<Bytes> {
        let (number, bytes) = self.objects.remove(key)?;
        self.order.remove(&number);
        self.bytes -= bytes.len();
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> StagedKey {
        StagedKey::new("task", "1.2", &number.to_string())
    }

    #[test]
    fn an_object_is_given_out_once() {
        let recent = Recent::default();
        recent.put(key(1), Bytes::from_static(b"one"));
        recent.put(key(1), Bytes::from_static(b"two"));
        assert_eq!(recent.take(&key(1)).as_deref(), Some(&b"two"[..]));
        assert_eq!(recent.take(&key(1)), None);
        recent.put(key(2), Bytes::from_static(b"three"));
        recent.forget_task("task");
        assert_eq!(recent.take(&key(2)), None);
    }

    #[test]
    fn the_oldest_go_when_there_is_too_much() {
        let recent = Recent::default();
        let quarter = Bytes::from(vec![0; CAPACITY / 4]);
        for number in 0..6 {
            recent.put(key(number), quarter.clone());
        }
        let there: Vec<bool> = (0..6).map(|number| recent.take(&key(number)).is_some()).collect();
        assert_eq!(there, [false, false, true, true, true, true]);
        assert_eq!(recent.0.lock().unwrap().bytes, 0);
    }
}
