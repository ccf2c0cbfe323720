//! Secrets Manager.

use std::fmt;
use std::ops::Deref;

use aws_sdk_secretsmanager::Client;

use crate::error::AwsError;

/// A secret's text. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text; keep it out of logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Deref for Secret {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(..)")
    }
}

/// Access to secrets.
#[derive(Debug, Clone)]
pub struct Secrets(Client);

impl Secrets {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// The current value of the secret with this name or ARN. Asks each time: keep it.
    ///
    /// # Errors
    /// It does not exist, may not be read, holds no text, or Secrets Manager does not answer.
    pub async fn get(&self, id: &str) -> Result<Secret, AwsError> {
        let what = format!("secret {id}");
        let answer =
            self.0.get_secret_value().secret_id(id).send().await.map_err(|error| AwsError::of(&what, &error))?;
        answer.secret_string.map(Secret).ok_or_else(|| AwsError::Refused(format!("{what} holds no text")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret("swordfish".into());
        assert_eq!(
            (format!("{secret:?}").as_str(), secret.expose(), &*secret),
            ("Secret(..)", "swordfish", "swordfish")
        );
    }
}
