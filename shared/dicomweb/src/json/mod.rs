//! The DICOM JSON model (PS3.18 Annex F), in both directions. Text is UTF-8 whatever the data set says of its own.

mod address;
mod binary;
mod data_sets;
mod header;
mod instance;
mod number;
mod read;
mod value;
mod write;

pub use address::complete;
pub use binary::{from_text, is_binary, to_texts};
pub use data_sets::{DataSets, MAX_INSTANCES};
pub use header::{HeaderReader, InvalidHeader};
pub use instance::{Elsewhere, Instance, Piece, element_header, instance};
pub use read::{InvalidJson, identifier, identifiers};
pub use write::{Bulk, to_json, write};

/// Media type of the model.
pub const MEDIA_TYPE: &str = "application/dicom+json";
