//! Typed repositories: they know keys and encodings of the one table, never what a state means.
//!
//! | item | pk | sk | index 1 | index 2 |
//! |---|---|---|---|---|
//! | node | `NODES` | `NODE#<id>` | | |
//! | node secrets | `NODES` | `SECRET#<id>` | | |
//! | claim on a name or AE title | `NODE_CLAIM` | `NAME#<name>` / `AE#<title>` | | |
//! | job (counters: tasks by state) | `JOB#<id>` | `JOB` | `OWNER#<user>` / `<id>` | `JOBS` / `<id>` |
//! | task | `JOB#<id>` | `TASK#<id>` | `LEASE` / `<until>` while running | `OUTBOX` / `<created>` until enqueued, then `WAITING` / `<since>` until claimed |
//! | live progress of a task | `JOB#<id>` | `LIVE#<id>` | | |
//! | report of a task's de-identification | `JOB#<id>` | `REPORT#<id>` | | |
//! | project, newest state | `PROJECTS` | `<lower-case name>` | | |
//! | revision of a project | `PROJECT#<lower-case name>` | `REVISION#<number>` | | |
//! | pseudonym of a patient | `REGISTRY#<key version>#<lower-case project>` | `PATIENT#<keyed hash>` | | |
//! | patient of a pseudonym | `REGISTRY#<key version>#<lower-case project>` | `PSEUDONYM#<lower-case>` | | |
//! | running C-MOVE and the bridge that waits (expires) | `MOVES` | `<calling AE title>#<message id>` | | |
//! | living bridge (expires) | `BRIDGES` | `<name>` | | |
//! | receipts of up to 100 instances | `TASK#<id>#<epoch>` | `R#B<hash of what it holds>` | | |

pub mod bridges;
mod encoding;
pub mod jobs;
pub mod moves;
pub mod nodes;
pub mod projects;
pub mod receipts;
pub mod registry;
pub mod reports;
pub mod tasks;

pub use bridges::{Bridge, Bridges};
pub use encoding::Versioned;
pub use jobs::Jobs;
pub use moves::{MoveKey, Moves};
pub use nodes::{NodeRecord, Nodes};
pub use projects::Projects;
pub use receipts::{Receipt, ReceiptState, Receipts};
pub use registry::{Claim, Registry};
pub use reports::Reports;
pub use tasks::{LiveProgress, TaskPage, Tasks};
