//! Research projects: list, form, preview. For staff.

mod form;
mod list;
mod preview;

pub use list::ProjectsPage;
