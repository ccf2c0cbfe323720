//! A proxy in front of the local cloud that fails as AWS does: throttles, slows down, loses answers, delivers twice. And counts requests.

mod request;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use tokio::task::JoinHandle;

pub use request::Operation;

/// Bytes of a request at most.
const MAX_BODY: usize = 64 << 20;

/// What happens instead of an honest answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// DynamoDB: `ProvisionedThroughputExceededException`, or as the reason of a cancelled transaction's first write. Not forwarded.
    Throttle,
    /// DynamoDB: a transaction meets another one; a single write hears `TransactionConflictException`. Not forwarded.
    TransactionConflict,
    /// S3: 503 `SlowDown`. Not forwarded.
    SlowDown,
    /// Answered as done, but not forwarded. On SQS's `DeleteMessage`: the message will be delivered again.
    Swallow,
    /// Forwarded and done, but the answer is a 500.
    LoseAnswer,
    /// Forwarded after this time.
    Delay(Duration),
}

/// Which of the requests that a fault is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Each of the first ones.
    First(u64),
    /// The n-th one, counted from 1.
    Nth(u64),
    /// Every n-th one.
    Every(u64),
    /// This share of them, by chance.
    Share(f64),
}

/// A fault.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Service and operation, as the SDK calls them (`dynamodb`, `PutItem`); no operation: all of the service.
    pub service: &'static str,
    /// The operation.
    pub operation: Option<&'static str>,
    /// Which requests.
    pub when: When,
    /// What happens.
    pub what: What,
}

#[derive(Default)]
struct Book {
    faults: Vec<(Fault, u64)>,
    counts: BTreeMap<Operation, u64>,
    struck: u64,
}

struct Proxy {
    upstream: String,
    http: reqwest::Client,
    book: Mutex<Book>,
}

/// The running proxy; it ends when dropped.
pub struct Faults {
    address: SocketAddr,
    proxy: Arc<Proxy>,
    server: JoinHandle<()>,
}

impl Faults {
    /// Starts a proxy on a free port of loopback in front of `upstream`.
    pub async fn before(upstream: &str) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let upstream = upstream.trim_end_matches('/').to_owned();
        let proxy = Arc::new(Proxy { upstream, http, book: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(handle).with_state(Arc::clone(&proxy));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
        Self { address, proxy, server }
    }

    /// The proxy's address.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a fault; the first that strikes a request is the one that happens.
    pub fn add(&self, fault: Fault) {
        self.book().faults.push((fault, 0));
    }

    /// No more faults.
    pub fn clear(&self) {
        self.book().faults.clear();
    }

    /// How many requests were struck.
    pub fn struck(&self) -> u64 {
        self.book().struck
    }

    /// Requests so far of one operation, struck ones too.
    pub fn count(&self, service: &str, operation: &str) -> u64 {
        let operation = Operation { service: service.to_owned(), name: operation.to_owned() };
        self.book().counts.get(&operation).copied().unwrap_or(0)
    }

    /// Requests so far by operation.
    pub fn counts(&self) -> BTreeMap<Operation, u64> {
        self.book().counts.clone()
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.proxy.book.lock().expect("no panic")
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Book {
    /// Counts a request and says what shall happen to it.
    fn meet(&mut self, operation: &Operation) -> Option<What> {
        *self.counts.entry(operation.clone()).or_default() += 1;
        let mut happens = None;
        for (fault, met) in &mut self.faults {
            if fault.service == operation.service && fault.operation.is_none_or(|name| name == operation.name) {
                *met += 1;
                let strikes = match fault.when {
                    When::First(n) => *met <= n,
                    When::Nth(n) => *met == n,
                    When::Every(n) => met.is_multiple_of(n),
                    When::Share(share) => chance() < share,
                };
                if strikes && happens.is_none() {
                    happens = Some(fault.what);
                }
            }
        }
        self.struck += u64::from(happens.is_some());
        happens
    }
}

fn chance() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("random numbers");
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

async fn handle(State(proxy): State<Arc<Proxy>>, request: Request) -> Response<Body> {
    let operation = Operation::of(request.method(), request.uri(), request.headers());
    let what = proxy.book.lock().expect("no panic").meet(&operation);
    match what {
        None => proxy.forward(request).await,
        Some(What::Delay(time)) => {
            tokio::time::sleep(time).await;
            proxy.forward(request).await
        }
        Some(What::LoseAnswer) => {
            proxy.forward(request).await;
            answer(StatusCode::INTERNAL_SERVER_ERROR, &operation, "InternalServerError", "the answer was lost")
        }
        Some(What::Swallow) => answer_text(StatusCode::OK, "application/x-amz-json-1.0", "{}".to_owned()),
        Some(What::SlowDown) => {
            answer(StatusCode::SERVICE_UNAVAILABLE, &operation, "SlowDown", "reduce your request rate")
        }
        Some(What::Throttle) if operation.name == "TransactWriteItems" => cancelled("ProvisionedThroughputExceeded"),
        Some(What::Throttle) => {
            answer(StatusCode::BAD_REQUEST, &operation, "ProvisionedThroughputExceededException", "too many requests")
        }
        Some(What::TransactionConflict) if operation.name == "TransactWriteItems" => cancelled("TransactionConflict"),
        Some(What::TransactionConflict) => {
            answer(StatusCode::BAD_REQUEST, &operation, "TransactionConflictException", "a transaction is at work")
        }
    }
}

fn cancelled(code: &str) -> Response<Body> {
    let body = serde_json::json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{code}]"),
        "CancellationReasons": [{ "Code": code }],
    });
    answer_text(StatusCode::BAD_REQUEST, "application/x-amz-json-1.0", body.to_string())
}

fn answer(status: StatusCode, operation: &Operation, code: &str, message: &str) -> Response<Body> {
    if operation.service == "s3" {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
        return answer_text(status, "application/xml", body);
    }
    answer_text(
        status,
        "application/x-amz-json-1.0",
        serde_json::json!({ "__type": code, "message": message }).to_string(),
    )
}

fn answer_text(status: StatusCode, kind: &str, body: String) -> Response<Body> {
    Response::builder().status(status).header("content-type", kind).body(body.into()).expect("an answer")
}

impl Proxy {
    async fn forward(&self, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let body = to_bytes(body, MAX_BODY).await.expect("the body of a request");
        let mut headers = HeaderMap::new();
        for (name, value) in &parts.headers {
            if !matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding" | "expect") {
                headers.append(name, value.clone());
            }
        }
        let sent = self.http.request(parts.method, format!("{}{path}", self.upstream)).headers(headers).body(body);
        match sent.send().await {
            Ok(answer) => give_back(answer).await,
            Err(error) => answer_text(StatusCode::BAD_GATEWAY, "text/plain", error.to_string()),
        }
    }
}

async fn give_back(answer: reqwest::Response) -> Response<Body> {
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if !matches!(name.as_str(), "connection" | "transfer-encoding") {
            response = response.header(name, value);
        }
    }
    let body: Bytes = answer.bytes().await.expect("the body of an answer");
    response.body(body.into()).expect("an answer")
}
