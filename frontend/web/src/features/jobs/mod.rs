//! Jobs: the list, one job as it runs, one task in detail.

mod actions;
mod list;
mod page;
mod progress;
mod report;
mod task;

pub use list::JobsPage;
pub use page::JobPage;
pub use progress::moment;
