//! Why a data set cannot be de-identified, and the limits that it is held to.

use thiserror::Error;

/// Why a data set cannot be rewritten. Nothing of it may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RewriteError {
    /// It ends in the middle.
    #[error("the data set ends in the middle")]
    Truncated,
    /// It breaks the encoding rules.
    #[error("the data set is malformed: {0}")]
    Malformed(&'static str),
    /// Sequences are nested more deeply than any real data set.
    #[error("the data set is nested too deeply")]
    TooDeep,
    /// What comes before the pixels is larger than allowed.
    #[error("the header is larger than {0} bytes")]
    TooLarge(usize),
    /// A deflated data set cannot be inflated.
    #[error("the deflated data set is damaged")]
    Deflate,
    /// It is whole, but must not leave: the sentence says why and what to do.
    #[error("{0}")]
    HeldBack(String),
    /// The original identifiers were found in what was produced.
    #[error("{0}")]
    Residual(String),
}

/// Limits that keep memory bounded whatever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes before the pixels, and again after them.
    pub header: usize,
    /// Nested sequences.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { header: 64 << 20, depth: 32 }
    }
}
