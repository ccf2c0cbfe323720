//! When a rule fires.

use serde::{Deserialize, Serialize};

use crate::dicom::{InvalidValue, check_text};
use crate::ids::NodeId;

/// When a rule fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trigger {
    /// Somebody sends images to our DICOM receiver.
    Inbox {
        /// AE titles that may send, at least one.
        calling_ae_titles: Vec<String>,
        /// When a study counts as complete.
        #[serde(default)]
        complete: Complete,
    },
    /// Files appear in a watched folder or under an S3 prefix.
    Objects {
        /// A node that can be watched.
        source: NodeId,
        /// Only files whose name below the node begins with this.
        #[serde(default)]
        prefix: String,
        /// When a study counts as complete.
        #[serde(default)]
        complete: Complete,
        /// Remove the files after everything of them has arrived at the destination.
        #[serde(default)]
        remove_afterwards: bool,
    },
    /// A time has come: a search finds the studies.
    Schedule {
        /// Five fields: minute, hour, day of month, month, weekday.
        cron: String,
        /// IANA name, such as `Europe/Berlin`.
        time_zone: String,
        /// The server that is searched and read.
        source: NodeId,
        /// What is searched for.
        search: SavedSearch,
    },
}

/// When a study that is arriving counts as complete: whatever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Complete {
    /// Seconds without a new image, 2 to 86400.
    pub quiet_seconds: u32,
    /// Images; 0: the quiet time alone decides.
    pub count: u32,
}

impl Default for Complete {
    fn default() -> Self {
        Self { quiet_seconds: 60, count: 0 }
    }
}

/// A search that can be repeated. Empty fields do not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SavedSearch {
    /// Patient ID, with wildcards.
    pub patient_id: String,
    /// Modality in study, such as `CT`.
    pub modality: String,
    /// Study Description, with wildcards.
    pub study_description: String,
    /// Study Date from this many days before the day of the firing (in the schedule's time zone); 1 is yesterday.
    pub days_back: u32,
    /// Study Date up to this many days before; 0 is the day itself. Not above `days_back`.
    pub until_days_back: u32,
}

impl Trigger {
    /// The node whose files or studies it is about; none for the inbox.
    #[must_use]
    pub fn source(&self) -> Option<&NodeId> {
        match self {
            Self::Inbox { .. } => None,
            Self::Objects { source, .. } | Self::Schedule { source, .. } => Some(source),
        }
    }

    /// When a study counts as complete; none for a schedule.
    #[must_use]
    pub fn complete(&self) -> Option<Complete> {
        match self {
            Self::Inbox { complete, .. } | Self::Objects { complete, .. } => Some(*complete),
            Self::Schedule { .. } => None,
        }
    }

    pub(super) fn check(&mut self) -> Result<(), InvalidValue> {
        if let Some(complete) = self.complete()
            && !(2..=86_400).contains(&complete.quiet_seconds)
        {
            return Err(InvalidValue::new("quiet time", "must be between 2 seconds and one day"));
        }
        match self {
            Self::Inbox { calling_ae_titles, .. } => {
                calling_ae_titles.iter_mut().for_each(|title| *title = title.trim().to_owned());
                if calling_ae_titles.is_empty() {
                    return Err(InvalidValue::new("calling AE titles", "must name at least one sender"));
                }
                for title in calling_ae_titles.iter() {
                    crate::AeTitle::parse(title).map_err(|error| InvalidValue::new("calling AE titles", error.why))?;
                }
            }
            Self::Objects { prefix, .. } => {
                check_text("prefix", prefix, 512)?;
                if prefix.split('/').any(|part| part == "..") {
                    return Err(InvalidValue::new("prefix", "must not contain .."));
                }
            }
            Self::Schedule { cron, search, .. } => {
                *cron = cron.split_whitespace().collect::<Vec<_>>().join(" ");
                if search.until_days_back > search.days_back || search.days_back > 3650 {
                    return Err(InvalidValue::new("study date", "must begin before it ends, ten years back at most"));
                }
            }
        }
        Ok(())
    }
}
