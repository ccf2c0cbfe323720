//! A staged instance that is read in pieces, wherever they lie.

use std::io;

use adit_deid::locate::{MAX_WRITTEN, Visitor, Walk, is_deflated};
use adit_deid::part10::{file_meta, parse_head};
use adit_dimse::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};
use adit_store::staging::{StagedKey, Staging};
use flate2::read::DeflateDecoder;
use std::io::Read;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::{spawn_blocking, yield_now};

use super::super::retrieval::Reader;
use super::room::Room;
use crate::Refusal;

/// Bytes of the file meta information that are looked at.
const HEAD: u64 = 64 << 10;
/// Bytes that a walk reads at once.
const PIECE: usize = 16 << 10;
/// Pieces after which a walk lets others work.
const PIECES: usize = 64;
/// A gap that is read over; a larger one is jumped over by opening the object anew.
const GAP: u64 = 512 << 10;
/// Longest deflated data set that is inflated: all of it is held.
const MAX_INFLATED: u64 = 256 << 20;
/// Most bytes that come out of a deflated one.
const MAX_RATIO: u64 = 1032;

/// An instance of a retrieval. It stays staged while its reader has not gone on.
pub struct Object {
    /// The reader, where it is for this instance alone.
    _reader: Option<Reader>,
    source: Source,
    /// Transfer syntax of the file.
    transfer_syntax_uid: String,
    /// SOP Class and SOP Instance UID.
    uids: (String, String),
    /// Where the data set begins.
    data_set: u64,
    /// Memory for what of it is held.
    room: Option<Room>,
}

enum Source {
    Staged {
        staging: Arc<dyn Staging>,
        key: StagedKey,
        size: u64,
        open: Option<(u64, Box<dyn AsyncRead + Send + Unpin>)>,
    },
    /// A deflated data set, inflated.
    Inflated(Vec<u8>),
}

impl Object {
    pub(in super::super) async fn new(
        reader: Option<Reader>,
        staging: Arc<dyn Staging>,
        key: StagedKey,
        size: u64,
    ) -> Result<Self, Refusal> {
        let mut source = Source::Staged { staging, key, size, open: None };
        let beginning = source.read(0, usize::try_from(HEAD.min(size)).unwrap_or(0)).await?;
        let head = parse_head(&beginning).map_err(|_| damaged())?;
        let mut object = Self {
            _reader: reader,
            source,
            transfer_syntax_uid: head.transfer_syntax_uid,
            uids: (head.sop_class_uid, head.sop_instance_uid),
            data_set: head.data_set_offset,
            room: None,
        };
        if is_deflated(&object.transfer_syntax_uid) {
            object.inflate(size).await?;
        }
        Ok(object)
    }

    /// Transfer syntax of the file.
    #[must_use]
    pub fn transfer_syntax_uid(&self) -> &str {
        &self.transfer_syntax_uid
    }

    /// The file's beginning, up to its data set, in another transfer syntax.
    pub(super) fn head_in(&self, transfer_syntax_uid: &str) -> Vec<u8> {
        let (class, uid) = &self.uids;
        file_meta(class, uid, transfer_syntax_uid, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME)
    }

    async fn inflate(&mut self, size: u64) -> Result<(), Refusal> {
        let length = size.saturating_sub(self.data_set).min(MAX_INFLATED);
        let most = length.saturating_mul(MAX_RATIO).min(MAX_INFLATED);
        let room = Room::take(length + most + header_room(most)).await?;
        let deflated = self.source.read(self.data_set, usize::try_from(length).unwrap_or(0)).await?;
        // Whoever goes meanwhile leaves the room taken until the work is done.
        let work = spawn_blocking(move || {
            let mut inflated = Vec::new();
            let mut decoder = DeflateDecoder::new(deflated.as_slice()).take(MAX_INFLATED + 1);
            decoder.read_to_end(&mut inflated).map(|_| (inflated, room))
        });
        let inflated = work.await.map_err(|_| Refusal::unavailable("The image could not be read. Try again."))?;
        let (mut inflated, mut room) = inflated.map_err(|_| damaged())?;
        if inflated.len() as u64 > MAX_INFLATED {
            return Err(too_large());
        }
        inflated.shrink_to_fit();
        let length = inflated.len() as u64;
        // Once more, as what is taken out of it.
        room.shrink(length * 2 + header_room(length));
        (self.source, self.data_set, self.room) = (Source::Inflated(inflated), 0, Some(room));
        Ok(())
    }

