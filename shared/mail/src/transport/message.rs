//! A mail in the form of RFC 5322.

use lettre::Message;
use lettre::address::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::{MailError, OutgoingMail};

/// Whether `from` can be a sender: `adit@example.org` or `ADIT <adit@example.org>`.
///
/// # Errors
/// Says what a sender has to look like.
pub fn check_sender(from: &str) -> Result<(), String> {
    from.parse::<Mailbox>().map(|_| ()).map_err(|_| "the sender must look like ADIT <adit@example.org>".to_owned())
}

/// What is wrong with it never mends itself.
pub(super) fn message(mail: &OutgoingMail) -> Result<Message, MailError> {
    let never = |what: &str| MailError::new(false, what);
    let from: Mailbox = mail.from.parse().map_err(|_| never("the sender is not a mail address"))?;
    let address: Address = mail.to.address.parse().map_err(|_| never("the recipient's is not a mail address"))?;
    let name = Some(mail.to.name.trim().to_owned()).filter(|name| !name.is_empty() && !name.contains(char::is_control));
    let id = format!("<{}@{}>", mail.id.as_str().to_lowercase(), from.email.domain());
    let mut message = Message::builder()
        .from(from)
        .to(Mailbox::new(name, address))
        .subject(mail.subject.as_str())
        .message_id(Some(id))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|error| never(&error.to_string()))?;
    // No answer of a machine to a machine.
    message
        .headers_mut()
        .insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    Ok(message)
}
