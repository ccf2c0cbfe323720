//! API tokens: what one asks for, and what lists show.

use adit_domain::right::TokenLimits;
use adit_domain::{GroupId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a new token is to be like. It acts for the active group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenInput {
    /// What it is for, at most 120 characters.
    #[serde(default)]
    pub description: String,
    /// When it ends; absent: never, which needs a right.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// Scopes, servers, pseudonymised data only.
    #[serde(flatten)]
    pub limits: TokenLimits,
}

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenView {
    /// Its first 8 digits, by which it is named.
    pub prefix: String,
    /// What it is for.
    pub description: String,
    /// The group for which it acts.
    pub group: GroupId,
    /// That group's name; empty: the group is gone.
    pub group_name: String,
    /// Scopes, servers, pseudonymised data only.
    #[serde(flatten)]
    pub limits: TokenLimits,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends or ended; absent: never.
    pub expires: Option<Timestamp>,
    /// It has ended.
    pub is_over: bool,
    /// When it was last used, at most five minutes behind.
    pub last_used: Option<Timestamp>,
}

/// A fresh token; its secret is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewToken {
    /// The whole token: for the header `Authorization: Token <token>`.
    pub token: String,
    /// The rest.
    pub info: TokenView,
}

/// A page of tokens, the newest first; those that ended stay for 90 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenPage {
    /// The tokens.
    pub tokens: Vec<TokenView>,
    /// Give this back as `after` for the next page; absent at the end.
    pub next: Option<String>,
}
