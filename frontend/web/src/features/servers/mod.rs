//! Servers and folders: list, form, connection test.

mod form;
mod list;
mod server_form;

pub use list::ServersPage;
