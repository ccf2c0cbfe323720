//! Why a frame is refused.

use thiserror::Error;

/// A frame that is not decoded. Says nothing of its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CodecError {
    /// Correct, but not understood here.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// Not what the standard of the codec says.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// The data ends before the frame does.
    #[error("the frame is cut short")]
    Truncated,
    /// Another size, depth or number of components than the header says.
    #[error("the frame is not of the size that the header says")]
    Shape,
}
