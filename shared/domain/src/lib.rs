//! Nouns and rules of ADIT: nodes, jobs, tasks, identifiers, state machine, retry policy.
//!
//! This room has no I/O, no clock and no async: time is a [`Timestamp`] argument, randomness comes from the caller.
//! It builds for `wasm32-unknown-unknown`; the browser and the server share these definitions.

pub mod accounts;
pub mod deidentification;
pub mod dicom;
pub mod group;
pub mod ids;
pub mod implementation;
pub mod installation;
pub mod job;
mod losses;
pub mod node;
pub mod person;
pub mod project;
pub mod retry;
pub mod right;
pub mod rule;
pub mod task;
pub mod text;
pub mod time;
pub mod transfer;
pub mod usage;
pub mod vr;

pub use dicom::{AeTitle, InvalidValue, Uid};
pub use group::Group;
pub use ids::{EventId, GroupId, JobId, MailId, NodeId, RuleId, TaskId, UserId};
pub use right::Right;
pub use time::Timestamp;
