//! The type of an attribute in a SOP class: classes to IODs to modules to places, with numbers in place of names.

use super::iod_types::{CLASSES, IODS, MODULES, PLACES};
use super::without_repetition;

/// The type of an attribute (PS3.5 7.4), strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttributeType {
    /// Required, with a value.
    One,
    /// Under a condition as type 1: where it is present it needs a value.
    OneC,
    /// Required, may be empty.
    Two,
    /// Under a condition as type 2.
    TwoC,
    /// Optional.
    Three,
}

impl AttributeType {
    /// The type for the three low bits of a module's entry.
    fn from_bits(bits: u16) -> Self {
        match bits & 7 {
            0 => Self::One,
            1 => Self::OneC,
            2 => Self::Two,
            3 => Self::TwoC,
            _ => Self::Three,
        }
    }

    /// The type where the module that asks for it need not be there.
    fn in_optional_module(self) -> Self {
        match self {
            Self::One => Self::OneC,
            Self::Two => Self::TwoC,
            other => other,
        }
    }
}

/// What the data say about an attribute in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeLookup {
    /// The strongest type that a module of the SOP class gives it in this place.
    Known(AttributeType),
    /// No module of the SOP class names it in this place.
    NotInClass,
    /// The SOP class is not in the data.
    UnknownClass,
}

/// The type of an attribute in the IOD of a SOP class. `parent` is the tag of the directly enclosing sequence, 0 at the top level.
///
/// The data hold the attributes of Table E.1-1, sequences, dates, times, person names and UIDs; not UIDs that name a class, a transfer
/// syntax or a code. Types 1 and 2 of a module that is not mandatory count as 1C and 2C.
pub(crate) fn attribute_type(sop_class_uid: &str, parent: u32, tag: u32) -> AttributeLookup {
    let Some(modules) = modules(sop_class_uid) else { return AttributeLookup::UnknownClass };
    let place = PLACES.binary_search(&(parent, without_repetition(tag)));
    let Some(place) = place.ok().and_then(|place| u16::try_from(place).ok()) else {
        return AttributeLookup::NotInClass;
    };
    let strongest = modules.iter().filter_map(|member| type_in(*member, place)).min();
    strongest.map_or(AttributeLookup::NotInClass, AttributeLookup::Known)
}

/// The modules of a SOP class: number times two, plus one if the module is mandatory.
fn modules(sop_class_uid: &str) -> Option<&'static [u16]> {
    let class = CLASSES.binary_search_by_key(&sop_class_uid, |class| class.0).ok()?;
    let iod = CLASSES.get(class)?.1;
    IODS.get(usize::from(iod)).copied()
}

/// The type that a module gives a place. Its entries are number of the place times eight, plus the type, and sorted.
fn type_in(member: u16, place: u16) -> Option<AttributeType> {
    let entries = MODULES.get(usize::from(member >> 1))?;
    let at = entries.binary_search_by_key(&place, |entry| entry >> 3).ok()?;
    let kind = AttributeType::from_bits(*entries.get(at)?);
    Some(if member & 1 == 1 { kind } else { kind.in_optional_module() })
}
