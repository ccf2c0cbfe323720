//! Typed repositories: they know keys and encodings of the one table, never what a state means.
//!
//! | item | pk | sk | index 1 | index 2 |
//! |---|---|---|---|---|
//! | node | `NODES` | `NODE#<id>` | | |
//! | node secrets | `NODES` | `SECRET#<id>` | | |
//! | claim on a name or AE title | `NODE_CLAIM` | `NAME#<name>` / `AE#<title>` | | |
//! | job (counters: tasks by state) | `JOB#<id>` | `JOB` | `OWNER#<user>` / `<id>` | `JOBS` / `<id>` |
//! | task | `JOB#<id>` | `TASK#<id>` | `LEASE` / `<until>` while running | `OUTBOX` / `<created>` until enqueued |
//! | live progress of a task | `JOB#<id>` | `LIVE#<id>` | | |
//! | receipt of an instance | `TASK#<id>#<epoch>` | `R#<SOP Instance UID>` | | |

mod encoding;
pub mod jobs;
pub mod nodes;
pub mod receipts;
pub mod tasks;

pub use encoding::Versioned;
pub use jobs::Jobs;
pub use nodes::{NodeRecord, Nodes};
pub use receipts::{Receipt, ReceiptState, Receipts};
pub use tasks::{LiveProgress, Tasks};
