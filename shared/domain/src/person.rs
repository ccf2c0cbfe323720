//! Persons as everybody may see them who may see them at all: no password, no secret.

use serde::{Deserialize, Serialize};

use crate::dicom::InvalidValue;
use crate::ids::UserId;
use crate::time::Timestamp;

/// Characters of each part of a profile at most.
const LONGEST: usize = 128;

/// How far an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// Has not followed the link of the mail; the account vanishes 14 days later.
    Unconfirmed,
    /// Waits for an administrator's approval.
    Waiting,
    /// May log in.
    Active,
    /// May not log in any more.
    Deactivated,
}

impl PersonState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Unconfirmed, Self::Waiting, Self::Active, Self::Deactivated];

    /// The state as it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Deactivated => "deactivated",
        }
    }
}

/// What a person says about themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Profile {
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// Department.
    #[serde(default)]
    pub department: String,
    /// Phone number, as written.
    #[serde(default)]
    pub phone: String,
}

impl Profile {
    /// The profile without spaces around its parts. A part may have 128 characters, none of them a control character.
    pub fn checked(&self) -> Result<Self, InvalidValue> {
        Ok(Self {
            first_name: part("first name", &self.first_name)?,
            last_name: part("last name", &self.last_name)?,
            department: part("department", &self.department)?,
            phone: part("phone number", &self.phone)?,
        })
    }
}

fn part(what: &'static str, text: &str) -> Result<String, InvalidValue> {
    let text = text.trim();
    if text.chars().count() > LONGEST {
        return Err(InvalidValue::new(what, format!("is longer than {LONGEST} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidValue::new(what, "holds a character that cannot be printed"));
    }
    Ok(text.to_owned())
}

/// A person in lists and forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonRecord {
    /// Identifies the person.
    pub id: UserId,
    /// User name.
    pub username: String,
    /// E-mail address; the first administrator has none until one is entered.
    pub email: Option<String>,
    /// Names, department, phone.
    #[serde(flatten)]
    pub profile: Profile,
    /// How far the account is.
    pub state: PersonState,
    /// An administrator.
    pub staff: bool,
    /// Whether a code is asked for after the password.
    pub second_factor: bool,
    /// Whether there is a password; people who log in elsewhere only have none.
    pub has_password: bool,
    /// The OpenID Connect issuer at which the person logs in.
    pub issuer: Option<String>,
    /// When the account was made.
    pub created: Timestamp,
    /// When the person last logged in.
    pub last_login: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_trimmed_and_bounded() {
        let profile = Profile { first_name: " Ada ".into(), ..Profile::default() };
        assert_eq!(profile.checked().unwrap().first_name, "Ada");
        for wrong in ["x".repeat(LONGEST + 1), "a\nb".into()] {
            assert!(Profile { department: wrong, ..Profile::default() }.checked().is_err());
        }
    }

    #[test]
    fn states_are_stored_by_their_names() {
        for state in PersonState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
