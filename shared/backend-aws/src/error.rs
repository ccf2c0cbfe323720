//! Errors of AWS, sorted by what a caller can do about them.

use std::error::Error as StdError;

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// Why AWS did not do what it was asked.
#[derive(Debug, Error)]
pub enum AwsError {
    /// There is no such thing.
    #[error("{0} does not exist")]
    Absent(String),
    /// Not allowed, or not possible like this. Trying again does not help until somebody acts.
    #[error("{0}")]
    Refused(String),
    /// No answer; trying again may help.
    #[error("{0}")]
    Unavailable(String),
}

impl AwsError {
    /// Sorts an error of a service.
    pub(crate) fn of<E>(what: &str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let said = format!("{what}: {}", told(error));
        match code(error) {
            Some("ResourceNotFoundException" | "NotFoundException") => Self::Absent(what.to_owned()),
            _ if refused(error) => Self::Refused(said),
            _ => Self::Unavailable(said),
        }
    }
}

/// The service's own code for the error.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// HTTP status of the answer, if there was one.
pub(crate) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Whether the request was refused for good, rather than not answered.
pub(crate) fn refused<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let throttled = code(error).is_some_and(|code| {
        code.contains("Throttl")
            || code.contains("LimitExceeded")
            || matches!(code, "SlowDown" | "RequestTimeout" | "TooManyRequestsException")
    });
    !throttled && status(error).is_some_and(|status| (400..500).contains(&status) && status != 429)
}

/// The error in one line: the service's code and message, else the chain of causes.
pub(crate) fn told<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error.as_service_error().map(|error| (error.code(), error.message())) {
        Some((Some(code), Some(message))) => format!("{code}: {message}"),
        Some((Some(code), None)) => code.to_owned(),
        _ => DisplayErrorContext(error).to_string(),
    }
}

/// An error of S3 that no longer depends on the operation.
#[derive(Debug, Clone, Error)]
#[error("{told}")]
pub(crate) struct S3Failure {
    /// The service's code; HEAD has none.
    pub code: Option<String>,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Refused for good, rather than not answered.
    pub refused: bool,
    told: String,
}

impl S3Failure {
    /// Keeps what matters of an error.
    pub fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        Self { code: code(error).map(str::to_owned), status: status(error), refused: refused(error), told: told(error) }
    }

    /// A failure on our side.
    pub fn ours(told: impl Into<String>) -> Self {
        Self { code: None, status: None, refused: false, told: told.into() }
    }

    /// The object does not exist. (A bucket that does not exist is something else.)
    pub fn is_absent(&self) -> bool {
        match self.code.as_deref() {
            Some(code) => matches!(code, "NoSuchKey" | "NotFound"),
            None => self.status == Some(404),
        }
    }

    /// A range begins behind the end.
    pub fn is_beyond_end(&self) -> bool {
        self.code.as_deref() == Some("InvalidRange") || self.status == Some(416)
    }
}
