//! Groups: who may do what, with which servers.

mod form;
mod grants;
mod list;
mod members;
mod page;

pub use list::GroupsPage;
pub use page::GroupPage;
