//! Search (QIDO-RS, PS3.18 10.6), page by page.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

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
/// Results that are asked for at once. Servers that refuse so many are asked for fewer, at last without a word about how many.
const PAGES: [Option<usize>; 6] = [Some(MOST), Some(200), Some(100), Some(50), Some(20), None];
const MOST: usize = 1000;
/// Pages of one search at most, so that a server that pages in circles comes to an end.
const MAX_PAGES: usize = 10_000;

impl Client {
    /// Searches `resource`, such as `studies/1.2/series`. `take` gets each result, a DICOM JSON object, and may say that it has enough; true: it
    /// has. `said` gets what the server remarks on results before they are given. A `limit` is passed to the server as
    /// one more than wanted could be; the caller stops when it has enough.
    pub async fn search(
        &self,
        resource: &str,
        parameters: &[(String, String)],
        limit: Option<usize>,
        take: &mut (dyn FnMut(Value) -> ControlFlow<()> + Send),
        said: &mut (dyn FnMut(String) + Send),
    ) -> Result<bool, WebError> {
        let (size, mut page) = self.first_page(resource, parameters, limit).await?;
        let (mut offset, mut seen) = (0, HashSet::new());
        for _ in 0..MAX_PAGES {
            // More than were asked for: the server does not know of pages, and these are all. Without a word about how many, only the end of
            // the results tells.
            let is_more = page.is_cut || size.is_none_or(|size| page.results.len() == size);
            page.warnings.into_iter().for_each(&mut *said);
            if page.results.first().is_some_and(|first| !seen.insert(first.to_string())) {
                said(format!(
                    "It gives the same {offset} results for each page. There may be more that it does not give."
                ));
                return Ok(false);
            }
            offset += page.results.len();
            let is_empty = page.results.is_empty();
            for result in page.results {
                if take(result).is_break() {
                    return Ok(true);
                }
            }
            if !is_more || is_empty {
                return Ok(false);
            }
            page = match self.page(resource, parameters, size, offset).await {
                // It knows of no pages at all.
                Err(WebError::Status(400)) if size.is_none() => {
                    said(format!(
                        "It gives {offset} results and no further ones. There may be more that it does not give."
                    ));
                    return Ok(false);
                }
                page => page?,
            };
        }
        said(format!("It gives more than {offset} results. No more of them were asked for."));
        Ok(false)
    }

    /// The first results, and how many are to be asked for at once; what the server has taken is remembered.
    async fn first_page(
        &self,
        resource: &str,
        parameters: &[(String, String)],
        limit: Option<usize>,
    ) -> Result<(Option<usize>, Page), WebError> {
        let known = self.inner().page.load(Ordering::Relaxed);
        let mut refused = None;
        for (place, most) in PAGES.iter().enumerate().skip(known) {
            let size = most.map(|most| limit.unwrap_or(most).clamp(1, most));
            if refused == Some(size) {
                continue;
            }
            match self.page(resource, parameters, size, 0).await {
                Err(WebError::Status(400)) => refused = Some(size),
                page => {
                    let page = page?;
                    // Who wants few results learns little about how many there may be.
                    if limit.is_none_or(|limit| limit >= MOST) {
                        self.inner().page.fetch_max(place, Ordering::Relaxed);
                    }
                    return Ok((size, page));
                }
            }
        }
        Err(WebError::Status(400))
    }

    async fn page(
        &self,
        resource: &str,
        parameters: &[(String, String)],
        size: Option<usize>,
        offset: usize,
    ) -> Result<Page, WebError> {
        let mut parameters = parameters.to_vec();
        parameters.extend(size.map(|size| ("limit".to_owned(), size.to_string())));
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
            let (status, mut warnings) = (answer.status(), warnings(answer.headers()));
            let bytes = body::whole(answer.into_body(), MAX_ANSWER, self.inner().idle).await?;
            let results = if status == StatusCode::NO_CONTENT { Vec::new() } else { results(&bytes)? };
            // PS3.18 8.3.4.4: the warning says that more results can be requested.
            let all = warnings.len();
            warnings.retain(|text| !text.to_lowercase().contains("additional results"));
            let is_cut = warnings.len() < all;
            Ok(Page { results, warnings, is_cut })
        })
        .await
    }
}

struct Page {
    results: Vec<Value>,
    /// What the server remarks, but for the next point.
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
