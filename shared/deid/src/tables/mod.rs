//! What the standard says about attributes, as compiled data: the actions of PS3.15 Table E.1-1, the safe private attributes of
//! Table E.3.10-1, the content items of Table E.3.4-1, and the types of attributes in the SOP classes of PS3.3.
//!
//! The data files are made from `data/*.json` by `tests/tables.rs`, which also proves that they still are what those say.
//! Which option is on, and what an action does to a value, is not known here.

#[rustfmt::skip]
mod e1_1;
#[rustfmt::skip]
mod iod_types;
#[rustfmt::skip]
mod safe_private;
#[rustfmt::skip]
mod sr_content;
#[cfg(test)]
mod tests;
mod types;

pub(crate) use e1_1::EDITION;
pub(crate) use types::attribute_type;
pub use types::{AttributeLookup, AttributeType};

/// Action codes of the basic profile; composite ones are resolved by the attribute's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::upper_case_acronyms, reason = "the codes of the standard's table")]
pub(crate) enum Code {
    /// Remove.
    X,
    /// Empty, or a dummy.
    Z,
    /// A dummy that is not empty.
    D,
    /// A new UID.
    U,
    /// X unless type 2, which gets Z.
    XZ,
    /// X unless type 1, which gets D.
    XD,
    /// Z unless type 1, which gets D.
    ZD,
    /// X unless type 2 (Z) or type 1 (D).
    XZD,
    /// X unless type 2 (Z) or type 1, where new UIDs replace those inside.
    XZU,
}

/// What an option column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// K: the value stays.
    Keep,
    /// C: the value is cleaned.
    Clean,
}

/// The option columns, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Retain Safe Private Option.
    SafePrivate,
    /// Retain UIDs Option.
    Uids,
    /// Retain Device Identity Option.
    DeviceIdentity,
    /// Retain Institution Identity Option.
    InstitutionIdentity,
    /// Retain Patient Characteristics Option.
    PatientCharacteristics,
    /// Retain Longitudinal Temporal Information with Full Dates Option.
    FullDates,
    /// Retain Longitudinal Temporal Information with Modified Dates Option.
    ModifiedDates,
    /// Clean Descriptors Option.
    Descriptors,
    /// Clean Structured Content Option.
    StructuredContent,
    /// Clean Graphics Option.
    Graphics,
}

/// The option cells of a row, two bits a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cells(u32);

impl Cells {
    /// No option says anything.
    const NONE: Self = Self(0);

    /// One more K.
    const fn keep(self, column: Column) -> Self {
        Self(self.0 | 1 << (2 * column as u32))
    }

    /// One more C.
    const fn clean(self, column: Column) -> Self {
        Self(self.0 | 2 << (2 * column as u32))
    }

    fn get(self, column: Column) -> Option<Cell> {
        match self.0 >> (2 * column as u32) & 3 {
            1 => Some(Cell::Keep),
            2 => Some(Cell::Clean),
            _ => None,
        }
    }
}

/// A row of Table E.1-1.
#[derive(Debug)]
pub(crate) struct Row {
    /// Tag as 0xGGGGEEEE; 0x50000000 stands for all of (50xx,xxxx), 0x6000EEEE for (60xx,EEEE).
    pub tag: u32,
    /// What the basic profile does.
    pub basic: Code,
    cells: Cells,
}

impl Row {
    /// What an option says instead.
    pub fn option(&self, column: Column) -> Option<Cell> {
        self.cells.get(column)
    }
}

/// A row of Table E.3.4-1: a content item of a structured report, by concept name and value type. The table is for the Clean
/// Structured Content Option, so that option has no column of its own.
#[derive(Debug)]
pub(crate) struct Concept {
    /// Coding scheme designator, code value, value type.
    key: (&'static str, &'static str, &'static str),
    /// What happens where no option says otherwise.
    pub basic: Code,
    cells: Cells,
}

impl Concept {
    /// What an option says instead.
    pub fn option(&self, column: Column) -> Option<Cell> {
        self.cells.get(column)
    }
}

/// The row of a tag, repeating groups included. `None`: the table does not name it. Private elements have no row.
pub(crate) fn row(tag: u32) -> Option<&'static Row> {
    let tag = if is_repeating(tag, 0x50) { 0x5000_0000 } else { without_repetition(tag) };
    e1_1::ROWS.binary_search_by_key(&tag, |row| row.tag).ok().and_then(|at| e1_1::ROWS.get(at))
}

/// Whether a tag is in one of the even groups `GGxx`.
fn is_repeating(tag: u32, group: u32) -> bool {
    tag >> 24 == group && tag & 0x0001_0000 == 0
}

/// The tag of the first overlay for that of any overlay.
fn without_repetition(tag: u32) -> u32 {
    if is_repeating(tag, 0x60) { tag & 0xFF00_FFFF } else { tag }
}

/// A block of Table E.3.10-1: private creator, group, and (element, VR) sorted by element; a VR of blanks is not given.
type SafeBlock = (&'static str, u16, &'static [(u8, [u8; 2])]);

/// The VR of a safe private element (Table E.3.10-1). `creator` is the trimmed value of the private creator that has reserved the
/// block, `element` the low byte of the element number. A safe sequence does not make safe what its items hold. `None`: not safe, or the table gives no VR. Where it leaves a choice: the first.
pub(crate) fn safe_private_vr(creator: &str, group: u16, element: u8) -> Option<[u8; 2]> {
    safe_private(creator, group, element).filter(|vr| vr != b"  ")
}

fn safe_private(creator: &str, group: u16, element: u8) -> Option<[u8; 2]> {
    let blocks: &[SafeBlock] = safe_private::BLOCKS;
    let block = blocks.binary_search_by_key(&(creator, group), |block| (block.0, block.1)).ok()?;
    let elements = blocks.get(block)?.2;
    let at = elements.binary_search_by_key(&element, |entry| entry.0).ok()?;
    elements.get(at).map(|entry| entry.1)
}

/// The row of a content item: coding scheme designator and code value of its concept name, and its value type, all trimmed. The
/// SNOMED-RT codes of the retired designators SRT and SNM3 count as their SNOMED CT successors (PS3.15 E.3.4, PS3.16 Table O-1).
pub(crate) fn concept(scheme: &str, code: &str, value_type: &str) -> Option<&'static Concept> {
    let key = match scheme {
        "SRT" | "SNM3" => ("SCT", successor(code)?, value_type),
        _ => (scheme, code, value_type),
    };
    let at = sr_content::CONCEPTS.binary_search_by_key(&key, |concept| concept.key).ok()?;
    sr_content::CONCEPTS.get(at)
}

/// The SNOMED CT code of a SNOMED-RT code that the table needs.
fn successor(retired: &str) -> Option<&'static str> {
    let at = sr_content::RETIRED.binary_search_by_key(&retired, |pair| pair.0).ok()?;
    sr_content::RETIRED.get(at).map(|pair| pair.1)
}
