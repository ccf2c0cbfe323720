//! People, for administrators: who has an account, who waits for one, and who may register.

mod card;
mod form;
mod invite;
mod issuer;
mod list;
mod membership;
mod settings;

pub use form::{PersonFields, PersonForm};
pub use list::PeoplePage;
