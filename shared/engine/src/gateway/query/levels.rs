//! Levels of the information model with the attributes that belong to each (PS3.4 C.6, PS3.18 Tables 10.6.3-3 to 10.6.3-5).

use adit_dicomweb::query::Attribute;
use adit_dimse::{Tag, tags};

/// What a search is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Patients; only on the way to studies, where an archive knows no other way.
    Patient,
    /// Studies.
    Study,
    /// Series.
    Series,
    /// Instances.
    Instance,
}

const fn tag(group: u16, element: u16, vr: &[u8; 2]) -> Tag {
    Tag(group, element, *vr)
}

/// Always asked for at the level of patients.
const PATIENT: &[Tag] = &[tags::PATIENT_NAME, tags::PATIENT_ID, tags::PATIENT_BIRTH_DATE, tags::PATIENT_SEX];
/// Always asked for at the level of studies.
const STUDY: &[Tag] = &[
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::INSTANCE_AVAILABILITY,
    tags::MODALITIES_IN_STUDY,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::STUDY_DESCRIPTION,
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_INSTANCE_UID,
    tag(0x0020, 0x0010, b"SH"),
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
];
/// Always asked for at the level of series.
const SERIES: &[Tag] = &[
    tags::MODALITY,
    tags::SERIES_DESCRIPTION,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::SERIES_NUMBER,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
    tag(0x0040, 0x0244, b"DA"),
    tag(0x0040, 0x0245, b"TM"),
];
/// Always asked for at the level of instances.
const INSTANCE: &[Tag] = &[
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::INSTANCE_AVAILABILITY,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::INSTANCE_NUMBER,
    tag(0x0028, 0x0010, b"US"),
    tag(0x0028, 0x0011, b"US"),
    tag(0x0028, 0x0100, b"US"),
    tag(0x0028, 0x0008, b"IS"),
];
/// Of studies, where everything is wanted.
const STUDY_MORE: &[Tag] = &[
    tag(0x0008, 0x0062, b"UI"),
    tag(0x0008, 0x0201, b"SH"),
    tag(0x0008, 0x1032, b"SQ"),
    tag(0x0008, 0x1060, b"PN"),
    tag(0x0008, 0x1080, b"LO"),
    tag(0x0010, 0x0021, b"LO"),
    tag(0x0010, 0x0032, b"TM"),
    tag(0x0010, 0x1000, b"LO"),
    tag(0x0010, 0x1001, b"PN"),
    tag(0x0010, 0x1010, b"AS"),
    tag(0x0010, 0x1020, b"DS"),
    tag(0x0010, 0x1030, b"DS"),
    tag(0x0010, 0x2160, b"SH"),
    tag(0x0010, 0x2180, b"SH"),
    tag(0x0010, 0x4000, b"LT"),
];
/// Of series, where everything is wanted.
const SERIES_MORE: &[Tag] = &[
    tag(0x0008, 0x0021, b"DA"),
    tag(0x0008, 0x0031, b"TM"),
    tag(0x0008, 0x0070, b"LO"),
    tag(0x0008, 0x0080, b"LO"),
    tag(0x0008, 0x1010, b"SH"),
    tag(0x0008, 0x1040, b"LO"),
    tag(0x0008, 0x1050, b"PN"),
    tag(0x0008, 0x1070, b"PN"),
    tag(0x0008, 0x1090, b"LO"),
    tag(0x0018, 0x0015, b"CS"),
    tag(0x0018, 0x1030, b"LO"),
    tag(0x0018, 0x5100, b"CS"),
    tag(0x0020, 0x0060, b"CS"),
    tag(0x0040, 0x0253, b"SH"),
    tag(0x0040, 0x0254, b"LO"),
    tag(0x0040, 0x0275, b"SQ"),
];
/// Of instances, where everything is wanted.
const INSTANCE_MORE: &[Tag] = &[
    tag(0x0008, 0x0008, b"CS"),
    tag(0x0008, 0x0012, b"DA"),
    tag(0x0008, 0x0013, b"TM"),
    tag(0x0008, 0x0022, b"DA"),
    tag(0x0008, 0x0023, b"DA"),
    tag(0x0008, 0x0032, b"TM"),
    tag(0x0008, 0x0033, b"TM"),
    tag(0x0008, 0x3002, b"UI"),
    tag(0x0020, 0x0012, b"IS"),
    tag(0x0020, 0x0032, b"DS"),
    tag(0x0020, 0x0037, b"DS"),
    tag(0x0020, 0x0052, b"UI"),
    tag(0x0020, 0x4000, b"LT"),
    tag(0x0028, 0x0004, b"CS"),
    tag(0x0028, 0x0103, b"US"),
    tag(0x0040, 0xA043, b"SQ"),
    tag(0x0040, 0xA491, b"CS"),
    tag(0x0040, 0xA493, b"CS"),
    tag(0x0070, 0x0080, b"CS"),
];

