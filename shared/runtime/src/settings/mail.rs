//! Settings of mail.

use std::path::PathBuf;

use clap::Args;

/// How `adit serve` sends mail.
#[derive(Debug, Clone, Args)]
pub struct MailSettings {
    /// Where people reach the page, such as https://adit.example.org: the beginning of the links in mails
    #[arg(long, env = "ADIT_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Sender of mails, such as "ADIT <adit@example.org>"
    #[arg(long, env = "ADIT_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// How mail is sent: log (not at all), smtp://user@host:port (STARTTLS), smtps://user@host:port, or file:DIRECTORY
    #[arg(long, env = "ADIT_MAIL_TRANSPORT", default_value = "log")]
    pub mail_transport: String,
    /// File with the password of the mail server's user (or the password in the variable ADIT_MAIL_PASSWORD)
    #[arg(long, env = "ADIT_MAIL_PASSWORD_FILE")]
    pub mail_password_file: Option<PathBuf>,
    /// File with a certificate (PEM) that is trusted for the mail server besides those of this machine
    #[arg(long, env = "ADIT_MAIL_CA")]
    pub mail_ca: Option<PathBuf>,
}

impl MailSettings {
    /// The password of the mail server's user, from its file or from `ADIT_MAIL_PASSWORD`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn password(&self) -> Result<Option<String>, String> {
        if let Some(file) = &self.mail_password_file {
            let text = std::fs::read_to_string(file)
                .map_err(|error| format!("the file {} with the mail password: {error}", file.display()))?;
            return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()));
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "settings are read here; a password must not stand on the command line"
        )]
        Ok(std::env::var("ADIT_MAIL_PASSWORD").ok().filter(|password| !password.is_empty()))
    }
}

/// How a process of the cloud home sends mail; texts are empty where a variable is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CloudMailSettings {
    /// `ADIT_PUBLIC_URL`: where people reach the page.
    pub public_url: String,
    /// `ADIT_MAIL_FROM`: the sender, an identity that SES has verified.
    pub from: String,
    /// `ADIT_MAIL_TRANSPORT`: whether mails go by SES (`ses`) or are only logged (`log`, the default).
    pub ses: bool,
}

impl CloudMailSettings {
    pub(super) fn read(given: impl Fn(&str) -> Option<String>, wrong: &mut Vec<String>) -> Self {
        let ses = match given("ADIT_MAIL_TRANSPORT").as_deref() {
            None | Some("log") => false,
            Some("ses") => true,
            Some(_) => {
                wrong.push("ADIT_MAIL_TRANSPORT must be log or ses".to_owned());
                false
            }
        };
        let mut needed = |name: &str| {
            let value = given(name).unwrap_or_default();
            if ses && value.is_empty() {
                wrong.push(format!("{name} is missing, which ADIT_MAIL_TRANSPORT=ses needs"));
            }
            value
        };
        Self { public_url: needed("ADIT_PUBLIC_URL"), from: needed("ADIT_MAIL_FROM"), ses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ses_needs_a_sender_and_an_address() {
        let mut wrong = Vec::new();
        let read = CloudMailSettings::read(|name| (name == "ADIT_MAIL_TRANSPORT").then(|| "ses".into()), &mut wrong);
        assert!(read.ses && wrong.len() == 2 && wrong[0].contains("ADIT_PUBLIC_URL"), "{wrong:?}");
        let mut wrong = Vec::new();
        assert_eq!(CloudMailSettings::read(|_| None, &mut wrong), CloudMailSettings::default());
        assert!(wrong.is_empty());
        CloudMailSettings::read(|_| Some("smtp://x".into()), &mut wrong);
        assert_eq!(wrong, ["ADIT_MAIL_TRANSPORT must be log or ses"]);
    }

    #[test]
    fn the_password_comes_from_its_file() {
        let file = std::env::temp_dir().join(format!("adit-mail-password-{}", std::process::id()));
        std::fs::write(&file, " pass word\r\n").unwrap();
        let settings = MailSettings {
            public_url: None,
            mail_from: None,
            mail_transport: "log".into(),
            mail_password_file: Some(file.clone()),
            mail_ca: None,
        };
        assert_eq!(settings.password().unwrap().as_deref(), Some(" pass word"));
        std::fs::remove_file(&file).unwrap();
        assert!(settings.password().unwrap_err().contains("mail password"));
    }
}
