//! A client of one DICOMweb server (PS3.18): search, retrieve, store. It knows HTTP and the wire formats; it knows no job, no staging, and
//! nothing of who asks.
//!
//! A [`Client`] is cheap to clone and uses its connections again. Every wait has a limit. Requests that may succeed later are repeated
//! ([`retry`]); what cannot be told from a success is never taken for one: a body that breaks off is an error.

mod authorization;
mod body;
mod client;
mod error;
mod retrieve;
mod retry;
mod search;
mod store;
mod tls;

pub use client::Client;
pub use error::WebError;
pub use retrieve::Retrieval;
pub use search::MAX_ANSWER;
pub use store::{Source, StoreOutcome};

/// Reads a `Warning` header (RFC 7234 5.5): the text without code and agent.
fn warnings(headers: &hyper::HeaderMap) -> Vec<String> {
    let lines = headers.get_all(hyper::header::WARNING).iter().filter_map(|line| line.to_str().ok());
    lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.split_once('"').map_or(line, |(_, text)| text.trim_end_matches('"')).trim().to_owned())
        .collect()
}
