//! Nodes: what a person enters, what comes back, and the answer of a connection test.

use adit_domain::node::NodeConfig;
use adit_domain::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};

/// Adds or changes a node.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeInput {
    /// Everything but the secrets.
    #[serde(flatten)]
    pub config: NodeConfig,
    /// Its secrets.
    #[serde(flatten)]
    pub secrets: SecretsInput,
    /// The version that was edited; absent for a new node. A stale version is refused.
    #[serde(default)]
    pub version: Option<u64>,
}

/// Secrets of a node, each: absent keeps the stored one, empty removes it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretsInput {
    /// Private key of the client certificate, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key_pem: Option<String>,
    /// Authorization header for DICOMweb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_header: Option<String>,
    /// Secret of the OAuth 2 client for DICOMweb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// One more header for DICOMweb, such as `Ocp-Apim-Subscription-Key: 0123`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_header: Option<String>,
}

/// A node as it is shown. Secrets never come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeView {
    /// Identifies the node.
    pub id: NodeId,
    /// Everything but the secrets.
    #[serde(flatten)]
    pub config: NodeConfig,
    /// To be sent back with a change.
    pub version: u64,
    /// A client key is stored.
    pub has_client_key: bool,
    /// An authorization header is stored.
    pub has_authorization_header: bool,
    /// A secret of the OAuth 2 client is stored.
    #[serde(default)]
    pub has_client_secret: bool,
    /// One more header is stored.
    #[serde(default)]
    pub has_extra_header: bool,
    /// Images can be fetched from here.
    pub can_be_source: bool,
    /// Images can be sent here.
    pub can_be_destination: bool,
    /// The active group may search it and fetch images from it, and it can.
    #[serde(default)]
    pub may_be_source: bool,
    /// The active group may send images to it, and it can.
    #[serde(default)]
    pub may_be_destination: bool,
    /// How the node did lately.
    pub health: NodeHealth,
}

/// How a server did lately, as the circuit breaker sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeHealth {
    /// Not used before this moment, because it did not answer.
    pub resting_until: Option<Timestamp>,
    /// What it said or did last, when it failed.
    pub last_error: String,
}

/// What a connection test found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeTest {
    /// Whether the node can be used.
    pub ok: bool,
    /// The result in one sentence; for a failure: what to check.
    pub summary: String,
    /// Milliseconds from connecting to an accepted association.
    pub connect_ms: Option<u64>,
    /// Milliseconds of the C-ECHO alone.
    pub echo_ms: Option<u64>,
    /// What was negotiated: one line each, label and value.
    pub facts: Vec<(String, String)>,
}
