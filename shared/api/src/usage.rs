//! What people and their programs have moved, for administrators and auditors.

use adit_domain::usage::{Amount, Way};
use adit_domain::{NodeId, UserId};
use serde::{Deserialize, Serialize};

/// Which days are wanted, and what is added up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct UsageQuery {
    /// First day (UTC), as in `2026-01-31`; left out: 29 days before the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last day (UTC); left out: today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What each row is about; left out: a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<UsageBy>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageBy {
    /// A person, on all days and servers.
    #[default]
    Person,
    /// A server or folder.
    Server,
    /// A day.
    Day,
    /// A person on a day at a server: nothing is added up.
    All,
}

/// What was moved in some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// First day (UTC).
    pub from: String,
    /// Last day (UTC).
    pub until: String,
    /// Those who have moved most first; days in their order.
    pub rows: Vec<UsageRow>,
}

/// A row; what it was added up over is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UsageRow {
    /// The day (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Who; programs count to the owner of their token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Their user name on that day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The server; of transfers the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Its name on that day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Fetched by programs (WADO-RS).
    pub retrieved: Amount,
    /// Stored by programs (STOW-RS).
    pub stored: Amount,
    /// Saved as a file.
    pub downloaded: Amount,
    /// Fetched as NIfTI files.
    pub converted: Amount,
    /// By transfers.
    pub transferred: Amount,
}

impl UsageRow {
    /// The amount of one way.
    #[must_use]
    pub fn amount(&self, way: Way) -> Amount {
        match way {
            Way::Retrieved => self.retrieved,
            Way::Stored => self.stored,
            Way::Downloaded => self.downloaded,
            Way::Converted => self.converted,
            Way::Transferred => self.transferred,
        }
    }

    /// The same, to be changed.
    pub fn amount_mut(&mut self, way: Way) -> &mut Amount {
        match way {
            Way::Retrieved => &mut self.retrieved,
            Way::Stored => &mut self.stored,
            Way::Downloaded => &mut self.downloaded,
            Way::Converted => &mut self.converted,
            Way::Transferred => &mut self.transferred,
        }
    }

    /// Bytes in all ways.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        Way::ALL.into_iter().fold(0, |sum: u64, way| sum.saturating_add(self.amount(way).bytes))
    }
}
