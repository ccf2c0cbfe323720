//! What a transfer is asked to do: the options of a job and the policy on what may leave pseudonymised.

use serde::{Deserialize, Serialize};

use crate::dicom::{InvalidValue, check_text};
use crate::project::{PROFILES, is_profile, parse_project_name};

/// The longest pseudonym, trial id or trial name: 64 characters (VR LO, PS3.5 6.2).
pub const MAX_TEXT: usize = 64;
/// Modalities that a pseudonymised transfer leaves out unless the job says otherwise: their free text names people.
pub const TEXT_MODALITIES: [&str; 4] = ["SR", "PR", "KO", "DOC"];
/// How many studies one selective job may hold: job, tasks and queue pointers are written in one transaction.
pub const MAX_STUDIES: usize = 90;

/// What becomes of the people in the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The images go out as they are.
    Keep,
    /// The images are de-identified by the profile and carry a pseudonym.
    Pseudonymise,
}

/// Options that hold for all studies of one job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TransferOptions {
    /// What becomes of the people in the images. Left out: a pseudonym means `pseudonymise`, none means `keep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Replaces Patient ID and Patient's Name; empty when pseudonymising: every patient gets a stable one, derived with the project's key.
    pub pseudonym: String,
    /// The research project whose rules and key count; empty: none.
    pub project: String,
    /// Revision of the project when the job was made; set by the server.
    pub project_revision: u32,
    /// Profile of de-identification; empty: the project's. The server writes the one that counts.
    pub profile: String,
    /// A person has looked at the images: they go although text may be burned into them.
    pub allow_risky_pixels: bool,
    /// Clinical Trial Protocol ID (0012,0020); empty means none.
    pub trial_protocol_id: String,
    /// Clinical Trial Protocol Name (0012,0021); empty means none.
    pub trial_protocol_name: String,
    /// Send structured reports, presentation states and key objects although the job pseudonymises; their texts are cleaned.
    /// Encapsulated documents never leave de-identified.
    pub include_documents: bool,
    /// Ask the source to send straight to the destination (C-MOVE) when nothing is modified.
    pub direct_move: bool,
    /// Write NIfTI files instead of the images, converted series by series by `dcm2niix`. Into folders only.
    pub convert_to_nifti: bool,
    /// Mail the owner when the job has finished.
    pub send_finished_mail: bool,
}

impl TransferOptions {
    /// Trims every text and checks it against the rules of its attribute; afterwards the identity is said.
    pub fn validated(mut self) -> Result<Self, InvalidValue> {
        self.pseudonym = parse_pseudonym(&self.pseudonym)?;
        for (what, text) in
            [("trial protocol id", &mut self.trial_protocol_id), ("trial protocol name", &mut self.trial_protocol_name)]
        {
            *text = plain_text(what, text)?;
        }
        if !self.project.trim().is_empty() {
            self.project = parse_project_name(&self.project)?;
        } else {
            self.project.clear();
        }
        self.profile = self.profile.trim().to_owned();
        if !self.profile.is_empty() && !is_profile(&self.profile) {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            return Err(InvalidValue::new("profile", format!("must be one of {}", names.join(", "))));
        }
        if self.identity == Some(Identity::Keep) && !self.pseudonym.is_empty() {
            return Err(InvalidValue::new("pseudonym", "makes no sense when the images are left as they are"));
        }
        self.identity = Some(if self.pseudonymises() { Identity::Pseudonymise } else { Identity::Keep });
        Ok(self)
    }

    /// Whether the images are pseudonymised on their way.
    #[must_use]
    pub fn pseudonymises(&self) -> bool {
        self.identity.map_or(!self.pseudonym.is_empty(), |identity| identity == Identity::Pseudonymise)
    }

    /// Whether the images leave exactly as they came.
    #[must_use]
    pub fn leaves_unchanged(&self) -> bool {
        !self.pseudonymises() && self.trial_protocol_id.is_empty() && self.trial_protocol_name.is_empty()
    }

