//! Mail by SES.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::error::AwsError;

/// A mail to send. It holds no patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Sender; an identity that SES has verified.
    pub from: String,
    /// Recipients. Each gets a mail of their own and sees no other.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The mail as HTML, if it has such a form.
    pub html: Option<String>,
}

/// Sends mail.
#[derive(Debug, Clone)]
pub struct Mail(Client);

impl Mail {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// Hands the mail to SES once per recipient.
    ///
    /// # Errors
    /// The first recipient's error; the others are served all the same. Sending again sends again to all.
    pub async fn send(&self, mail: &OutgoingMail) -> Result<(), AwsError> {
        let content = content(mail)?;
        let mut result = Ok(());
        for recipient in &mail.to {
            let sent = self
                .0
                .send_email()
                .from_email_address(&mail.from)
                .destination(Destination::builder().to_addresses(recipient).build())
                .content(content.clone())
                .send()
                .await;
            if let Err(error) = sent {
                result = result.and(Err(AwsError::of("mail", &error)));
            }
        }
        result
    }
}

fn content(mail: &OutgoingMail) -> Result<EmailContent, AwsError> {
    let text = |data: &str| {
        let content = Content::builder().data(data).charset("UTF-8").build();
        content.map_err(|error| AwsError::Refused(error.to_string()))
    };
    let body = Body::builder().text(text(&mail.text)?);
    let body = match &mail.html {
        Some(html) => body.html(text(html)?),
        None => body,
    };
    let message = Message::builder().subject(text(&mail.subject)?).body(body.build()).build();
    Ok(EmailContent::builder().simple(message).build())
}
