//! Blackout of compressed frames: fragments are collected to frames, decoded, overwritten, and written as RLE Lossless.

use adit_pixels::encapsulated::begins_image;
use adit_pixels::{CodecError, FrameShape, Geometry, decode, rle, supports};
use thiserror::Error;

use super::blackout::NativeBlackout;
use super::region::Region;

/// Transfer syntax of what a [`FrameBlackout`] writes (PS3.5 Annex G).
pub const RLE_LOSSLESS: &str = "1.2.840.10008.1.2.5";
/// Largest compressed frame.
const MAX_COMPRESSED: u64 = 256 << 20;
/// Item (FFFE,E000) in little endian.
const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];

/// A value that has to change in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderChange {
    /// Top level.
    pub tag: u32,
    /// VR of the attribute.
    pub vr: [u8; 2],
    /// Text, or a decimal number for US.
    pub value: String,
}

/// Compressed pixels that could not be worked on. The instance is held back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// More than 256 MiB.
    #[error("a compressed frame is larger than 256 MiB")]
    TooLarge,
    /// The decoder refused.
    #[error("frame {frame} cannot be decoded: {source}")]
    Codec {
        /// Counted from 1.
        frame: u32,
        /// What the decoder says.
        source: CodecError,
    },
    /// The pixel data does not have as many frames as the header says.
    #[error("the header says {expected} frames, the pixel data has {found}")]
    Frames {
        /// Number of Frames (0028,0008)
        expected: u32,
        /// Frames found.
        found: u32,
    },
    /// The shape or transfer syntax is not supported.
    #[error("{0}")]
    Refused(String),
}

/// Blacks out regions of encapsulated pixel data.
#[derive(Debug)]
pub struct FrameBlackout {
    transfer_syntax_uid: String,
    shape: FrameShape,
    regions: NativeBlackout,
    frames: u32,
    frame: Vec<u8>,
    /// Where the fragment at hand begins in `frame`, until it is known whether it begins a frame.
    undecided: Option<usize>,
    offsets_seen: bool,
    in_offsets: bool,
    written: u32,
}

impl FrameBlackout {
    /// A blackout of these regions.
    pub fn new(transfer_syntax_uid: &str, geometry: &Geometry, regions: &[Region]) -> Result<Self, FrameError> {
        if let Some(refusal) = Self::refusal(transfer_syntax_uid, geometry) {
            return Err(FrameError::Refused(refusal));
        }
        let decoded = geometry.decoded(transfer_syntax_uid);
        Ok(Self {
            transfer_syntax_uid: transfer_syntax_uid.to_owned(),
            shape: geometry.shape(),
            regions: NativeBlackout::new(&decoded, regions).map_err(FrameError::Refused)?,
            frames: geometry.frames,
            frame: Vec::new(),
            undecided: None,
            offsets_seen: false,
            in_offsets: false,
            written: 0,
        })
    }

    /// Why these frames cannot be blacked out, if so.
    #[must_use]
    pub fn refusal(transfer_syntax_uid: &str, geometry: &Geometry) -> Option<String> {
        if !supports(transfer_syntax_uid) {
            return Some("frames in this transfer syntax cannot be decoded here".to_owned());
        }
        if let Some(refusal) = geometry.refusal() {
            return Some(refusal);
        }
        let is_rle = transfer_syntax_uid == RLE_LOSSLESS;
        if geometry.bits_allocated == 1 || geometry.bits_allocated > if is_rle { 32 } else { 16 } {
            return Some(format!("compressed pixels of {} bits allocated are not supported", geometry.bits_allocated));
        }
        let subsampled = geometry.photometric.starts_with("YBR_") && geometry.photometric.contains("42");
        if subsampled && (is_jpeg_2000(transfer_syntax_uid) || geometry.photometric.contains("PARTIAL")) {
            return Some("this photometric interpretation is not supported in this transfer syntax".to_owned());
        }
        // 4 samples of 32 bits would need more segments than RLE has.
        (geometry.samples * geometry.bits_allocated / 8 > 15).then(|| "too many bytes per pixel for RLE".to_owned())
    }

