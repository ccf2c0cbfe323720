//! `multipart/related` bodies (RFC 2387, RFC 2046 5.1; PS3.18 8.6.1.2), read while they arrive.

mod header;
mod read;

pub use header::{ContentType, PartHeaders};
pub use read::{Event, Limits, MultipartError, Reader};
