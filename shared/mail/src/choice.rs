//! Which way mails go, from the text of the setting.

use std::path::PathBuf;

#[cfg(feature = "smtp")]
use crate::transport::{Security, SmtpServer};

/// What stands in `--mail-transport`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// `log`: nothing is sent.
    Log,
    /// `ses`: Amazon SES, in the cloud home.
    Ses,
    /// `file:DIR`.
    File(PathBuf),
    /// `smtp://` or `smtps://`, as it was given.
    Smtp(String),
}

impl Choice {
    /// Reads the setting.
    ///
    /// # Errors
    /// Says what may be given.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(directory) = text.strip_prefix("file:").filter(|directory| !directory.is_empty()) {
            return Ok(Self::File(directory.into()));
        }
        match text {
            "log" => Ok(Self::Log),
            "ses" => Ok(Self::Ses),
            _ if text.starts_with("smtp://") || text.starts_with("smtps://") => Ok(Self::Smtp(text.to_owned())),
            _ => {
                Err("the way to send mail must be log, smtp://user@host:port, smtps://user@host:port or file:DIRECTORY"
                    .to_owned())
            }
        }
    }
}

/// What else a transport needs.
#[cfg(feature = "smtp")]
#[derive(Default)]
pub struct Options {
    /// Password of the mail server's user.
    pub password: Option<String>,
    /// Certificate in PEM form that is trusted besides those of this machine.
    pub ca_pem: Option<String>,
}

#[cfg(feature = "smtp")]
impl Choice {
    /// Opens the transport. Nothing is sent and no server is asked.
    ///
    /// # Errors
    /// Says which part of the setting is wrong. The password is never repeated.
    pub fn open(&self, options: &Options) -> Result<std::sync::Arc<dyn crate::Transport>, String> {
        Ok(match self {
            Self::Log => std::sync::Arc::new(crate::LogTransport),
            Self::Ses => return Err("mails go by SES in the cloud home only".to_owned()),
            Self::File(directory) => std::sync::Arc::new(
                crate::FileTransport::open(directory)
                    .map_err(|error| format!("the directory {} for mails: {error}", directory.display()))?,
            ),
            Self::Smtp(url) => {
                let server = server(url)?;
                let (password, ca_pem) = (options.password.as_deref(), options.ca_pem.as_deref());
                std::sync::Arc::new(crate::SmtpTransport::open(&server, password, ca_pem)?)
            }
        })
    }
}

/// `smtp://[user@]host[:port][?tls=none]`, `smtps://[user@]host[:port]`.
#[cfg(feature = "smtp")]
fn server(url: &str) -> Result<SmtpServer, String> {
    let wrong = |why: &str| format!("the mail server: {why}");
    let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("no address"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let security = match (scheme, query) {
        ("smtp", "" | "tls=starttls") => Security::StartTls,
        ("smtp", "tls=none") => Security::None,
        ("smtps", "") => Security::Tls,
        _ => return Err(wrong("after ? may only stand tls=none, and only with smtp://")),
    };
    // A user name may be a mail address: the last @ counts.
    let (user, place) = rest
        .trim_end_matches('/')
        .rsplit_once('@')
        .map_or((None, rest.trim_end_matches('/')), |(user, place)| (Some(user), place));
    if user.is_some_and(|user| user.contains(':')) {
        return Err(wrong("the password does not belong into the address; give it in a file or in ADIT_MAIL_PASSWORD"));
    }
    let user = user
        .map(|user| percent_encoding::percent_decode_str(user).decode_utf8().map(|user| user.into_owned()))
        .transpose()
        .map_err(|_| wrong("the user name is not UTF-8"))?
        .filter(|user| !user.is_empty());
    let (host, port) = match place.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']')) {
        Some((host, port)) => (host, port.parse().map_err(|_| wrong("the port is not a number up to 65535"))?),
        None => (
            place,
            match security {
                Security::StartTls => 587,
                Security::Tls => 465,
                Security::None => 25,
            },
        ),
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    if host.is_empty() || host.contains(['/', ' ']) || port == 0 {
        return Err(wrong("it must look like smtp://user@mail.example.org:587"));
    }
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if security == Security::None && user.is_some() && !local {
        return Err(wrong("with tls=none the password would be readable on the way; leave tls=none or the user away"));
    }
    Ok(SmtpServer { host, port, security, user })
}

#[cfg(all(test, feature = "smtp"))]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_mail_servers_are_read() {
        let read = |url: &str| {
            let server = server(url).unwrap();
            (server.host, server.port, server.security, server.user.unwrap_or_default())
        };
        let expected = |host: &str, port, security, user: &str| (host.to_owned(), port, security, user.to_owned());
        assert_eq!(read("smtp://mail.example.org"), expected("mail.example.org", 587, Security::StartTls, ""));
        assert_eq!(read("smtps://adit@example.org@mail/"), expected("mail", 465, Security::Tls, "adit@example.org"));
        assert_eq!(read("smtp://a%40b@[::1]:2525?tls=none"), expected("::1", 2525, Security::None, "a@b"));
        assert_eq!(read("smtp://relay:25?tls=none"), expected("relay", 25, Security::None, ""));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, said) in [
            ("smtp://u:hunter2@mail", "does not belong"),
            ("smtp://u@mail?tls=none", "readable on the way"),
            ("smtp://mail:99999", "port"),
            ("smtp://", "must look like"),
            ("smtps://mail?tls=none", "only with smtp"),
        ] {
            let error = server(url).unwrap_err();
            assert!(error.contains(said) && !error.contains("hunter2"), "{url}: {error}");
        }
        let error = Choice::parse("smtp://u@mail").unwrap().open(&Options::default()).err().unwrap();
        assert!(error.contains("has no password"), "{error}");
        assert!(Choice::parse("sendmail").is_err() && Choice::parse("file:").is_err());
    }
}
