//! What is staged of an arriving instance, under which key, and what that means for the books.

use adit_dicomweb::json::{Bulk, HeaderReader, InvalidHeader, write};
use adit_dimse::{Identifier, Tag, tags};
use adit_domain::{TaskId, Uid};
use adit_store::staging::{Staged, StagedKey, StagedWriter, StagingError};
use thiserror::Error;

use super::ledger::Ledger;
use super::sink::StagedNote;

/// (0008,3002): the transfer syntax in which the instance can be fetched.
const AVAILABLE_TRANSFER_SYNTAX_UID: Tag = Tag(0x0008, 0x3002, *b"UI");

/// What is staged of each instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// A file, to be delivered.
    File,
    /// A file, to be read by whoever asks; objects lie under this name.
    Read(String),
    /// The header as an object of the DICOM JSON model, to be read in the same way. Addresses of values begin below the study.
    Metadata(String),
}

/// Task part of the keys of what is only read. Nothing of it outlives its process.
pub(crate) const READ: &str = "gateway";

impl Form {
    pub(super) fn is_file(&self) -> bool {
        !matches!(self, Self::Metadata(_))
    }

    pub(super) fn key(&self, task: &TaskId, series: &str, uid: &str) -> StagedKey {
        match self {
            Self::File => StagedKey::new(task.as_str(), series, uid),
            Self::Read(name) | Self::Metadata(name) => StagedKey::new(READ, &format!("{name}-{series}"), uid),
        }
    }

    /// Enters a staged instance in the books: what is to be read is where it belongs.
    pub(super) fn book(&self, ledger: &Ledger, uid: &str) {
        match self {
            Self::File => ledger.received(uid),
            Self::Read(_) | Self::Metadata(_) => ledger.is_there(uid),
        }
    }
}

/// Why an instance was not kept.
#[derive(Debug, Error)]
pub(super) enum NotKept {
    #[error(transparent)]
    Staging(#[from] StagingError),
    #[error(transparent)]
    Header(#[from] InvalidHeader),
}

/// Where the bytes of one instance go.
pub(super) struct Output {
    writer: Box<dyn StagedWriter>,
    /// Of its bytes only the header is kept, until they are complete.
    header: Option<HeaderReader>,
}

impl Output {
    pub fn new(form: &Form, writer: Box<dyn StagedWriter>, transfer_syntax_uid: &str) -> Self {
        let header = (!form.is_file()).then(|| HeaderReader::new(transfer_syntax_uid));
        Self { writer, header }
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StagingError> {
        match &mut self.header {
            Some(header) => {
                header.push(bytes);
                Ok(())
            }
            None => self.writer.write(bytes).await,
        }
    }

    pub async fn commit(mut self, note: &StagedNote) -> Result<Staged, NotKept> {
        if let Some(header) = self.header.take() {
            let (mut set, attributes) = header.finish()?;
            set.set_raw(AVAILABLE_TRANSFER_SYNTAX_UID, note.transfer_syntax_uid.as_bytes());
            let mut json = Vec::with_capacity(8192);
            // An address holds the study's UID at the source, which must not stand beside a pseudonym.
            let address = if note.pseudonym.is_empty() { address(&set) } else { None };
            write(&set, &Bulk { attributes, address }, &mut json);
            self.writer.write(&json).await?;
        }
        Ok(self.writer.commit(serde_json::to_value(note).unwrap_or_default()).await?)
    }

    pub async fn abort(self) {
        self.writer.abort().await;
    }
}

/// Where the values are that the metadata leave out, seen from the study.
fn address(set: &Identifier) -> Option<String> {
    let uid = |tag| Uid::parse(&set.text(tag)).ok();
    let (series, instance) = (uid(tags::SERIES_INSTANCE_UID)?, uid(tags::SOP_INSTANCE_UID)?);
    Some(format!("series/{series}/instances/{instance}/bulkdata"))
}
