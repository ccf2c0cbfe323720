//! What a server offers by DIMSE.

use serde::{Deserialize, Serialize};

/// DIMSE information models and services (PS3.4 Annex B and C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one capability that an administrator ticks")]
pub struct Services {
    /// C-FIND in the patient root model.
    pub patient_root_find: bool,
    /// C-GET in the patient root model.
    pub patient_root_get: bool,
    /// C-MOVE in the patient root model.
    pub patient_root_move: bool,
    /// C-FIND in the study root model.
    pub study_root_find: bool,
    /// C-GET in the study root model.
    pub study_root_get: bool,
    /// C-MOVE in the study root model.
    pub study_root_move: bool,
    /// C-STORE: the server may receive images.
    pub store_scp: bool,
}

impl Services {
    /// Whether any is offered.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.can_find() || self.can_retrieve() || self.store_scp
    }

    /// Whether a C-FIND of either model may be sent.
    #[must_use]
    pub fn can_find(&self) -> bool {
        self.study_root_find || self.patient_root_find
    }

    /// Whether a C-GET or C-MOVE of either model may be sent.
    #[must_use]
    pub fn can_retrieve(&self) -> bool {
        self.can_get() || self.can_move()
    }

    /// Whether a C-GET of either model may be sent.
    #[must_use]
    pub fn can_get(&self) -> bool {
        self.study_root_get || self.patient_root_get
    }

    /// Whether a C-MOVE of either model may be sent.
    #[must_use]
    pub fn can_move(&self) -> bool {
        self.study_root_move || self.patient_root_move
    }
}
