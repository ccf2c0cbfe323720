//! `api`: the axum router behind a function URL. Only the edge may ask: it shows a secret that both know.
//!
//! The page itself lies in S3; what needs DIMSE is the bridge's (see `adit_http::Face`).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use adit_api::error::{ErrorBody, ErrorCode};
use adit_api::paths;
use adit_cloud::Cloud;
use adit_http::{App, Face, WebPage, router};
use axum::extract::connect_info::ConnectInfo;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt, Service};
use subtle::ConstantTimeEq;
use tokio::sync::OnceCell;

/// The header by which the edge shows that a request came through it.
const ORIGIN_HEADER: &str = "x-adit-origin";

/// The room.
pub struct Api {
    cloud: Arc<Cloud>,
    router: Router,
    /// Done before the first log-in of this process, so that a cold start does not wait for it.
    administrator: OnceCell<()>,
}

impl Api {
    /// The room over `cloud`.
    pub fn new(cloud: Arc<Cloud>) -> Self {
        let app = App {
            engine: cloud.engine.clone(),
            access: cloud.access.clone(),
            face: Face::WITHOUT_DIMSE,
            https: cloud.https,
            scp_port: None,
            page: Arc::new(WebPage::Missing),
        };
        Self { cloud, router: router(app), administrator: OnceCell::new() }
    }

    /// What all rooms share.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Answers one request.
    pub async fn answer(&self, mut request: Request) -> Response {
        if !is_from_edge(request.headers(), self.cloud.secret.origin_secret()) {
            return not_from_edge();
        }
        if request.method() == Method::POST && request.uri().path() == paths::SESSION {
            let made = self.administrator.get_or_try_init(|| self.cloud.ensure_administrator()).await;
            if let Err(error) = made {
                tracing::error!(error = format!("{error:#}"), "the first administrator could not be made");
            }
        }
        if let Some(address) = address(&request) {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
        }
        request.headers_mut().remove(ORIGIN_HEADER);
        let mut router = self.router.clone();
        router.call(request).await.into_response()
    }
}

/// Whether the request shows the secret. How long the secret is may be found out by timing, what it is may not.
fn is_from_edge(headers: &HeaderMap, secret: &str) -> bool {
    let shown = headers.get(ORIGIN_HEADER).map(|value| value.as_bytes()).unwrap_or_default();
    secret.is_empty() || bool::from(shown.ct_eq(secret.as_bytes()))
}

fn not_from_edge() -> Response {
    let body = ErrorBody {
        code: ErrorCode::Forbidden,
        detail: "ADIT is not reached here. Use the address of its web page.".to_owned(),
        field: None,
    };
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}

/// Who asks: the last address that the edge has written down, else who has called the function.
fn address(request: &Request) -> Option<IpAddr> {
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let last = forwarded.and_then(|list| list.rsplit(',').next()).and_then(|address| address.trim().parse().ok());
    last.or_else(|| match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(secret: Option<&str>) -> HeaderMap {
        secret.into_iter().map(|secret| (ORIGIN_HEADER.parse().unwrap(), secret.parse().unwrap())).collect()
    }

    #[test]
    fn only_who_shows_the_secret_is_answered() {
        for (header, secret, expected) in [
            (Some("right"), "right", true),
            (Some("wrong"), "right", false),
            (Some("righ"), "right", false),
            (Some("right "), "right", false),
            (None, "right", false),
            (None, "", true),
            (Some("anything"), "", true),
        ] {
            assert_eq!(is_from_edge(&shown(header), secret), expected, "{header:?} {secret:?}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_a_sentence() {
        let response = not_from_edge();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert_eq!(serde_json::from_slice::<ErrorBody>(&bytes).unwrap().code, ErrorCode::Forbidden);
    }

    #[test]
    fn the_address_is_the_one_that_the_edge_saw() {
        let mut request = Request::default();
        assert_eq!(address(&request), None);
        request.headers_mut().insert("x-forwarded-for", "10.0.0.1, 192.0.2.7".parse().unwrap());
        assert_eq!(address(&request), Some("192.0.2.7".parse().unwrap()));
    }
}
