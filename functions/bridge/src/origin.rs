//! Only the edge may ask: it shows the installation's origin secret with every request.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

/// The header that the edge adds.
const ORIGIN: &str = "x-adit-origin";

/// Where load balancers look.
const HEALTH: &str = "/health/";

/// Refuses who does not show `secret`; an empty one is not demanded, and health checks show none.
pub async fn check(State(secret): State<Arc<str>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(ORIGIN).map(|value| value.as_bytes()).unwrap_or_default();
    let shown = secret.is_empty() || bool::from(secret.as_bytes().ct_eq(given));
    if shown || request.uri().path().starts_with(HEALTH) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "only through the web address\n").into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn status(secret: &str, path: &str, shown: &str) -> String {
        let app = Router::new()
            .route("/api/jobs", get(|| async { "jobs" }))
            .route("/health/", get(|| async { "ok" }))
            .layer(axum::middleware::from_fn_with_state(Arc::<str>::from(secret), check));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let mut socket = tokio::net::TcpStream::connect(addr).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-adit-origin: {shown}\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn only_who_shows_the_secret_gets_through() {
        assert_eq!(status("s3cret", "/api/jobs", "s3cret").await, "200");
        for wrong in ["", "s3cre", "s3cret2", "S3CRET"] {
            assert_eq!(status("s3cret", "/api/jobs", wrong).await, "403", "{wrong:?}");
        }
        assert_eq!(status("s3cret", "/health/", "").await, "200", "health checks show none");
        assert_eq!(status("", "/api/jobs", "").await, "200", "where no secret is set none is demanded");
    }
}
