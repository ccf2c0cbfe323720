//! The audit trail: what was done, by whom, to what, with which outcome; chained so that a change shows.
//!
//! Shape after DICOM PS3.15 A.5 and IHE BALP. This room knows items and keys; it knows neither HTTP nor who may read the trail.
//! An event goes in by [`Journal`], which answers when it is durable, and comes out by [`Trail`].
//!
//! | item | pk | sk | index 1 | index 2 |
//! |---|---|---|---|---|
//! | event (expires) | `AUDIT#<date>` | `<event id>` | `AUDIT_CHAIN#<chain>` / `<number>` | `AUDIT_USER#<user>` / `<event id>` |
//! | where a chain stands (expires) | `AUDIT_CHAINS` | `<chain>` | | |
//! | where the register of chains stands | `AUDIT_CHAINS` | `REGISTER` | | |

mod balp;
mod chain;
mod event;
mod journal;
mod kind;
mod rows;
mod search;
mod sentence;
mod trail;
mod verify;

pub use balp::audit_event;
pub use event::{Actor, Entity, Event, Outcome, Record, Role};
pub use journal::{DEFAULT_RETENTION_DAYS, Journal, JournalError};
pub use kind::{Code, Kind, PatientKind};
pub use search::{Entry, Filter, Found, MAX_PARTITIONS, MAX_READ};
pub use trail::{ExportPage, ExportPlace, Trail, TrailError};
pub use verify::{Fault, Finding, Report};
