//! Which attributes of a data set hold identifiers (chosen from PS3.15 Table E.1-1 and the modules behind it).

use super::identifiers::IdentifierKind::{
    self, Address, BirthDate, CounterId, Id, Institution, Mail, OtherName, PatientName, Phone,
};

/// Tag and kind, sorted by tag. Person names and UIDs that are not here follow from their VR.
static ATTRIBUTES: &[(u32, IdentifierKind)] = &[
    (0x0008_0050, Id),          // Accession Number
    (0x0008_0080, Institution), // Institution Name
    (0x0008_0081, Institution), // Institution Address
    (0x0008_0092, Address),     // Referring Physician's Address
    (0x0008_0094, Phone),       // Referring Physician's Telephone Numbers
    (0x0008_1040, Institution), // Institutional Department Name
    (0x0010_0010, PatientName), // Patient's Name
    (0x0010_0012, PatientName), // Name to Use
    (0x0010_0020, Id),          // Patient ID
    (0x0010_0021, Institution), // Issuer of Patient ID
    (0x0010_0030, BirthDate),   // Patient's Birth Date
    (0x0010_0033, BirthDate),   // Patient's Birth Date in Alternative Calendar
    (0x0010_1000, Id),          // Other Patient IDs
    (0x0010_1001, PatientName), // Other Patient Names
    (0x0010_1005, PatientName), // Patient's Birth Name
    (0x0010_1040, Address),     // Patient's Address
    (0x0010_1050, Id),          // Insurance Plan Identification
    (0x0010_1060, OtherName),   // Patient's Mother's Birth Name
    (0x0010_1090, Id),          // Medical Record Locator
    (0x0010_2154, Phone),       // Patient's Telephone Numbers
    (0x0010_2155, Mail),        // Patient's Telecom Information
    (0x0010_2297, OtherName),   // Responsible Person
    (0x0010_2299, Institution), // Responsible Organization
    (0x0012_0031, Institution), // Clinical Trial Site Name
    (0x0012_0040, Id),          // Clinical Trial Subject ID
    (0x0012_0042, Id),          // Clinical Trial Subject Reading ID
    (0x0020_0010, CounterId),   // Study ID
    (0x0032_0012, Institution), // Study ID Issuer
    (0x0038_0010, Id),          // Admission ID
    (0x0038_001E, Address),     // Scheduled Patient Institution Residence
    (0x0038_0060, Id),          // Service Episode ID
    (0x0038_0300, Address),     // Current Patient Location
    (0x0038_0400, Address),     // Patient's Institution Residence
    (0x0040_0009, CounterId),   // Scheduled Procedure Step ID
    (0x0040_0253, CounterId),   // Performed Procedure Step ID
    (0x0040_050A, Id),          // Specimen Accession Number
    (0x0040_0512, Id),          // Container Identifier
    (0x0040_0551, Id),          // Specimen Identifier
    (0x0040_06FA, Id),          // Slide Identifier
    (0x0040_1001, CounterId),   // Requested Procedure ID
    (0x0040_1102, Address),     // Person's Address
    (0x0040_1103, Phone),       // Person's Telephone Numbers
    (0x0040_1104, Mail),        // Person's Telecom Information
    (0x0040_2006, Id),          // Placer Order Number / Imaging Service Request (retired)
    (0x0040_2007, Id),          // Filler Order Number / Imaging Service Request (retired)
    (0x0040_2010, Phone),       // Order Callback Phone Number
    (0x0040_2011, Mail),        // Order Callback Telecom Information
    (0x0040_2016, Id),          // Placer Order Number / Imaging Service Request
    (0x0040_2017, Id),          // Filler Order Number / Imaging Service Request
    (0x0040_4036, Institution), // Human Performer's Organization
    (0x0040_A027, Institution), // Verifying Organization
    (0x0040_A353, Address),     // Address (Trial)
    (0x0040_A354, Phone),       // Telephone Number (Trial)
    (0x0050_001B, Id),          // Container Component ID
    (0x0088_0910, OtherName),   // Topic Author
    (0x2200_0005, Id),          // Barcode Value
    (0x4008_0040, CounterId),   // Results ID
    (0x4008_011A, Address),     // Distribution Address
    (0x4008_0200, CounterId),   // Interpretation ID
];

/// The kind of identifier that an attribute holds. Which UIDs are a patient's own is not said here but in the profile.
pub(crate) fn kind_of(tag: u32, vr: [u8; 2]) -> Option<IdentifierKind> {
    if let Ok(index) = ATTRIBUTES.binary_search_by_key(&tag, |(tag, _)| *tag) {
        return ATTRIBUTES.get(index).map(|(_, kind)| *kind);
    }
    (vr == *b"PN").then_some(OtherName)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_sorted_and_once() {
        assert!(ATTRIBUTES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    /// A row that names a person, a number, an address or a phone is here or follows from its VR.
    #[test]
    fn every_attribute_with_the_vr_of_a_name_is_an_identifier() {
        for (tag, kind) in [
            (0x0010_0010, PatientName),
            (0x0008_0090, OtherName),
            (0x0008_1048, OtherName),
            (0x0032_1032, OtherName),
            (0x0040_A123, OtherName),
            (0x0070_0084, OtherName),
        ] {
            assert_eq!(kind_of(tag, crate::dictionary::dictionary_vr(tag)), Some(kind), "{tag:08X}");
        }
        for tag in [0x0020_000D, 0x0008_0060, 0x0018_0015, 0x0008_103E, 0x0010_0040, 0x0010_1010] {
            assert_eq!(kind_of(tag, crate::dictionary::dictionary_vr(tag)), None, "{tag:08X}");
        }
    }
}
