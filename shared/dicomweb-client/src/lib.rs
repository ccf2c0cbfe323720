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

/// Whether a line has the code 299, or none: some servers write the text alone.
fn is_of_answer(line: &str) -> bool {
    let code = line.split_whitespace().next().unwrap_or_default();
    code == "299" || code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads `Warning` headers (RFC 7234 5.5): texts without code and agent. Only 299 is about the answer; others are of caches in between.
fn warnings(headers: &hyper::HeaderMap) -> Vec<String> {
    let lines = headers.get_all(hyper::header::WARNING).iter().filter_map(|line| line.to_str().ok());
    lines
        .filter(|line| !line.trim().is_empty() && is_of_answer(line))
        .map(|line| line.split_once('"').map_or(line, |(_, text)| text.trim_end_matches('"')).trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_caches_are_none_of_the_answer() {
        let mut headers = hyper::HeaderMap::new();
        for line in [
            "299 peer \"Some images are offline\"",
            "110 proxy \"Response is stale\"",
            "214 proxy \"Transformation applied\"",
            "without a code",
        ] {
            headers.append(hyper::header::WARNING, line.parse().unwrap());
        }
        assert_eq!(warnings(&headers), ["Some images are offline", "without a code"]);
    }
}
