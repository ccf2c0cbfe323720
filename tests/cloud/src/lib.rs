//! The cloud home on one machine: LocalStack with the deployed stack, bridges, an edge in CloudFront's place, faults on the way, and
//! proofs on all of it.

pub mod edge;
pub mod emulator;
pub mod faults;
pub mod home;
pub mod local;

pub use faults::{Fault, Faults, What, When};
pub use local::Local;
