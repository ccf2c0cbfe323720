//! A small DICOM archive over a folder, and a generator of synthetic studies.
