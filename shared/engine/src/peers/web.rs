//! A server as a DICOMweb peer.

use std::sync::Arc;
use std::time::Instant;

use adit_dicomweb_client::{Client, StoreOutcome, WebError};
use tokio_util::sync::CancellationToken;

use super::batch::is_vague;
use super::{Batch, Content, End, Taking};
use crate::transfer::Problem;

/// How a request that stores several instances has ended.
pub(crate) enum Stowed {
    /// The server says what has become of each.
    Answered(StoreOutcome),
    /// They were not taken as a whole, for their number or for one of them, or nobody knows which were: less may pass.
    InParts,
    /// It has refused the request, and would refuse it again.
    Refused {
        sentence: String,
        /// Another run may have more success.
        transient: bool,
    },
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

    /// Stores instances that are there as a whole, in one request and no faster than the server wants it. The error: nothing more can be
    /// sent. `taking` knows what else was sent by the same sender.
    pub async fn stow(
        &self,
        contents: Vec<Content>,
        taking: &Taking,
        stop: &CancellationToken,
    ) -> Result<Stowed, Problem> {
        if let [_, .., last] = contents.as_slice() {
            if taking.is_hopeless() {
                let one = self.ask(vec![last.clone()], taking, stop).await?;
                if taking.is_hopeless() {
                    return Ok(match one {
                        refused @ Stowed::Refused { .. } => refused,
                        _ => self.refuses_all(),
                    });
                }
            }
            if taking.is_refusing() || bytes(&contents) > taking.most() {
                return Ok(Stowed::InParts);
            }
        }
        self.ask(contents, taking, stop).await
    }

    fn refuses_all(&self) -> Stowed {
        let sentence = format!("{}: STOW-RS failed: the server refuses one image after the other.", self.name());
        Stowed::Refused { sentence, transient: false }
    }

    async fn ask(&self, contents: Vec<Content>, taking: &Taking, stop: &CancellationToken) -> Result<Stowed, Problem> {
        let client = self.web()?;
        if let Some(server) = self.server() {
            for _ in &contents {
                self.state.pace(server.limits.instances_per_second).await;
            }
        }
        let (count, bytes, begun) = (contents.len(), bytes(&contents), Instant::now());
        let batch = Arc::new(Batch(contents));
        let stored = tokio::select! {
            stored = client.store(&batch) => stored,
            () = stop.cancelled() => return Err(Problem::Canceled),
        };
        let error = match stored {
            Ok(outcome) => {
                self.state.answered();
                self.took("STOW-RS", begun);
                let is_vague = is_vague(&outcome, count);
                match outcome.status {
                    status if count == 1 && (status == 409 || is_vague) => taking.alone(status),
                    _ if is_vague => {}
                    _ => taking.passed(bytes),
                }
                return Ok(if count > 1 && is_vague { Stowed::InParts } else { Stowed::Answered(outcome) });
            }
            Err(error) => error,
        };
        if count > 1 && error.is_of_the_content() {
            self.broke();
            if error == WebError::Status(413) {
                taking.too_large(bytes);
            }
            return Ok(Stowed::InParts);
        }
        if let (1, WebError::Status(status)) = (count, &error) {
            taking.alone(*status);
        }
        match self.web_failed("STOW-RS", &error) {
            Problem::Permanent(sentence) => Ok(Stowed::Refused { sentence, transient: false }),
            // It may lie at this one alone.
            Problem::Transient(sentence) if error.is_server_failure() && !taking.is_failing() => {
                Ok(Stowed::Refused { sentence, transient: true })
            }
            problem => Err(problem),
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

fn bytes(contents: &[Content]) -> u64 {
    contents.iter().filter_map(Content::size).sum()
}
