//! A whole instance in an uncompressed transfer syntax, written while it is read: a piece or a frame at a time.

use std::collections::VecDeque;
use std::io;

use adit_deid::locate::{Decoded, Frames as Place, Image, ImageReader, NoImage, NotPlain, Piece, PlainWriter, Which};
use adit_store::staging::Stream;
use bytes::Bytes;
use futures_util::stream;
use tokio_util::io::StreamReader;

use super::object::{damaged, header_room, too_large};
use super::{Frames, MAX_HELD, Object, no_image};
use crate::Refusal;

/// Bytes that are copied at once.
const PIECE: u64 = 256 << 10;

/// A DICOM file that is being written.
pub struct Plain {
    /// Its bytes. One that cannot be gone on with breaks off with an error.
    pub stream: Stream,
    /// How many.
    pub size: u64,
}

impl Object {
    /// The instance as a DICOM file in `transfer_syntax_uid`, Explicit or Implicit VR Little Endian. Its first frame is decoded at once: what
    /// cannot be done shows here as far as possible.
    ///
    /// # Errors
    /// It cannot be decoded, is too large for that, or is damaged.
    pub async fn in_plain(mut self, transfer_syntax_uid: &str) -> Result<Plain, Refusal> {
        let image = if self.is_compressed() { self.fragmented().await? } else { None };
        let head = self.head_in(transfer_syntax_uid);
        let header = header_room(self.size());
        let (source, held, first, decoded) = match image {
            None => {
                self.hold(header).await?;
                (Source::Native(self), 0, None, None)
            }
            Some(image) => {
                let mut frames = Frames { object: self, image, which: Which::NoLook, by_fragments: false };
                let (mut decoded, held) = (frames.decoded()?, frames.held());
                frames.object.hold(held + header).await?;
                let stored = frames.stored(1).await?;
                decoded.shape = adit_pixels::decoded(frames.transfer_syntax_uid(), &stored, &frames.image.geometry);
                let first = frames.decompressed(stored).await?;
                (Source::Frames(frames), held, Some(first), Some(decoded))
            }
        };
        let mut writing = Writing { source, first, done: 0, pieces: VecDeque::new() };
        let length = decoded.as_ref().map_or(0, |decoded| u64::from(decoded.length));
        let written = writing.object().walk(PlainWriter::new(transfer_syntax_uid, decoded)).await?.finish();
        writing.pieces = VecDeque::from(written.map_err(unwritten)?);
        writing.pieces.push_front(Piece::Bytes(head));
        let anew =
            writing.pieces.iter().map(|piece| if let Piece::Bytes(bytes) = piece { bytes.len() as u64 } else { 0 });
        let held = held + anew.sum::<u64>();
        writing.object().hold_only(held);
        let size = writing.pieces.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Copy { length, .. } => *length,
            Piece::Frames => length,
        });
        let size = size.sum();
        let pieces = stream::try_unfold(writing, |mut writing| async {
            let next = writing.next().await.map_err(|refusal| {
                tracing::warn!(
                    reason = refusal.body.detail,
                    "an image could not be written in another transfer syntax"
                );
                io::Error::other("the image cannot be decoded")
            })?;
            io::Result::Ok(next.map(|bytes| (bytes, writing)))
        });
        Ok(Plain { stream: Box::new(StreamReader::new(Box::pin(pieces))), size })
    }

    /// The image, if its pixels come in fragments. What has none does not need a decoder, whatever its transfer syntax.
    async fn fragmented(&mut self) -> Result<Option<Image>, Refusal> {
        let found = match self.walk(ImageReader::new(Which::NoLook)).await?.finish() {
            Err(NoImage::NoPixels) => return Ok(None),
            Ok(image) if matches!(image.frames, Place::Native { .. }) => return Ok(None),
            found => found,
        };
        if !adit_pixels::supports(self.transfer_syntax_uid()) {
            return Err(Refusal::not_acceptable(format!(
                "An image is stored in the transfer syntax {} and cannot be decoded here. Send transfer-syntax=* in the header Accept.",
                self.transfer_syntax_uid()
            )));
        }
        found.map(Some).map_err(no_image)
    }
}

impl Frames {
    /// What its pixels are when they are decoded, as far as the header says.
    fn decoded(&self) -> Result<Decoded, Refusal> {
        let geometry = &self.image.geometry;
        let shape = geometry.decoded(self.transfer_syntax_uid());
        let frame = shape.frame_bits().map_or(u64::MAX, |bits| bits / 8);
        let length = u32::try_from(frame.saturating_mul(u64::from(geometry.frames))).ok();
        match length.filter(|length| frame <= MAX_HELD && *length < u32::MAX - 1) {
            None => Err(too_large()),
            // Two pixels that share their color do not come out of a decoder.
            Some(_) if shape.is_422() || !matches!(shape.bits_allocated, 8 | 16 | 32) => Err(Refusal::not_acceptable(
                "The pixels cannot be decoded here: their shape is not supported. Fetch them as they are stored, with transfer-syntax=* in the header Accept.",
            )),
            Some(length) => Ok(Decoded { shape, by_plane: geometry.by_plane, length }),
        }
    }
}

enum Source {
    Native(Object),
    Frames(Frames),
}

struct Writing {
    source: Source,
    /// The first frame, until it is written.
    first: Option<Vec<u8>>,
    /// Frames that are written.
    done: u32,
    pieces: VecDeque<Piece>,
}

impl Writing {
    fn object(&mut self) -> &mut Object {
        match &mut self.source {
            Source::Native(object) => object,
            Source::Frames(frames) => &mut frames.object,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let bytes = match self.pieces.pop_front() {
            None => return Ok(None),
            Some(Piece::Bytes(bytes)) => bytes,
            Some(Piece::Copy { at, length, word }) => {
                let now = length.min(PIECE);
                let mut bytes = self.object().read_exactly(at, now).await?;
                if word > 1 {
                    bytes.chunks_exact_mut(word).for_each(<[u8]>::reverse);
                }
                if now < length {
                    self.pieces.push_front(Piece::Copy { at: at + now, length: length - now, word });
                }
                bytes
            }
            Some(Piece::Frames) => self.frame().await?,
        };
        Ok(Some(bytes.into()))
    }

    async fn frame(&mut self) -> Result<Vec<u8>, Refusal> {
        let Source::Frames(frames) = &mut self.source else { return Err(damaged()) };
        self.done += 1;
        if self.done < frames.count() {
            self.pieces.push_front(Piece::Frames);
        }
        match self.first.take() {
            Some(first) => Ok(first),
            None => frames.uncompressed(self.done).await,
        }
    }
}

fn unwritten(error: NotPlain) -> Refusal {
    match error {
        NotPlain::Encapsulated => damaged(),
        NotPlain::TooLong => too_large(),
    }
}
