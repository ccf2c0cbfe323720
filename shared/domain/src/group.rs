//! Groups of people: what their members may do, with which servers and folders, and within which limits.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::dicom::InvalidValue;
use crate::ids::{GroupId, NodeId};
use crate::right::Right;
use crate::time::Timestamp;

/// Longest name of a group, in characters.
pub const MAX_NAME: usize = 64;
/// Longest description of a group, in characters.
pub const MAX_DESCRIPTION: usize = 500;
/// Largest limit of bytes per day: what JavaScript's numbers hold exactly.
pub const MAX_BYTES_PER_DAY: u64 = 1 << 53;

/// A way in which a node is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It is searched, and images are fetched from it.
    Source,
    /// Images are sent to it.
    Destination,
}

/// A group as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Group {
    /// Identifies the group for good; the name may change.
    pub id: GroupId,
    /// What an administrator enters.
    #[serde(flatten)]
    pub config: GroupConfig,
    /// When it was made.
    pub created: Timestamp,
}

/// What an administrator enters for a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupConfig {
    /// Shown to people; unique without regard to case, 1 to 64 characters.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What its members may do.
    #[serde(default)]
    pub rights: BTreeSet<Right>,
    /// Restrictions and limits.
    #[serde(default)]
    pub settings: GroupSettings,
}

/// Restrictions and limits of a group. They hold for everybody who acts for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct GroupSettings {
    /// Only transfers with pseudonyms.
    pub pseudonymised_only: bool,
    /// One unfinished job of each person at a time.
    pub one_active_job: bool,
    /// Jobs wait until somebody with the right approves them; those of administrators begin at once.
    pub jobs_need_approval: bool,
    /// Studies of one job at most; 0: no limit of its own.
    pub studies_per_job: u32,
    /// Bytes that its transfers may move in a day (UTC); 0: no limit.
    pub bytes_per_day: u64,
}

/// A group may use a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeGrant {
    /// The group.
    pub group: GroupId,
    /// The node.
    pub node: NodeId,
    /// It may search it and fetch images from it.
    pub source: bool,
    /// It may send images to it.
    pub destination: bool,
}

impl Group {
    /// Whether its members hold a right.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.config.rights.contains(&right)
    }
}

impl GroupConfig {
    /// Trims and checks everything.
    pub fn validated(mut self) -> Result<Self, InvalidValue> {
        self.name = parse_group_name(&self.name)?;
        self.description = self.description.trim().to_owned();
        if self.description.chars().count() > MAX_DESCRIPTION {
            return Err(InvalidValue::new("description", format!("may have {MAX_DESCRIPTION} characters at most")));
        }
        if self.description.chars().any(|c| c.is_control() && c != '\n') {
            return Err(InvalidValue::new("description", "must not contain control characters"));
        }
        if self.settings.bytes_per_day > MAX_BYTES_PER_DAY {
            return Err(InvalidValue::new("bytes per day", format!("may be {MAX_BYTES_PER_DAY} at most")));
        }
        Ok(self)
    }
}

impl NodeGrant {
    /// Whether it allows this way of use.
    #[must_use]
    pub fn allows(&self, direction: Direction) -> bool {
        match direction {
            Direction::Source => self.source,
            Direction::Destination => self.destination,
        }
    }
}

/// Trims and checks the name of a group.
pub fn parse_group_name(text: &str) -> Result<String, InvalidValue> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(InvalidValue::new("name", format!("must have 1 to {MAX_NAME} characters")));
    }
    if name.chars().any(char::is_control) {
        return Err(InvalidValue::new("name", "must not contain control characters"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(parse_group_name("  Liver   study ü ").unwrap(), "Liver study ü");
        for name in ["", " \t", "a\u{0}b", &"x".repeat(65)] {
            assert!(parse_group_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_small_json_becomes_a_group_that_may_nothing() {
        let config: GroupConfig = serde_json::from_str(r#"{"name":"Liver"}"#).unwrap();
        let config = config.validated().unwrap();
        assert!(config.rights.is_empty() && config.settings == GroupSettings::default());
        let huge = GroupSettings { bytes_per_day: u64::MAX, ..GroupSettings::default() };
        assert!(GroupConfig { settings: huge, ..config.clone() }.validated().is_err());
        assert!(GroupConfig { description: "x".repeat(501), ..config }.validated().is_err());
    }

    #[test]
    fn a_grant_allows_what_it_says() {
        let grant = NodeGrant {
            group: GroupId::new(Timestamp(1), 1),
            node: NodeId::new(Timestamp(1), 1),
            source: true,
            destination: false,
        };
        assert!(grant.allows(Direction::Source) && !grant.allows(Direction::Destination));
    }
}
