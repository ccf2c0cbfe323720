//! De-identification of one DICOM data set at a time, streaming, without I/O.
