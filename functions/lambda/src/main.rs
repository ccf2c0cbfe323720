//! The Lambda functions of ADIT in one program.

fn main() {}
