//! Refusals as HTTP answers: one shape for all, also for what axum itself refuses.

use std::any::Any;

use adit_api::error::{ErrorBody, ErrorCode};
use adit_domain::InvalidValue;
use adit_engine::Refusal;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refused {
    pub(super) body: ErrorBody,
    pub(super) retry_after_s: Option<u64>,
    pub(super) is_foreign: bool,
}

/// Goes with the answer of a refusal, for the audit trail.
#[derive(Debug, Clone)]
pub struct Why {
    /// The sentence where it says who may not do what; else only the kind of refusal, because the sentence may quote what was typed.
    pub reason: String,
    /// The thing is there, but somebody else's.
    pub is_foreign: bool,
}

impl Refused {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { body: ErrorBody { code, detail: detail.into(), field: None }, retry_after_s: None, is_foreign: false }
    }

    /// Names the form field that the sentence is about.
    pub fn at(mut self, field: &str) -> Self {
        self.body.field = Some(field.to_owned());
        self
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.body.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reason = match self.body.code {
            ErrorCode::Forbidden | ErrorCode::Unavailable => self.body.detail.clone(),
            _ if self.is_foreign => "it belongs to somebody else".to_owned(),
            code => words(code).to_owned(),
        };
        let why = Why { reason, is_foreign: self.is_foreign };
        let is_nobody = self.body.code == ErrorCode::LoginRequired;
        let mut response = (status, Extension(why), Json(self.body)).into_response();
        if is_nobody {
            // RFC 9110 11.6.1. Browsers know no scheme of this name and so do not ask for a password themselves.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Token realm=\"ADIT\""));
        }
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn words(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Invalid => "the request was not valid",
        ErrorCode::LoginRequired => "the log-in or token is not valid any more",
        ErrorCode::WrongCredentials => "the log-in data were wrong",
        ErrorCode::NotFound => "there is no such thing",
        ErrorCode::WrongMethod => "the address is not for this method",
        ErrorCode::Conflict => "the state did not allow it",
        ErrorCode::NotAcceptable => "the client takes no form of it that there is",
        ErrorCode::UnsupportedMedia => "it was sent in a form that is not understood",
        ErrorCode::TooLarge => "it was too large",
        ErrorCode::TooMany => "there were too many requests",
        ErrorCode::Peer => "a server did not answer or refused",
        _ => "something broke",
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { body: refusal.body, retry_after_s: refusal.retry_after_s, is_foreign: refusal.is_foreign }
    }
}

impl From<InvalidValue> for Refused {
    fn from(error: InvalidValue) -> Self {
        Refusal::from(error).into()
    }
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::new(ErrorCode::Invalid, "The request is too large.");
        }
        Self::new(ErrorCode::Invalid, format!("The request cannot be understood: {}", rejection.body_text()))
    }
}

impl From<QueryRejection> for Refused {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(ErrorCode::Invalid, format!("The address cannot be understood: {}", rejection.body_text()))
    }
}

impl From<PathRejection> for Refused {
    /// An identifier that cannot exist is one that does not exist.
    fn from(_: PathRejection) -> Self {
        Self::new(ErrorCode::NotFound, "There is no such thing here. Go back and reload the page.")
    }
}

/// The answer for a path below `/api` that does not exist.
pub async fn no_such_route() -> Refused {
    Refused::new(ErrorCode::NotFound, "There is no such address. The description of this interface is at /api/docs.")
}

/// The answer for a method that a path does not know.
pub async fn wrong_method(method: Method) -> Refused {
    let sentence =
        format!("{method} is not possible at this address. The description of this interface is at /api/docs.");
    Refused::new(ErrorCode::WrongMethod, sentence)
}

/// The answer when a handler broke; the details are in the log only.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request handler panicked");
    Refused::new(ErrorCode::Internal, "Something broke here. Try again; if it stays like this, tell an administrator.")
        .into_response()
}
