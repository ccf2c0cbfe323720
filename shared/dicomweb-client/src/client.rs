//! One server: its addresses, its connections, and one request to it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use adit_domain::node::{Secrets, Server};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client as Http;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::authorization::{Authorization, extra_header};
use crate::body::{self, Outgoing, Progress};
use crate::error::WebError;
use crate::retry::Failed;
use crate::tls::{Connector, to_server};

/// What stands in a query as it is (RFC 3986 3.4); everything else is encoded.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*').remove(b',');
/// How we present ourselves.
const AGENT: &str = concat!("ADIT/", env!("CARGO_PKG_VERSION"));
/// How long an unused connection is kept.
const UNUSED: Duration = Duration::from_secs(30);

/// A client of one server. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

pub(crate) struct Inner {
    http: Http<Connector, Outgoing>,
    authorization: Authorization,
    extra: Option<(HeaderName, HeaderValue)>,
    root: String,
    prefixes: [String; 3],
    /// Which of its ways to ask for results the server takes.
    pub page: AtomicUsize,
    pub first_byte: Duration,
    pub idle: Duration,
}

/// The three services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Search,
    Retrieve,
    Store,
}

/// One request.
pub(crate) struct Ask<'a> {
    pub method: Method,
    pub url: &'a str,
    pub headers: &'a [(HeaderName, HeaderValue)],
    pub body: Outgoing,
    pub progress: Progress,
}

impl Client {
    /// A client for the DICOMweb services of `server`; connections are made when they are needed.
    pub fn new(server: &Server, secrets: &Secrets) -> Result<Self, WebError> {
        let web = &server.dicomweb;
        let seconds = |s: u32| Duration::from_secs(u64::from(s));
        let trim = |text: &str| text.trim().trim_matches('/').to_owned();
        let http = Http::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(UNUSED)
            .build(to_server(server, secrets)?);
        Ok(Self(Arc::new(Inner {
            http,
            authorization: Authorization::of(server, secrets)?,
            extra: extra_header(secrets)?,
            root: web.root_url.trim().trim_end_matches('/').to_owned(),
            prefixes: [trim(&web.qido_prefix), trim(&web.wado_prefix), trim(&web.stow_prefix)],
            page: AtomicUsize::new(0),
            first_byte: seconds(server.limits.first_byte_timeout_s),
            idle: seconds(server.limits.idle_timeout_s),
        })))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
}

impl Inner {
    /// The address of a resource with its parameters.
    pub fn url(&self, service: Service, resource: &str, parameters: &[(String, String)]) -> String {
        let prefix = &self.prefixes[service as usize];
        let mut url = self.root.clone();
        for part in [prefix.as_str(), resource].into_iter().filter(|part| !part.is_empty()) {
            url.push('/');
            url.push_str(part);
        }
        for (place, (name, value)) in parameters.iter().enumerate() {
            url.push(if place == 0 { '?' } else { '&' });
            url.push_str(&format!("{}={}", utf8_percent_encode(name, PLAIN), utf8_percent_encode(value, PLAIN)));
        }
        url
    }

    /// Sends one request and takes an answer of success; everything else has failed.
    pub async fn ask(&self, ask: Ask<'_>) -> Result<Response<Incoming>, Failed> {
        self.ask_any(ask, 0).await
    }

    /// The same, taking one more status for an answer.
    pub async fn ask_any(&self, ask: Ask<'_>, also: u16) -> Result<Response<Incoming>, Failed> {
        let mut request = Request::builder().method(ask.method).uri(ask.url).header(USER_AGENT, AGENT);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        if let Some((name, value)) = &self.extra {
            request = request.header(name, value);
        }
        if let Some(header) = self.authorization.header().await? {
            request = request.header(AUTHORIZATION, header);
        }
        let request =
            request.body(ask.body).map_err(|_| WebError::Setup("the DICOMweb address is no address".into()))?;
        let exchange = self.http.request(request);
        let answer = body::answer(&ask.progress, self.idle, self.first_byte, exchange).await?;
        let answer = answer.map_err(|error| {
            let why = deepest(&error);
            if error.is_connect() { WebError::Connect(why) } else { WebError::Broken(why) }
        })?;
        let status = answer.status();
        if status.is_success() || status.as_u16() == also {
            return Ok(answer);
        }
        let mut failed = Failed::status(status.as_u16(), answer.headers());
        failed.again = status == StatusCode::UNAUTHORIZED && self.authorization.forget().await;
        Err(failed)
    }
}

/// The first cause of an error.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
