//! The main page: search, choose, start. Rules take the options of a transfer from here.

mod download;
mod extras;
mod identity;
mod options;
mod page;
mod results;
mod search_form;
mod selection;
mod series;

pub use extras::{ExtraFields, Extras};
pub use identity::{IdentityChoice, IdentityFields};
pub use options::is_folder;
pub use page::TransferPage;
