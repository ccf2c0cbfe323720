//! What happens to an attribute: the one place where project rules, options, table and value representation meet.

use super::{Dates, OverrideAction, Profile};
use crate::dictionary::keyword;
use crate::scanner::PIXELS;
use crate::tables::{self, AttributeLookup, AttributeType, Cell, Code, Column};

/// Dates and times that [`Dates::KeepOfStudy`] leaves alone.
const OF_STUDY: [u32; 10] = [
    0x0008_0020,
    0x0008_0021,
    0x0008_0022,
    0x0008_0023,
    0x0008_002A,
    0x0008_0030,
    0x0008_0031,
    0x0008_0032,
    0x0008_0033,
    0x0008_0201, // Timezone Offset From UTC, without which the times mean little
];
/// Small pictures of the image (PS3.15 E.1.1: to be removed, or made anew from cleaned pixels).
const ICON_IMAGE_SEQUENCE: u32 = 0x0088_0200;
/// How signatures were made, which go.
const MAC_PARAMETERS_SEQUENCE: u32 = 0x4FFE_0001;
/// Texts whose words come from a vocabulary or a maker: no rule looks for dates and numbers in them.
const FROM_A_LIST: [u32; 12] = [
    0x0008_0005, // Specific Character Set
    0x0008_0070, // Manufacturer
    0x0008_0100, // Code Value
    0x0008_0102, // Coding Scheme Designator
    0x0008_0103, // Coding Scheme Version
    0x0008_0104, // Code Meaning
    0x0008_0119, // Long Code Value
    0x0008_0120, // URN Code Value
    0x0008_1090, // Manufacturer's Model Name
    0x0018_1020, // Software Versions
    0x0018_1210, // Convolution Kernel
    0x0012_0063, // De-identification Method
];

/// An attribute in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub sop_class_uid: &'a str,
    /// Tag of the sequence around it, 0 at the top level.
    pub parent: u32,
    pub tag: u32,
    /// The dictionary's, else the one written.
    pub vr: [u8; 2],
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// It stays; a sequence is gone into, a binary value is searched for identifiers.
    Keep,
    /// Text that stays without the patient's identifiers; with `free`, dates, numbers and names by rule go too.
    Text {
        free: bool,
    },
    Remove,
    Empty,
    /// A value that says nothing.
    Dummy,
    Uid,
    Shift,
    /// It stays if it is a time.
    Time,
    /// Ages above 89 years become 90.
    Age,
    /// Items with a concept name: each by Table E.3.4-1.
    Content,
    Replace(String),
    Hash,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A project's rule.
    Project,
    /// An option of the standard.
    Option(&'static str),
    /// Table E.1-1, or E.3.4-1 for structured content.
    Basic,
    /// The value representation: dates, names and UIDs outside of the table.
    Representation,
    /// Private elements.
    Private,
    /// An attribute that the dictionary does not know, an icon, a group length, padding.
    Structure,
    /// An identifier of the patient stood in it.
    Identifier,
    /// The pseudonym, the trial, and the marks.
    Mark,
}

/// A profile with its columns at hand.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub profile: Profile,
    pub columns: Vec<Column>,
}

impl Rules {
    pub fn new(profile: Profile) -> Self {
        Self { columns: profile.options.columns(), profile }
    }

    /// The treatment of a public attribute.
    pub fn of(&self, place: &Place<'_>) -> (Treatment, Source) {
        if let Some(action) = self.profile.overrides.of(place.tag, place.vr) {
            return (by_rule(action, place), Source::Project);
        }
        match tables::row(place.tag) {
            Some(row) => self.by_row(row, place),
            None => self.by_representation(place),
        }
    }

    /// Whether a project's rule keeps an attribute as it is, so that its value is no secret in this project.
    pub fn discloses(&self, tag: u32, vr: [u8; 2]) -> bool {
        self.profile.overrides.of(tag, vr) == Some(&OverrideAction::Keep)
    }

