//! The cloud home on one machine: LocalStack with the deployed stack, bridges, an edge in CloudFront's place, and proofs on all of it.

pub mod edge;
pub mod emulator;
pub mod home;
