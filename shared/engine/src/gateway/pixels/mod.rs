//! Frames, rendered images and bulk data of one instance (PS3.18 10.4.1), taken out of its staged object; and the whole of it without
//! compression.
//!
//! The object comes by a retrieval as any other, so whoever may see it with a pseudonym only gets pixels that the rewriter has dealt with.

mod middle;
mod object;
mod plain;
mod room;
mod show;

pub use adit_deid::locate::Which;
use adit_deid::locate::{Image, ImageReader, NoImage, ValueReader};
use adit_dicomweb::pixels::TagPath;
use adit_pixels::encapsulated::{Item, is_encapsulated, item};
use adit_pixels::native;

pub use object::Object;
pub(super) use plain::Plain;

use crate::Refusal;
use object::{damaged, too_large};

/// Most bytes of a frame or value that is taken out: all of it is held.
const MAX_HELD: u64 = 256 << 20;

/// What is asked of an instance.
pub struct Frames {
    object: Object,
    image: Image,
    which: Which,
    /// Offset tables were found to be wrong.
    by_fragments: bool,
}

impl Object {
    /// Whether its pixels come in fragments.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        is_encapsulated(self.transfer_syntax_uid())
    }

    /// The frames of an instance; `which` are those whose looks are wanted.
    ///
    /// # Errors
    /// It is no image, or a damaged one.
    pub async fn frames(mut self, which: Which) -> Result<Frames, Refusal> {
        let image = self.walk(ImageReader::new(which.clone())).await?.finish().map_err(no_image)?;
        Ok(Frames { object: self, image, which, by_fragments: false })
    }

    /// The bytes of one value, in little endian. Pixel data is no value when it is compressed: its frames are.
    ///
    /// # Errors
    /// There is no such value.
    pub async fn value(&mut self, path: &TagPath) -> Result<Vec<u8>, Refusal> {
        let found = self.walk(ValueReader::new(path.sequences.clone(), path.tag)).await?.found();
        let found = found.ok_or_else(|| Refusal::absent("The image has no such value."))?;
        let length = u64::from(found.met.length.unwrap_or(0));
        if length > MAX_HELD {
            return Err(too_large());
        }
        self.hold(length).await?;
        let mut bytes = self.read_exactly(found.met.at, length).await?;
        if found.word > 1 {
            bytes.chunks_exact_mut(found.word).for_each(<[u8]>::reverse);
        }
        Ok(bytes)
    }
}

impl Frames {
    /// Transfer syntax in which they are stored.
    #[must_use]
    pub fn transfer_syntax_uid(&self) -> &str {
        self.object.transfer_syntax_uid()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.image.geometry.frames
    }

    /// The one in the middle.
    #[must_use]
    pub fn middle(&self) -> u32 {
        self.image.middle()
    }

    /// Whether frames can be decoded, so far as the transfer syntax says.
    #[must_use]
    pub fn can_decode(&self) -> bool {
        adit_pixels::supports(self.transfer_syntax_uid())
    }

    /// Refuses numbers of frames that are not there.
    ///
    /// # Errors
    /// A sentence with the number of frames.
    pub fn check(&self, numbers: &[u32]) -> Result<(), Refusal> {
        if numbers.iter().all(|number| (1..=self.count()).contains(number)) {
            return Ok(());
        }
        Err(Refusal::absent(match self.count() {
            1 => "The image has one frame only.".to_owned(),
            count => format!("The image has {count} frames, counted from 1."),
        }))
    }

    /// A frame as it is stored; uncompressed ones in little endian.
    ///
    /// # Errors
    /// There is no such frame, or it is damaged.
    pub async fn stored(&mut self, number: u32) -> Result<Vec<u8>, Refusal> {
        self.check(&[number])?;
        self.object.hold(self.held()).await?;
        if let Some(frame) = self.image.native(number) {
            if frame.bytes.end - frame.bytes.start > MAX_HELD {
                return Err(too_large());
            }
            let bytes = self.object.read_exactly(frame.bytes.start, frame.bytes.end - frame.bytes.start).await?;
            return Ok(native::octets(bytes, &self.image.geometry, &frame));
        }
        let place = self.image.encapsulated(number).ok_or_else(damaged)?;
        match self.fragments(place).await? {
            Some(frame) => Ok(frame),
            None if self.by_fragments => Err(damaged()),
            None => {
                // The offset table has led nowhere.
                self.by_fragments = true;
                let reader = self.object.walk(ImageReader::by_fragments(self.which.clone())).await?;
                self.image = reader.finish().map_err(no_image)?;
                let place = self.image.encapsulated(number).ok_or_else(damaged)?;
                self.fragments(place).await?.ok_or_else(damaged)
            }
        }
    }

    /// Bytes that are held at most: a frame as it is stored, the same decoded, and the one before while somebody still reads it.
    fn held(&self) -> u64 {
        let frame = self.image.geometry.frame_bits().map_or(u64::MAX, |bits| bits / 8).min(MAX_HELD);
        frame * u64::from(self.count().min(2)) + self.image.longest(self.object.size()).unwrap_or(frame).min(MAX_HELD)
    }

    /// The fragments from one place to another, or to the end; none: the places are not where fragments begin.
    async fn fragments(&mut self, (mut at, end): (u64, Option<u64>)) -> Result<Option<Vec<u8>>, Refusal> {
        let mut frame = Vec::new();
        while end.is_none_or(|end| at < end) {
            let head: Option<[u8; 8]> = self.object.read(at, 8).await?.try_into().ok();
            let length = match head.and_then(item) {
                Some(Item::Fragment(length)) => u64::from(length),
                Some(Item::End) if end.is_none() => break,
                _ => return Ok(None),
            };
            if frame.len() as u64 + length > MAX_HELD {
                return Err(too_large());
            }
            frame.extend_from_slice(&self.object.read_exactly(at + 8, length).await?);
            at += 8 + length;
        }
        Ok((end.is_none_or(|end| at == end) && !frame.is_empty()).then_some(frame))
    }
}

fn no_image(error: NoImage) -> Refusal {
    match error {
        NoImage::NoPixels => Refusal::not_acceptable(
            "This is no image, but a report or another object without pixels. Fetch it as application/dicom.",
        ),
        NoImage::Unsupported => Refusal::not_acceptable(format!(
            "{}. Fetch it as it is stored: as application/dicom, with transfer-syntax=* in the header Accept.",
            capital(&error.to_string())
        )),
        NoImage::Shape | NoImage::Frames => Refusal::peer(format!("{}.", capital(&error.to_string()))),
    }
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