    fn by_row(&self, row: &tables::Row, place: &Place<'_>) -> (Treatment, Source) {
        // Curves and overlays cannot be read by any rule: they go, also where graphics are cleaned.
        if matches!(place.tag >> 16, 0x5000..=0x50FF | 0x6000..=0x60FF) {
            return (Treatment::Remove, Source::Basic);
        }
        let dates = self.profile.options.dates;
        if dates == Dates::KeepOfStudy && OF_STUDY.contains(&place.tag) {
            return (kept_date(place), option(Column::FullDates));
        }
        // The device's own dates, too: this profile keeps those of the study and no other.
        if dates == Dates::KeepOfStudy && matches!(&place.vr, b"DA" | b"DT" | b"TM") {
            return (basic(row.basic, place), Source::Basic);
        }
        let with = |cell| self.columns.iter().copied().find(|column| row.option(*column) == Some(cell));
        let (kept, cleaned) = (with(Cell::Keep), with(Cell::Clean));
        // A date that another option would keep moves with the others: a still one beside them would give the shift away.
        if dates == Dates::Shift && matches!(&place.vr, b"DA" | b"DT") && (kept.is_some() || cleaned.is_some()) {
            return (Treatment::Shift, option(Column::ModifiedDates));
        }
        if let Some(column) = kept {
            return (kept_as(place), option(column));
        }
        let Some(column) = cleaned else { return (basic(row.basic, place), Source::Basic) };
        let treatment = match &place.vr {
            b"DA" | b"DT" => Treatment::Shift,
            b"TM" => Treatment::Time,
            b"SQ" if column == Column::StructuredContent => Treatment::Content,
            b"SQ" => Treatment::Keep,
            vr if is_text(*vr) && *vr != *b"AE" => Treatment::Text { free: true },
            // What cannot be cleaned goes as the basic profile says.
            _ => return (basic(row.basic, place), Source::Basic),
        };
        (treatment, option(column))
    }

    /// Attributes outside of the table.
    fn by_representation(&self, place: &Place<'_>) -> (Treatment, Source) {
        let group = place.tag >> 16;
        if keyword(place.tag).is_none()
            || matches!(place.tag, ICON_IMAGE_SEQUENCE | MAC_PARAMETERS_SEQUENCE)
            || matches!(group, 0 | 2 | 0x5000..=0x50FF | 0x6000..=0x60FF | 0xFFFA | 0xFFFC)
            || place.tag == 0x0008_0001
            // In a sequence no policy looks at pixels.
            || (place.parent != 0 && PIXELS.contains(&place.tag))
        {
            return (Treatment::Remove, Source::Structure);
        }
        let dates = self.profile.options.dates;
        let by_vr = |treatment| (treatment, Source::Representation);
        match &place.vr {
            b"DA" | b"DT" => match dates {
                Dates::Shift => by_vr(Treatment::Shift),
                Dates::Keep => by_vr(kept_date(place)),
                Dates::Remove | Dates::KeepOfStudy => by_vr(basic(Code::XZD, place)),
            },
            b"TM" => match dates {
                Dates::Shift | Dates::Keep => by_vr(Treatment::Time),
                Dates::Remove | Dates::KeepOfStudy => by_vr(basic(Code::XZD, place)),
            },
            b"PN" => by_vr(basic(Code::XZD, place)),
            b"AS" => by_vr(Treatment::Age),
            b"UI" if is_structural(place.tag) || self.profile.options.uids => by_vr(Treatment::Keep),
            b"UI" => by_vr(Treatment::Uid),
            b"SQ" => by_vr(Treatment::Keep),
            vr if is_text(*vr) => {
                let long = matches!(vr, b"LO" | b"LT" | b"ST" | b"UC" | b"UT");
                by_vr(Treatment::Text { free: long && !FROM_A_LIST.contains(&place.tag) })
            }
            _ => by_vr(Treatment::Keep),
        }
    }
}

fn by_rule(action: &OverrideAction, place: &Place<'_>) -> Treatment {
    match action {
        OverrideAction::Keep => Treatment::Keep,
        OverrideAction::Remove => Treatment::Remove,
        OverrideAction::Empty => Treatment::Empty,
        OverrideAction::Replace(value) => Treatment::Replace(value.clone()),
        OverrideAction::Hash if place.vr == *b"UI" => Treatment::Uid,
        OverrideAction::Hash => Treatment::Hash,
        OverrideAction::Shift => Treatment::Shift,
        OverrideAction::Clean => Treatment::Text { free: true },
    }
}

/// The treatment of a private element under the rule that names it.
pub(crate) fn private_by_rule(action: &OverrideAction, vr: [u8; 2]) -> Treatment {
    by_rule(action, &Place { sop_class_uid: "", parent: 0, tag: 0, vr })
}

