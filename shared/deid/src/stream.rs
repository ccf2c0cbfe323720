//! What callers push bytes into: a data set as it streams by, deflated or not.

use std::sync::Arc;

use crate::deflate::Deflate;
use crate::deidentifier::Instructions;
use crate::error::{Limits, RewriteError};
use crate::passage::Passage;
use crate::report::Report;
use crate::syntax::Syntax;

/// Rewrites one data set as it streams by.
pub struct Rewriter {
    passage: Passage,
    deflate: Option<Box<Deflate>>,
}

impl Rewriter {
    /// A rewriter for a data set in this transfer syntax.
    #[must_use]
    pub fn new(transfer_syntax_uid: &str, instructions: Arc<Instructions>, limits: Limits) -> Self {
        let (syntax, deflated) = Syntax::of(transfer_syntax_uid);
        let passage = Passage::new(transfer_syntax_uid, syntax, deflated, instructions, limits);
        Self { passage, deflate: deflated.then(|| Box::new(Deflate::new())) }
    }

    /// Writes a file: preamble and file meta information stand before the data set, made from what is written into it.
    #[must_use]
    pub fn with_file_meta(mut self, implementation_class_uid: &str, implementation_version_name: &str) -> Self {
        self.passage.write_meta_by(implementation_class_uid, implementation_version_name);
        self
    }

    /// Takes more bytes of the data set and appends what can be passed on to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), RewriteError> {
        match &mut self.deflate {
            None => self.passage.push(chunk, out),
            Some(deflate) => deflate.push(chunk, &mut self.passage, out),
        }
    }

    /// If all of `chunk` is pixel bytes that pass unchanged, looks at it and answers true: the caller passes it on itself, without a copy.
    #[must_use]
    pub fn passes(&mut self, chunk: &[u8]) -> bool {
        self.deflate.is_none() && self.passage.passes(chunk)
    }

    /// The data set has ended: appends what is left to `out`. A data set that ends in the middle is an error, and so is one in whose
    /// output an identifier was found: nothing of it may be kept then.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<Report, RewriteError> {
        match &mut self.deflate {
            None => self.passage.finish(out)?,
            Some(deflate) => deflate.finish(&mut self.passage, out)?,
        }
        self.passage.into_report()
    }
}
