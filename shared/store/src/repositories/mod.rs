//! Typed repositories: they know keys and encodings of the one table, never what a state means.
//!
//! | item | pk | sk | index 1 | index 2 |
//! |---|---|---|---|---|
//! | node | `NODES` | `NODE#<id>` | | |
//! | node secrets (sealed) | `NODES` | `SECRET#<id>` | | |
//! | claim on a name or AE title | `NODE_CLAIM` | `NAME#<name>` / `AE#<title>` | | |
//! | job (counters: tasks by state) | `JOB#<id>` | `JOB` | `OWNER#<user>` / `<id>` | `JOBS` / `<id>` |
//! | task | `JOB#<id>` | `TASK#<id>` | `LEASE` / `<until>` while running | `OUTBOX` / `<created>` until enqueued, then `WAITING` / `<since>` until claimed |
//! | live progress of a task | `JOB#<id>` | `LIVE#<id>` | | |
//! | report of a task's de-identification | `JOB#<id>` | `REPORT#<id>` | | |
//! | project, newest state | `PROJECTS` | `<lower-case name>` | | |
//! | revision of a project | `PROJECT#<lower-case name>` | `REVISION#<number>` | | |
//! | pseudonym of a patient | `REGISTRY#<key version>#<lower-case project>` | `PATIENT#<keyed hash>` | | |
//! | patient of a pseudonym | `REGISTRY#<key version>#<lower-case project>` | `PSEUDONYM#<lower-case>` | | |
//! | rule | `RULES` | `RULE#<id>` | | |
//! | firing of a rule, for people | `RULE#<id>` | `FIRING#<time>#<what>` | | |
//! | scheduled minute that was seen to | `RULE#<id>` | `MINUTE#<time>` | | |
//! | jobs of a rule in an hour | `RULE#<id>` | `HOUR#<number>` | | |
//! | a rule has fired for a study | `FIRED#<id>` | `<Study Instance UID>` | | |
//! | study that arrives | `ARRIVAL#<node>#<Study Instance UID>` | `ARRIVAL` | `DUE` / `<time>` while due | `ARRIVALS#<node>` / `<first>` |
//! | object that has arrived | `ARRIVAL#<node>#<Study Instance UID>` | `O#<SOP Instance UID>` | `SHELF#<node>` / `<name>` for files | |
//! | running C-MOVE and the bridge that waits (expires) | `MOVES` | `<calling AE title>#<message id>` | | |
//! | mail that waits, sealed (expires) | `MAIL#<id>` | `MAIL` | `MAILS` / `<due>` | |
//! | what a program sends for a server, in staging | `SPOOLS` | `<id>` | | |
//! | living bridge (expires) | `BRIDGES` | `<name>` | | |
//! | group | `GROUPS` | `GROUP#<id>` | | |
//! | claim on its name | `GROUP_NAME` | `<lower-case name>` | | |
//! | membership | `USER#<id>` | `MEMBER#<group>` | `MEMBERS#<group>` / `<user>` | |
//! | group that a person acts for | `USER#<id>` | `ACTIVE_GROUP` | | |
//! | job that a person began last in a group | `USER#<id>` | `ACTIVE_JOB#<group>` | | |
//! | grant | `GROUP#<id>` | `NODE#<node>` | `NODE_GROUPS#<node>` / `<group>` | |
//! | job that waits for approval | `GROUP#<id>` | `APPROVAL#<job>` | | |
//! | bytes of a day (a counter; expires) | `GROUP#<id>` | `DAY#<days since the epoch>` | | |
//! | what a person has moved from or to a server on a day (counters; expires) | `USER#<id>` | `USAGE#<days since the epoch>#<node>` | `USAGE#<days>` / `<user>#USAGE#..` | |
//! | what a folder held when it was measured | `STORAGE` | `<node>` | | |
//! | the day was full, administrators were told (expires) | `GROUP#<id>` | `FULL_DAY#<days since the epoch>` | | |
//! | settings of the installation | `INSTALLATION` | `SETTINGS` | | |
//! | the first group was made | `INSTALLATION` | `FIRST_GROUP` | | |
//! | receipts of up to 100 instances | `TASK#<id>#<epoch>` | `R#B<hash of what it holds>` | | |

pub mod arrivals;
pub mod bridges;
mod encoding;
pub mod firings;
pub mod groups;
pub mod installation;
pub mod jobs;
pub mod limits;
pub mod mails;
pub mod moves;
pub mod nodes;
pub mod projects;
pub mod receipts;
pub mod registry;
pub mod reports;
pub mod rules;
pub mod spools;
pub mod storage;
pub mod tasks;
pub mod usage;

pub use arrivals::{Arrival, Arrivals, ArrivedObject};
pub use bridges::{Bridge, Bridges};
pub use encoding::Versioned;
pub use firings::{Fired, Firings};
pub use groups::{Groups, Membership};
pub use installation::Installation;
pub use jobs::Jobs;
pub use limits::GroupLimits;
pub use mails::{Mails, WaitingMail};
pub use moves::{MoveKey, Moves};
pub use nodes::{NodeRecord, Nodes};
pub use projects::Projects;
pub use receipts::{Conversion, Receipt, ReceiptState, Receipts};
pub use registry::{Claim, Registry};
pub use reports::Reports;
pub use rules::Rules;
pub use spools::{SpoolRow, Spools};
pub use storage::{Storage, StorageUse, Told};
pub use tasks::{LiveProgress, TaskPage, Tasks};
pub use usage::{UsageBook, UsageOf, UsageRecord};
