//! What is to be told about searches beside their answers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Remarks on one search at most.
const MOST: usize = 100;

/// One thing that is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Remark {
    /// Why one way was left for another.
    OtherWay(String),
    /// What the server has remarked on its answers, or what is odd about them.
    OfServer(String),
}

/// Remarks on one search or several, each of them once. Clones share them, so that they can be read while the search goes on.
#[derive(Clone, Default)]
pub struct Remarks(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    new: Vec<Remark>,
    all: HashSet<Remark>,
}

impl Remarks {
    pub(crate) fn add(&self, remark: Remark) {
        let mut told = self.told();
        if told.all.len() < MOST && told.all.insert(remark.clone()) {
            told.new.push(remark);
        }
    }

    /// What was added since it was taken last.
    pub(crate) fn take(&self) -> Vec<Remark> {
        std::mem::take(&mut self.told().new)
    }

    /// What servers have remarked since it was taken last, as sentences: some of them, and not too long for headers.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let of_server = |remark| match remark {
            Remark::OfServer(sentence) => Some(sentence),
            Remark::OtherWay(_) => None,
        };
        let short = |sentence: String| sentence.chars().take(300).collect();
        self.take().into_iter().filter_map(of_server).map(short).take(10).collect()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
