//! How a mail goes out: the port, and the transports that need no cloud.

#[cfg(feature = "smtp")]
mod file;
mod log;
#[cfg(feature = "smtp")]
mod message;
#[cfg(feature = "smtp")]
mod smtp;

use adit_domain::MailId;
use async_trait::async_trait;
use thiserror::Error;

use crate::Recipient;

#[cfg(feature = "smtp")]
pub use file::FileTransport;
pub use log::LogTransport;
#[cfg(feature = "smtp")]
pub use message::check_sender;
#[cfg(feature = "smtp")]
pub use smtp::SmtpTransport;
#[cfg(feature = "smtp")]
pub(crate) use smtp::{Security, SmtpServer};

/// One mail to one recipient.
#[derive(Clone)]
pub struct OutgoingMail {
    /// Names the mail. A mail that goes out twice has the same name twice, so that the receiving side may notice.
    pub id: MailId,
    /// Kind of the letter, for logs.
    pub kind: &'static str,
    /// Sender, such as `ADIT <adit@example.org>`.
    pub from: String,
    /// Recipient.
    pub to: Recipient,
    /// Subject, one line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// Why a mail did not go out.
#[derive(Debug, Error)]
#[error("{what}")]
pub struct MailError {
    /// Trying again later may help.
    pub retriable: bool,
    what: String,
}

impl MailError {
    /// An error that is told as `what`, of which addresses and links are taken out: it stands in logs.
    #[must_use]
    pub fn new(retriable: bool, what: &str) -> Self {
        const LONGEST: usize = 300;
        let hidden = |word: &str| {
            if word.contains('@') {
                "(address)".to_owned()
            } else if word.contains("://") {
                "(link)".to_owned()
            } else {
                word.to_owned()
            }
        };
        let words: Vec<String> = what.split_whitespace().map(hidden).collect();
        Self { retriable, what: words.join(" ").chars().take(LONGEST).collect() }
    }
}

/// The port.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Hands the mail over; Ok means that the other side has taken it on. Answers within a minute.
    ///
    /// # Errors
    /// Says whether trying again later may help. The mail may have gone out all the same if the answer was lost.
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_nobody_and_leads_nowhere() {
        let error = MailError::new(false, "550 <jane@example.org>: see https://x.example/?t=1 ok");
        assert_eq!(error.to_string(), "550 (address) see (link) ok");
        assert!(MailError::new(true, &"x ".repeat(1000)).to_string().len() <= 300);
    }
}