    /// What changes in the header; known before the pixels. Elements (7FE0,0001) and (7FE0,0002) have to go as well.
    #[must_use]
    pub fn header_changes(transfer_syntax_uid: &str, geometry: &Geometry) -> Vec<HeaderChange> {
        let mut changes = Vec::new();
        let photometric = geometry.decoded(transfer_syntax_uid).photometric;
        if photometric != geometry.photometric {
            changes.push(HeaderChange { tag: 0x0028_0004, vr: *b"CS", value: photometric });
        }
        // RLE is color by plane (PS3.5 G.2).
        if geometry.samples > 1 && !geometry.by_plane {
            changes.push(HeaderChange { tag: 0x0028_0006, vr: *b"US", value: "1".to_owned() });
        }
        changes
    }

    /// A fragment begins; the first one is the Basic Offset Table and becomes an empty one.
    pub fn begin_fragment(&mut self, length: u64, out: &mut Vec<u8>) -> Result<(), FrameError> {
        self.in_offsets = !self.offsets_seen;
        if self.in_offsets {
            self.offsets_seen = true;
            out.extend_from_slice(&ITEM);
            out.extend_from_slice(&0_u32.to_le_bytes());
            return Ok(());
        }
        if self.frame.len() as u64 + length > MAX_COMPRESSED {
            return Err(FrameError::TooLarge);
        }
        if self.transfer_syntax_uid == RLE_LOSSLESS {
            // Each frame is exactly one fragment (PS3.5 A.4.2).
            self.write_frame(self.frame.len(), out)?;
        } else if self.frames > 1 {
            self.undecided = Some(self.frame.len());
        }
        Ok(())
    }

    /// The next bytes of the fragment; a frame that is complete is appended to `out` as an item.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
        if self.in_offsets {
            return Ok(());
        }
        if (self.frame.len() + bytes.len()) as u64 > MAX_COMPRESSED {
            return Err(FrameError::TooLarge);
        }
        self.frame.extend_from_slice(bytes);
        if let Some(start) = self.undecided
            && let Some(first) = self.frame.get(start..start + 4)
        {
            self.undecided = None;
            if begins_image(first) {
                self.write_frame(start, out)?;
            }
        }
        Ok(())
    }

    /// The pixel data ends. The caller writes the sequence delimiter.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        self.write_frame(self.frame.len(), out)?;
        if self.written == self.frames {
            return Ok(());
        }
        Err(FrameError::Frames { expected: self.frames, found: self.written })
    }

    /// Writes the first bytes of what was collected as a frame.
    fn write_frame(&mut self, length: usize, out: &mut Vec<u8>) -> Result<(), FrameError> {
        if length == 0 {
            return Ok(());
        }
        let frame = self.written + 1;
        if frame > self.frames {
            return Err(FrameError::Frames { expected: self.frames, found: frame });
        }
        let codec = |source| FrameError::Codec { frame, source };
        let mut samples = decode(&self.transfer_syntax_uid, &self.frame[..length], &self.shape).map_err(codec)?;
        self.regions.clone().apply(&mut samples);
        let encoded = rle::encode(&samples, &self.shape).map_err(codec)?;
        let size = u32::try_from(encoded.len()).map_err(|_| FrameError::TooLarge)?;
        out.extend_from_slice(&ITEM);
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&encoded);
        self.frame.drain(..length);
        self.written = frame;
        Ok(())
    }
}

fn is_jpeg_2000(transfer_syntax_uid: &str) -> bool {
    matches!(transfer_syntax_uid, "1.2.840.10008.1.2.4.90" | "1.2.840.10008.1.2.4.91")
}

#[cfg(test)]
mod tests;
