//! The DIMSE bridge: the part of ADIT that talks to archives, as one long-running process.

fn main() {}
