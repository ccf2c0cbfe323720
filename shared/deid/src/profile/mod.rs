//! Profiles: the basic profile with a choice of its options (PS3.15 Annex E), and a project's own rules on top.

mod overrides;
mod treatment;

pub(crate) use overrides::OverrideAction;
pub use overrides::{Overrides, RuleError};
pub use treatment::Source;
pub(crate) use treatment::{Place, Rules, Treatment, content, is_required, is_structural, is_text, private_by_rule};

use crate::tables::Column;

/// What happens to dates and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// As the basic profile says: gone, empty, or a dummy.
    Remove,
    /// All of a patient's dates move by the same number of days (Retain Longitudinal Temporal Information with Modified Dates).
    Shift,
    /// They stay (Retain Longitudinal Temporal Information with Full Dates).
    Keep,
    /// Dates and times of study, series, acquisition and content stay, all others go as the basic profile says: nothing
    /// stands beside them from which a shift could be read.
    KeepOfStudy,
}

/// The options of PS3.15 E.3 that a profile has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the standard's options are independent of each other")]
pub struct Options {
    /// E.3.10 Retain Safe Private.
    pub safe_private: bool,
    /// E.3.9 Retain UIDs.
    pub uids: bool,
    /// E.3.8 Retain Device Identity.
    pub device_identity: bool,
    /// E.3.11 Retain Institution Identity.
    pub institution_identity: bool,
    /// E.3.7 Retain Patient Characteristics.
    pub patient_characteristics: bool,
    /// E.3.6 Retain Longitudinal Temporal Information.
    pub dates: Dates,
    /// E.3.5 Clean Descriptors.
    pub clean_descriptors: bool,
    /// E.3.4 Clean Structured Content.
    pub clean_structured_content: bool,
    /// E.3.3 Clean Graphics: texts of annotations are cleaned; overlays and curves go in any case.
    pub clean_graphics: bool,
}

impl Options {
    /// None of them: the basic profile alone.
    pub const NONE: Self = Self {
        safe_private: false,
        uids: false,
        device_identity: false,
        institution_identity: false,
        patient_characteristics: false,
        dates: Dates::Remove,
        clean_descriptors: false,
        clean_structured_content: false,
        clean_graphics: false,
    };

    /// The columns of Table E.1-1 that count.
    pub(crate) fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        let mut take = |is_on: bool, column| {
            if is_on {
                columns.push(column);
            }
        };
        take(self.safe_private, Column::SafePrivate);
        take(self.uids, Column::Uids);
        take(self.device_identity, Column::DeviceIdentity);
        take(self.institution_identity, Column::InstitutionIdentity);
        take(self.patient_characteristics, Column::PatientCharacteristics);
        take(self.dates == Dates::Keep, Column::FullDates);
        take(self.dates == Dates::Shift, Column::ModifiedDates);
        take(self.clean_descriptors, Column::Descriptors);
        take(self.clean_structured_content, Column::StructuredContent);
        take(self.clean_graphics, Column::Graphics);
        columns
    }
}

/// How a project's images are de-identified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name: `basic`, `research` or `adit-compatible`.
    pub name: &'static str,
    /// Options of the standard.
    pub options: Options,
    /// The project's own rules.
    pub overrides: Overrides,
}

/// Raised whenever the same data set would come out differently.
pub const PROFILE_VERSION: u32 = 1;

impl Profile {
    /// The names that [`Profile::named`] knows, strictest first.
    pub const NAMES: [&'static str; 3] = ["basic", "research", "adit-compatible"];

    /// A named profile without rules of a project.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let kept = Options {
            safe_private: true,
            device_identity: true,
            patient_characteristics: true,
            clean_descriptors: true,
            clean_structured_content: true,
            clean_graphics: true,
            ..Options::NONE
        };
        let options = match name {
            "basic" => Options::NONE,
            "research" => Options { dates: Dates::Shift, ..kept },
            "adit-compatible" => Options { dates: Dates::KeepOfStudy, ..kept },
            _ => return None,
        };
        let name = Self::NAMES.into_iter().find(|known| *known == name)?;
        Some(Self { name, options, overrides: Overrides::default() })
    }

    /// The profile with a project's rules.
    #[must_use]
    pub fn with(self, overrides: Overrides) -> Self {
        Self { overrides, ..self }
    }
}
