//! De-identification of one DICOM data set at a time, streaming, without I/O; builds for `wasm32-unknown-unknown`.
//!
//! A [`Rewriter`] takes the bytes of a data set as they arrive. The header is collected up to a limit and rewritten by the
//! [`Profile`] of a [`Deidentifier`] with everything that stays kept byte for byte; pixel bytes pass through, or lose what may
//! show who the patient is. [`Rewriter::finish`] gives a [`Report`], or an error if an identifier was found in what was produced.

mod content;
mod dates;
mod deflate;
mod deidentifier;
mod dictionary;
mod element;
mod error;
mod facts;
mod glance;
mod header;
mod key;
mod known;
pub mod locate;
mod marks;
pub mod part10;
mod passage;
mod pixels;
mod private;
mod profile;
mod report;
mod residual;
mod rewrite;
mod scanner;
mod stage;
mod stream;
mod survey;
mod syntax;
mod tables;
mod text;
mod value;

pub use deidentifier::{Deidentifier, Instructions};
pub use error::{Limits, RewriteError};
pub use facts::Facts;
pub use glance::{Glance, tag_of};
pub use key::{PatientToken, ProjectKey, map_uid};
pub use pixels::{PixelRules, Region, ScriptError};
pub use profile::{Dates, Options, Overrides, PROFILE_VERSION, Profile, RuleError, Source};
pub use report::{Change, Pixels, Report, Summary, What};
pub use stream::Rewriter;
pub use text::fold::comparable;
