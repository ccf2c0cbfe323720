//! People, as administrators see and change them, and the settings of accounts.

use adit_domain::accounts::{OpenIdView, RegistrationSettings, SecondFactorSettings};
use adit_domain::person::{PersonRecord, PersonState};
use serde::{Deserialize, Serialize};

/// Which people are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct PeopleFilter {
    /// Only those in this state, the newest account first; absent: all, by user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PersonState>,
    /// Beginning of a user name or an e-mail address; then the list is not paged.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub search: String,
    /// 1 to 200, default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// From the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeoplePage {
    /// The people.
    pub people: Vec<PersonRecord>,
    /// Give this back as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

/// What an administrator does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PersonAction {
    /// Lets a waiting person in.
    Approve,
    /// Removes an account that waits or is unconfirmed.
    Reject,
    /// Keeps a person out; sessions and tokens end at once.
    Deactivate,
    /// Lets a deactivated person in again.
    Reactivate,
    /// Makes an administrator.
    MakeStaff,
    /// Makes somebody a mere user.
    RemoveStaff,
    /// The password alone is enough from now on.
    RemoveSecondFactor,
    /// Ends all sessions; tokens stay.
    LogOut,
}

impl PersonAction {
    /// All actions.
    pub const ALL: [Self; 8] = [
        Self::Approve,
        Self::Reject,
        Self::Deactivate,
        Self::Reactivate,
        Self::MakeStaff,
        Self::RemoveStaff,
        Self::RemoveSecondFactor,
        Self::LogOut,
    ];

    /// The name that stands in the address.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::MakeStaff => "make_staff",
            Self::RemoveStaff => "remove_staff",
            Self::RemoveSecondFactor => "remove_second_factor",
            Self::LogOut => "log_out",
        }
    }
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActionOutcome {
    /// False: it was so already.
    pub changed: bool,
}

/// Who may register, and of whom a second factor is demanded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountSettings {
    /// Who may register.
    pub registration: RegistrationSettings,
    /// Of whom a second factor is demanded.
    pub second_factor: SecondFactorSettings,
}

/// Log-in at a foreign issuer, and what has to be entered there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuerView {
    /// The settings without the secret.
    #[serde(flatten)]
    pub settings: OpenIdView,
    /// The address to which the issuer sends people back; to be registered there.
    pub redirect: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_named_as_they_go_over_the_wire() {
        for action in PersonAction::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
        }
    }
}
