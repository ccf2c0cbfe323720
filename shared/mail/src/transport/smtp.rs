//! SMTP by `lettre`, with rustls.

use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::message::message;
use super::{MailError, OutgoingMail, Transport};

/// Each command is answered within this time, or the mail waits.
const COMMAND: Duration = Duration::from_secs(20);
/// One mail takes no longer than this in all.
const WHOLE: Duration = Duration::from_secs(50);
/// Connections at most, and how long an idle one is kept: servers end theirs after some minutes.
const CONNECTIONS: u32 = 4;
const IDLE: Duration = Duration::from_secs(30);
/// Answers to a log-in that failed: our password is wrong, or the server wants TLS first. An operator can mend that, so the mail waits.
const OURS_TO_MEND: [u16; 5] = [454, 530, 534, 535, 538];

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// The connection begins in plain text and is encrypted by STARTTLS, or not used.
    StartTls,
    /// Encrypted from the beginning.
    Tls,
    /// Not at all.
    None,
}

/// A mail server and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: Option<String>,
}

/// Hands mails to a mail server.
pub struct SmtpTransport(AsyncSmtpTransport<Tokio1Executor>);

impl SmtpTransport {
    /// Nothing is asked of the server here. `ca_pem`: trusted besides the machine's certificates.
    pub(crate) fn open(server: &SmtpServer, password: Option<&str>, ca_pem: Option<&str>) -> Result<Self, String> {
        let tls = || -> Result<TlsParameters, String> {
            let mut builder = TlsParameters::builder(server.host.clone());
            if let Some(pem) = ca_pem {
                let certificate = Certificate::from_pem(pem.as_bytes())
                    .map_err(|_| "the certificate for the mail server is not in PEM form".to_owned())?;
                builder = builder.add_root_certificate(certificate);
            }
            builder.build().map_err(|error| format!("TLS for the mail server cannot be set up: {error}"))
        };
        let tls = match server.security {
            Security::StartTls => Tls::Required(tls()?),
            Security::Tls => Tls::Wrapper(tls()?),
            Security::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.as_str())
            .port(server.port)
            .tls(tls)
            .timeout(Some(COMMAND))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE));
        if let Some(user) = &server.user {
            let password =
                password.ok_or("the mail server's user has no password; give it in a file or in ADIT_MAIL_PASSWORD")?;
            builder = builder.credentials(Credentials::new(user.clone(), password.to_owned()));
        }
        Ok(Self(builder.build()))
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let message = message(mail)?;
        match tokio::time::timeout(WHOLE, self.0.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(sorted(&error)),
            Err(_) => Err(MailError::new(true, "the mail server did not answer in time")),
        }
    }
}

fn sorted(error: &lettre::transport::smtp::Error) -> MailError {
    let code = error.status().map(u16::from);
    let mend = code.is_some_and(|code| OURS_TO_MEND.contains(&code));
    MailError::new(mend || !error.is_permanent(), &error.to_string())
}
