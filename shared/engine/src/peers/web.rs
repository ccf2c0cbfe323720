//! A server as a DICOMweb peer.

use std::sync::Arc;
use std::time::Instant;

use adit_dicomweb_client::{Client, StoreOutcome, WebError};
use tokio_util::sync::CancellationToken;

use super::{Batch, Content, End};
use crate::transfer::Problem;

/// How a request that stores several instances has ended.
pub(crate) enum Stowed {
    /// The server says what has become of each.
    Answered(StoreOutcome),
    /// It has refused them as a whole, for their number or for one of them: less may pass.
    InParts,
    /// It has refused the request, and would refuse it again.
    Refused(String),
}

impl End {
    /// The client of the server's DICOMweb services; made once for each state of its settings, so that connections are used again.
    pub fn web(&self) -> Result<Client, Problem> {
        let (Some(server), Some(record)) = (self.server(), &self.record) else {
            return Err(Problem::Permanent(format!("{} is not a server.", self.name())));
        };
        self.state
            .web(record.version, || Client::new(server, &record.secrets))
            .map_err(|error| self.web_failed("connecting by DICOMweb", &error))
    }

    /// Stores instances that are there as a whole, in one request and no faster than the server wants it. The error: nothing more can be sent.
    pub async fn stow(&self, contents: Vec<Content>, stop: &CancellationToken) -> Result<Stowed, Problem> {
        let client = self.web()?;
        if let Some(server) = self.server() {
            for _ in &contents {
                self.state.pace(server.limits.instances_per_second).await;
            }
        }
        let (count, batch, begun) = (contents.len(), Arc::new(Batch(contents)), Instant::now());
        let stored = tokio::select! {
            stored = client.store(&batch) => stored,
            () = stop.cancelled() => return Err(Problem::Canceled),
        };
        match stored {
            Ok(outcome) => {
                self.state.answered();
                self.took("STOW-RS", begun);
                Ok(Stowed::Answered(outcome))
            }
            Err(WebError::Status(400 | 409 | 413 | 415 | 422)) if count > 1 => Ok(Stowed::InParts),
            Err(error) => match self.web_failed("STOW-RS", &error) {
                Problem::Permanent(sentence) => Ok(Stowed::Refused(sentence)),
                problem => Err(problem),
            },
        }
    }

    /// The problem of an exchange with the server while doing `what`.
    pub fn web_failed(&self, what: &str, error: &WebError) -> Problem {
        self.broke();
        if error.is_unreachable() {
            return self.unreachable(what, error.to_string());
        }
        let sentence = format!("{}: {what} failed: {error}.", self.name());
        if error.is_retriable() { Problem::Transient(sentence) } else { Problem::Permanent(sentence) }
    }
}
