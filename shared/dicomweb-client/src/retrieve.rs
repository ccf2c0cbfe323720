//! Retrieval (WADO-RS, PS3.18 10.4): a body of many instances, read while it arrives.

use std::collections::VecDeque;
use std::time::Duration;

use adit_dicomweb::accept::MediaType;
use adit_dicomweb::multipart::{Event, Limits, MultipartError, PartHeaders, Reader};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Response, StatusCode};

use crate::body::{self, Progress};
use crate::client::{Ask, Client, Service};
use crate::error::WebError;
use crate::retry::{Failed, patiently};
use crate::warnings;

/// Instances in the form in which they are stored, else in any.
const STORED: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
/// The same for servers that know no such parameter.
const ANY: &str = "multipart/related; type=\"application/dicom\"";
/// Instances of one answer at most.
const MAX_PARTS: usize = 10_000_000;

/// The running answer to a retrieval.
pub struct Retrieval {
    source: Parts,
    body: Incoming,
    idle: Duration,
    /// The server says that it sends a part of what there is (206).
    pub is_partial: bool,
    /// What it has remarked.
    pub warnings: Vec<String>,
}

/// How the body is made.
enum Parts {
    Multipart(Box<Reader>),
    /// One instance without a boundary around it.
    Single {
        events: VecDeque<Event>,
        is_begun: bool,
        /// Bytes that the server has promised and that have not come yet.
        left: Option<u64>,
    },
}

impl Client {
    /// Retrieves `resource`, such as `studies/1.2/series/1.3`, as DICOM files (PS3.10) in the form in which they are stored.
    pub async fn retrieve(&self, resource: &str) -> Result<Retrieval, WebError> {
        let url = self.inner().url(Service::Retrieve, resource, &[]);
        let answer = match self.ask_for(&url, STORED).await {
            Err(WebError::Status(400 | 406 | 415)) => self.ask_for(&url, ANY).await?,
            other => other?,
        };
        let is_partial = answer.status() == StatusCode::PARTIAL_CONTENT;
        let (warnings, idle) = (warnings(answer.headers()), self.inner().idle);
        let source = parts(answer.headers())?;
        Ok(Retrieval { source, body: answer.into_body(), idle, is_partial, warnings })
    }

    async fn ask_for(&self, url: &str, accept: &'static str) -> Result<Response<Incoming>, WebError> {
        let headers = [(ACCEPT, HeaderValue::from_static(accept))];
        patiently(|| async {
            let progress = Progress::new();
            progress.sent();
            let ask = Ask { method: Method::GET, url, headers: &headers, body: body::nothing(), progress };
            let answer = self.inner().ask(ask).await?;
            if answer.status() == StatusCode::NO_CONTENT {
                return Err(Failed::from(WebError::Status(404)));
            }
            Ok(answer)
        })
        .await
    }
}

fn parts(headers: &HeaderMap) -> Result<Parts, WebError> {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = MediaType::parse(said);
    match said.essence.as_str() {
        "multipart/related" => {
            let boundary = said.parameter("boundary").ok_or(MultipartError::Boundary)?;
            let limits = Limits { parts: MAX_PARTS, ..Limits::default() };
            Ok(Parts::Multipart(Box::new(Reader::new(boundary, limits)?)))
        }
        "application/dicom" => {
            let left = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
            Ok(Parts::Single { events: VecDeque::new(), is_begun: false, left })
        }
        _ => Err(WebError::Protocol("it holds no DICOM files".into())),
    }
}

impl Retrieval {
    /// The next event; none: all has come. A body that breaks off is an error, and the open part is broken.
    pub async fn next(&mut self) -> Result<Option<Event>, WebError> {
        loop {
            match &mut self.source {
                Parts::Multipart(reader) => match reader.next()? {
                    Some(Event::End) => return Ok(None),
                    Some(event) => return Ok(Some(event)),
                    None => {}
                },
                Parts::Single { events, .. } => {
                    if let Some(event) = events.pop_front() {
                        return Ok((event != Event::End).then_some(event));
                    }
                }
            }
            let piece = body::next(&mut self.body, self.idle).await?;
            self.take(piece)?;
        }
    }

    fn take(&mut self, piece: Option<Bytes>) -> Result<(), WebError> {
        match (&mut self.source, piece) {
            (Parts::Multipart(reader), Some(piece)) => reader.push(&piece),
            (Parts::Multipart(reader), None) => reader.finish()?,
            (Parts::Single { events, is_begun, left }, Some(piece)) => {
                if !*is_begun {
                    *is_begun = true;
                    events.push_back(Event::Part(PartHeaders::default()));
                }
                *left = left.map(|left| left.saturating_sub(piece.len() as u64));
                events.push_back(Event::Data(piece));
            }
            (Parts::Single { events, is_begun, left }, None) => {
                if !*is_begun || left.is_some_and(|left| left > 0) {
                    return Err(MultipartError::Truncated.into());
                }
                events.extend([Event::PartEnd, Event::End]);
            }
        }
        Ok(())
    }
}
