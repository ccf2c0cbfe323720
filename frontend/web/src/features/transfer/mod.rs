//! The main page: search, choose, start.

mod identity;
mod options;
mod page;
mod results;
mod search_form;
mod selection;
mod series;

pub use page::TransferPage;
