//! Groups: what an administrator enters, their members and the servers granted to them.

use std::collections::BTreeSet;

use adit_domain::group::{GroupConfig, GroupSettings};
use adit_domain::{GroupId, NodeId, Right, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Adds or changes a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupInput {
    /// Everything that is entered.
    #[serde(flatten)]
    pub config: GroupConfig,
    /// The version that was edited; absent for a new group. A stale version is refused.
    #[serde(default)]
    pub version: Option<u64>,
}

/// A group as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupView {
    /// Identifies the group.
    pub id: GroupId,
    /// Everything that is entered.
    #[serde(flatten)]
    pub config: GroupConfig,
    /// When it was made.
    pub created: Timestamp,
    /// To be sent back with a change.
    pub version: u64,
}

/// A page of groups, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupPage {
    /// The groups.
    pub groups: Vec<GroupView>,
    /// Give this back as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct PageQuery {
    /// 1 to 200, default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// From the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberView {
    /// Identifies the person.
    pub user: UserId,
    /// User name; empty: the account is gone.
    pub username: String,
    /// Since when.
    pub since: Timestamp,
}

/// A page of members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberPage {
    /// The members.
    pub members: Vec<MemberView>,
    /// Give this back as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

/// Names a person who is to belong to a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberInput {
    /// User name.
    pub username: String,
}

/// What a group may do with a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantView {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub group_name: String,
    /// The node.
    pub node: NodeId,
    /// Its name.
    pub node_name: String,
    /// The group may search it and fetch images from it.
    pub source: bool,
    /// The group may send images to it.
    pub destination: bool,
}

/// Sets what a group may do with a node; neither: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct GrantInput {
    /// Search it and fetch images from it.
    pub source: bool,
    /// Send images to it.
    pub destination: bool,
}

/// One of the own groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnGroup {
    /// Identifies the group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// The group that a person acts for, and what they may do for it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Standing {
    /// The active group; none: the person belongs to no group.
    pub group: Option<OwnGroup>,
    /// All groups of the person.
    pub groups: Vec<OwnGroup>,
    /// What the person may do for the active group.
    pub rights: BTreeSet<Right>,
    /// Restrictions and limits of the active group.
    pub restrictions: GroupSettings,
}

/// Chooses the active group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChooseGroup {
    /// One of the own groups.
    pub group: GroupId,
}
