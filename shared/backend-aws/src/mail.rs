//! Mail by SES.

use std::time::Duration;

use adit_mail::{MailError, OutgoingMail, Transport};
use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::error::AwsError;

/// One mail takes no longer than this in all.
const WHOLE: Duration = Duration::from_secs(50);

/// Sends mail by SES. The sender has to be an identity that SES has verified.
#[derive(Debug, Clone)]
pub struct Mail(Client);

impl Mail {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Transport for Mail {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let content = content(mail).map_err(|error| MailError::new(false, &error.to_string()))?;
        let sending = self
            .0
            .send_email()
            .from_email_address(&mail.from)
            .destination(Destination::builder().to_addresses(&mail.to.address).build())
            .content(content)
            .send();
        match tokio::time::timeout(WHOLE, sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(sorted(&AwsError::of("mail", &error))),
            Err(_) => Err(MailError::new(true, "SES did not answer in time")),
        }
    }
}

/// What an operator can mend (a right, an identity, the sandbox) is tried again; a message that SES does not want is not.
fn sorted(error: &AwsError) -> MailError {
    let said = error.to_string();
    let unwanted =
        ["MessageRejected", "BadRequestException", "ValidationException"].iter().any(|code| said.contains(code));
    let ours_to_mend = said.contains("not verified");
    MailError::new(!unwanted || ours_to_mend, &said)
}

fn content(mail: &OutgoingMail) -> Result<EmailContent, BuildError> {
    let text = |data: &str| Content::builder().data(data).charset("UTF-8").build();
    let body = Body::builder().text(text(&mail.text)?).html(text(&mail.html)?);
    let message = Message::builder().subject(text(&mail.subject)?).body(body.build()).build();
    Ok(EmailContent::builder().simple(message).build())
}
