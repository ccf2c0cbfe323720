//! Where objects lie that have arrived: in our own inbox, or at a place outside.

use std::ops::Range;
use std::sync::Arc;

use adit_deid::part10::{Part10Head, parse_head};
use adit_domain::NodeId;
use adit_domain::node::NodeKind;
use adit_domain::rule::inbox;
use adit_store::repositories::ArrivedObject;
use adit_store::shelf::{Shelf, ShelfEntry, ShelfError};
use adit_store::staging::{StagedKey, Staging, StagingError, Stream};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use super::facts::{self, Header};
use crate::{Engine, Refusal};

/// Bytes of a file that are read first, and at most, to know its header.
const PIECES: [u64; 4] = [64 << 10, 1 << 20, 8 << 20, 32 << 20];
/// The longest file meta information.
const META: usize = 1 << 20;
/// What the inbox's objects are staged under begins like this.
const INBOX: &str = "inbox-";

/// A place.
#[derive(Clone)]
pub(crate) enum Place {
    Inbox(Arc<dyn Staging>),
    Shelf(Arc<dyn Shelf>),
}

/// Why an object cannot be read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is not there (any more).
    Gone,
    /// It is not a DICOM file.
    NotDicom,
    /// Trying again may help.
    Unavailable(String),
    /// Somebody has to act.
    Refused(String),
}

impl From<ShelfError> for Unread {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Absent => Self::Gone,
            ShelfError::Refused(why) => Self::Refused(why),
            ShelfError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl From<StagingError> for Unread {
    fn from(error: StagingError) -> Self {
        match error {
            StagingError::Absent => Self::Gone,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl Unread {
    /// What happened, as the end of a sentence.
    pub fn why(&self) -> &str {
        match self {
            Self::Gone => "it is not there any more",
            Self::NotDicom => "it is not a DICOM file",
            Self::Unavailable(why) | Self::Refused(why) => why,
        }
    }
}

/// Where an instance of the inbox is staged.
pub(crate) fn inbox_key(sop_instance_uid: &str) -> StagedKey {
    StagedKey::new(&inbox_task(Sha256::digest(sop_instance_uid)[0]), "-", sop_instance_uid)
}

/// One of the 256 names under which the inbox is staged, so that none of them grows large.
pub(crate) fn inbox_task(number: u8) -> String {
    format!("{INBOX}{number:02x}")
}

impl Engine {
    /// The place of a source; none: this process cannot reach it.
    pub(crate) async fn place(&self, source: &NodeId) -> Result<Option<Place>, Refusal> {
        if *source == inbox() {
            return Ok(Some(Place::Inbox(Arc::clone(&self.0.ports.staging))));
        }
        let Some(record) = self.0.nodes.get(source).await? else { return Ok(None) };
        Ok(self.shelf_of(&record.node.config.kind).map(Place::Shelf))
    }

    /// The files of a folder or bucket, if this process can reach them.
    pub(crate) fn shelf_of(&self, kind: &NodeKind) -> Option<Arc<dyn Shelf>> {
        match kind {
            NodeKind::Folder(folder) => self.0.folders.get().map(|folders| folders.shelf(folder)),
            NodeKind::Bucket(bucket) => self.0.ports.buckets.as_ref().map(|buckets| buckets.shelf(bucket)),
            NodeKind::Server(_) => None,
        }
    }
}

impl Place {
    /// The bytes of an object, from its beginning.
    pub async fn open(&self, object: &ArrivedObject, range: Option<Range<u64>>) -> Result<Stream, Unread> {
        match self {
            Self::Inbox(staging) => Ok(staging.open(&inbox_key(&object.sop_instance_uid), range).await?),
            Self::Shelf(shelf) => Ok(shelf.open(&object.name, range).await?),
        }
    }

    /// Reads no more of an object than its header.
    pub async fn header_of(&self, object: &ArrivedObject, also: &[String]) -> Result<Header, Unread> {
        read_header(object.size, also, |range| self.open(object, Some(range))).await
    }

    /// Whether the file is the one that arrived. The inbox tells by its rows.
    pub async fn is_as_it_was(&self, object: &ArrivedObject) -> Result<bool, Unread> {
        let Self::Shelf(shelf) = self else { return Ok(true) };
        let found = entry(&**shelf, &object.name).await?.ok_or(Unread::Gone)?;
        Ok(found.size == object.size && found.modified == object.modified)
    }

    /// Removes an object unless it was replaced since.
    pub async fn remove(&self, object: &ArrivedObject) -> Result<(), Unread> {
        match self {
            Self::Inbox(staging) => Ok(staging.delete(&inbox_key(&object.sop_instance_uid)).await?),
            Self::Shelf(shelf) => match entry(&**shelf, &object.name).await? {
                Some(found) if found.size == object.size && found.modified == object.modified => {
                    Ok(shelf.delete(&object.name).await?)
                }
                _ => Ok(()),
            },
        }
    }
}

/// What a shelf says about one file.
pub(crate) async fn entry(shelf: &dyn Shelf, name: &str) -> Result<Option<ShelfEntry>, ShelfError> {
    let page = shelf.list(name, None, 1).await?;
    Ok(page.entries.into_iter().next().filter(|entry| entry.name == name))
}

/// Reads piece after piece until the header is known.
pub(crate) async fn read_header<F>(size: u64, also: &[String], open: impl Fn(Range<u64>) -> F) -> Result<Header, Unread>
where
    F: Future<Output = Result<Stream, Unread>>,
{
    let (mut at, mut held, mut glance) = (0, Vec::new(), None);
    for end in PIECES {
        let end = end.min(size);
        if at >= end {
            break;
        }
        let mut piece = Vec::new();
        let mut stream = open(at..end).await?;
        stream.read_to_end(&mut piece).await.map_err(|error| Unread::Unavailable(error.to_string()))?;
        at = end;
        match &mut glance {
            Some(glance) => push(glance, &piece),
            None => {
                held.append(&mut piece);
                if let Some(head) = head_of(&held, at == size)? {
                    let mut new = facts::glance(&head.transfer_syntax_uid, also);
                    push(&mut new, &held[usize::try_from(head.data_set_offset).unwrap_or(held.len())..]);
                    glance = Some(new);
                }
            }
        }
        if glance.as_ref().is_some_and(adit_deid::Glance::is_done) {
            break;
        }
    }
    let header = facts::header(&glance.ok_or(Unread::NotDicom)?, also);
    let is_complete = [&header.sop_instance_uid, &header.study_instance_uid, &header.series_instance_uid]
        .iter()
        .all(|uid| adit_domain::Uid::parse(uid).is_ok());
    if is_complete { Ok(header) } else { Err(Unread::NotDicom) }
}

fn push(glance: &mut adit_deid::Glance, piece: &[u8]) {
    glance.push(piece);
}

/// Bytes of the beginning of an attribute at most: tag, value representation, length (PS3.5 7.1.2).
const LONGEST_HEADER: u64 = 12;

/// The file meta information, once it is there as a whole.
pub(crate) fn head_of(bytes: &[u8], is_all: bool) -> Result<Option<Part10Head>, Unread> {
    if bytes.len() >= 132 && bytes.get(128..132) != Some(b"DICM") {
        return Err(Unread::NotDicom);
    }
    match parse_head(bytes) {
        // A head that ends where the bytes end, or within the beginning of an attribute, may go on in the next ones.
        Ok(head) if is_all || head.data_set_offset + LONGEST_HEADER <= bytes.len() as u64 => Ok(Some(head)),
        _ if is_all || bytes.len() > META => Err(Unread::NotDicom),
        _ => Ok(None),
    }
}
