//! PS3.15 Table E.3.4-1, made from `data/e3_4_1_sr_content.json` by `tests/tables.rs`: PS3.15 2023b.

use super::Code::{self, D, X, XD};
use super::Column::*;
use super::{Cells, Concept};

const NONE: Cells = Cells::NONE;

const fn c(scheme: &'static str, code: &'static str, value_type: &'static str, basic: Code, cells: Cells) -> Concept {
    Concept { key: (scheme, code, value_type), basic, cells }
}

/// Sorted by coding scheme designator, code value and value type.
pub(super) static CONCEPTS: &[Concept] = &[
    c("DCM", "109054", "TEXT", X, NONE.clean(Descriptors)), // Patient State
    c("DCM", "109056", "TEXT", X, NONE.clean(Descriptors)), // Stress Protocol
    c("DCM", "110119", "TEXT", X, NONE.keep(DeviceIdentity)), // Station AE Title
    c("DCM", "110180", "UIDREF", D, NONE.keep(Uids)), // Study Instance UID
    c("DCM", "110190", "TEXT", X, NONE), // Issuer of Identifier
    c("DCM", "111018", "DATE", XD, NONE.keep(FullDates).clean(ModifiedDates)), // Content Date
    c("DCM", "111019", "TIME", XD, NONE.keep(FullDates).clean(ModifiedDates)), // Content Time
    c("DCM", "111021", "TEXT", X, NONE.clean(Descriptors)), // Description of Change
    c("DCM", "111033", "TEXT", D, NONE.clean(Descriptors)), // Impression Description
    c("DCM", "111040", "COMPOSITE", D, NONE.keep(Uids)), // Original Source
    c("DCM", "111054", "DATE", XD, NONE.keep(FullDates).clean(ModifiedDates)), // Recommended Follow-up Date
    c("DCM", "111058", "TEXT", D, NONE.clean(Descriptors)), // Selected Region Description
    c("DCM", "111060", "DATE", XD, NONE.keep(FullDates).clean(ModifiedDates)), // Study Date
    c("DCM", "111061", "TIME", XD, NONE.keep(FullDates).clean(ModifiedDates)), // Study Time
    c("DCM", "111469", "DATETIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // Sampling DateTime
    c("DCM", "111516", "TEXT", X, NONE.clean(Descriptors)), // Medication Type
    c("DCM", "111526", "DATETIME", XD, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime Started
    c("DCM", "111527", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime Ended
    c("DCM", "111535", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime problem observed
    c("DCM", "111536", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime of last evaluation
    c("DCM", "111700", "TEXT", X, NONE), // Specimen Container Identifier
    c("DCM", "111702", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime of processing
    c("DCM", "111703", "TEXT", X, NONE.clean(Descriptors)), // Processing step description
    c("DCM", "111705", "TEXT", D, NONE), // Parent Specimen Identifier
    c("DCM", "111706", "TEXT", X, NONE), // Issuer of Parent Specimen Identifier
    c("DCM", "111724", "TEXT", X, NONE), // Issuer of Specimen Identifier
    c("DCM", "112002", "UIDREF", D, NONE.keep(Uids)), // Series Instance UID
    c("DCM", "112040", "UIDREF", D, NONE.keep(Uids)), // Tracking Unique Identifier
    c("DCM", "112050", "TEXT", X, NONE.clean(Descriptors)), // Anatomic Identifier
    c("DCM", "112227", "UIDREF", XD, NONE.keep(Uids)), // Frame of Reference UID
    c("DCM", "112229", "IMAGE", D, NONE.keep(Uids)), // Identifying Segment
    c("DCM", "112347", "TEXT", D, NONE), // Component ID
    c("DCM", "112351", "TEXT", D, NONE), // Mating Feature Set ID
    c("DCM", "112352", "TEXT", D, NONE), // Mating Feature ID
    c("DCM", "112353", "COMPOSITE", X, NONE.keep(Uids)), // Spatial Registration
    c("DCM", "112354", "IMAGE", X, NONE.keep(Uids)), // Patient Image
    c("DCM", "112356", "UIDREF", D, NONE.keep(Uids)), // User Selected Fiducial
    c("DCM", "112357", "UIDREF", D, NONE.keep(Uids)), // Derived Fiducial
    c("DCM", "112359", "COMPOSITE", X, NONE.keep(Uids)), // Supporting Information
    c("DCM", "112361", "COMPOSITE", X, NONE.keep(Uids)), // Patient Data Used During Planning
    c("DCM", "112363", "TEXT", D, NONE), // Degree of Freedom ID
    c("DCM", "112364", "COMPOSITE", X, NONE.keep(Uids)), // Related Patient Data Not Used During Planning
    c("DCM", "112366", "COMPOSITE", X, NONE.keep(Uids)), // Implant Assembly Template
    c("DCM", "112371", "COMPOSITE", D, NONE.keep(Uids)), // Manufacturer Implant Template
    c("DCM", "112372", "COMPOSITE", X, NONE.keep(Uids)), // Derived Planning Images
    c("DCM", "112373", "COMPOSITE", X, NONE.keep(Uids)), // Derived Planning Data
    c("DCM", "113012", "TEXT", X, NONE.clean(Descriptors)), // Key Object Description
    c("DCM", "113503", "UIDREF", D, NONE.keep(Uids)), // Radiopharmaceutical Administration Event UID
    c("DCM", "113511", "TEXT", X, NONE), // Radiopharmaceutical Dispense Unit Identifier
    c("DCM", "113512", "TEXT", X, NONE), // Radiopharmaceutical Lot Identifier
    c("DCM", "113513", "TEXT", X, NONE), // Reagent Vial Identifier
    c("DCM", "113514", "TEXT", X, NONE), // Radionuclide Identifier
    c("DCM", "113516", "TEXT", X, NONE), // Prescription Identifier
    c("DCM", "113552", "TEXT", X, NONE.clean(Descriptors)), // Recent Physical Activity
    c("DCM", "113605", "TEXT", X, NONE), // Irradiation Event Label
    c("DCM", "113701", "COMPOSITE", X, NONE.keep(Uids)), // X-Ray Radiation Dose Report
    c("DCM", "113720", "TEXT", X, NONE.clean(Descriptors)), // Calibration Protocol
    c("DCM", "113723", "DATETIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // Calibration DateTime
    c("DCM", "113724", "TEXT", D, NONE.clean(Descriptors)), // Calibration Responsible Party
    c("DCM", "113769", "UIDREF", D, NONE.keep(Uids)), // Irradiation Event UID
    c("DCM", "113795", "IMAGE", D, NONE.keep(Uids)), // Acquired Image
    c("DCM", "113809", "DATETIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // Start of X-Ray Irradiation
    c("DCM", "113810", "DATETIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // End of X-Ray Irradiation
    c("DCM", "113815", "TEXT", D, NONE.clean(Descriptors)), // Patient Model
    c("DCM", "113832", "TEXT", D, NONE.keep(DeviceIdentity)), // Identification of the X-Ray Source
    c("DCM", "113850", "PNAME", D, NONE), // Irradiation Authorizing
    c("DCM", "113870", "PNAME", D, NONE), // Person Name
    c("DCM", "113871", "TEXT", X, NONE), // Person ID
    c("DCM", "113872", "TEXT", X, NONE), // Person ID Issuer
    c("DCM", "113873", "TEXT", X, NONE.keep(InstitutionIdentity)), // Organization Name
    c("DCM", "113877", "TEXT", X, NONE.keep(DeviceIdentity)), // Device Name
    c("DCM", "113880", "TEXT", XD, NONE.keep(DeviceIdentity)), // Device Serial Number
    c("DCM", "113907", "TEXT", X, NONE.clean(Descriptors)), // Reason for Proceeding
    c("DCM", "113985", "UIDREF", D, NONE.keep(Uids)), // Series or Instance used for Water Equivalent Diameter estimation
    c("DCM", "120999", "TEXT", X, NONE.keep(DeviceIdentity)), // Device Description
    c("DCM", "121000", "CONTAINER", X, NONE.keep(DeviceIdentity)), // Unique Device Identifiers
    c("DCM", "121002", "COMPOSITE", D, NONE.keep(Uids)), // Quoted Source
    c("DCM", "121008", "PNAME", D, NONE), // Person Observer Name
    c("DCM", "121009", "TEXT", X, NONE.keep(InstitutionIdentity)), // Person Observer's Organization Name
    c("DCM", "121012", "UIDREF", XD, NONE.keep(Uids).keep(DeviceIdentity)), // Device Observer UID
    c("DCM", "121013", "TEXT", X, NONE.keep(DeviceIdentity)), // Device Observer Name
    c("DCM", "121016", "TEXT", X, NONE.keep(DeviceIdentity)), // Device Observer Serial Number
    c("DCM", "121017", "TEXT", X, NONE.keep(InstitutionIdentity)), // Device Observer Physical Location During Observation
    c("DCM", "121018", "UIDREF", X, NONE.keep(Uids)), // Procedure Study Instance UID
    c("DCM", "121019", "UIDREF", X, NONE.keep(Uids)), // Procedure Study Component UID
    c("DCM", "121020", "TEXT", X, NONE), // Placer Number
    c("DCM", "121021", "TEXT", X, NONE), // Filler Number
    c("DCM", "121022", "TEXT", X, NONE), // Accession Number
    c("DCM", "121028", "UIDREF", X, NONE.keep(Uids)), // Subject UID
    c("DCM", "121029", "PNAME", D, NONE), // Subject Name
    c("DCM", "121030", "TEXT", XD, NONE), // Subject ID
    c("DCM", "121031", "DATE", X, NONE), // Subject Birth Date
    c("DCM", "121032", "CODE", X, NONE.keep(PatientCharacteristics)), // Subject Sex
    c("DCM", "121033", "NUM", X, NONE.keep(PatientCharacteristics)), // Subject Age
    c("DCM", "121036", "PNAME", X, NONE), // Mother of fetus
    c("DCM", "121039", "UIDREF", X, NONE.keep(Uids)), // Specimen UID
    c("DCM", "121041", "TEXT", X, NONE), // Specimen Identifier
    c("DCM", "121065", "TEXT", XD, NONE.clean(Descriptors)), // Procedure Description
    c("DCM", "121071", "TEXT", XD, NONE.clean(Descriptors)), // Finding
    c("DCM", "121075", "TEXT", X, NONE.clean(Descriptors)), // Recommendation
    c("DCM", "121077", "TEXT", X, NONE.clean(Descriptors)), // Conclusion
    c("DCM", "121080", "IMAGE", X, NONE.keep(Uids)), // Best illustration of finding
    c("DCM", "121080", "WAVEFORM", X, NONE.keep(Uids)), // Best illustration of finding
    c("DCM", "121088", "PNAME", X, NONE), // Fellow
    c("DCM", "121106", "TEXT", X, NONE.clean(Descriptors)), // Comment
    c("DCM", "121110", "TEXT", X, NONE.clean(Descriptors)), // Patient Presentation
    c("DCM", "121111", "TEXT", X, NONE.clean(Descriptors)), // Summary
    c("DCM", "121112", "IMAGE", D, NONE.keep(Uids)), // Source of Measurement
    c("DCM", "121112", "WAVEFORM", X, NONE.keep(Uids)), // Source of Measurement
    c("DCM", "121114", "PNAME", D, NONE), // Performing Physician
    c("DCM", "121120", "COMPOSITE", X, NONE.keep(Uids)), // Cath Lab Procedure Log
    c("DCM", "121121", "TEXT", X, NONE), // Room Identification
    c("DCM", "121122", "TEXT", X, NONE.keep(DeviceIdentity).clean(Descriptors)), // Equipment Identification
    c("DCM", "121124", "TEXT", XD, NONE), // Procedure Action ID
    c("DCM", "121125", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime of Recording of Log Entry
    c("DCM", "121126", "UIDREF", D, NONE.keep(Uids)), // Performed Procedure Step SOP Instance UID
    c("DCM", "121138", "IMAGE", D, NONE.keep(Uids)), // Image Acquired
    c("DCM", "121143", "WAVEFORM", D, NONE.keep(Uids)), // Waveform Acquired
    c("DCM", "121145", "TEXT", X, NONE.clean(Descriptors)), // Description of Material
    c("DCM", "121152", "PNAME", X, NONE), // Person administering drug/contrast
    c("DCM", "121154", "TEXT", D, NONE), // Intervention attempt identifier
    c("DCM", "121173", "TEXT", X, NONE.clean(Descriptors)), // Physician Note
    c("DCM", "121191", "IMAGE", XD, NONE.keep(Uids)), // Referenced Segment
    c("DCM", "121193", "TEXT", D, NONE.keep(DeviceIdentity)), // Device Subject Name
    c("DCM", "121196", "TEXT", X, NONE.keep(DeviceIdentity)), // Device Subject Serial Number
    c("DCM", "121197", "TEXT", X, NONE.keep(InstitutionIdentity)), // Device Subject Physical Location during observation
    c("DCM", "121198", "UIDREF", X, NONE.keep(Uids).keep(DeviceIdentity)), // Device Subject UID
    c("DCM", "121200", "IMAGE", X, NONE.keep(Uids)), // Illustration of ROI
    c("DCM", "121214", "IMAGE", D, NONE.keep(Uids)), // Referenced Segmentation Frame
    c("DCM", "121232", "UIDREF", D, NONE.keep(Uids)), // Source series for segmentation
    c("DCM", "121233", "IMAGE", D, NONE.keep(Uids)), // Source image for segmentation
    c("DCM", "121342", "IMAGE", X, NONE.keep(Uids)), // Dose Image
    c("DCM", "121431", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime Concern Noted
    c("DCM", "121432", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime Concern Resolved
    c("DCM", "121433", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime Problem Resolved
    c("DCM", "121434", "TEXT", X, NONE.keep(InstitutionIdentity)), // Service Delivery Location
    c("DCM", "121435", "PNAME", X, NONE), // Service Performer
    c("DCM", "121435", "TEXT", X, NONE), // Service Performer
    c("DCM", "122073", "COMPOSITE", X, NONE.keep(Uids)), // Current procedure evidence
    c("DCM", "122075", "COMPOSITE", X, NONE.keep(Uids)), // Prior report for current patient
    c("DCM", "122081", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Drug start
    c("DCM", "122082", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Drug end
    c("DCM", "122083", "TEXT", XD, NONE.clean(Descriptors)), // Drug administered
    c("DCM", "122105", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime of Intervention
    c("DCM", "122128", "TEXT", X, NONE.keep(InstitutionIdentity)), // Patient Transferred From
    c("DCM", "122146", "DATETIME", XD, NONE.keep(FullDates).clean(ModifiedDates)), // Procedure DateTime
    c("DCM", "122163", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Discharge DateTime
    c("DCM", "122165", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // DateTime of Death
    c("DCM", "122173", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // ST Elevation Onset DateTime
    c("DCM", "122177", "TEXT", X, NONE.clean(Descriptors)), // Procedure Result
    c("DCM", "122701", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Procedure Time Base
    c("DCM", "122712", "DATETIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // Imaging Start DateTime
    c("DCM", "123003", "DATETIME", XD, NONE.keep(FullDates).clean(ModifiedDates)), // Radiopharmaceutical Start DateTime
    c("DCM", "123004", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Radiopharmaceutical Stop DateTime
    c("DCM", "125010", "TEXT", X, NONE), // Identifier
    c("DCM", "125201", "IMAGE", X, NONE.keep(Uids)), // Illustration of Finding
    c("DCM", "125203", "TEXT", X, NONE.clean(Descriptors)), // Acquisition Protocol
    c("DCM", "126070", "TEXT", X, NONE.clean(Descriptors)), // Subject Time Point Identifier
    c("DCM", "126071", "TEXT", X, NONE.clean(Descriptors)), // Protocol Time Point Identifier
    c("DCM", "126100", "COMPOSITE", X, NONE.keep(Uids)), // Real World Value Map used for measurement
    c("DCM", "126201", "DATE", X, NONE.keep(FullDates).clean(ModifiedDates)), // Acquisition Date
    c("DCM", "126202", "TIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Acquisition Time
    c("DCM", "127857", "DATE", D, NONE.keep(FullDates).clean(ModifiedDates)), // Glucose Measurement Date
    c("DCM", "127858", "TIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // Glucose Measurement Time
    c("DCM", "128230", "TEXT", X, NONE.clean(Descriptors)), // Pulse Sequence Name
    c("DCM", "128403", "TEXT", D, NONE.clean(Descriptors)), // Radiation Dose Estimate Name
    c("DCM", "128414", "COMPOSITE", D, NONE.keep(Uids)), // Radiation Dose Representation Data
    c("DCM", "128414", "IMAGE", D, NONE.keep(Uids)), // Radiation Dose Representation Data
    c("DCM", "128416", "COMPOSITE", D, NONE.keep(Uids)), // SR Instance Used
    c("DCM", "128425", "COMPOSITE", X, NONE.keep(Uids)), // Patient Radiation Dose Model Data
    c("DCM", "128425", "IMAGE", X, NONE.keep(Uids)), // Patient Radiation Dose Model Data
    c("DCM", "128425", "UIDREF", X, NONE.keep(Uids)), // Patient Radiation Dose Model Data
    c("DCM", "128426", "TEXT", X, NONE.clean(Descriptors)), // Patient Radiation Dose Model Reference
    c("DCM", "128429", "UIDREF", D, NONE.keep(Uids)), // Event UID Used
    c("DCM", "128436", "COMPOSITE", D, NONE.keep(Uids)), // Radiation Dose Composite Parameters
    c("DCM", "128444", "COMPOSITE", D, NONE.keep(Uids)), // Spatial Registration Reference
    c("DCM", "128447", "COMPOSITE", X, NONE.keep(Uids)), // Spatial Fiducials
    c("DCM", "128470", "COMPOSITE", X, NONE.keep(Uids)), // X-Ray Attenuator Model Data
    c("DCM", "128470", "IMAGE", X, NONE.keep(Uids)), // X-Ray Attenuator Model Data
    c("DCM", "128470", "UIDREF", X, NONE.keep(Uids)), // X-Ray Attenuator Model Data
    c("DCM", "128774", "TEXT", X, NONE), // Person Observer's Login Name
    c("DCM", "128775", "TEXT", X, NONE), // Identifier within Person Observer's Role
    c("DCM", "130507", "TEXT", X, NONE.clean(Descriptors)), // RDSR Frame of Reference Description
    c("DCM", "130527", "TEXT", D, NONE.keep(InstitutionIdentity)), // Identification of the Attenuator
    c("LN", "11329-0", "TEXT", X, NONE.clean(Descriptors)), // History
    c("LN", "11778-8", "DATE", X, NONE.keep(FullDates).clean(ModifiedDates)), // EDD
    c("LN", "11951-1", "TEXT", D, NONE), // Fetus ID
    c("LN", "11955-2", "DATE", X, NONE.keep(FullDates).clean(ModifiedDates)), // Date of last menstrual period
    c("LN", "18118-0", "TEXT", X, NONE.clean(Descriptors)), // LV Wall Motion Segmental Findings
    c("LN", "18785-6", "TEXT", D, NONE.clean(Descriptors)), // Indications for Procedure
    c("LN", "74711-3", "TEXT", X, NONE.keep(DeviceIdentity)), // Unique Device Identifier
    c("NCDR", "15", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Admission DateTime
    c("NCDR", "52", "DATETIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // Procedure DateTime
    c("NCDR", "53", "TEXT", X, NONE), // Procedure Number in this admission
    c("NCDR", "76", "PNAME", D, NONE), // Catheterization Operator
    c("NCIt", "C54627", "NUM", X, NONE), // Experience
    c("NCIt", "C67447", "TEXT", X, NONE.clean(Descriptors)), // Activity Session
    c("SCT", "116224001", "TEXT", X, NONE.clean(Descriptors)), // Complication of Procedure
    c("SCT", "160476009", "TEXT", X, NONE.clean(Descriptors)), // Social History
    c("SCT", "271921002", "TEXT", XD, NONE.clean(Descriptors)), // ECG Finding
    c("SCT", "363698007", "TEXT", D, NONE.clean(Descriptors)), // Finding Site
    c("SCT", "371524004", "COMPOSITE", X, NONE.keep(Uids)), // Clinical Report
    c("SCT", "371524004", "TEXT", X, NONE.clean(Descriptors)), // Clinical Report
    c("SCT", "397898000", "DATETIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // Stop DateTime
    c("SCT", "398164008", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Anesthesia Finish Time
    c("SCT", "398201009", "DATETIME", D, NONE.keep(FullDates).clean(ModifiedDates)), // Start DateTime
    c("SCT", "398325003", "DATETIME", X, NONE.keep(FullDates).clean(ModifiedDates)), // Anesthesia Start Time
    c("SCT", "440252007", "TEXT", D, NONE.clean(Descriptors)), // Administration of radiopharmaceutical
    c("UMLS", "C2348792", "TEXT", XD, NONE.clean(Descriptors)), // Time Point
];

/// SNOMED-RT codes and their SNOMED CT successors, sorted.
pub(super) static RETIRED: &[(&str, &str)] = &[
    ("DD-60002", "116224001"),
    ("DF-0068E", "398325003"),
    ("DF-0070B", "398164008"),
    ("F-00033", "271921002"),
    ("F-02455", "160476009"),
    ("G-C0E3", "363698007"),
    ("G-D320", "397898000"),
    ("G-D321", "398201009"),
    ("PA-30029", "440252007"),
    ("R-42B89", "371524004"),
];
