//! What is shown to the server: a fixed header, or a token of the client credentials grant (RFC 6749 4.4), which is kept until it ends.

use std::time::{Duration, Instant};

use adit_domain::node::{Secrets, Server};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST,
    HeaderName, HeaderValue, PROXY_AUTHORIZATION, RANGE, TE, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::error::WebError;
use crate::tls::{Connector, to_authorization_server};

/// Headers that say how a message is sent or what it holds.
const OURS: [HeaderName; 15] = [
    ACCEPT,
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    PROXY_AUTHORIZATION,
    RANGE,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    USER_AGENT,
];
/// For one exchange with the authorization server.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of its answer at most.
const LARGEST: usize = 256 * 1024;
/// A token is not used any more so long before its end.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is kept whose end nobody says.
const UNSAID: Duration = Duration::from_secs(300);

/// How requests are authorized.
pub(crate) enum Authorization {
    None,
    Header(HeaderValue),
    Grant(Box<Grant>),
}

/// The client credentials grant at one authorization server.
pub(crate) struct Grant {
    http: Client<Connector, Full<Bytes>>,
    token_url: String,
    client: Zeroizing<String>,
    scope: String,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    header: HeaderValue,
    until: Instant,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Authorization {
    pub fn of(server: &Server, secrets: &Secrets) -> Result<Self, WebError> {
        let web = &server.dicomweb;
        if !web.token_url.is_empty() {
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let pair = Zeroizing::new(format!("{}:{}", encoded(&web.client_id), encoded(&secrets.client_secret)));
            return Ok(Self::Grant(Box::new(Grant {
                http: Client::builder(TokioExecutor::new()).build(to_authorization_server(server)?),
                token_url: web.token_url.clone(),
                client: Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes()))),
                scope: web.scope.clone(),
                kept: Mutex::new(None),
            })));
        }
        if secrets.authorization_header.is_empty() {
            return Ok(Self::None);
        }
        Ok(Self::Header(secret(&secrets.authorization_header, "the authorization header")?))
    }

    /// The header to be sent.
    pub async fn header(&self) -> Result<Option<HeaderValue>, WebError> {
        match self {
            Self::None => Ok(None),
            Self::Header(header) => Ok(Some(header.clone())),
            Self::Grant(grant) => grant.header().await.map(Some),
        }
    }

    /// The server did not accept the header; whether another one can be had.
    pub async fn forget(&self) -> bool {
        match self {
            Self::Grant(grant) => grant.kept.lock().await.take().is_some(),
            Self::None | Self::Header(_) => false,
        }
    }
}

impl Grant {
    async fn header(&self) -> Result<HeaderValue, WebError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.until > Instant::now()) {
            return Ok(kept.header.clone());
        }
        let token = tokio::time::timeout(PATIENCE, self.ask()).await.map_err(|_| failed("no answer in time"))??;
        let lasts = token.expires_in.map_or(UNSAID, Duration::from_secs);
        let lasts = lasts.checked_sub(MARGIN).unwrap_or(lasts / 2);
        let header = secret(&format!("Bearer {}", token.access_token), "the access token")?;
        *kept = Some(Kept { header: header.clone(), until: Instant::now() + lasts });
        Ok(header)
    }

    async fn ask(&self) -> Result<Token, WebError> {
        let mut form = "grant_type=client_credentials".to_owned();
        if !self.scope.is_empty() {
            form.push_str(&format!("&scope={}", utf8_percent_encode(&self.scope, NON_ALPHANUMERIC)));
        }
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.token_url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, secret(&self.client, "the client's name and secret")?)
            .body(Full::new(Bytes::from(form)))
            .map_err(|_| WebError::Setup("the address of the authorization server is no address".into()))?;
        let answer = self.http.request(request).await.map_err(failed)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(failed(format!("HTTP status {}", status.as_u16())));
        }
        let body = Limited::new(answer.into_body(), LARGEST).collect().await.map_err(failed)?.to_bytes();
        // The parser's own message could quote the token.
        serde_json::from_slice(&body).map_err(|_| failed("its answer holds no token"))
    }
}

/// The header beside the authorization that a server, or a gateway in front of it, wants: `Name: value`.
pub(crate) fn extra_header(secrets: &Secrets) -> Result<Option<(HeaderName, HeaderValue)>, WebError> {
    let text = secrets.extra_header.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        let sentence = "one more header is written as name, colon and value, such as Ocp-Apim-Subscription-Key: 0123";
        WebError::Setup(sentence.into())
    };
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
    if OURS.contains(&name) {
        return Err(WebError::Setup(format!("the header {name} is ADIT's own and cannot be given here")));
    }
    Ok(Some((name, secret(value, "the value of one more header")?)))
}

fn failed(error: impl std::fmt::Display) -> WebError {
    WebError::Token(error.to_string())
}

fn secret(text: &str, what: &str) -> Result<HeaderValue, WebError> {
    let mut value = HeaderValue::from_str(text.trim())
        .map_err(|_| WebError::Setup(format!("{what} holds characters that a header cannot hold")))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_header_has_a_name_and_a_value_and_is_not_one_of_ours() {
        let read = |text: &str| extra_header(&Secrets { extra_header: text.to_owned(), ..Secrets::default() });
        assert!(read("  ").unwrap().is_none());
        let (name, value) = read("Ocp-Apim-Subscription-Key: a:b ").unwrap().unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("ocp-apim-subscription-key", "a:b"));
        assert!(value.is_sensitive());
        for wrong in ["0123", "a b: c", ": c", "Host: example.org", "Content-Length: 3", "X-Key: a\nb"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(!error.contains("0123a") && !error.is_empty(), "{error}");
        }
    }
}
