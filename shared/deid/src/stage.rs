//! What happens to pixel bytes on their way: nothing, a blackout, or the scrubbing of what stands between compressed pixels.

use crate::element::{Header, ITEM, UNDEFINED, put_header};
use crate::header::Produced;
use crate::pixels::{CommentScrubber, FrameBlackout, FrameError, NativeBlackout, expected_length};
use crate::rewrite::RewriteError;
use crate::syntax::Syntax;

/// (7FE0,0010); float pixel data have no policy of their own.
const PIXEL_DATA: u32 = 0x7FE0_0010;

/// The way of an instance's pixels.
pub(crate) enum Stage {
    /// As they come.
    Plain,
    /// Native: regions are overwritten, what lies behind the last frame is cut off.
    Native { blackout: Option<NativeBlackout>, left: u64, cut: bool },
    /// Compressed: comments are blanked.
    Comments(Box<CommentScrubber>, bool),
    /// Compressed: frames are opened, blacked out and closed again.
    Frames(Option<Box<FrameBlackout>>),
}

impl Stage {
    /// The stage for pixel data with this header.
    pub fn new(produced: &Produced, head: &Header) -> Result<Self, RewriteError> {
        if !produced.is_active() || head.tag != PIXEL_DATA {
            return Ok(Self::Plain);
        }
        let geometry = produced.survey.pixels.geometry();
        let transfer_syntax_uid = &produced.survey.pixels.transfer_syntax_uid;
        let regions = &produced.regions;
        if head.length == UNDEFINED {
            return Ok(if regions.is_empty() {
                Self::Comments(Box::new(CommentScrubber::new(transfer_syntax_uid)), false)
            } else {
                let frames = FrameBlackout::new(transfer_syntax_uid, &geometry, regions).map_err(held_back)?;
                Self::Frames(Some(Box::new(frames)))
            });
        }
        let length = u64::from(head.length);
        let expected = expected_length(&geometry).map(|length| length.next_multiple_of(2));
        let left = expected.filter(|expected| *expected < length).unwrap_or(length);
        let blackout = if regions.is_empty() {
            None
        } else {
            Some(NativeBlackout::new(&geometry, regions).map_err(RewriteError::HeldBack)?)
        };
        Ok(Self::Native { blackout, left, cut: left < length })
    }

    /// Writes the element's header.
    pub fn header(&self, head: &Header, syntax: Syntax, out: &mut Vec<u8>) {
        let length = match self {
            Self::Native { left, .. } => u32::try_from(*left).unwrap_or(head.length),
            _ => head.length,
        };
        put_header(out, syntax, head.tag, head.vr, length);
    }

    /// Whether the next `length` bytes go out just as they come.
    pub fn passes(&mut self, length: u64) -> bool {
        match self {
            Self::Plain => true,
            Self::Native { blackout: None, left, .. } if *left >= length => {
                *left -= length;
                true
            }
            _ => false,
        }
    }

    /// Takes bytes of the value, or of a fragment.
    pub fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), RewriteError> {
        let start = out.len();
        match self {
            Self::Plain => out.extend_from_slice(bytes),
            Self::Native { blackout, left, .. } => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= take as u64;
                out.extend_from_slice(&bytes[..take]);
                if let Some(blackout) = blackout {
                    blackout.apply(&mut out[start..]);
                }
            }
            Self::Comments(scrubber, changed) => {
                out.extend_from_slice(bytes);
                scrubber.apply(&mut out[start..]);
                *changed = *changed || &out[start..] != bytes;
            }
            Self::Frames(frames) => {
                if let Some(frames) = frames {
                    frames.push(bytes, out).map_err(held_back)?;
                }
            }
        }
        Ok(())
    }

    /// A fragment begins.
    pub fn fragment(&mut self, length: u32, syntax: Syntax, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        match self {
            Self::Frames(Some(frames)) => frames.begin_fragment(u64::from(length), out).map_err(held_back),
            Self::Frames(None) => Ok(()),
            Self::Comments(scrubber, _) => {
                scrubber.begin_fragment();
                put_header(out, syntax, ITEM, *b"  ", length);
                Ok(())
            }
            Self::Plain | Self::Native { .. } => {
                put_header(out, syntax, ITEM, *b"  ", length);
                Ok(())
            }
        }
    }

    /// The last fragment has ended.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        match self {
            Self::Frames(frames) => frames.take().map_or(Ok(()), |frames| frames.finish(out).map_err(held_back)),
            _ => Ok(()),
        }
    }

    /// Whether something besides pixels was blanked or cut off.
    pub fn has_scrubbed(&self) -> bool {
        matches!(self, Self::Comments(_, true) | Self::Native { cut: true, .. })
    }
}

fn held_back(error: FrameError) -> RewriteError {
    RewriteError::HeldBack(format!(
        "its compressed pixels cannot be blacked out: {error}; leave the image out, or send it uncompressed to ADIT"
    ))
}