    /// Whether a series of this modality or an instance of this SOP class stays behind, because it is text about a
    /// person and the job pseudonymises.
    #[must_use]
    pub fn holds_back(&self, modality: &str, sop_class_uid: &str) -> bool {
        self.pseudonymises()
            && !self.include_documents
            && (TEXT_MODALITIES.contains(&modality) || is_document_class(sop_class_uid))
    }
}

/// Trims a pseudonym and checks that it can stand for a Patient ID and a Patient's Name; nothing may be given.
pub fn parse_pseudonym(text: &str) -> Result<String, InvalidValue> {
    let text = plain_text("pseudonym", text)?;
    if text.contains(['*', '?', '^', '=']) {
        return Err(InvalidValue::new("pseudonym", "must not contain * ? ^ or ="));
    }
    Ok(text)
}

/// Trims a text and checks that it fits into an attribute of every character set.
fn plain_text(what: &'static str, text: &str) -> Result<String, InvalidValue> {
    let text = text.trim();
    check_text(what, text, MAX_TEXT)?;
    // The images' own character sets need not hold anything else.
    if !text.is_ascii() {
        return Err(InvalidValue::new(what, "must be written with plain letters, digits and signs, without accents"));
    }
    Ok(text.to_owned())
}

/// Structured reports, presentation states, key object selections and encapsulated documents by SOP class (PS3.4 B.5).
#[must_use]
pub fn is_document_class(sop_class_uid: &str) -> bool {
    const PREFIXES: [&str; 3] =
        ["1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.11.", "1.2.840.10008.5.1.4.1.1.104."];
    PREFIXES.iter().any(|prefix| sop_class_uid.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_stay_behind_only_when_pseudonymised() {
        let plain = TransferOptions::default();
        assert!(!plain.holds_back("SR", ""));
        let secret = TransferOptions { pseudonym: "P1".into(), ..TransferOptions::default() };
        assert!(secret.holds_back("SR", ""));
        assert!(secret.holds_back("OT", "1.2.840.10008.5.1.4.1.1.104.1"));
        assert!(!secret.holds_back("CT", "1.2.840.10008.5.1.4.1.1.2"));
        let all = TransferOptions { include_documents: true, ..secret };
        assert!(!all.holds_back("SR", ""));
    }

    #[test]
    fn options_are_trimmed_and_checked() {
        let options = TransferOptions { pseudonym: "  P 1 ".into(), ..TransferOptions::default() };
        assert_eq!(options.validated().unwrap().pseudonym, "P 1");
        let bad = TransferOptions { pseudonym: "a\\b".into(), ..TransferOptions::default() };
        assert!(bad.validated().unwrap_err().to_string().contains("backslash"));
        let bad = TransferOptions { profile: "secret".into(), ..TransferOptions::default() };
        assert!(bad.validated().unwrap_err().to_string().contains("basic, research, adit-compatible"));
    }

    #[test]
    fn identity_is_a_choice_and_a_pseudonym_alone_means_pseudonymise() {
        let identity = |options: TransferOptions| options.validated().map(|options| options.identity);
        let old = |pseudonym: &str| TransferOptions { pseudonym: pseudonym.into(), ..TransferOptions::default() };
        assert_eq!(identity(old("P")).unwrap(), Some(Identity::Pseudonymise));
        assert_eq!(identity(old(" ")).unwrap(), Some(Identity::Keep));
        let derived = TransferOptions { identity: Some(Identity::Pseudonymise), ..TransferOptions::default() };
        assert!(derived.pseudonymises() && !derived.leaves_unchanged());
        let contradiction = TransferOptions { identity: Some(Identity::Keep), ..old("P") };
        assert!(identity(contradiction).is_err());
        let before: TransferOptions = serde_json::from_str(r#"{"pseudonym":"P"}"#).unwrap();
        assert!(before.pseudonymises() && before.project.is_empty());
    }
}
