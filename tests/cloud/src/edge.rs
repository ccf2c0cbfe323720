//! What CloudFront does in AWS: the page from files, `/api/*` to the API function, bulk paths to the bridges.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use adit_api::paths::is_bulk;
use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use reqwest::Client;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Headers that belong to one connection (RFC 9110 7.6.1), and `host`, which is the origin's own.
const OF_THE_CONNECTION: [HeaderName; 6] =
    [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING, header::TE, header::UPGRADE, header::CONTENT_LENGTH];

/// Where requests go.
pub struct Origins {
    /// Address of the API function, such as `http://<id>.lambda-url.us-east-1.localhost.localstack.cloud:4566`.
    pub api: String,
    /// Where that name is found.
    pub api_at: SocketAddr,
    /// Proof that a request came through the edge.
    pub origin_secret: String,
    /// The built page.
    pub page: PathBuf,
}

/// A running edge; it ends when this is dropped.
pub struct Edge {
    addr: SocketAddr,
    bridges: Arc<RwLock<Vec<SocketAddr>>>,
    serving: JoinHandle<()>,
}

struct Shared {
    origins: Origins,
    client: Client,
    bridges: Arc<RwLock<Vec<SocketAddr>>>,
    turn: AtomicUsize,
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Edge {
    /// Starts on `listen`.
    pub async fn start(listen: SocketAddr, origins: Origins) -> Result<Self> {
        let host = reqwest::Url::parse(&origins.api)?.host_str().context("the API function has no host")?.to_owned();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .resolve(&host, origins.api_at)
            .build()?;
        let bridges = Arc::new(RwLock::new(Vec::new()));
        let shared = Arc::new(Shared { origins, client, bridges: Arc::clone(&bridges), turn: AtomicUsize::new(0) });
        let listener = TcpListener::bind(listen).await.context("the edge's address cannot be used")?;
        let addr = listener.local_addr()?;
        let app = Router::new().fallback(answer).with_state(shared);
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { addr, bridges, serving })
    }

    /// Where people go.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The bridges' bulk addresses, asked in turns.
    pub fn set_bridges(&self, bridges: Vec<SocketAddr>) {
        *self.bridges.write().unwrap_or_else(PoisonError::into_inner) = bridges;
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if !path.starts_with("/api/") && !path.starts_with("/health") {
        return shared.file(&path).await;
    }
    let target = if is_bulk(&path) {
        match shared.next_bridge() {
            Some(bridge) => format!("http://{bridge}"),
            None => return (StatusCode::BAD_GATEWAY, "no bridge runs").into_response(),
        }
    } else {
        shared.origins.api.trim_end_matches('/').to_owned()
    };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    match shared.forward(request, format!("{target}{path}{query}")).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

impl Shared {
    fn next_bridge(&self) -> Option<SocketAddr> {
        let bridges = self.bridges.read().unwrap_or_else(PoisonError::into_inner);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        (!bridges.is_empty()).then(|| bridges[turn % bridges.len()])
    }

    async fn forward(&self, request: Request, target: String) -> Result<Response> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 10 << 20).await?;
        let answer = self
            .client
            .request(parts.method, target)
            .headers(passed_on(&parts.headers))
            .header("x-adit-origin", &self.origins.origin_secret)
            .body(body)
            .send()
            .await?;
        let (status, headers) = (answer.status(), passed_on(answer.headers()));
        let mut response = Response::new(Body::from_stream(answer.bytes_stream().map_err(std::io::Error::other)));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// A file of the page; every path without a dot is the page itself, which reads the path.
    async fn file(&self, path: &str) -> Response {
        let name = path.trim_start_matches('/');
        let is_file = name.contains('.') && !name.contains("..");
        let name = if is_file { name } else { "index.html" };
        let Ok(bytes) = tokio::fs::read(self.origins.page.join(name)).await else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let kind = match name.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("wasm") => "application/wasm",
            Some("svg") => "image/svg+xml",
            Some("html") => "text/html; charset=utf-8",
            _ => "application/octet-stream",
        };
        let policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
        ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, policy)], bytes).into_response()
    }
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for name in OF_THE_CONNECTION {
        passed.remove(name);
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::is_bulk;

    #[test]
    fn bulk_paths_are_told_apart() {
        assert!(is_bulk("/api/search") && is_bulk("/api/nodes/01ARZ3NDEKTSV4RRFFQ69G5FAV/test"));
        assert!(!is_bulk("/api/jobs") && !is_bulk("/api/search/series/x") && !is_bulk("/"));
    }
}
