use super::*;
use AttributeLookup::{Known, NotInClass, UnknownClass};
use AttributeType::{One, OneC, Three, Two, TwoC};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const ENHANCED_CT: &str = "1.2.840.10008.5.1.4.1.1.2.1";
const ENHANCED_SR: &str = "1.2.840.10008.5.1.4.1.1.88.22";
const GRAYSCALE_STATE: &str = "1.2.840.10008.5.1.4.1.1.11.1";
const RT_PLAN: &str = "1.2.840.10008.5.1.4.1.1.481.5";

const COLUMNS: [Column; 10] = [
    Column::SafePrivate,
    Column::Uids,
    Column::DeviceIdentity,
    Column::InstitutionIdentity,
    Column::PatientCharacteristics,
    Column::FullDates,
    Column::ModifiedDates,
    Column::Descriptors,
    Column::StructuredContent,
    Column::Graphics,
];

fn options(tag: u32) -> Vec<(Column, Cell)> {
    let row = row(tag).unwrap();
    COLUMNS.into_iter().filter_map(|column| Some((column, row.option(column)?))).collect()
}

#[test]
fn rows_say_what_the_standard_says() {
    assert_eq!(EDITION, "PS3.15 2026c");
    assert_eq!(row(0x0010_0010).unwrap().basic, Code::Z);
    assert_eq!(row(0x0008_2112).unwrap().basic, Code::XZU);
    assert_eq!(row(0x0028_0010).map(|row| row.tag), None);
    assert_eq!(options(0x0010_0010), []);
    assert_eq!(options(0x0008_0018), [(Column::Uids, Cell::Keep)]);
    assert_eq!(options(0x0008_0020), [(Column::FullDates, Cell::Keep), (Column::ModifiedDates, Cell::Clean)]);
    assert_eq!(
        options(0x0010_2110),
        [(Column::PatientCharacteristics, Cell::Clean), (Column::Descriptors, Cell::Clean)]
    );
    assert_eq!(options(0x0040_A730), [(Column::StructuredContent, Cell::Clean)]);
    assert_eq!(options(0x0008_0080), [(Column::InstitutionIdentity, Cell::Keep)]);
    assert_eq!(options(0x0018_1000), [(Column::DeviceIdentity, Cell::Keep)]);
}

#[test]
fn repeating_groups_have_rows_and_private_groups_have_none() {
    for tag in [0x5000_0010, 0x501E_3000, 0x6000_3000, 0x6002_3000, 0x601E_4000] {
        assert_eq!(row(tag).unwrap().basic, Code::X, "{tag:08X}");
        assert_eq!(options(tag), [(Column::Graphics, Cell::Clean)], "{tag:08X}");
    }
    for tag in [0x5001_0010, 0x6001_3000, 0x6000_0010, 0x0009_0010, 0x6102_3000] {
        assert!(row(tag).is_none(), "{tag:08X}");
    }
}

#[test]
fn types_at_the_top_level() {
    for (class, tag, expected) in [
        (CT, 0x0008_0020, Two),              // Study Date
        (CT, 0x0010_0010, Two),              // Patient's Name
        (CT, 0x0008_0018, One),              // SOP Instance UID
        (CT, 0x0020_0052, One),              // Frame of Reference UID
        (CT, 0x0008_0023, TwoC),             // Content Date
        (CT, 0x0008_103E, Three),            // Series Description
        (CT, 0x0018_1000, Three),            // Device Serial Number
        (CT, 0x0012_0020, OneC),             // Clinical Trial Protocol ID, of an optional module
        (CT, 0x0012_0030, TwoC),             // Clinical Trial Site ID, of an optional module
        (CT, 0x6000_3000, OneC),             // Overlay Data, of an optional module
        (CT, 0x6004_3000, OneC),             // another overlay
        (ENHANCED_CT, 0x0018_1000, One),     // Device Serial Number
        (ENHANCED_SR, 0x0040_A372, Two),     // Performed Procedure Code Sequence
        (ENHANCED_SR, 0x0008_1111, Two),     // Referenced Performed Procedure Step Sequence
        (ENHANCED_SR, 0x0008_0023, One),     // Content Date
        (GRAYSCALE_STATE, 0x0070_0082, One), // Presentation Creation Date
        (RT_PLAN, 0x0008_1070, Two),         // Operators' Name
        (RT_PLAN, 0x0020_0052, OneC),        // Frame of Reference UID, of an optional module
    ] {
        assert_eq!(attribute_type(class, 0, tag), Known(expected), "{class} {tag:08X}");
    }
    assert_eq!(attribute_type(CT, 0, 0x0070_0082), NotInClass);
    assert_eq!(attribute_type(CT, 0, 0x0028_0010), NotInClass);
    assert_eq!(attribute_type("1.2.3", 0, 0x0010_0010), UnknownClass);
}

#[test]
fn types_in_sequences() {
    assert_eq!(attribute_type(CT, 0x0040_0275, 0x0040_1001), Known(OneC));
    assert_eq!(attribute_type(CT, 0x0040_0275, 0x0008_0050), Known(Three));
    assert_eq!(attribute_type(ENHANCED_SR, 0x0040_A073, 0x0040_A075), Known(One)); // Verifying Observer Name
    assert_eq!(attribute_type(ENHANCED_SR, 0x0040_A073, 0x0040_A088), Known(Two)); // its identification code
    assert_eq!(attribute_type(ENHANCED_SR, 0x0040_A730, 0x0040_A123), Known(OneC)); // Person Name in a content item
    assert_eq!(attribute_type(CT, 0x0040_A073, 0x0040_A075), NotInClass);
}

#[test]
fn private_elements_are_safe_only_under_their_creator() {
    assert!(safe_private_vr("Philips PET Private Group", 0x7053, 0x00).is_some());
    assert_eq!(safe_private_vr("Philips PET Private Group", 0x7053, 0x09), Some(*b"DS"));
    assert_eq!(safe_private_vr("Philips PET Private Group", 0x7053, 0x01), None);
    assert_eq!(safe_private_vr("Philips PET Private Group", 0x7055, 0x00), None);
    assert_eq!(safe_private_vr("ELSCINT1", 0x7053, 0x00), None);
    // Safe by the table, but it does not say what it is.
    assert_eq!(safe_private_vr("SIEMENS Ultrasound SC2000", 0x0119, 0x11), None);
    assert_eq!(safe_private_vr("Philips Imaging DD 001", 0x2001, 0x7D), Some(*b"OW"));
}

#[test]
fn content_items_by_concept_and_value_type() {
    let date = concept("DCM", "111018", "DATE").unwrap();
    assert_eq!(date.basic, Code::XD);
    assert_eq!(date.option(Column::FullDates), Some(Cell::Keep));
    assert_eq!(date.option(Column::ModifiedDates), Some(Cell::Clean));
    assert!(concept("DCM", "111018", "TEXT").is_none());
    assert!(concept("99SDM", "111018", "DATE").is_none());
    let report = concept("SCT", "371524004", "TEXT").unwrap();
    assert_eq!(report.option(Column::Descriptors), Some(Cell::Clean));
    assert!(std::ptr::eq(concept("SRT", "R-42B89", "TEXT").unwrap(), report));
    assert!(std::ptr::eq(concept("SNM3", "R-42B89", "TEXT").unwrap(), report));
    assert!(concept("99SDM", "R-42B89", "TEXT").is_none());
    assert_eq!(concept("NCDR", "76", "PNAME").unwrap().basic, Code::D);
    assert_eq!(concept("DCM", "121012", "UIDREF").unwrap().option(Column::DeviceIdentity), Some(Cell::Keep));
}
