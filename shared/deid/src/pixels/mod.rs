//! Pixels and documents that may show or say who the patient is: what to do with them, and how it is done while they stream.
//!
//! [`decide`] is a pure function of [`PixelFacts`] and [`PixelRules`]. [`NativeBlackout`] overwrites native pixels in place,
//! [`FrameBlackout`] decodes compressed frames and writes them as RLE Lossless, [`CommentScrubber`] takes text out of
//! compressed frames whose pixels stay. This room knows nothing of headers being rewritten; the caller feeds it bytes.

mod blackout;
mod classes;
mod condition;
mod encapsulated;
mod facts;
mod frames;
mod hidden_overlays;
mod jpeg2000_comments;
mod jpeg_comments;
mod policy;
mod region;
mod script;

pub use adit_pixels::expected_length;
pub use blackout::NativeBlackout;
pub use encapsulated::CommentScrubber;
pub use facts::PixelFacts;
pub use frames::{FrameBlackout, FrameError, RLE_LOSSLESS};
pub use hidden_overlays::HiddenOverlays;
pub use policy::{PixelDecision, decide};
pub use region::Region;
pub use script::{PixelRules, ScriptError};
