//! What is put on record: the engine's own journal, and the trail for those who read it.
//!
//! Nothing counts as done that is not on record. Who asked over HTTP is recorded by the API's guard; transfers by the worker.

use std::sync::Arc;

use adit_audit::{Actor, Event, Journal, Kind, Trail};
use adit_store::clock::SystemClock;

use crate::{Engine, Refusal};

impl Engine {
    /// Puts an event on record; it is durable when the answer comes.
    ///
    /// # Errors
    /// It could not be kept. What it stands for must not be answered as done.
    pub async fn put_on_record(&self, event: Event) -> Result<(), Refusal> {
        let kind = event.kind();
        let days = self.installation().await?.audit_days;
        self.journal().keep_days(days);
        self.journal().record(event).await.map_err(|error| {
            tracing::error!(kind = kind.name(), error = %error, "an event could not be put on record");
            Refusal::unavailable(
                "This could not be put on record, so it does not count as done. Look whether it was done all the same before you try again, and tell an administrator.",
            )
        })
    }

    /// Records that `what`, such as `adit serve`, has begun. Nothing may be done by a process before.
    pub async fn record_start(&self, what: &str) -> Result<(), Refusal> {
        self.put_on_record(Event::new(Kind::ApplicationStarted, process(what, self.process()))).await
    }

    /// Records that a process ends, and closes its journal. What could not be recorded is in the log.
    pub async fn record_stop(&self, what: &str) {
        // Failing is logged where it happens, and nobody is left to be told.
        let _ = self.put_on_record(Event::new(Kind::ApplicationStopped, process(what, self.process()))).await;
        self.journal().close().await;
    }

    /// The audit trail. Who may read it, and that it was read, is the caller's duty.
    #[must_use]
    pub fn trail(&self) -> Trail {
        let shared = &self.0;
        Trail::new(Arc::clone(&shared.ports.items), shared.settings.project_key.as_bytes(), Arc::new(SystemClock))
    }

    fn journal(&self) -> &Journal {
        let shared = &self.0;
        shared.journal.get_or_init(|| {
            let (items, key) = (Arc::clone(&shared.ports.items), shared.settings.project_key.as_bytes());
            Journal::start(items, key, shared.settings.process.clone(), Arc::new(SystemClock))
        })
    }
}

fn process(what: &str, name: &str) -> Actor {
    Actor { name: format!("{what} {name}"), ..Actor::default() }
}
