//! DICOM text: character sets (PS3.3 C.12.1.1.2, PS3.5 6.1).
