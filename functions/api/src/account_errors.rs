//! What is said when access is not given or an account not changed.

use adit_access::AccessError;
use adit_api::error::ErrorCode;
use adit_engine::Refusal;

use crate::refused::Refused;

impl From<AccessError> for Refused {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::WrongCredentials => {
                Self::new(ErrorCode::WrongCredentials, "The user name or the password is wrong.")
            }
            AccessError::Braked(seconds) => Self {
                retry_after_s: Some(seconds),
                ..Self::new(ErrorCode::TooMany, format!("Too many attempts. Wait {seconds} seconds and try again."))
            },
            AccessError::WeakPassword(why) => {
                let mut refused = Self::new(ErrorCode::Invalid, format!("This cannot be used: {why}."));
                refused.body.field = Some("new_password".into());
                refused
            }
            AccessError::TooLarge => Self::new(ErrorCode::Invalid, "These preferences are too large."),
            AccessError::Invalid(error) => error.into(),
            AccessError::Issuer(why) => {
                tracing::warn!(%why, "log-in at the issuer failed");
                Self::new(
                    ErrorCode::Peer,
                    "Your organisation's log-in does not work at the moment. Try again, or tell an administrator.",
                )
            }
            AccessError::Foreign(why) => Self::new(ErrorCode::Forbidden, sentence(why)),
            AccessError::Store(error) => Refusal::from(error).into(),
            other => {
                let (code, detail) = account_sentence(&other);
                Self::new(code, detail)
            }
        }
    }
}

/// What is said about accounts, with its code.
fn account_sentence(error: &AccessError) -> (ErrorCode, &'static str) {
    match error {
        AccessError::WrongCode => {
            (ErrorCode::WrongCredentials, "The code is wrong or was used before. Wait for the next one and try again.")
        }
        AccessError::LogInOver => (ErrorCode::LoginRequired, "This log-in is over. Begin again."),
        AccessError::Absent => (ErrorCode::NotFound, "There is no such thing here. Go back and reload the page."),
        AccessError::NameTaken => (ErrorCode::Conflict, "This user name is taken. Choose another one."),
        AccessError::EmailTaken => (ErrorCode::Conflict, "This e-mail address belongs to another account."),
        AccessError::LinkInvalid => (ErrorCode::NotFound, "This link is too old or was replaced. Ask for a new one."),
        AccessError::LinkUsed => (ErrorCode::Conflict, "This link was used already. Try to log in."),
        AccessError::RegistrationClosed => {
            (ErrorCode::Forbidden, "One cannot register here by oneself. Ask an administrator for an account.")
        }
        AccessError::WrongState(_) => {
            (ErrorCode::Conflict, "The account is in a state that does not allow this. Reload the page.")
        }
        AccessError::LastAdministrator => {
            (ErrorCode::Conflict, "This is the last active administrator. Make somebody else one first.")
        }
        AccessError::NoFactor => (ErrorCode::Conflict, "There is no second factor being set up. Begin again."),
        AccessError::FactorDemanded => {
            (ErrorCode::Forbidden, "Administrators need a second factor here; it cannot be removed.")
        }
        AccessError::NoIssuer => {
            (ErrorCode::NotFound, "Log-in with an account of your organisation is not set up here.")
        }
        _ => (ErrorCode::Internal, "Something broke here. Try again; if it stays like this, tell an administrator."),
    }
}

/// A phrase as a sentence.
fn sentence(phrase: &str) -> String {
    let mut characters = phrase.chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}
