//! What is fixed for a project, and what a job says on top.

use std::sync::Arc;

use crate::key::{Derivations, PatientToken, ProjectKey};
use crate::pixels::PixelRules;
use crate::profile::{Options, PROFILE_VERSION, Profile, Rules};

/// A project's de-identification: profile, rules for pixels, key. One for all of its jobs and threads.
pub struct Deidentifier {
    pub(crate) rules: Rules,
    pub(crate) derive: Derivations,
    pub(crate) pixel_rules: PixelRules,
}

impl std::fmt::Debug for Deidentifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Deidentifier").field("profile", &self.rules.profile.name).finish_non_exhaustive()
    }
}

impl Deidentifier {
    /// De-identification by `profile`, with names, UIDs and dates from `key`.
    #[must_use]
    pub fn new(profile: Profile, key: &ProjectKey, pixel_rules: PixelRules) -> Self {
        Self { rules: Rules::new(profile), derive: Derivations::new(key), pixel_rules }
    }

    /// The pseudonymous UID (see [`crate::map_uid`]); with Retain UIDs the UID itself.
    #[must_use]
    pub fn uid(&self, uid: &str) -> String {
        if self.options().uids { uid.to_owned() } else { self.derive.uid(uid) }
    }

    /// A keyed hash of a name that must not be read, such as that of a folder.
    #[must_use]
    pub fn hashed(&self, name: &str) -> String {
        self.derive.text(name)
    }

    /// Whose data a Patient ID of an issuer names.
    #[must_use]
    pub fn patient(&self, issuer: &str, patient_id: &str) -> PatientToken {
        self.derive.patient(issuer, patient_id)
    }

    /// The pseudonym of a patient who was given none.
    #[must_use]
    pub fn pseudonym(&self, patient: &PatientToken) -> String {
        self.derive.pseudonym(patient)
    }

    /// Name and version of the rules, as the marks and the report say it.
    #[must_use]
    pub fn label(&self) -> String {
        let own = if self.rules.profile.overrides.is_empty() { "" } else { " with project rules" };
        format!("ADIT {} {PROFILE_VERSION}{own}", self.rules.profile.name)
    }

    pub(crate) fn options(&self) -> &Options {
        &self.rules.profile.options
    }
}

/// What is to be done with the instances of a job.
#[derive(Debug, Clone, Default)]
pub struct Instructions {
    /// `None`: identity stays.
    pub deidentifier: Option<Arc<Deidentifier>>,
    /// Given by a person; empty: derived from issuer and Patient ID.
    pub pseudonym: String,
    /// Clinical Trial Protocol ID; empty: left alone.
    pub trial_protocol_id: String,
    /// Clinical Trial Protocol Name; empty: left alone.
    pub trial_protocol_name: String,
    /// A person has looked at the images: risky pixels without a rule pass.
    pub allow_risky_pixels: bool,
    /// The report tells old and new values (dry run).
    pub with_values: bool,
}
