//! What may be done.

use serde::{Deserialize, Serialize};

/// What an API token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Searching.
    Search,
    /// Making, watching and steering jobs.
    Jobs,
}
