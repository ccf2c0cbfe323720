//! A pointer to a mail: take it in hand, send it, forget it.
//!
//! The claim is a conditional write that makes the mail due later, so that nobody else takes it meanwhile. A mail goes out twice only if its
//! worker dies, or the store is away, between the transport's answer and the removal.

use std::time::Duration;

use adit_domain::Timestamp;
use adit_domain::retry::{MAIL_IN_HAND_MS, MAIL_TRIED_MS, mail_wait_ms};
use adit_mail::{LogTransport, MailError, OutgoingMail, Recipient, Transport};
use adit_store::items::{Kind, StoreError};
use adit_store::queue::{Delivery, MailPointer};
use adit_store::repositories::{Versioned, WaitingMail};
use tokio_util::sync::CancellationToken;

use super::{AGAIN, Worked};
use crate::clock::jitter;
use crate::post::{Addressee, Envelope};
use crate::{Engine, now};

/// How often the removal of a sent mail is tried, and how long in between.
const REMOVALS: u32 = 5;
const BETWEEN_REMOVALS: Duration = Duration::from_secs(1);

impl Engine {
    pub(super) async fn mail(&self, delivery: &Delivery, pointer: &MailPointer, stop: &CancellationToken) -> Worked {
        if stop.is_cancelled() {
            return Worked::Later(Duration::ZERO);
        }
        // A mail that is being sent is not interrupted: that could send it twice. It takes a minute at most.
        let handled = tokio::select! {
            handled = self.handle_mail(pointer) => handled,
            () = self.hold(delivery) => return Worked::Later(AGAIN),
        };
        handled.unwrap_or_else(|error| {
            tracing::error!(mail = %pointer.mail_id, error = %error, "a mail could not be handled; it comes again");
            Worked::Later(AGAIN)
        })
    }

    async fn handle_mail(&self, pointer: &MailPointer) -> Result<Worked, StoreError> {
        let Some(Versioned { value: mut mail, version }) = self.0.mails.get(&pointer.mail_id).await? else {
            return Ok(Worked::Done);
        };
        let moment = now();
        if mail.due > moment {
            return Ok(later(mail.due, moment));
        }
        mail.due = moment.plus_ms(MAIL_IN_HAND_MS);
        mail.attempts += 1;
        match self.0.mails.update(&mail, version).await {
            Ok(()) => {}
            // Somebody else has taken it in hand.
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => return Ok(Worked::Later(AGAIN)),
            Err(error) => return Err(error),
        }
        match self.send_mail(&mail).await {
            Ok(()) => self.remove_mail(&mail).await.map(|()| Worked::Done),
            Err(error) if error.retriable && now().since_ms(mail.created) < MAIL_TRIED_MS => {
                self.try_again(mail, version + 1, &error).await
            }
            Err(error) => {
                tracing::error!(mail = %mail.id, kind = mail.kind, attempts = mail.attempts, error = %error, "a mail was given up");
                self.remove_mail(&mail).await.map(|()| Worked::Done)
            }
        }
    }

    async fn send_mail(&self, mail: &WaitingMail) -> Result<(), MailError> {
        let later = |error: StoreError| MailError::new(true, &error.to_string());
        let content = self.0.mails.open(mail).map_err(later)?;
        // The parser's own message could quote the letter. A newer version may have written it: that one can send it.
        let envelope: Envelope = serde_json::from_slice(&content)
            .map_err(|_| MailError::new(true, "this version cannot read the letter"))?;
        let Some(to) = self.recipient(envelope.to).await.map_err(later)? else {
            tracing::info!(mail = %mail.id, kind = mail.kind, "a mail was dropped: the person has no address any more");
            return Ok(());
        };
        let Some(post) = self.0.post.post.get() else {
            let nowhere = OutgoingMail {
                id: mail.id.clone(),
                kind: envelope.letter.kind(),
                from: String::new(),
                to,
                subject: String::new(),
                text: String::new(),
                html: String::new(),
            };
            return LogTransport.send(&nowhere).await;
        };
        let written = envelope
            .letter
            .write(&to, &post.public_url)
            .map_err(|_| MailError::new(false, "the letter could not be written"))?;
        let outgoing = OutgoingMail {
            id: mail.id.clone(),
            kind: envelope.letter.kind(),
            from: post.from.clone(),
            to,
            subject: written.subject,
            text: written.text,
            html: written.html,
        };
        post.transport.send(&outgoing).await?;
        tracing::info!(mail = %mail.id, kind = mail.kind, attempts = mail.attempts, "mail sent");
        Ok(())
    }

    async fn recipient(&self, to: Addressee) -> Result<Option<Recipient>, StoreError> {
        match to {
            Addressee::Address(recipient) => Ok(Some(recipient)),
            Addressee::Person(user) => match self.0.post.addresses.get() {
                Some(addresses) => addresses.address(&user).await,
                None => Ok(None),
            },
        }
    }

    async fn try_again(&self, mut mail: WaitingMail, version: u64, error: &MailError) -> Result<Worked, StoreError> {
        let moment = now();
        mail.due = moment.plus_ms(mail_wait_ms(mail.attempts, jitter()));
        tracing::warn!(mail = %mail.id, kind = mail.kind, attempts = mail.attempts, error = %error, "a mail did not go out; it is tried again");
        match self.0.mails.update(&mail, version).await {
            Ok(()) => Ok(later(mail.due, moment)),
            // Our hand was too slow, and another has it.
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(Worked::Later(AGAIN)),
            Err(error) => Err(error),
        }
    }

    async fn remove_mail(&self, mail: &WaitingMail) -> Result<(), StoreError> {
        for _ in 1..REMOVALS {
            if self.0.mails.remove(&mail.id).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_REMOVALS).await;
        }
        self.0.mails.remove(&mail.id).await
    }
}

fn later(moment: Timestamp, now: Timestamp) -> Worked {
    Worked::Later(Duration::from_millis(u64::try_from(moment.since_ms(now)).unwrap_or(0)))
}
