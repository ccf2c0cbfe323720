//! Letters on their way to the queue. What they say is written by `adit_mail`; `worker/mail.rs` sends them.
//!
//! A letter is stored sealed, then a pointer to it is sent. It becomes words only when it is sent, so that whoever posts needs neither the
//! public address nor, for a person's letters, their mail address.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use adit_domain::retry::MAIL_STRANDED_MS;
use adit_domain::{MailId, UserId};
use adit_mail::{JobEnded, Letter, PublicUrl, Recipient, Transport};
use adit_store::items::{Kind, StoreError};
use adit_store::queue::{Band, Lane, MailPointer, Message};
use adit_store::repositories::jobs::JobRecord;
use adit_store::repositories::{Versioned, WaitingMail};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};

use crate::clock::random;
use crate::{Engine, Refusal, now};

/// Letters share their turn in the queue.
const GROUP: &str = "mail";
/// Pointers sent at the same time.
const AT_ONCE: usize = 16;

/// Who gets a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressee {
    /// This address.
    Address(Recipient),
    /// This person, at the address that they have when the letter is sent.
    Person(UserId),
}

/// Where the engine learns people's addresses.
#[async_trait]
pub trait AddressBook: Send + Sync {
    /// The confirmed address of a person who may log in; `None`: nobody is to be written to.
    async fn address(&self, user: &UserId) -> Result<Option<Recipient>, StoreError>;

    /// The administrators who may log in.
    async fn administrators(&self) -> Result<Vec<UserId>, StoreError>;
}

/// How letters leave this installation.
#[derive(Clone)]
pub struct Post {
    /// Hands mails over.
    pub transport: Arc<dyn Transport>,
    /// Sender of all mails, such as `ADIT <adit@example.org>`.
    pub from: String,
    /// Where people reach the page.
    pub public_url: PublicUrl,
}

/// What a process has been given to send letters with.
#[derive(Default)]
pub(crate) struct PostOffice {
    pub post: OnceLock<Post>,
    pub addresses: OnceLock<Arc<dyn AddressBook>>,
}

/// What is sealed in a waiting mail.
#[derive(Serialize, Deserialize)]
pub(crate) struct Envelope {
    pub to: Addressee,
    pub letter: Letter,
}

impl From<Recipient> for Addressee {
    fn from(recipient: Recipient) -> Self {
        Self::Address(recipient)
    }
}

impl From<UserId> for Addressee {
    fn from(user: UserId) -> Self {
        Self::Person(user)
    }
}

impl Engine {
    /// Lets this process send letters. To be called once, before its worker starts; without it letters are logged, not sent.
    pub fn use_post(&self, post: Post) {
        let _ = self.0.post.post.set(post);
    }

    /// Tells this process where people's addresses are. To be called once, before its worker starts; without it letters to persons are
    /// dropped.
    pub fn use_address_book(&self, addresses: Arc<dyn AddressBook>) {
        let _ = self.0.post.addresses.set(addresses);
    }

    /// Where people reach a path of the page; `None`: this process was not told.
    #[must_use]
    pub fn public_link(&self, path: &str) -> Option<String> {
        self.0.post.post.get().map(|post| post.public_url.link(path))
    }

    /// Where other computers reach a path; `None`: this process was not told.
    #[must_use]
    pub fn link_from_outside(&self, path: &str) -> Option<String> {
        let url = &self.0.post.post.get()?.public_url;
        (!url.is_this_machine()).then(|| url.link(path))
    }

    /// The port at which this machine is reached, as far as nobody has given an address for other computers.
    #[must_use]
    pub fn port_here(&self) -> Option<u16> {
        let url = &self.0.post.post.get()?.public_url;
        url.is_this_machine().then(|| url.port()).flatten()
    }

    /// Posts a letter. Ok means that it is stored and will be sent, at least once; sending it is tried for a day.
    ///
    /// # Errors
    /// The store did not answer, or the letter is too long (about 60 KB).
    pub async fn post(&self, to: impl Into<Addressee>, letter: &Letter) -> Result<(), Refusal> {
        self.post_to_all(vec![to.into()], letter).await
    }

    /// Posts a letter to many; each gets a mail of their own and learns of no other.
    ///
    /// # Errors
    /// As [`Engine::post`]; some of the mails may be on their way then.
    pub async fn post_to_all(&self, to: Vec<Addressee>, letter: &Letter) -> Result<(), Refusal> {
        let mails: Vec<WaitingMail> = to.into_iter().map(|to| self.sealed(to, letter)).collect::<Result<_, _>>()?;
        self.0.mails.insert(&mails).await?;
        tracing::info!(kind = letter.kind(), mails = mails.len(), "mail posted");
        let mut sending = FuturesUnordered::new();
        for mail in &mails {
            if sending.len() >= AT_ONCE {
                sending.next().await;
            }
            sending.push(self.send_pointer(&mail.id, Duration::ZERO));
        }
        while sending.next().await.is_some() {}
        Ok(())
    }

    /// The mail that a job's owner gets about its end, if the job has ended and they want one.
    pub(crate) fn mail_of_ending(&self, record: &JobRecord) -> Result<Option<WaitingMail>, StoreError> {
        let job = &record.job;
        if !job.status.is_final() || !job.options.send_finished_mail {
            return Ok(None);
        }
        let letter = Letter::JobEnded(JobEnded {
            job: job.id.clone(),
            status: job.status,
            counts: record.counts,
            source: job.source_name.clone(),
            destination: job.destination_name.clone(),
        });
        self.sealed(Addressee::Person(job.owner.clone()), &letter).map(Some)
    }

    fn sealed(&self, to: Addressee, letter: &Letter) -> Result<WaitingMail, StoreError> {
        let envelope = Envelope { to, letter: letter.clone() };
        let content = serde_json::to_vec(&envelope).map_err(|error| StoreError::new(Kind::Invalid, error))?;
        Ok(self.0.mails.seal(MailId::new(now(), random()), letter.kind(), &content, now()))
    }

    /// What fails here is left to the sweeper.
    pub(crate) async fn send_pointer(&self, id: &MailId, delay: Duration) {
        let message = Message {
            body: MailPointer::new(id).encode(),
            lane: Lane::Worker,
            band: Band::Urgent,
            group: GROUP.to_owned(),
            trace: String::new(),
        };
        if let Err(error) = self.0.ports.queue.send(message, delay).await {
            tracing::warn!(mail = %id, error = %error, "a mail will be put into the queue by the sweeper");
        }
    }

    /// Mails that nobody has taken although they are due: their queue message is gone, or was never sent. A mail whose message is merely late
    /// gets a second one, which finds it sent.
    pub(crate) async fn sweep_mails(&self) -> Result<(), Refusal> {
        let mut after = None;
        loop {
            let (mails, next) = self.0.mails.overdue(now().plus_ms(-MAIL_STRANDED_MS), after).await?;
            for Versioned { value: mut mail, version } in mails {
                // Due anew: the next sweep leaves it alone. Whoever takes it in hand at this moment wins.
                mail.due = now();
                match self.0.mails.update(&mail, version).await {
                    Ok(()) => self.send_pointer(&mail.id, Duration::ZERO).await,
                    Err(error) if matches!(error.kind, Kind::Conflict { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
