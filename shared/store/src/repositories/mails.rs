//! Mails that wait to be sent, sealed: links in them hold tokens.

use std::sync::Arc;

use adit_domain::{MailId, Timestamp};
use serde::{Deserialize, Serialize};

use super::encoding::{Versioned, item, key, sortable, value};
use crate::items::{Condition, Cursor, Index, Item, ItemStore, Key, MAX_WRITES, Query, SkRange, StoreError, Write};
use crate::vault::Vault;

/// A mail that nobody could send disappears after this time, in seconds.
pub const MAIL_EXPIRY_S: i64 = 7 * 24 * 3600;
/// Mails that are due, by the moment.
const DUE: &str = "MAILS";
/// Mails per transaction: well below the limit on a transaction's bytes.
const CHUNK: usize = 30;

/// A mail that waits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingMail {
    /// Identifies the mail.
    pub id: MailId,
    /// Kind of the letter, for logs.
    pub kind: String,
    /// When it was written.
    pub created: Timestamp,
    /// Nobody takes it before this moment: it waits for its next try, or somebody has it in hand.
    pub due: Timestamp,
    /// How often somebody took it in hand.
    pub attempts: u32,
    /// What is sent and to whom, sealed for this item.
    sealed: String,
}

/// Repository of waiting mails.
#[derive(Clone)]
pub struct Mails {
    items: Arc<dyn ItemStore>,
    vault: Vault,
}

impl Mails {
    /// A repository over `items` that keeps contents in `vault`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>, vault: Vault) -> Self {
        Self { items, vault }
    }

    /// A new mail; `content` is what is sent and to whom, in the caller's own form.
    #[must_use]
    pub fn seal(&self, id: MailId, kind: &str, content: &[u8], now: Timestamp) -> WaitingMail {
        let sealed = self.vault.seal(&mail_key(&id), content);
        WaitingMail { id, kind: kind.to_owned(), created: now, due: now, attempts: 0, sealed }
    }

    /// What was given to [`Mails::seal`].
    pub fn open(&self, mail: &WaitingMail) -> Result<Vec<u8>, StoreError> {
        self.vault.open(&mail_key(&mail.id), &mail.sealed)
    }

    /// What stores a new mail, to be written in one transaction with what it tells of.
    pub fn insertion(mail: &WaitingMail) -> Result<Write, StoreError> {
        Ok(Write::Put { item: mail_item(mail)?, condition: Condition::Absent })
    }

    /// Stores new mails, in the order given; after an error the first ones may be there.
    pub async fn insert(&self, mails: &[WaitingMail]) -> Result<(), StoreError> {
        const { assert!(CHUNK <= MAX_WRITES) };
        for chunk in mails.chunks(CHUNK) {
            self.items.transact(chunk.iter().map(Self::insertion).collect::<Result<_, _>>()?).await?;
        }
        Ok(())
    }

    /// One mail.
    pub async fn get(&self, id: &MailId) -> Result<Option<Versioned<WaitingMail>>, StoreError> {
        self.items.get(&mail_key(id)).await?.map(value).transpose()
    }

    /// Replaces a mail that was read at `version`.
    pub async fn update(&self, mail: &WaitingMail, version: u64) -> Result<(), StoreError> {
        self.items.put(mail_item(mail)?, Condition::Version(version)).await
    }

    /// The mail was sent or given up.
    pub async fn remove(&self, id: &MailId) -> Result<(), StoreError> {
        self.items.delete(&mail_key(id), Condition::None).await
    }

    /// Mails that have been due since before `moment`, oldest first, a page at a time.
    pub async fn overdue(
        &self,
        moment: Timestamp,
        after: Option<Cursor>,
    ) -> Result<(Vec<Versioned<WaitingMail>>, Option<Cursor>), StoreError> {
        let query = Query {
            index: Index::First,
            pk: DUE.to_owned(),
            sk: SkRange::Between(sortable(Timestamp(0)), sortable(moment)),
            descending: false,
            limit: 100,
            after,
        };
        let page = self.items.query(query).await?;
        Ok((page.items.into_iter().map(value).collect::<Result<_, _>>()?, page.next))
    }
}

fn mail_key(id: &MailId) -> Key {
    key(format!("MAIL#{id}"), "MAIL")
}

fn mail_item(mail: &WaitingMail) -> Result<Item, StoreError> {
    let mut item = item(mail_key(&mail.id), mail)?;
    item.index1 = Some((DUE.to_owned(), sortable(mail.due)));
    item.expires_at = Some(mail.created.seconds() + MAIL_EXPIRY_S);
    Ok(item)
}
