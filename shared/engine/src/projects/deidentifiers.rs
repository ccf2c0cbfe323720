//! What a revision becomes: its rules, read, with the project's key. Made once and shared by all tasks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adit_deid::{Deidentifier, Overrides, PixelRules, Profile, ProjectKey};
use adit_domain::project::Revision;

use crate::{Engine, Refusal};

/// Revisions kept ready.
const KEPT: usize = 64;

/// Ready ones by project, revision and profile.
#[derive(Default)]
pub(crate) struct Deidentifiers(Mutex<HashMap<(String, u32, String), Arc<Deidentifier>>>);

impl Engine {
    /// De-identification by a revision; `profile` goes before the project's unless it is empty.
    pub(crate) fn deidentifier(&self, revision: &Revision, profile: &str) -> Result<Arc<Deidentifier>, Refusal> {
        let profile = if profile.is_empty() { &revision.project.profile } else { profile };
        let key = (revision.project.name.clone(), revision.project.revision, profile.to_owned());
        let ready = || self.0.deidentifiers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ready().get(&key) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(build(&self.0.settings.project_key, revision, profile)?);
        let mut ready = ready();
        if ready.len() >= KEPT {
            ready.clear();
        }
        ready.insert(key, Arc::clone(&made));
        Ok(made)
    }
}

/// Reads the rules of a revision. A bad rule is refused with its line, at its field.
pub(super) fn build(master: &ProjectKey, revision: &Revision, profile: &str) -> Result<Deidentifier, Refusal> {
    let name = if profile.is_empty() { &revision.project.profile } else { profile };
    let profile = Profile::named(name).ok_or_else(|| {
        let known = Profile::NAMES.join(", ");
        Refusal::invalid(format!("There is no profile of this name. Choose one of {known}.")).at("profile")
    })?;
    let overrides = Overrides::parse(&revision.rules).map_err(|error| at_line("rules", error.line, &error.reason))?;
    let pixels = if revision.pixel_rules.trim().is_empty() {
        PixelRules::default()
    } else {
        PixelRules::parse(&revision.pixel_rules).map_err(|error| at_line("pixel_rules", error.line, &error.reason))?
    };
    let key = master.of_project(&revision.project.name, revision.project.key_version);
    Ok(Deidentifier::new(profile.with(overrides), &key, pixels))
}

fn at_line(field: &str, line: usize, reason: &str) -> Refusal {
    Refusal::invalid(format!("Line {line}: {reason}.")).at(field)
}

#[cfg(test)]
mod tests {
    use adit_domain::project::PROFILES;

    use super::*;

    #[test]
    fn people_choose_from_the_profiles_that_exist() {
        assert_eq!(PROFILES.map(|profile| profile.name), Profile::NAMES);
    }

    #[test]
    fn a_bad_rule_is_refused_with_its_line() {
        let revision =
            Revision { rules: "keep StationName\nforget StationName".into(), ..Revision::built_in("research") };
        let refused = build(&ProjectKey::from_bytes([1; 32]), &revision, "").unwrap_err();
        assert_eq!(refused.body.field.as_deref(), Some("rules"));
        assert!(refused.body.detail.starts_with("Line 2: "), "{}", refused.body.detail);
    }
}
