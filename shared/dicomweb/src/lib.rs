//! Wire formats of DICOMweb (PS3.18): what a request and an answer look like as bytes. No sockets, no async, no policy.

pub mod accept;
pub mod json;
pub mod multipart;
pub mod paths;
pub mod pixels;
pub mod query;
pub mod store;
