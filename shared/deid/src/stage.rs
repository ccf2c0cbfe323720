//! What happens to pixel bytes on their way: nothing, a blackout, or the scrubbing of what stands between compressed pixels.

use adit_pixels::encapsulated::is_encapsulated;

use crate::element::{Header, ITEM, UNDEFINED, put_header};
use crate::error::RewriteError;
use crate::pixels::{
    CommentScrubber, FrameBlackout, FrameError, HiddenOverlays, NativeBlackout, PixelFacts, Region, expected_length,
};
use crate::syntax::Syntax;

/// (7FE0,0010); float pixel data are never compressed and never blacked out.
const PIXEL_DATA: u32 = 0x7FE0_0010;

/// What a person can do about pixels that cannot be searched.
const REMEDY: &str = "look at the images and then allow them for this job, or have them converted at the source";

/// Texts between compressed pixels.
pub(crate) struct Comments {
    scrubber: CommentScrubber,
    /// Fragments begun; the first one is the Basic Offset Table (PS3.5 A.4).
    fragments: u64,
    changed: bool,
    /// A person has looked at the images: what cannot be searched may pass.
    is_allowed: bool,
}

impl Comments {
    fn new(transfer_syntax_uid: &str, is_allowed: bool) -> Self {
        Self { scrubber: CommentScrubber::new(transfer_syntax_uid), fragments: 0, changed: false, is_allowed }
    }

    fn begin_fragment(&mut self) {
        self.fragments += 1;
        if self.fragments > 1 {
            self.scrubber.begin_fragment();
        }
    }

    fn apply(&mut self, before: &[u8], bytes: &mut [u8]) {
        if self.fragments > 1 {
            self.scrubber.apply(bytes);
            self.changed |= before != bytes;
        }
    }

    fn end(&self) -> Result<(), RewriteError> {
        if self.is_allowed || self.fragments < 2 || self.scrubber.understood() {
            return Ok(());
        }
        Err(RewriteError::HeldBack(format!(
            "its compressed pixels cannot be searched for comments that name people: {REMEDY}"
        )))
    }
}

/// What decides over the way of an instance's pixels.
pub(crate) struct Needs<'a> {
    pub pixels: &'a PixelFacts,
    /// Regions to black out.
    pub regions: &'a [Region],
    /// A person has looked at the images.
    pub allow_risky_pixels: bool,
}

/// The way of an instance's pixels.
pub(crate) enum Stage {
    /// As they come.
    Plain,
    /// Native: regions are overwritten, overlays in unused bits cleared, what lies behind the last frame is cut off.
    Native { blackout: Option<NativeBlackout>, overlays: Option<HiddenOverlays>, left: u64, cut: bool },
    /// Compressed: comments are blanked.
    Comments(Box<Comments>),
    /// Compressed: frames are opened, blacked out and closed again.
    Frames(Option<Box<FrameBlackout>>),
}

impl Stage {
    /// The stage for pixel data with this header.
    pub fn new(needs: &Needs<'_>, head: &Header) -> Result<Self, RewriteError> {
        if head.tag != PIXEL_DATA && !needs.regions.is_empty() {
            return Err(RewriteError::HeldBack(
                "a rule wants regions blacked out, but its pixels are floating-point numbers: change the rule"
                    .to_owned(),
            ));
        }
        let geometry = needs.pixels.geometry();
        let transfer_syntax_uid = &needs.pixels.transfer_syntax_uid;
        let regions = needs.regions;
        let overlays = HiddenOverlays::of(needs.pixels).map_err(RewriteError::HeldBack)?;
        if head.length == UNDEFINED {
            if head.tag != PIXEL_DATA || !is_encapsulated(transfer_syntax_uid) {
                return Err(RewriteError::Malformed("fragments in an uncompressed transfer syntax"));
            }
            return Ok(if regions.is_empty() {
                Self::Comments(Box::new(Comments::new(transfer_syntax_uid, needs.allow_risky_pixels)))
            } else {
                let frames = FrameBlackout::new(transfer_syntax_uid, &geometry, regions).map_err(held_back)?;
                Self::Frames(Some(Box::new(frames)))
            });
        }
        let length = u64::from(head.length);
        let expected = expected_length(&geometry).map(|length| length.next_multiple_of(2));
        if expected.is_none() && !needs.allow_risky_pixels {
            return Err(RewriteError::HeldBack(format!(
                "its header does not say how many pixels there are, so that nobody knows what lies behind them: {REMEDY}"
            )));
        }
        let left = expected.filter(|expected| *expected < length).unwrap_or(length);
        let blackout = if regions.is_empty() {
            None
        } else {
            Some(NativeBlackout::new(&geometry, regions).map_err(RewriteError::HeldBack)?)
        };
        Ok(Self::Native { blackout, overlays, left, cut: left < length })
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
            Self::Native { blackout: None, overlays: None, left, .. } if *left >= length => {
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
            Self::Native { blackout, overlays, left, .. } => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= take as u64;
                out.extend_from_slice(&bytes[..take]);
                if let Some(blackout) = blackout {
                    blackout.apply(&mut out[start..]);
                }
                if let Some(overlays) = overlays {
                    overlays.apply(&mut out[start..]);
                }
            }
            Self::Comments(comments) => {
                out.extend_from_slice(bytes);
                comments.apply(bytes, &mut out[start..]);
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
            Self::Comments(comments) => {
                comments.begin_fragment();
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
            Self::Comments(comments) => comments.end(),
            Self::Plain | Self::Native { .. } => Ok(()),
        }
    }

    /// Whether something besides pixels was blanked or cut off.
    pub fn has_scrubbed(&self) -> bool {
        match self {
            Self::Comments(comments) => comments.changed,
            Self::Native { cut, overlays, .. } => *cut || overlays.is_some(),
            Self::Plain | Self::Frames(_) => false,
        }
    }
}

fn held_back(error: FrameError) -> RewriteError {
    RewriteError::HeldBack(format!(
        "its compressed pixels cannot be blacked out: {error}; leave the image out, or send it uncompressed to ADIT"
    ))
}
