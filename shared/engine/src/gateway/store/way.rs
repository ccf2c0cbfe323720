//! By which way instances go to a server that speaks DIMSE and DICOMweb: by C-STORE, unless no association comes about.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::peers::End;
use crate::transfer::Problem;

/// Whether instances go to this server by STOW-RS from the beginning. Its requests say how long they are, so that nothing goes ahead.
pub(super) fn is_by_web(end: &End) -> bool {
    end.server().is_some_and(|server| !server.services.store_scp && server.dicomweb.stow)
}

/// The way of one store.
pub(super) struct Way {
    by_web: AtomicBool,
    /// The server has answered a C-STORE.
    has_answered: AtomicBool,
}

impl Way {
    pub fn to(end: &End) -> Self {
        Self { by_web: is_by_web(end).into(), has_answered: AtomicBool::new(false) }
    }

    pub fn is_by_web(&self) -> bool {
        self.by_web.load(Ordering::Relaxed)
    }

    pub fn answered(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }

    /// Whether instances may go another way: the server has one, and has not answered a C-STORE of this store.
    pub fn has_another(&self, end: &End) -> bool {
        let has_web = end.server().is_some_and(|server| server.dicomweb.stow);
        has_web && !self.has_answered.load(Ordering::Relaxed)
    }

    /// C-STORE goes no further. Whether the other way is worth a try: the server has it, and none of this store has got through.
    pub fn change(&self, end: &End, problem: &Problem) -> bool {
        if *problem == Problem::Canceled || !self.has_another(end) {
            return false;
        }
        if !self.by_web.swap(true, Ordering::Relaxed) {
            tracing::info!(node = %end.id, problem = problem.sentence(), "instances go by DICOMweb instead");
        }
        true
    }
}
