//! A node in use: one end of a transfer, or the server behind the DICOMweb gateway.

use std::sync::Arc;
use std::time::Instant;

use adit_dimse::{Association, DimseError, Proposal};
use adit_domain::NodeId;
use adit_domain::node::{NodeKind, Server};
use adit_store::repositories::NodeRecord;
use tokio_util::sync::CancellationToken;

use super::{State, peer};
use crate::rules::INBOX_NAME;
use crate::transfer::Problem;
use crate::{Engine, now};

/// One end of a transfer.
pub(crate) struct End {
    pub id: NodeId,
    /// The node; none: our own inbox.
    pub record: Option<NodeRecord>,
    pub state: Arc<State>,
}

impl Engine {
    /// A node in use.
    pub(crate) fn end_of(&self, record: &NodeRecord) -> End {
        End { id: record.node.id.clone(), record: Some(record.clone()), state: self.0.peers.state(record) }
    }
}

impl End {
    pub fn name(&self) -> &str {
        self.record.as_ref().map_or(INBOX_NAME, |record| &record.node.config.name)
    }

    pub fn server(&self) -> Option<&Server> {
        self.record.as_ref().and_then(|record| record.node.config.server())
    }

    pub fn is_folder(&self) -> bool {
        self.record.as_ref().is_some_and(|record| matches!(record.node.config.kind, NodeKind::Folder(_)))
    }

    pub fn is_bucket(&self) -> bool {
        self.record.as_ref().is_some_and(|record| matches!(record.node.config.kind, NodeKind::Bucket(_)))
    }

    /// Opens an association; a server that is not there is remembered by its breaker and defers what was to be done.
    pub async fn open(
        &self,
        engine: &Engine,
        what: &str,
        proposal: &Proposal,
        stop: &CancellationToken,
    ) -> Result<Association, Problem> {
        let (Some(server), Some(record)) = (self.server(), &self.record) else {
            return Err(Problem::Permanent(format!("{} is not a server.", self.name())));
        };
        let peer = peer(server, &record.secrets, engine.ae_title())
            .map_err(|error| Problem::of_peer(self.name(), what, &error))?;
        match self.measured("associate", Association::connect(&peer, proposal, stop)).await {
            Ok(association) => {
                self.state.answered();
                Ok(association)
            }
            Err(error) if error.is_unreachable() => Err(self.unreachable(what, error.to_string())),
            Err(error) => Err(Problem::of_peer(self.name(), what, &error)),
        }
    }

    /// The server is not there: it is remembered, and after some times in a row it is left alone for a while.
    pub fn unreachable(&self, what: &str, error: String) -> Problem {
        let name = self.name();
        self.state.failed(now(), error.clone());
        match self.state.resting(now()) {
            Some(until) => {
                Problem::Deferred(until, format!("{name} does not answer ({error}); the transfer waits until it does."))
            }
            None => Problem::Transient(format!("{name}: {what} failed: {error}.")),
        }
    }

    /// Runs one DIMSE exchange with this end and records its time, or that it failed.
    pub async fn measured<T>(
        &self,
        service: &'static str,
        exchange: impl Future<Output = Result<T, DimseError>>,
    ) -> Result<T, DimseError> {
        let begun = Instant::now();
        let result = exchange.await;
        match &result {
            Ok(_) => self.took(service, begun),
            // What was to be sent could not be read: that is not this end's failure.
            Err(DimseError::Source(_)) => {}
            Err(error) if !error.is_cancelled() => self.broke(),
            Err(_) => {}
        }
        result
    }

    /// Records how long an exchange has taken.
    pub fn took(&self, service: &'static str, since: Instant) {
        metrics::histogram!("dimse_seconds", "node" => self.id.to_string(), "service" => service)
            .record(since.elapsed().as_secs_f64());
    }

    /// Records that an exchange has failed.
    pub fn broke(&self) {
        metrics::counter!("association_errors", "node" => self.id.to_string()).increment(1);
    }
}
