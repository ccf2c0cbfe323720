//! The frames of an image: where they lie and how they want to be seen.

use adit_pixels::Geometry;
use adit_pixels::encapsulated::{Fragment, begins_image, by_basic_table, by_extended_table, by_fragments};
use adit_pixels::native::NativeFrame;
use adit_pixels::render::Look;
use thiserror::Error;

use super::look::{Said, Values, is_way, place};
use super::walk::{Met, Visitor, Wish};
use crate::element::ITEM;
use crate::scanner::PIXELS;

/// Most frames of one instance.
const MAX_FRAMES: u32 = 1 << 20;
/// Most fragments of one instance.
const MAX_FRAGMENTS: u64 = 1 << 21;
const PIXEL_DATA: u32 = 0x7FE0_0010;

/// Why there are no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoImage {
    /// It holds no pixels, such as a report or a PDF.
    #[error("the object is no image")]
    NoPixels,
    /// Its shape makes no sense, or there are more frames than anybody has.
    #[error("the image's header does not describe an image that can be shown")]
    Shape,
    /// It is one that nobody here understands.
    #[error("the image's pixels are of a shape that is not supported")]
    Unsupported,
    /// The pixel data does not have as many frames as the header says.
    #[error("the image's pixel data does not have the frames that its header describes")]
    Frames,
}

/// The frames whose looks are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// These, counted from 1.
    These(Vec<u32>),
    /// The one in the middle.
    Middle,
    /// No look is wanted, only where they lie.
    NoLook,
}

/// Where frames lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frames {
    /// In native pixel data whose value begins here and has so many bytes.
    Native {
        /// From the beginning of the object.
        at: u64,
        /// Bytes.
        length: u64,
    },
    /// In encapsulated pixel data: where the first item of each frame begins. A frame goes on to the beginning of the next one, or to the
    /// end of the pixel data.
    Encapsulated(Vec<u64>),
}

/// An image.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// (0008,0016)
    pub sop_class_uid: String,
    /// Shape of the pixels as stored.
    pub geometry: Geometry,
    /// Pixels are floating-point numbers: (7FE0,0008) or (7FE0,0009).
    pub is_float: bool,
    /// Where they are.
    pub frames: Frames,
    looks: Vec<(u32, Look)>,
}

impl Image {
    /// The frame in the middle.
    #[must_use]
    pub fn middle(&self) -> u32 {
        middle(self.geometry.frames)
    }

    /// How a frame that was among the wanted ones wants to be seen.
    #[must_use]
    pub fn look(&self, frame: u32) -> Look {
        self.looks.iter().find(|(number, _)| *number == frame).map(|(_, look)| look.clone()).unwrap_or_default()
    }

    /// Where a native frame lies in the object; none: there is no such frame, or it is cut off.
    #[must_use]
    pub fn native(&self, frame: u32) -> Option<NativeFrame> {
        let Frames::Native { at, length } = self.frames else { return None };
        let mut found = NativeFrame::of(&self.geometry, frame)?;
        if found.bytes.end > length {
            return None;
        }
        found.bytes = at + found.bytes.start..at + found.bytes.end;
        Some(found)
    }

    /// Where the first item of an encapsulated frame begins, and where the next frame does; none: there is no such frame.
    #[must_use]
    pub fn encapsulated(&self, frame: u32) -> Option<(u64, Option<u64>)> {
        let Frames::Encapsulated(starts) = &self.frames else { return None };
        let place = usize::try_from(frame.checked_sub(1)?).ok()?;
        Some((*starts.get(place)?, starts.get(place + 1).copied()))
    }

    /// Bytes of the longest encapsulated frame in an object of this size; none: they are not encapsulated.
    #[must_use]
    pub fn longest(&self, size: u64) -> Option<u64> {
        let Frames::Encapsulated(starts) = &self.frames else { return None };
        let ends = starts.iter().skip(1).chain([&size]);
        starts.iter().zip(ends).map(|(start, end)| end.saturating_sub(*start)).max()
    }
}

fn middle(frames: u32) -> u32 {
    frames / 2 + 1
}

