//! What a reader has in hand: files one after the other.

use std::sync::Arc;

use adit_domain::JobId;
use tokio::sync::watch;

use super::conversion::{Conversion, Next};
use crate::Refusal;
use crate::gateway::retrieval::Known;

/// One file.
pub struct File {
    /// Its name: ASCII letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// How many bytes.
    pub size: u64,
    /// Its bytes.
    pub bytes: tokio::fs::File,
}

/// A reader. Dropping it leaves the others alone; when the last one has gone the conversion is stopped after a while.
pub struct FilesReader {
    conversion: Arc<Conversion>,
    finished: usize,
    changes: watch::Receiver<()>,
}

impl FilesReader {
    /// A further reader; none: the conversion has failed.
    pub(super) fn of(conversion: &Arc<Conversion>) -> Option<Self> {
        let changes = conversion.changes();
        conversion.enter().then(|| Self { conversion: Arc::clone(conversion), finished: 0, changes })
    }

    /// The first reader of a conversion that has just been made.
    pub(super) fn first(conversion: &Arc<Conversion>) -> Self {
        Self::of(conversion).expect("a new conversion has no end")
    }

    pub(super) fn conversion(&self) -> Arc<Conversion> {
        Arc::clone(&self.conversion)
    }

    /// Identifies the conversion, for the record.
    #[must_use]
    pub fn id(&self) -> &JobId {
        &self.conversion.id
    }

    /// Waits until it is known what will be fetched.
    ///
    /// # Errors
    /// The server does not hold it or could not be asked; too many conversions run; there is no converter.
    pub async fn known(&mut self) -> Result<Known, Refusal> {
        loop {
            self.changes.borrow_and_update();
            if let Some(known) = self.conversion.known() {
                return known;
            }
            self.changed().await?;
        }
    }

    /// Waits until a file is there, or none will come (false).
    ///
    /// # Errors
    /// Retrieval or conversion have failed; nothing of it can be converted.
    pub async fn ready(&mut self) -> Result<bool, Refusal> {
        loop {
            self.changes.borrow_and_update();
            match self.conversion.next(self.finished) {
                Next::File(_) => return Ok(true),
                Next::End(end) => return end.map(|()| false),
                Next::Wait => self.changed().await?,
            }
        }
    }

    /// The next file; none: that was all.
    ///
    /// # Errors
    /// As [`FilesReader::ready`]: what came is not everything.
    pub async fn next(&mut self) -> Result<Option<File>, Refusal> {
        if !self.ready().await? {
            return Ok(None);
        }
        let Next::File(file) = self.conversion.next(self.finished) else { return Err(lost()) };
        let bytes = tokio::fs::File::open(&file.path).await.map_err(crate::nifti::refusal)?;
        self.finished += 1;
        Ok(Some(File { name: file.name, size: file.size, bytes }))
    }

    async fn changed(&mut self) -> Result<(), Refusal> {
        self.changes.changed().await.map_err(|_| lost())
    }
}

impl Drop for FilesReader {
    fn drop(&mut self) {
        self.conversion.leave();
    }
}

pub(super) fn lost() -> Refusal {
    Refusal::unavailable("The conversion was given up. Try again.")
}
