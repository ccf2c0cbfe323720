//! Documents among images: their text names people, and they become no NIfTI files. They stay behind before anything is fetched.

use std::collections::HashMap;

use adit_domain::task::LogLevel;
use adit_domain::transfer::{TEXT_MODALITIES, is_document_class};

use super::Transfer;
use super::ledger::{DOCUMENT, NO_IMAGES};
use super::plan::{Expected, Series};

impl Transfer {
    /// Leaves out series of documents where the job pseudonymises or converts, and says so.
    pub(super) fn without_documents(&self, series: Vec<Series>) -> Vec<Series> {
        let mut going = Vec::new();
        for one in series {
            let Some(reason) = self.holds_back(&one.modality, "") else {
                going.push(one);
                continue;
            };
            let count = one.count.map_or_else(|| "some".to_owned(), |count| count.to_string());
            let because = if reason == DOCUMENT { "its text names people" } else { "it holds no images" };
            self.ledger.note(
                LogLevel::Info,
                "Held back",
                &format!("A series of modality {} ({count} instances) stays behind, because {because}.", one.modality),
            );
            for number in 0..one.count.unwrap_or(1) {
                self.ledger.hold_back(&format!("{}#{number}", one.uid), reason);
            }
        }
        going
    }

    /// Why a series of this modality or an instance of this SOP class does not go, if so.
    pub(super) fn holds_back(&self, modality: &str, sop_class_uid: &str) -> Option<&'static str> {
        if self.job.options.holds_back(modality, sop_class_uid) {
            return Some(DOCUMENT);
        }
        let is_text = TEXT_MODALITIES.contains(&modality) || is_document_class(sop_class_uid);
        (self.converts() && is_text).then_some(NO_IMAGES)
    }

    /// Leaves out instances of documents where the job pseudonymises or converts.
    pub(super) fn without_document_classes(&self, expected: &mut HashMap<String, Expected>) {
        expected.retain(|uid, one| {
            let reason = self.holds_back("", &one.sop_class_uid);
            if let Some(reason) = reason {
                self.ledger.hold_back(uid, reason);
            }
            reason.is_none()
        });
    }
}
