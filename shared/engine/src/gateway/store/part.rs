//! One part on its way into the spool: its bytes pass unchanged, and its header is looked at as it streams by.

use adit_deid::Glance;
use adit_deid::part10::Part10Head;
use adit_domain::Uid;
use adit_store::staging::{StagedKey, StagedWriter, StagingError};

use crate::rules::head_of;
use crate::text::uid_key;

const SOP_CLASS: u32 = 0x0008_0016;
const SOP_INSTANCE: u32 = 0x0008_0018;
const IDENTITY_REMOVED: u32 = 0x0012_0062;
const STUDY: u32 = 0x0020_000D;
const SERIES: u32 = 0x0020_000E;

/// An instance in the spool.
#[derive(Debug)]
pub(super) struct Spooled {
    pub number: usize,
    pub key: StagedKey,
    pub size: u64,
    /// Bytes of preamble and file meta information before the data set.
    pub offset: u64,
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub transfer_syntax_uid: String,
    pub study_instance_uid: String,
}

/// What a part says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub study_instance_uid: String,
    pub series_instance_uid: String,
    pub transfer_syntax_uid: String,
    offset: u64,
    /// File meta information and data set name different instances.
    pub contradicts_itself: bool,
    /// Patient Identity Removed (0012,0062) is YES.
    pub identity_removed: bool,
}

impl Header {
    /// Whether everything is there that makes an instance.
    pub fn is_complete(&self) -> bool {
        let uids = [&self.sop_class_uid, &self.sop_instance_uid, &self.study_instance_uid, &self.series_instance_uid];
        uids.into_iter().chain([&self.transfer_syntax_uid]).all(|uid| Uid::parse(uid).is_ok())
    }
}

/// How far the header is.
enum Reading {
    /// Bytes of the file meta information.
    Meta(Vec<u8>),
    DataSet(Part10Head, Box<Glance>),
    NotDicom,
}

/// A part that arrives.
pub(super) struct Part {
    writer: Box<dyn StagedWriter>,
    reading: Reading,
}

impl Part {
    pub fn new(writer: Box<dyn StagedWriter>) -> Self {
        Self { writer, reading: Reading::Meta(Vec::new()) }
    }

    /// Takes more bytes. What is no DICOM file is not kept.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StagingError> {
        self.look(bytes, false);
        if matches!(self.reading, Reading::NotDicom) { Ok(()) } else { self.writer.write(bytes).await }
    }

    fn look(&mut self, bytes: &[u8], is_all: bool) {
        match &mut self.reading {
            Reading::DataSet(_, glance) => glance.push(bytes),
            Reading::NotDicom => {}
            Reading::Meta(held) => {
                held.extend_from_slice(bytes);
                match head_of(held, is_all) {
                    Ok(None) => {}
                    Err(_) => self.reading = Reading::NotDicom,
                    Ok(Some(head)) => {
                        let wanted = vec![SOP_CLASS, SOP_INSTANCE, IDENTITY_REMOVED, STUDY, SERIES];
                        let mut glance = Box::new(Glance::new(&head.transfer_syntax_uid, wanted));
                        let offset = usize::try_from(head.data_set_offset).unwrap_or(usize::MAX);
                        glance.push(held.get(offset..).unwrap_or_default());
                        self.reading = Reading::DataSet(head, glance);
                    }
                }
            }
        }
    }

    /// Whether it ends where an attribute ends.
    pub fn is_whole(&self) -> bool {
        matches!(&self.reading, Reading::DataSet(_, glance) if glance.is_whole())
    }

    /// What it says of itself; empty for what is no DICOM file.
    pub fn header(&self) -> Header {
        let Reading::DataSet(head, glance) = &self.reading else { return Header::default() };
        let sop_instance_uid = glance.text(SOP_INSTANCE);
        Header {
            contradicts_itself: uid_key(&head.sop_instance_uid) != uid_key(&sop_instance_uid)
                && !head.sop_instance_uid.is_empty(),
            sop_class_uid: glance.text(SOP_CLASS),
            sop_instance_uid,
            study_instance_uid: glance.text(STUDY),
            series_instance_uid: glance.text(SERIES),
            transfer_syntax_uid: head.transfer_syntax_uid.clone(),
            offset: head.data_set_offset,
            identity_removed: glance.text(IDENTITY_REMOVED) == "YES",
        }
    }

    /// Keeps it until it was sent.
    pub async fn commit(self, number: usize, header: Header) -> Result<Spooled, StagingError> {
        let staged = self.writer.commit(serde_json::Value::Null).await?;
        Ok(Spooled {
            number,
            key: staged.key,
            size: staged.size,
            offset: header.offset,
            sop_class_uid: header.sop_class_uid,
            sop_instance_uid: header.sop_instance_uid,
            transfer_syntax_uid: header.transfer_syntax_uid,
            study_instance_uid: header.study_instance_uid,
        })
    }

    /// Nothing of it stays.
    pub async fn abort(self) {
        self.writer.abort().await;
    }
}
