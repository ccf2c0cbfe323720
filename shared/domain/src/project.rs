//! A research project: whose rules and key de-identify a job's images. Every change makes a revision that never changes again, so
//! that a job of yesterday is repeated by yesterday's rules.

use serde::{Deserialize, Serialize};

use crate::dicom::InvalidValue;
use crate::time::Timestamp;

/// Longest name of a project, in characters.
pub const MAX_NAME: usize = 64;
/// Longest description of a project, in characters.
pub const MAX_DESCRIPTION: usize = 500;
/// Longest text of rules, and longest pixel script, in bytes.
pub const MAX_RULES: usize = 32 * 1024;

/// A profile of de-identification as it is explained to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileText {
    /// The name that goes over the wire.
    pub name: &'static str,
    /// The name that people read.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub explanation: &'static str,
}

/// All profiles, strictest first.
pub const PROFILES: [ProfileText; 3] = [
    ProfileText {
        name: "basic",
        title: "Strict",
        explanation: "Removes everything that the DICOM standard calls identifying: all dates, descriptions, devices, ages and private elements too.",
    },
    ProfileText {
        name: "research",
        title: "Research",
        explanation: "Keeps age, sex, size, weight and scanner, moves all dates of a patient by the same number of days, and cleans descriptions of names and numbers.",
    },
    ProfileText {
        name: "adit-compatible",
        title: "As in earlier versions of ADIT",
        explanation: "Like Research, but keeps the real dates of study, series, acquisition and image; all other dates go.",
    },
];

/// Whether there is a profile of this name.
#[must_use]
pub fn is_profile(name: &str) -> bool {
    PROFILES.iter().any(|profile| profile.name == name)
}

/// The newest state of a project, without its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    /// Its name for good; empty: the built-in project of jobs without one.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its profile.
    pub profile: String,
    /// Which of its keys makes pseudonyms, UIDs and shifts; counts up when the key is rotated.
    pub key_version: u32,
    /// Counts up with every change; 0 for the built-in project.
    pub revision: u32,
    /// No new job may use it.
    pub archived: bool,
    /// When this revision was made.
    pub changed: Timestamp,
    /// User name of who made it.
    pub changed_by: String,
}

/// One revision of a project with its rules. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revision {
    /// The project as it was with this revision.
    #[serde(flatten)]
    pub project: Project,
    /// Its own rules on attributes, one a line.
    pub rules: String,
    /// Which regions of which images are blacked out: a pixel-anonymiser script.
    pub pixel_rules: String,
}

impl Revision {
    /// The built-in project of jobs without one.
    #[must_use]
    pub fn built_in(profile: &str) -> Self {
        let project = Project {
            name: String::new(),
            description: "Jobs that belong to no project.".to_owned(),
            profile: profile.to_owned(),
            key_version: 0,
            revision: 0,
            archived: false,
            changed: Timestamp(0),
            changed_by: String::new(),
        };
        Self { project, rules: String::new(), pixel_rules: String::new() }
    }
}

/// Trims and checks the name of a project.
pub fn parse_project_name(text: &str) -> Result<String, InvalidValue> {
    let name = text.trim();
    let is_plain = name.bytes().all(|byte| (0x20..0x7F).contains(&byte));
    if name.is_empty() || name.len() > MAX_NAME || !is_plain {
        return Err(InvalidValue::new("name", "must have 1 to 64 plain letters, digits and signs, without accents"));
    }
    if !name.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return Err(InvalidValue::new("name", "must contain a letter or a digit"));
    }
    Ok(name.to_owned())
}

/// Checks the size of a text of rules and that it holds nothing but text.
pub fn check_rules_text(what: &'static str, text: &str) -> Result<(), InvalidValue> {
    if text.len() > MAX_RULES {
        return Err(InvalidValue::new(what, format!("may have {} KB at most", MAX_RULES / 1024)));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(InvalidValue::new(what, "must not contain control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_say_something() {
        assert_eq!(parse_project_name("  Liver study 2 ").unwrap(), "Liver study 2");
        for name in ["", " ", "..", "Stüdie", "a\tb", &"x".repeat(65)] {
            assert!(parse_project_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn rules_are_text_of_bounded_size() {
        assert!(check_rules_text("rules", "keep StationName\r\n\tkeep X").is_ok());
        assert!(check_rules_text("rules", "a\u{0}").is_err());
        assert!(check_rules_text("rules", &"x".repeat(MAX_RULES + 1)).is_err());
    }
}