    /// Takes room for what will be held of it, unless it has some: nobody waits twice.
    pub(super) async fn hold(&mut self, bytes: u64) -> Result<(), Refusal> {
        if self.room.is_none() {
            self.room = Some(Room::take(bytes).await?);
        }
        Ok(())
    }

    /// Gives back what is more than these bytes need; what is inflated is held besides.
    pub(super) fn hold_only(&mut self, bytes: u64) {
        let inflated = if let Source::Inflated(inflated) = &self.source { inflated.len() as u64 } else { 0 };
        if let Some(room) = &mut self.room {
            room.shrink(inflated + bytes);
        }
    }

    /// Bytes of the object; of what is inflated, if so.
    pub(super) fn size(&self) -> u64 {
        match &self.source {
            Source::Staged { size, .. } => *size,
            Source::Inflated(bytes) => bytes.len() as u64,
        }
    }

    /// Bytes of a place; fewer than wanted: the object ends there.
    pub(super) async fn read(&mut self, at: u64, length: usize) -> Result<Vec<u8>, Refusal> {
        self.source.read(at, length).await
    }

    /// The same; an object that ends before is damaged.
    pub(super) async fn read_exactly(&mut self, at: u64, length: u64) -> Result<Vec<u8>, Refusal> {
        let length = usize::try_from(length).map_err(|_| too_large())?;
        let bytes = self.read(at, length).await?;
        if bytes.len() == length { Ok(bytes) } else { Err(damaged()) }
    }

    /// Lets a visitor walk through the data set.
    pub(super) async fn walk<V: Visitor>(&mut self, visitor: V) -> Result<V, Refusal> {
        let mut walk = Walk::new(&self.transfer_syntax_uid, self.data_set, visitor);
        let mut pieces = 0;
        while let Some((at, least)) = walk.needs() {
            walk.give(&self.read(at, least.max(PIECE)).await?);
            pieces += 1;
            // What is in memory is read without waiting.
            if pieces % PIECES == 0 {
                yield_now().await;
            }
        }
        walk.finish().map_err(|_| damaged())
    }
}

impl Source {
    async fn read(&mut self, at: u64, length: usize) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Inflated(bytes) => {
                let from = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes[from..from.saturating_add(length).min(bytes.len())].to_vec())
            }
            Self::Staged { staging, key, size, open } => {
                if at >= *size {
                    return Ok(Vec::new());
                }
                let (mut place, mut stream) = match open.take() {
                    Some((place, stream)) if place <= at && at - place <= GAP => (place, stream),
                    _ => (at, staging.open(key, Some(at..*size)).await?),
                };
                if place < at {
                    place += tokio::io::copy(&mut (&mut stream).take(at - place), &mut tokio::io::sink())
                        .await
                        .map_err(unread)?;
                }
                let mut bytes = Vec::with_capacity(length.min(1 << 20));
                place += (&mut stream).take(length as u64).read_to_end(&mut bytes).await.map_err(unread)? as u64;
                *open = Some((place, stream));
                Ok(bytes)
            }
        }
    }
}

/// Most bytes that are held of the header of an object of this size, written anew: an empty sequence of 8 bytes becomes 20.
pub(super) fn header_room(size: u64) -> u64 {
    size.saturating_mul(3).min(MAX_WRITTEN as u64)
}

fn unread(error: io::Error) -> Refusal {
    tracing::error!(error = %error, "a staged object cannot be read");
    Refusal::peer("The staging area cannot be read.")
}

pub(super) fn damaged() -> Refusal {
    Refusal::peer("The image is damaged: its data do not end where its header says.")
}

pub(super) fn too_large() -> Refusal {
    Refusal::not_acceptable(
        "The image is too large to be taken apart here. Fetch it as it is stored: as application/dicom, with transfer-syntax=* in the header Accept.",
    )
}
