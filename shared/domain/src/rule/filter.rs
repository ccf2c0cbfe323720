//! What a rule fires for.

use serde::{Deserialize, Serialize};

use crate::dicom::{InvalidValue, check_text};

/// Conditions of one filter at most.
pub const MAX_CONDITIONS: usize = 20;

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

impl Filter {
    pub(super) fn check(&mut self) -> Result<(), InvalidValue> {
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

/// A keyword of the standard (PS3.6).
pub(super) fn keyword(text: &str) -> Result<String, InvalidValue> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(InvalidValue::new(
            "attribute",
            "must be a keyword of the DICOM standard, such as StudyDescription",
        ));
    }
    Ok(text.to_owned())
}
