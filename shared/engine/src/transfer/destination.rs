//! Whether the destination is there and has room, before anything moves.

use std::sync::atomic::Ordering;

use adit_dimse::Proposal;
use adit_domain::task::LogLevel;

use super::Transfer;
use super::problem::Problem;

impl Transfer {
    /// The destination is asked before anything moves. One that takes C-STORE but does not answer gets its images by STOW-RS, if it offers
    /// that, too.
    pub(super) async fn check_destination(&self) -> Result<(), Problem> {
        self.check_converter().await?;
        let Some(server) = self.destination.server() else {
            return match &self.destination.record {
                Some(record) => self.engine.check_room(&record.node).await,
                None => Ok(()),
            };
        };
        if !server.services.store_scp && server.dicomweb.stow {
            self.by_web_instead();
            return self.destination.web().map(|_| ());
        }
        match self.echo_destination().await {
            Err(problem) if server.dicomweb.stow && problem != Problem::Canceled => {
                let sentence = format!("{} It gets the images by DICOMweb instead.", problem.sentence());
                self.ledger.note(LogLevel::Info, "Another way", &sentence);
                self.by_web_instead();
                self.destination.web().map(|_| ())
            }
            result => result,
        }
    }

    async fn echo_destination(&self) -> Result<(), Problem> {
        let mut association =
            self.open(&self.destination, "opening an association", &Proposal::new().verification()).await?;
        let echo = self.destination.measured("C-ECHO", association.echo(&self.stop)).await;
        association.release().await;
        match echo {
            Ok((status, _)) if status.is_done() => Ok(()),
            Ok((status, _)) => {
                Err(Problem::Transient(format!("{} refused a C-ECHO with status {status}.", self.destination.name())))
            }
            // Some archives offer no verification to store-only callers.
            Err(adit_dimse::DimseError::NoContext(_)) => Ok(()),
            Err(error) => Err(Problem::of_peer(self.destination.name(), "C-ECHO", &error)),
        }
    }

    fn by_web_instead(&self) {
        self.delivers_by_web.store(true, Ordering::Relaxed);
    }
}
