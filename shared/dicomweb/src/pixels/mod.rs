//! Resources that need pixels: frames, rendered images and bulk data (PS3.18 10.4.1): what an address asks for, and in which form it goes out.

mod bulk;
mod frames;
mod rendered;
mod sent;

pub use adit_pixels::render::{Format, View, Viewport};
use thiserror::Error;

pub use bulk::TagPath;
pub use frames::{FrameForm, OCTETS, frames, numbers, octets};
pub use rendered::{Pictures, Rendered, pictures};
pub use sent::{is_video, transfer_syntax};

/// An address that cannot be understood. The sentence says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidAddress(pub String);
