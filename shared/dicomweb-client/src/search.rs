//! Search (QIDO-RS, PS3.18 10.6), page by page.

use std::collections::HashSet;
use std::ops::ControlFlow;

use hyper::Method;
use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderValue};
use serde_json::Value;

use crate::body::{self, Progress};
use crate::client::{Ask, Client, Service};
use crate::error::WebError;
use crate::retry::patiently;
use crate::warnings;

/// Bytes of one page of results at most.
pub const MAX_ANSWER: usize = 128 << 20;
/// Results that are asked for at once.
const PAGE: usize = 1000;
/// Pages of one search at most, so that a server that pages in circles comes to an end.
const MAX_PAGES: usize = 10_000;

/// How a search has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// What the server has remarked.
    pub warnings: Vec<String>,
    /// The caller wanted no more.
    pub stopped: bool,
}

impl Client {
    /// Searches `resource`, such as `studies/1.2/series`. `take` gets each result, a DICOM JSON object. A `limit` is passed to the server
    /// as one more than wanted could be; the caller stops when it has enough.
    pub async fn search(
        &self,
        resource: &str,
        parameters: &[(String, String)],
        limit: Option<usize>,
        take: &mut (dyn FnMut(Value) -> ControlFlow<()> + Send),
    ) -> Result<Found, WebError> {
        let size = limit.unwrap_or(PAGE).clamp(1, PAGE);
        let (mut found, mut offset, mut seen) = (Found::default(), 0, HashSet::new());
        for _ in 0..MAX_PAGES {
            let page = self.page(resource, parameters, size, offset).await?;
            let is_more = page.results.len() >= size || page.is_cut;
            found.warnings.extend(page.warnings);
            found.warnings.dedup();
            // A server that knows no offset answers with the first page again.
            if page.results.first().is_some_and(|first| !seen.insert(first.to_string())) {
                return Ok(found);
            }
            offset += page.results.len();
            let is_empty = page.results.is_empty();
            for result in page.results {
                if take(result).is_break() {
                    found.stopped = true;
                    return Ok(found);
                }
            }
            if !is_more || is_empty {
                return Ok(found);
            }
        }
        Ok(found)
    }

    async fn page(
        &self,
        resource: &str,
        parameters: &[(String, String)],
        size: usize,
        offset: usize,
    ) -> Result<Page, WebError> {
        let mut parameters = parameters.to_vec();
        parameters.push(("limit".to_owned(), size.to_string()));
        if offset > 0 {
            parameters.push(("offset".to_owned(), offset.to_string()));
        }
        let url = self.inner().url(Service::Search, resource, &parameters);
        let headers = [(ACCEPT, HeaderValue::from_static("application/dicom+json"))];
        patiently(|| async {
            let progress = Progress::new();
            progress.sent();
            let ask = Ask { method: Method::GET, url: &url, headers: &headers, body: body::nothing(), progress };
            let answer = self.inner().ask(ask).await?;
            let (status, warnings) = (answer.status(), warnings(answer.headers()));
            let bytes = body::whole(answer.into_body(), MAX_ANSWER, self.inner().idle).await?;
            let results = if status == StatusCode::NO_CONTENT { Vec::new() } else { results(&bytes)? };
            // PS3.18 8.3.4.4: the warning says that more results can be requested.
            let is_cut = warnings.iter().any(|text| text.to_lowercase().contains("additional results"));
            Ok(Page { results, warnings, is_cut })
        })
        .await
    }
}

struct Page {
    results: Vec<Value>,
    warnings: Vec<String>,
    /// The server says that there is more.
    is_cut: bool,
}

fn results(bytes: &[u8]) -> Result<Vec<Value>, WebError> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    // The parser's own message could quote a value.
    match serde_json::from_slice(bytes).map_err(|_| WebError::Protocol("it is no JSON".into()))? {
        Value::Array(all) => Ok(all),
        one @ Value::Object(_) => Ok(vec![one]),
        _ => Err(WebError::Protocol("it is no list of results".into())),
    }
}