/// The rule of a content item's value, from the code of Table E.3.4-1.
pub(crate) fn content(code: Code, is_required: bool) -> Treatment {
    match code {
        Code::X | Code::XZ if !is_required => Treatment::Remove,
        Code::U | Code::XZU => Treatment::Uid,
        _ => Treatment::Dummy,
    }
}

fn option(column: Column) -> Source {
    Source::Option(match column {
        Column::SafePrivate => "retain safe private",
        Column::Uids => "retain UIDs",
        Column::DeviceIdentity => "retain device identity",
        Column::InstitutionIdentity => "retain institution identity",
        Column::PatientCharacteristics => "retain patient characteristics",
        Column::FullDates => "retain full dates",
        Column::ModifiedDates => "retain modified dates",
        Column::Descriptors => "clean descriptors",
        Column::StructuredContent => "clean structured content",
        Column::Graphics => "clean graphics",
    })
}

/// An attribute that an option keeps.
fn kept_as(place: &Place<'_>) -> Treatment {
    match &place.vr {
        b"AS" => Treatment::Age,
        b"DA" | b"DT" | b"TM" => kept_date(place),
        vr if is_text(*vr) => Treatment::Text { free: false },
        _ => Treatment::Keep,
    }
}

/// A date or time that stays is still no hiding place for text.
fn kept_date(place: &Place<'_>) -> Treatment {
    if place.vr == *b"TM" { Treatment::Time } else { Treatment::Text { free: false } }
}

/// The action of a code, composite ones by the attribute's type in the SOP class.
fn basic(code: Code, place: &Place<'_>) -> Treatment {
    use AttributeType::{One, OneC, Three, Two, TwoC};
    let found = tables::attribute_type(place.sop_class_uid, place.parent, place.tag);
    let kind = match found {
        AttributeLookup::Known(kind) => Some(kind),
        AttributeLookup::NotInClass => Some(Three),
        AttributeLookup::UnknownClass => None,
    };
    let treatment = match (code, kind) {
        (Code::U, _) => Treatment::Uid,
        (Code::XZU, _) => Treatment::Keep,
        // Removing what a class must have would break the object.
        (Code::X, Some(One)) => Treatment::Dummy,
        (Code::X, Some(Two)) => Treatment::Empty,
        (Code::X, _) => Treatment::Remove,
        (Code::D, _) | (Code::Z | Code::XZ, Some(One | OneC)) => Treatment::Dummy,
        (Code::Z | Code::XZ, Some(Two | TwoC) | None) | (Code::Z, Some(Three)) => Treatment::Empty,
        (Code::ZD | Code::XD | Code::XZD, Some(One | OneC) | None) => Treatment::Dummy,
        (Code::XD, Some(Two | TwoC)) => Treatment::Dummy,
        (Code::ZD, _) | (Code::XZD, Some(Two | TwoC)) => Treatment::Empty,
        (Code::XZ | Code::XD | Code::XZD, Some(Three)) => Treatment::Remove,
    };
    // Structured content is required where its class has it: item by item, under every profile.
    let is_content = matches!(place.tag, 0x0040_A730 | 0x0040_B020);
    if is_content && treatment == Treatment::Dummy { Treatment::Content } else { treatment }
}

/// Whether the SOP class wants, or may want, a value wherever the attribute stands.
pub(crate) fn is_required(place: &Place<'_>) -> bool {
    let found = tables::attribute_type(place.sop_class_uid, place.parent, place.tag);
    match found {
        AttributeLookup::Known(kind) => matches!(kind, AttributeType::One | AttributeType::OneC),
        // The types are known of the table's attributes: a label, a layer or a code's meaning outside of it may be required.
        _ => tables::row(place.tag).is_none() && is_text(place.vr) && !matches!(&place.vr, b"DS" | b"IS" | b"AS"),
    }
}

/// Text in the widest sense: what a person may have typed.
pub(crate) fn is_text(vr: [u8; 2]) -> bool {
    matches!(
        &vr,
        b"AE"
            | b"AS"
            | b"CS"
            | b"DA"
            | b"DS"
            | b"DT"
            | b"IS"
            | b"LO"
            | b"LT"
            | b"PN"
            | b"SH"
            | b"ST"
            | b"TM"
            | b"UC"
            | b"UR"
            | b"UT"
    )
}

