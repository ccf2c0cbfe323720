//! One part on its way into the spool: its bytes pass unchanged, and its header is looked at as it streams by.

use std::time::Duration;

use adit_deid::Glance;
use adit_deid::part10::Part10Head;
use adit_domain::Uid;
use adit_store::staging::StagingError;
use tokio::time::Instant;

use super::pieces::Pieces;
use crate::peers::Content;
use crate::rules::{SERIES, STUDY, head_of};
use crate::text::uid_key;

const SOP_CLASS: u32 = 0x0008_0016;
const SOP_INSTANCE: u32 = 0x0008_0018;
const IDENTITY_REMOVED: u32 = 0x0012_0062;

/// How long the first piece may take if the part is to be sent on while it arrives: a slow program is not to hold a connection.
const BRISK: Duration = Duration::from_secs(2);

/// An instance in the spool, or on its way there.
pub(super) struct Spooled {
    pub number: usize,
    pub content: Content,
    /// Bytes of preamble and file meta information before the data set.
    pub offset: u64,
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub transfer_syntax_uid: String,
}

/// What a part says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    pieces: Pieces,
    begun: Instant,
    reading: Reading,
    /// With what it was sent ahead; it has to be the same at its end.
    ahead: Option<Header>,
    /// Whether it may go ahead has been decided.
    was_asked: bool,
}

impl Part {
    pub fn new(pieces: Pieces) -> Self {
        let reading = Reading::Meta(Vec::new());
        Self { pieces, begun: Instant::now(), reading, ahead: None, was_asked: false }
    }

    /// Takes more bytes. What is no DICOM file is not kept.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StagingError> {
        self.look(bytes, false);
        if matches!(self.reading, Reading::NotDicom) { Ok(()) } else { self.pieces.write(bytes).await }
    }

    /// Its header, once it can be sent on although its end has not come. It has not been sent so yet.
    pub fn may_go_ahead(&mut self) -> Option<Header> {
        if self.ahead.is_some() || self.was_asked || !self.pieces.has_begun() {
            return None;
        }
        self.was_asked = true;
        let is_known = matches!(&self.reading, Reading::DataSet(_, glance) if glance.is_done());
        (is_known && self.begun.elapsed() < BRISK).then(|| self.header())
    }

    /// It goes ahead. What reads it gets its end only with [`commit`](Self::commit).
    pub fn go_ahead(&mut self, number: usize, header: Header) -> Spooled {
        self.ahead = Some(header.clone());
        spooled(number, header, self.pieces.content().clone())
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

    /// Whether it ends where an attribute ends, and is what it was sent ahead as.
    pub fn is_whole(&self, header: &Header) -> bool {
        let is_same = self.ahead.as_ref().is_none_or(|ahead| ahead == header);
        is_same && matches!(&self.reading, Reading::DataSet(_, glance) if glance.is_whole())
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

    /// Keeps it until it was sent: its bytes, and what is to be sent, unless it is on its way already.
    pub async fn commit(self, number: usize, header: Header) -> Result<(u64, Option<Spooled>), StagingError> {
        let content = self.pieces.commit().await?;
        let size = content.size().unwrap_or(0);
        Ok((size, self.ahead.is_none().then(|| spooled(number, header, content))))
    }

    /// Nothing of it stays.
    pub async fn abort(self) {
        self.pieces.abort().await;
    }
}

fn spooled(number: usize, header: Header, content: Content) -> Spooled {
    Spooled {
        number,
        content,
        offset: header.offset,
        sop_class_uid: header.sop_class_uid,
        sop_instance_uid: header.sop_instance_uid,
        transfer_syntax_uid: header.transfer_syntax_uid,
    }
}
