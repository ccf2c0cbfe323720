//! Servers, folders and buckets: list, form, connection test.

mod form;
mod groups;
mod list;
mod place_form;
mod server_form;

pub use list::ServersPage;