/// Looks for the frames of an image.
pub struct ImageReader {
    which: Which,
    /// Offset tables are not believed: frames are found by their fragments.
    by_fragments: bool,
    values: Values,
    pixels: Option<Met>,
    /// By a table.
    starts: Option<Vec<u64>>,
    fragments: Vec<Fragment>,
}

impl ImageReader {
    /// For the looks of these frames.
    #[must_use]
    pub fn new(which: Which) -> Self {
        Self { which, by_fragments: false, values: Values::new(), pixels: None, starts: None, fragments: Vec::new() }
    }

    /// For an image whose offset tables have turned out to be wrong.
    #[must_use]
    pub fn by_fragments(which: Which) -> Self {
        Self { by_fragments: true, ..Self::new(which) }
    }

    /// The image, once the walk is over.
    pub fn finish(mut self) -> Result<Image, NoImage> {
        let pixels = self.pixels.ok_or(NoImage::NoPixels)?;
        let said = Said { values: &self.values, frame: 0 };
        let geometry = said.geometry(&pixels);
        let numbers = [geometry.frames, geometry.rows, geometry.columns, geometry.samples, geometry.bits_allocated];
        if numbers.contains(&0) || geometry.frames > MAX_FRAMES {
            return Err(NoImage::Shape);
        }
        if geometry.refusal().is_some() {
            return Err(NoImage::Unsupported);
        }
        let frames = match pixels.length {
            Some(length) => Frames::Native { at: pixels.at, length: u64::from(length) },
            None => {
                let starts = self.starts.take().or_else(|| by_fragments(&self.fragments, geometry.frames));
                Frames::Encapsulated(starts.ok_or(NoImage::Frames)?)
            }
        };
        let wanted = match &self.which {
            Which::These(frames) => frames.clone(),
            Which::Middle => vec![middle(geometry.frames)],
            Which::NoLook => Vec::new(),
        };
        let look = |frame: u32| Said { values: &self.values, frame }.look(&geometry);
        let looks = wanted.into_iter().map(|frame| (frame, look(frame))).collect();
        let is_float = pixels.tag != PIXEL_DATA;
        Ok(Image { sop_class_uid: said.text(0x0008_0016), geometry, is_float, frames, looks })
    }

    fn frames(&self) -> u32 {
        Said { values: &self.values, frame: 0 }.frames()
    }

    fn wants_frame(&self, frame: u32) -> bool {
        match &self.which {
            Which::These(frames) => frames.contains(&frame),
            Which::Middle => frame == middle(self.frames()),
            Which::NoLook => false,
        }
    }
}

impl Visitor for ImageReader {
    fn element(&mut self, path: &[(u32, u32)], met: &Met) -> Wish {
        if path.is_empty() && PIXELS.contains(&met.tag) {
            self.pixels = Some(*met);
            return if met.length.is_some() { Wish::Stop } else { Wish::Skip };
        }
        if path.is_empty() && met.tag > PIXEL_DATA {
            return Wish::Stop;
        }
        if is_way(path, met.tag, |frame| self.wants_frame(frame)) {
            return Wish::Enter;
        }
        if place(path, met).is_some() { Wish::Take } else { Wish::Skip }
    }

    fn value(&mut self, path: &[(u32, u32)], met: &Met, value: Vec<u8>) {
        if met.tag == ITEM {
            // The Basic Offset Table: the first fragment begins behind it.
            let first = met.at + value.len() as u64;
            let frames = self.frames();
            let extended = self.values.get(&(0, 0x7FE0_0001)).map(|(_, table)| table.as_slice());
            self.starts = extended.and_then(|table| by_extended_table(table, first, frames));
            self.starts = self.starts.take().or_else(|| by_basic_table(&value, first, frames));
        } else if let Some(key) = place(path, met) {
            self.values.insert(key, (*met, value));
        }
    }

    fn fragment(&mut self, number: u64, at: u64, length: u32, first: &[u8]) -> Wish {
        if number == 0 {
            return if self.by_fragments || length > MAX_FRAMES * 4 { Wish::Skip } else { Wish::Take };
        }
        if self.starts.is_some() || number > MAX_FRAGMENTS {
            return Wish::Stop;
        }
        self.fragments.push(Fragment { at, begins_image: begins_image(first) });
        Wish::Skip
    }
}