/// UIDs that name a kind of thing, never a patient's own object.
pub(crate) fn is_structural(tag: u32) -> bool {
    let Some(keyword) = keyword(tag) else { return false };
    // Manufacturer's Device Class UID, for one: what the table replaces names more than a kind.
    if tables::row(tag).is_some_and(|row| row.basic == Code::U) {
        return false;
    }
    keyword.ends_with("ClassUID")
        || keyword.contains("TransferSyntaxUID")
        || keyword.starts_with("SOPClasses")
        || keyword.ends_with("SOPClassUIDInFile")
        || matches!(
            keyword,
            "CodingSchemeUID"
                | "ContextUID"
                | "MappingResourceUID"
                | "ContextGroupExtensionCreatorUID"
                | "TemplateExtensionCreatorUID"
                | "TemplateExtensionOrganizationUID"
                | "PrivateInformationCreatorUID"
                | "LongCodeValueUID"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

    fn treat(profile: &str, sop_class_uid: &str, tag: u32, vr: &[u8; 2]) -> Treatment {
        let rules = Rules::new(Profile::named(profile).unwrap());
        rules.of(&Place { sop_class_uid, parent: 0, tag, vr: *vr }).0
    }

    #[test]
    fn composite_codes_follow_the_attributes_type() {
        // Study Date is Z, type 2; Series Date X/D, type 3.
        assert_eq!(treat("basic", CT, 0x0008_0020, b"DA"), Treatment::Empty);
        assert_eq!(treat("basic", CT, 0x0008_0021, b"DA"), Treatment::Remove);
        assert_eq!(treat("basic", "1.2.3", 0x0008_0021, b"DA"), Treatment::Dummy, "unknown class");
        assert_eq!(treat("basic", CT, 0x0008_1030, b"LO"), Treatment::Remove);
        assert_eq!(treat("basic", CT, 0x0008_0018, b"UI"), Treatment::Uid);
    }

    #[test]
    fn uids_of_kinds_are_told_from_those_of_objects() {
        for kind in [0x0008_0016, 0x0008_1150, 0x0002_0010, 0x0008_010C, 0x0008_0117, 0x0400_0010] {
            assert!(is_structural(kind), "{kind:08X}");
        }
        for own in [0x0008_0018, 0x0020_000D, 0x0008_1155, 0x0018_1002, 0x0018_100B, 0x0040_A124, 0x0040_DB0D] {
            assert!(!is_structural(own), "{own:08X}");
        }
    }

    #[test]
    fn options_go_before_the_basic_action() {
        assert_eq!(treat("research", CT, 0x0008_0020, b"DA"), Treatment::Shift);
        assert_eq!(treat("research", CT, 0x0008_0030, b"TM"), Treatment::Time);
        assert_eq!(treat("research", CT, 0x0008_1030, b"LO"), Treatment::Text { free: true });
        assert_eq!(treat("research", CT, 0x0010_1010, b"AS"), Treatment::Age);
        assert_eq!(treat("research", CT, 0x0018_1000, b"LO"), Treatment::Text { free: false });
        assert_eq!(treat("research", CT, 0x0018_1200, b"DA"), Treatment::Shift, "kept as device identity, but a date");
        assert_eq!(treat("research", CT, 0x0010_0030, b"DA"), Treatment::Empty);
    }

    #[test]
    fn the_compatible_profile_keeps_the_studys_dates_and_no_other() {
        assert_eq!(treat("adit-compatible", CT, 0x0008_0020, b"DA"), Treatment::Text { free: false });
        assert_eq!(treat("adit-compatible", CT, 0x0008_0033, b"TM"), Treatment::Time);
        assert_eq!(treat("adit-compatible", CT, 0x0008_0012, b"DA"), Treatment::Remove);
    }

    #[test]
    fn what_is_not_in_the_table_goes_by_its_representation() {
        assert_eq!(treat("basic", CT, 0x0008_0016, b"UI"), Treatment::Keep, "SOP class");
        assert_eq!(treat("basic", CT, 0x0008_1150, b"UI"), Treatment::Keep, "referenced SOP class");
        assert_eq!(treat("basic", CT, 0x0008_9999, b"LO"), Treatment::Remove, "unknown to the dictionary");
        assert_eq!(treat("basic", CT, 0x6000_0010, b"US"), Treatment::Remove);
        assert_eq!(treat("basic", CT, 0x0018_0050, b"DS"), Treatment::Text { free: false });
        assert_eq!(treat("basic", CT, 0x0028_0010, b"US"), Treatment::Keep);
    }
}
