//! The one shape of a refusal: a code for programs, a sentence for people.

use serde::{Deserialize, Serialize};

/// Body of every answer with a status of 400 or above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What kind of refusal it is.
    pub code: ErrorCode,
    /// What went wrong and what to do, in plain words.
    pub detail: String,
    /// The form field the sentence is about, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Kinds of refusal, each with one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request cannot be understood or breaks a rule.
    Invalid,
    /// Nobody is logged in.
    LoginRequired,
    /// The log-in data are wrong.
    WrongCredentials,
    /// The person may not do this, or the CSRF token is missing.
    Forbidden,
    /// There is no such thing, or it belongs to somebody else.
    NotFound,
    /// The address is there, but not for this method.
    WrongMethod,
    /// The state does not allow it (any more).
    Conflict,
    /// What is asked for cannot be given in a form that the client takes.
    NotAcceptable,
    /// What was sent is in a form that is not understood.
    UnsupportedMedia,
    /// What was sent is larger than can be taken at once.
    TooLarge,
    /// Too many requests.
    TooMany,
    /// A PACS could not be reached or refused.
    Peer,
    /// This process cannot do it, another one of the same installation can; the request took the wrong way.
    Misdirected,
    /// Something broke here; the log knows more.
    Internal,
    /// Not now: it cannot be put on record, or the installation is being maintained.
    Unavailable,
}

impl ErrorCode {
    /// The HTTP status that goes with the code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::LoginRequired | Self::WrongCredentials => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::WrongMethod => 405,
            Self::NotAcceptable => 406,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMedia => 415,
            Self::Misdirected => 421,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::Peer => 502,
            Self::Unavailable => 503,
        }
    }
}
