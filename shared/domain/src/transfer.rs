//! What a transfer is asked to do: the options of a job and the policy on what may leave pseudonymised.

use serde::{Deserialize, Serialize};

use crate::dicom::{InvalidValue, check_text};

/// The longest pseudonym, trial id or trial name: 64 characters (VR LO, PS3.5 6.2).
pub const MAX_TEXT: usize = 64;
/// Modalities that a pseudonymised transfer leaves out unless the job says otherwise: their free text names people.
pub const TEXT_MODALITIES: [&str; 4] = ["SR", "PR", "KO", "DOC"];
/// How many studies one selective job may hold: job, tasks and queue pointers are written in one transaction.
pub const MAX_STUDIES: usize = 90;

/// Options that hold for all studies of one job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TransferOptions {
    /// Replaces Patient ID and Patient's Name; empty means that the images go out unchanged.
    pub pseudonym: String,
    /// Clinical Trial Protocol ID (0012,0020); empty means none.
    pub trial_protocol_id: String,
    /// Clinical Trial Protocol Name (0012,0021); empty means none.
    pub trial_protocol_name: String,
    /// Send reports, presentation states, key objects and encapsulated documents although the job pseudonymises.
    pub include_documents: bool,
    /// Ask the source to send straight to the destination (C-MOVE) when nothing is modified.
    pub direct_move: bool,
    /// Mail the owner when the job has finished.
    pub send_finished_mail: bool,
}

impl TransferOptions {
    /// Trims every text and checks it against the rules of its attribute.
    pub fn validated(mut self) -> Result<Self, InvalidValue> {
        for (what, text) in [
            ("pseudonym", &mut self.pseudonym),
            ("trial protocol id", &mut self.trial_protocol_id),
            ("trial protocol name", &mut self.trial_protocol_name),
        ] {
            *text = text.trim().to_owned();
            check_text(what, text, MAX_TEXT)?;
            // The images' own character sets need not hold anything else.
            if !text.is_ascii() {
                return Err(InvalidValue::new(
                    what,
                    "must be written with plain letters, digits and signs, without accents",
                ));
            }
        }
        if self.pseudonym.contains(['*', '?', '^', '=']) {
            return Err(InvalidValue::new("pseudonym", "must not contain * ? ^ or ="));
        }
        Ok(self)
    }

    /// Whether the images are pseudonymised on their way.
    #[must_use]
    pub fn pseudonymises(&self) -> bool {
        !self.pseudonym.is_empty()
    }

    /// Whether the images leave exactly as they came.
    #[must_use]
    pub fn leaves_unchanged(&self) -> bool {
        self.pseudonym.is_empty() && self.trial_protocol_id.is_empty() && self.trial_protocol_name.is_empty()
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
    }
}
