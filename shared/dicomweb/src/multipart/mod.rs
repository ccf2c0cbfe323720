//! Bodies of several parts, `multipart/related` (RFC 2046 5.1, RFC 2387).

mod write;

pub use write::Writer;
