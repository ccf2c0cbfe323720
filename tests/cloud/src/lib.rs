//! Proofs on a local cloud. The endpoint comes from `ADIT_TEST_AWS_ENDPOINT`; without it a test fails, it does not pass.

pub mod faults;
pub mod local;

pub use faults::{Fault, Faults, What, When};
pub use local::Local;
