//! What a group's members may do, and what a token may be used for. Who asks for a right is `engine`; what a route needs stands in the
//! table of routes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::NodeId;

/// Something that the members of a group may do. Administrators hold every right of every group they act for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Search servers that the group may read.
    Search,
    /// Fetch images through DICOMweb.
    Retrieve,
    /// Send images through DICOMweb.
    Store,
    /// Save studies as a file on one's own computer.
    Download,
    /// Make transfers.
    Transfer,
    /// Let transfers go before others.
    TransferUrgently,
    /// Make transfers that keep the patient's identity.
    TransferUnpseudonymised,
    /// Make tokens for programs.
    CreateTokens,
    /// Make tokens that never expire.
    NeverExpiringTokens,
    /// Let waiting jobs of the group begin, or reject them.
    ApproveJobs,
    /// Read the audit record.
    ReadAudit,
}

impl Right {
    /// All rights, in the order in which people see them.
    pub const ALL: [Self; 11] = [
        Self::Search,
        Self::Retrieve,
        Self::Store,
        Self::Download,
        Self::Transfer,
        Self::TransferUrgently,
        Self::TransferUnpseudonymised,
        Self::CreateTokens,
        Self::NeverExpiringTokens,
        Self::ApproveJobs,
        Self::ReadAudit,
    ];

    /// The name that goes over the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Retrieve => "retrieve",
            Self::Store => "store",
            Self::Download => "download",
            Self::Transfer => "transfer",
            Self::TransferUrgently => "transfer_urgently",
            Self::TransferUnpseudonymised => "transfer_unpseudonymised",
            Self::CreateTokens => "create_tokens",
            Self::NeverExpiringTokens => "never_expiring_tokens",
            Self::ApproveJobs => "approve_jobs",
            Self::ReadAudit => "read_audit",
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Search => "Search",
            Self::Retrieve => "Retrieve",
            Self::Store => "Store",
            Self::Download => "Download",
            Self::Transfer => "Transfer",
            Self::TransferUrgently => "Transfer urgently",
            Self::TransferUnpseudonymised => "Transfer without pseudonyms",
            Self::CreateTokens => "Create tokens",
            Self::NeverExpiringTokens => "Tokens that never expire",
            Self::ApproveJobs => "Approve jobs",
            Self::ReadAudit => "Read the audit record",
        }
    }

    /// What it allows, in one sentence.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Search => "Search the servers that the group may fetch from, and see patients and studies there.",
            Self::Retrieve => {
                "Fetch images and their data with programs that speak DICOMweb, from the servers that the group may fetch from."
            }
            Self::Store => "Send images with programs that speak DICOMweb, to the servers that the group may send to.",
            Self::Download => "Save studies of the group's sources as a file on one's own computer.",
            Self::Transfer => "Send studies from the group's sources to its destinations.",
            Self::TransferUrgently => "Let a transfer go before those of others.",
            Self::TransferUnpseudonymised => {
                "Send images that still show who the patient is. Without this right every transfer is pseudonymised."
            }
            Self::CreateTokens => "Make tokens with which programs act in one's name.",
            Self::NeverExpiringTokens => {
                "Make tokens without an end. Without this right a token ends after 90 days at most."
            }
            Self::ApproveJobs => "Let jobs of the group that wait for approval begin, or reject them.",
            Self::ReadAudit => "Search and export the record of what everybody has done.",
        }
    }
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Searching servers.
    Search,
    /// Fetching images through DICOMweb.
    Retrieve,
    /// Sending images through DICOMweb.
    Store,
    /// Making, watching and changing jobs.
    Jobs,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 4] = [Self::Search, Self::Retrieve, Self::Store, Self::Jobs];

    /// The name that goes over the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Retrieve => "retrieve",
            Self::Store => "store",
            Self::Jobs => "jobs",
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Search => "Search",
            Self::Retrieve => "Retrieve",
            Self::Store => "Store",
            Self::Jobs => "Jobs",
        }
    }

    /// What it allows, in one sentence.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Search => "List servers and search them.",
            Self::Retrieve => "Fetch images and their data through DICOMweb.",
            Self::Store => "Send images through DICOMweb.",
            Self::Jobs => "Make transfers, watch them and act on them.",
        }
    }
}

/// How a token is narrower than its owner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenLimits {
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// The only servers and folders it may use; none: all that the group may.
    #[serde(default)]
    pub nodes: Option<BTreeSet<NodeId>>,
    /// Images leave with pseudonyms only, and searches tell nothing that names a patient.
    #[serde(default)]
    pub pseudonymised_only: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_wire_and_everything_is_explained() {
        for right in Right::ALL {
            assert_eq!(serde_json::to_value(right).unwrap(), right.name());
            assert!(right.explanation().ends_with('.') && !right.title().is_empty());
        }
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
            assert!(scope.explanation().ends_with('.') && !scope.title().is_empty());
        }
        let names: BTreeSet<&str> = Right::ALL.into_iter().map(Right::name).collect();
        assert_eq!(names.len(), Right::ALL.len());
    }
}
