//! De-identification of one DICOM data set at a time, streaming, without I/O; builds for `wasm32-unknown-unknown`.
//!
//! A [`Rewriter`] takes the bytes of a data set as they arrive. The header is collected up to a limit, rewritten by a
//! [`RuleSet`] with everything that stays kept byte for byte, and pixel bytes pass through. [`FirstRules`] is the first rule
//! set: pseudonym, hashed UIDs, the direct identifiers of PS3.15 Table E.1-1, no private elements.

mod element;
mod facts;
mod first;
mod key;
pub mod part10;
pub mod pixels;
mod rewrite;
mod rules;
mod scanner;
mod stream;
mod syntax;
mod table;

pub use facts::Facts;
pub use first::{FirstRules, Options};
pub use key::{ProjectKey, map_uid};
pub use rewrite::{Limits, RewriteError};
pub use rules::{Action, ElementContext, Inserted, RuleSet};
pub use stream::{Report, Rewriter};
