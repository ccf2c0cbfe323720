//! One HTTP exchange with the issuer: no redirects (they could lead anywhere), bounded in time and size, TLS by rustls with the machine's
//! trusted certificates.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{HttpRequest, HttpResponse};
use thiserror::Error;

/// For one exchange.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of an answer at most.
const LARGEST: usize = 1024 * 1024;

type Https = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Why an exchange failed.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct HttpError(String);

fn failed(error: impl std::fmt::Display) -> HttpError {
    HttpError(error.to_string())
}

/// One client for all, so that connections are used again.
fn client() -> Result<&'static Https, HttpError> {
    static CLIENT: OnceLock<Result<Https, String>> = OnceLock::new();
    let made = CLIENT.get_or_init(|| {
        let provider = rustls::crypto::ring::default_provider();
        let tls = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
        let https = tls.map_err(|error| error.to_string())?.https_or_http().enable_http1().build();
        Ok(Client::builder(TokioExecutor::new()).build(https))
    });
    made.as_ref().map_err(failed)
}

/// Sends a request and takes the whole answer.
pub(super) async fn exchange(request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let exchanging = async {
        let answer = client()?.request(request.map(|body| Full::new(Bytes::from(body)))).await.map_err(failed)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(failed)?.to_bytes();
        Ok(HttpResponse::from_parts(head, body.to_vec()))
    };
    tokio::time::timeout(PATIENCE, exchanging).await.map_err(|_| failed("no answer within 15 seconds"))?
}
