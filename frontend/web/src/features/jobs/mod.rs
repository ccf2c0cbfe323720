//! Jobs: the list, one job as it runs, one task in detail.

mod actions;
mod approval;
mod list;
mod page;
mod progress;
mod report;
mod task;
mod waiting;

pub use list::{JobsPage, name};
pub use page::JobPage;
pub use progress::moment;
