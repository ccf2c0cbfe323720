//! People: how an account comes to be, changes and ends. `user.rs` knows the row, `change.rs` is the one way to write it.

mod change;
mod confirm;
mod find;
mod first;
mod lists;
mod preferences;
mod profile;
mod register;
mod staff;
mod state;
mod user;

use adit_domain::person::{PersonState, Profile};
use serde::{Deserialize, Serialize};

use crate::Notice;

pub(crate) use change::{TRIES, conflict};
pub use first::FirstLogin;
pub(crate) use first::{FIRST, readable};
pub use lists::{People, PeopleQuery};
pub(crate) use register::letter;
#[cfg(test)]
pub(crate) use register::new_rows;
pub use user::{Foreign, User};
pub(crate) use user::{foreign_key, user_key};

/// What somebody enters to register, or an administrator to invite them. The password is chosen when the link of the letter is followed,
/// so that nobody can prepare an account for a mailbox that is not theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPerson {
    /// User name: 1 to 64 letters, digits and `.`, `-`, `_`, `+` of ASCII.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// Names, department, phone.
    #[serde(flatten)]
    pub profile: Profile,
}

/// What became of a confirmation.
#[derive(Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// State of the account now.
    pub state: PersonState,
    /// The link had been followed before; nothing was changed.
    pub already: bool,
    /// Letters to be sent.
    pub notices: Vec<Notice>,
}

/// What became of an administrator's action.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// False: it was so already.
    pub changed: bool,
    /// A letter to be sent.
    pub notice: Option<Notice>,
}
