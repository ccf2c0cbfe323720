//! Rules: transfers that begin by themselves when something arrives or a time has come.
//!
//! A rule has a trigger, a filter and a transfer. It fires at most once per study; each firing is a job.

mod filter;
mod trigger;

use serde::{Deserialize, Serialize};

pub use filter::{Comparison, Condition, Filter, MAX_CONDITIONS};
pub use trigger::{Complete, SavedSearch, Trigger};

use filter::keyword;

use crate::dicom::{InvalidValue, check_text};
use crate::ids::{GroupId, NodeId, RuleId, UserId};
use crate::time::Timestamp;
use crate::transfer::TransferOptions;

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
