//! Rules: transfers that begin by themselves when something arrives or a time has come.
//!
//! A rule has a trigger, a filter and a transfer. It fires at most once per study; each firing is a job.

use serde::{Deserialize, Serialize};

use crate::dicom::{InvalidValue, check_text};
use crate::ids::{GroupId, NodeId, RuleId, UserId};
use crate::time::Timestamp;
use crate::transfer::TransferOptions;

/// Conditions of one filter at most.
pub const MAX_CONDITIONS: usize = 20;

/// Stands for our own DICOM receiver where a source is named; no stored node has it.
#[must_use]
pub fn inbox() -> NodeId {
    NodeId::new(Timestamp(0), 0)
}

/// A rule as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rule {
    /// Identifies the rule for good; the name may change.
    pub id: RuleId,
    /// Owner of its jobs: the administrator who saved it last.
    pub owner: UserId,
    /// The owner's user name.
    pub owner_name: String,
    /// The group for which the owner acted; its jobs use what this group may use. None: it is older than groups.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// What an administrator enters.
    #[serde(flatten)]
    pub config: RuleConfig,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
}

/// What an administrator enters for a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleConfig {
    /// Shown to people, 1 to 64 characters.
    pub name: String,
    /// A rule that is switched off does nothing. Switched on, it sees what is known and still there.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// When it fires.
    pub trigger: Trigger,
    /// What it fires for.
    #[serde(default)]
    pub filter: Filter,
    /// Where the images go.
    pub destination: NodeId,
    /// What is done on the way. Its pseudonym stays empty: see `pseudonym`.
    #[serde(default)]
    pub options: TransferOptions,
    /// Where the pseudonym of a patient comes from, when the options pseudonymise.
    #[serde(default)]
    pub pseudonym: PseudonymRule,
    /// The jobs go before others.
    #[serde(default)]
    pub urgent: bool,
    /// Jobs per hour at most; what is above waits. 0: no limit.
    #[serde(default)]
    pub jobs_per_hour: u32,
}

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

/// What a rule fires for: all conditions hold for an image of the series. Series that match are transferred; none: the rule does not fire.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Filter {
    /// Modality is one of these; empty: any.
    pub modalities: Vec<String>,
    /// Further conditions, at most [`MAX_CONDITIONS`].
    pub conditions: Vec<Condition>,
}

/// A condition on one attribute of the data set's top level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Condition {
    /// Keyword (PS3.6), such as `StudyDescription`.
    pub attribute: String,
    /// How the value is compared.
    pub comparison: Comparison,
    /// With wildcards `*` and `?` where the comparison is `matches`; case does not count.
    #[serde(default)]
    pub value: String,
}

/// How a value is compared. Of several values one has to satisfy it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Matches the pattern.
    Matches,
    /// Does not match the pattern.
    MatchesNot,
    /// Has a value.
    Present,
    /// Is absent or empty.
    Absent,
}

/// Where the pseudonym of a patient comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PseudonymRule {
    /// A stable one, derived with the project's key.
    #[default]
    Derived,
    /// The value of an attribute that already holds a pseudonym, such as a trial's subject id. Empty there: the study does not go.
    Attribute {
        /// Keyword.
        attribute: String,
    },
}

fn yes() -> bool {
    true
}

impl RuleConfig {
    /// Trims the texts and checks every limit that needs no knowledge of servers, calendars or attributes; the error names the field.
    pub fn validated(mut self) -> Result<Self, InvalidValue> {
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            return Err(InvalidValue::new("name", "must not be empty"));
        }
        check_text("name", &self.name, 64)?;
        self.trigger.check()?;
        self.filter.check()?;
        if !self.options.pseudonym.is_empty() {
            return Err(InvalidValue::new("pseudonym", "cannot be the same for all patients of a rule"));
        }
        self.options = self.options.validated()?;
        if let PseudonymRule::Attribute { attribute } = &mut self.pseudonym {
            *attribute = keyword(attribute)?;
            if !self.options.pseudonymises() {
                return Err(InvalidValue::new("pseudonym", "makes no sense when the images are left as they are"));
            }
        }
        Ok(self)
    }
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

    fn check(&mut self) -> Result<(), InvalidValue> {
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

impl Filter {
    fn check(&mut self) -> Result<(), InvalidValue> {
        for modality in &mut self.modalities {
            *modality = modality.trim().to_uppercase();
            let plain = modality.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            if modality.is_empty() || modality.len() > 16 || !plain {
                return Err(InvalidValue::new("modalities", "must be codes such as CT or MR"));
            }
        }
        if self.conditions.len() > MAX_CONDITIONS {
            return Err(InvalidValue::new("conditions", format!("must be {MAX_CONDITIONS} at most")));
        }
        for condition in &mut self.conditions {
            condition.attribute = keyword(&condition.attribute)?;
            check_text("condition", &condition.value, 256)?;
            let wants_value = matches!(condition.comparison, Comparison::Matches | Comparison::MatchesNot);
            if wants_value && condition.value.trim().is_empty() {
                return Err(InvalidValue::new("condition", "needs a value to compare with"));
            }
        }
        Ok(())
    }
}

fn keyword(text: &str) -> Result<String, InvalidValue> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(InvalidValue::new(
            "attribute",
            "must be a keyword of the DICOM standard, such as StudyDescription",
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> RuleConfig {
        serde_json::from_value(serde_json::json!({
            "name": " CT to research ", "destination": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "trigger": {"kind": "inbox", "calling_ae_titles": [" CT1 "]}
        }))
        .unwrap()
    }

    #[test]
    fn a_small_json_becomes_a_rule_with_defaults() {
        let config = rule().validated().unwrap();
        assert_eq!((config.name.as_str(), config.enabled), ("CT to research", true));
        assert_eq!(config.trigger.complete(), Some(Complete { quiet_seconds: 60, count: 0 }));
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |change: &dyn Fn(&mut RuleConfig)| {
            let mut config = rule();
            change(&mut config);
            config.validated().unwrap_err().to_string()
        };
        assert!(wrong(&|config| config.name = " ".into()).contains("name"));
        assert!(wrong(&|config| config.options.pseudonym = "P1".into()).contains("pseudonym"));
        assert!(wrong(&|config| config.filter.modalities = vec!["C T".into()]).contains("modalities"));
        let nobody = Trigger::Inbox { calling_ae_titles: Vec::new(), complete: Complete::default() };
        assert!(wrong(&|config| config.trigger = nobody.clone()).contains("AE titles"));
        let empty =
            Condition { attribute: "StudyDescription".into(), comparison: Comparison::Matches, value: String::new() };
        assert!(wrong(&|config| config.filter.conditions = vec![empty.clone()]).contains("condition"));
    }
}
