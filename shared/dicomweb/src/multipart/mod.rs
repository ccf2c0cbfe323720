//! Bodies of several parts, `multipart/related` (RFC 2387, RFC 2046 5.1; PS3.18 8.6.1.2): read while they arrive, and written.

mod header;
mod read;
mod write;

pub use header::{PartHeaders, part_type};
pub use read::{Event, Limits, MultipartError, Reader};
pub use write::Writer;
