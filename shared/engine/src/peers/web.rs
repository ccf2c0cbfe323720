//! A server as a DICOMweb peer.

use adit_dicomweb_client::{Client, WebError};

use super::End;
use crate::transfer::Problem;

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
