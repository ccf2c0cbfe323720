//! JPEG (ITU-T T.81): sequential DCT of 8 and 12 bits (processes 1, 2, 4) and lossless (process 14), Huffman coded.

mod color;
mod dct;
mod huffman;
mod lossless;
mod segments;

use segments::{Frame, Process, Tables};
pub(crate) use segments::{Segment, next as next_segment};

use crate::bits::{Bits, Stuffing};
use crate::{CodecError, FrameShape};

/// Decodes one image.
pub(crate) fn decode(data: &[u8], shape: &FrameShape) -> Result<Vec<u8>, CodecError> {
    if data.get(..2) != Some(&[0xFF, 0xD8]) {
        return Err(CodecError::Malformed("no start of image"));
    }
    let mut tables = Tables::default();
    let mut image: Option<Image> = None;
    let mut at = 2;
    while let Some(Segment { code, body: segment, next }) = next_segment(data, at)? {
        at = next;
        match code {
            0xC0 | 0xC1 | 0xC3 => {
                if image.is_some() {
                    return Err(CodecError::Malformed("a second frame header"));
                }
                let frame = Frame::read(code, segment, shape)?;
                let planes = frame.components.iter().map(|component| vec![0; component.length()]).collect();
                image = Some(Image { seen: vec![false; frame.components.len()], frame, planes });
            }
            0xC4 => tables.huffman(segment)?,
            0xC2 | 0xC5..=0xCF => return Err(CodecError::Unsupported("progressive or arithmetic JPEG")),
            0xDB => tables.quantization(segment)?,
            0xDD => tables.restart_interval(segment)?,
            0xDA => {
                let image = image.as_mut().ok_or(CodecError::Malformed("a scan without a frame header"))?;
                at = image.scan(data, next, segment, &tables)?;
            }
            0xE0 | 0xEE => tables.application(code, segment),
            0xD9 => break,
            _ => {}
        }
    }
    let image = image.ok_or(CodecError::Truncated)?;
    if !image.seen.iter().all(|seen| *seen) {
        return Err(CodecError::Truncated);
    }
    image.finish(&tables, shape)
}

/// Whether an image is coded by DCT, whose color comes out as RGB; none: it has no frame header.
pub(crate) fn is_dct(data: &[u8]) -> Option<bool> {
    let mut at = 2;
    while let Ok(Some(Segment { code, next, .. })) = next_segment(data, at) {
        match code {
            0xC0 | 0xC1 => return Some(true),
            0xC3 => return Some(false),
            0xD9 | 0xDA => return None,
            _ => at = next,
        }
    }
    None
}

/// A frame and its planes so far.
struct Image {
    frame: Frame,
    planes: Vec<Vec<u16>>,
    seen: Vec<bool>,
}

impl Image {
    /// Decodes a scan; the result is where the next marker is.
    fn scan(&mut self, data: &[u8], at: usize, segment: &[u8], tables: &Tables) -> Result<usize, CodecError> {
        let scan = segments::Scan::read(segment, &self.frame)?;
        for member in &scan.members {
            // A second scan of a component would be progressive.
            if std::mem::replace(&mut self.seen[member.component], true) {
                return Err(CodecError::Malformed("a component is scanned twice"));
            }
        }
        let mut bits = Bits::new(data, at, Stuffing::Byte);
        match self.frame.process {
            Process::Dct => dct::scan(&mut bits, &self.frame, &scan, tables, &mut self.planes)?,
            Process::Lossless => lossless::scan(&mut bits, &self.frame, &scan, tables, &mut self.planes)?,
        }
        Ok(bits.end())
    }

    fn finish(self, tables: &Tables, shape: &FrameShape) -> Result<Vec<u8>, CodecError> {
        let precision = self.frame.precision;
        let mut planes = Vec::with_capacity(self.planes.len());
        for (component, plane) in self.frame.components.iter().zip(self.planes) {
            planes.push(color::full_size(&self.frame, component, plane)?);
        }
        if self.frame.process == Process::Dct
            && let [luminance, blue, red] = &mut planes[..]
            && tables.is_ycc(&self.frame, shape.ybr)
        {
            color::to_rgb(luminance, blue, red, precision);
        }
        shape.interleave(&planes, precision)
    }
}
