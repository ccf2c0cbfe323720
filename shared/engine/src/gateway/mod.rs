//! ADIT as a DICOMweb server in front of the servers it knows: what is done, without what it looks like on the wire.

pub mod store;
