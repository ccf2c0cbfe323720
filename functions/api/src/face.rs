//! What a process that answers HTTP can do. The router is the same everywhere; one without DIMSE refuses the paths that need it.

use adit_api::error::ErrorCode;
use adit_api::paths;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::refused::Refused;

/// What this process can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face {
    /// It talks to servers (searches, tests) and may keep a connection open for long (live events).
    pub dimse: bool,
}

impl Face {
    /// Everything.
    pub const WHOLE: Self = Self { dimse: true };
    /// All but [`paths::BULK`].
    pub const WITHOUT_DIMSE: Self = Self { dimse: false };
}

/// Refuses what this process cannot do, before anybody asks who is there.
pub async fn refuse(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_bulk = request.extensions().get::<MatchedPath>().is_some_and(|path| paths::is_bulk(path.as_str()));
    if is_bulk && !app.face.dimse {
        return Refused::new(
            ErrorCode::Misdirected,
            "This part of ADIT does not talk to servers. Requests to this address belong to the bridge: tell an administrator that they arrive here.",
        )
        .into_response();
    }
    next.run(request).await
}