impl Level {
    /// Value of (0008,0052).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Patient => "PATIENT",
            Self::Study => "STUDY",
            Self::Series => "SERIES",
            Self::Instance => "IMAGE",
        }
    }

    /// What tells things of this level apart.
    pub(super) fn unique_key(self) -> Tag {
        match self {
            Self::Patient => tags::PATIENT_ID,
            Self::Study => tags::STUDY_INSTANCE_UID,
            Self::Series => tags::SERIES_INSTANCE_UID,
            Self::Instance => tags::SOP_INSTANCE_UID,
        }
    }

    /// The level below.
    pub(super) fn below(self) -> Self {
        match self {
            Self::Patient => Self::Study,
            Self::Study => Self::Series,
            Self::Series | Self::Instance => Self::Instance,
        }
    }

    /// What is asked for at this level, in addition to what a search names.
    pub(super) fn attributes(self, everything: bool) -> impl Iterator<Item = Tag> {
        let (always, more) = match self {
            Self::Patient => (PATIENT, &[][..]),
            Self::Study => (STUDY, STUDY_MORE),
            Self::Series => (SERIES, SERIES_MORE),
            Self::Instance => (INSTANCE, INSTANCE_MORE),
        };
        always.iter().chain(more.iter().filter(move |_| everything)).copied()
    }

    /// The level at which archives know an attribute, in a search for `wanted`: what the standard does not place is asked for at the
    /// level of the search itself.
    pub(super) fn of(attribute: &Attribute, wanted: Self) -> Self {
        let outermost = attribute.path.first().copied().unwrap_or(attribute.tag);
        let is_in = |all: &[Tag]| all.iter().any(|tag| (tag.0, tag.1) == (outermost.0, outermost.1));
        if is_in(&[tags::STUDY_INSTANCE_UID]) || outermost.0 == 0x0010 {
            return Self::Study;
        }
        match outermost {
            _ if is_in(&[tags::SERIES_INSTANCE_UID]) => Self::Series,
            // Each level has its own.
            _ if is_in(&[tags::INSTANCE_AVAILABILITY]) => wanted,
            _ if is_in(STUDY) || is_in(STUDY_MORE) => Self::Study,
            _ if is_in(SERIES) || is_in(SERIES_MORE) => Self::Series,
            _ if is_in(INSTANCE) || is_in(INSTANCE_MORE) => Self::Instance,
            _ => wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_belong_to_a_level() {
        let of = |name: &str, wanted| Level::of(&Attribute::parse(name).unwrap(), wanted);
        assert_eq!(of("PatientWeight", Level::Instance), Level::Study);
        assert_eq!(of("Modality", Level::Instance), Level::Series);
        assert_eq!(of("RequestAttributesSequence.StudyDate", Level::Instance), Level::Series);
        assert_eq!(of("Rows", Level::Instance), Level::Instance);
        assert_eq!(of("GantryID", Level::Series), Level::Series);
        assert_eq!(of("InstanceAvailability", Level::Study), Level::Study);
    }

    #[test]
    fn every_attribute_has_the_representation_of_the_standard() {
        for level in [Level::Patient, Level::Study, Level::Series, Level::Instance] {
            for tag in level.attributes(true) {
                let known = adit_dimse::dictionary::vr_of(tag.0, tag.1, false);
                assert_eq!(known, tag.2, "({:04X},{:04X})", tag.0, tag.1);
            }
        }
    }
}
