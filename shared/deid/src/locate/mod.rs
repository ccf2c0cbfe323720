//! Where things stand in an object that lies somewhere else: values by their path, frames, and what is needed to show them. Nothing is
//! changed or hidden here; whoever asks may see the object.
//!
//! [`Walk`] reads as little as possible and says which bytes it needs, so that an object is never in memory as a whole. What is looked for
//! is a [`Visitor`]: [`ImageReader`] for frames, [`ValueReader`] for one value, [`PlainWriter`] for the whole object in an uncompressed
//! transfer syntax.

mod image;
mod look;
mod plain;
mod value;
mod walk;

pub use image::{Frames, Image, ImageReader, NoImage, Which};
pub use plain::{Decoded, MAX_WRITTEN, NotPlain, Piece, PlainWriter};
pub use value::{ValueAt, ValueReader};
pub use walk::{Damaged, Met, Visitor, Walk, Wish, walk};

use crate::syntax::Syntax;

/// Whether a data set in this transfer syntax is deflated and has to be inflated first.
#[must_use]
pub fn is_deflated(transfer_syntax_uid: &str) -> bool {
    Syntax::of(transfer_syntax_uid).1
}

#[cfg(test)]
mod tests;
