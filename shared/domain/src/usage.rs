//! What people and their programs have moved: how, how often, how much.

use serde::{Deserialize, Serialize};

/// How images move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A program fetched images, pictures or their data (WADO-RS).
    Retrieved,
    /// A program stored images (STOW-RS).
    Stored,
    /// A study was saved as a file.
    Downloaded,
    /// A program fetched NIfTI files.
    Converted,
    /// A transfer ran.
    Transferred,
}

impl Way {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Retrieved, Self::Stored, Self::Downloaded, Self::Converted, Self::Transferred];

    /// Its name, as counters and scripts know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retrieved => "retrieved",
            Self::Stored => "stored",
            Self::Downloaded => "downloaded",
            Self::Converted => "converted",
            Self::Transferred => "transferred",
        }
    }

    /// Whether it is a request of a person or program, which the limits of a person are about. Transfers have those of their group.
    #[must_use]
    pub const fn is_request(self) -> bool {
        !matches!(self, Self::Transferred)
    }

    /// Whether it keeps a retrieval from a server open.
    #[must_use]
    pub const fn is_retrieval(self) -> bool {
        matches!(self, Self::Retrieved | Self::Downloaded | Self::Converted)
    }
}

/// How much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Amount {
    /// Requests that were answered, or runs of transfers.
    pub requests: u64,
    /// Instances that they were about.
    pub instances: u64,
    /// Bytes that went to or came from the person or program; of transfers what came from the source.
    pub bytes: u64,
}

impl Amount {
    /// Adds another amount.
    pub fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.instances = self.instances.saturating_add(other.instances);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}
