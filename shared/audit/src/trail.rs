//! The trail: what was recorded, to be searched, exported and verified. Who may do so, and that it is recorded, is the caller's duty.

use std::sync::Arc;

use adit_domain::Timestamp;
use adit_store::clock::Clock;
use adit_store::items::{Cursor, Index, Item, ItemStore, Page, Query, SkRange, StoreError};
use adit_store::paging::PageSeal;
use thiserror::Error;

use crate::balp::audit_event;
use crate::chain::{ChainKey, Head, Linked};
use crate::rows::{self, REGISTER};
use crate::search::Entry;

/// Events on one page of an export.
const EXPORT_PAGE: usize = 200;

/// Why the trail could not be read.
#[derive(Debug, Error)]
pub enum TrailError {
    /// The page token belongs to another search or was not made here.
    #[error("this page belongs to another search; search again")]
    ForeignPage,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the audit trail. Cheap to clone.
#[derive(Clone)]
pub struct Trail {
    pub(crate) items: Arc<dyn ItemStore>,
    pub(crate) key: ChainKey,
    pub(crate) pages: PageSeal,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Where an export goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPlace {
    day: i64,
    after: Option<Cursor>,
}

/// A part of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportPage {
    /// FHIR AuditEvents in JSON, one a line, oldest first.
    pub lines: Vec<String>,
    /// Rows that are no readable event.
    pub unreadable: usize,
    /// Give back for the next part; absent at the end.
    pub next: Option<ExportPlace>,
}

impl Trail {
    /// The trail of the installation with this master key.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>, master_key: &[u8; 32], clock: Arc<dyn Clock>) -> Self {
        Self { items, key: ChainKey::new(master_key), pages: PageSeal::new(master_key), clock }
    }

    /// The next part of an export of all events from `from` to `to`, both included. Reads one page of one day.
    pub async fn export(
        &self,
        from: Timestamp,
        to: Timestamp,
        place: Option<ExportPlace>,
    ) -> Result<ExportPage, TrailError> {
        let to = to.min(self.clock.now().plus_ms(rows::DAY_MS));
        let from = match place {
            Some(_) => from,
            None => from.max(self.beginning().await?.unwrap_or(to)),
        };
        let ExportPlace { day, after } = place.unwrap_or(ExportPlace { day: rows::day_of(from), after: None });
        if day > rows::day_of(to) {
            return Ok(ExportPage::default());
        }
        let (low, high) = rows::places(from, to);
        let page = self
            .page(Query {
                index: Index::Primary,
                pk: rows::day_partition(day),
                sk: SkRange::Between(low, high),
                descending: false,
                limit: EXPORT_PAGE,
                after,
            })
            .await?;
        let mut part = ExportPage::default();
        for item in &page.items {
            match self.key.read_event(item) {
                Ok(linked) => part.lines.push(audit_event(&entry(linked)).to_string()),
                Err(_) => part.unreadable += 1,
            }
        }
        let day = if page.next.is_some() { day } else { day + 1 };
        part.next = (day <= rows::day_of(to)).then_some(ExportPlace { day, after: page.next });
        Ok(part)
    }

    /// When the installation's trail begins at the earliest: a day before the register, because others may have recorded a little earlier and
    /// been entered later, with another clock. `None` if there is no register or it cannot be read.
    pub(crate) async fn beginning(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.head(REGISTER).await?.map(|head| head.started.plus_ms(-rows::DAY_MS)))
    }

    /// The head of a chain, unless it is absent or not sealed by this installation.
    pub(crate) async fn head(&self, chain: &str) -> Result<Option<Head>, StoreError> {
        Ok(self.items.get(&rows::head_key(chain)).await?.and_then(|item| self.key.read_head(&item).ok()))
    }

    pub(crate) async fn page(&self, query: Query) -> Result<Page, StoreError> {
        self.items.query(query).await
    }

    pub(crate) fn read(&self, item: &Item) -> Option<Entry> {
        self.key.read_event(item).ok().map(entry)
    }
}

fn entry(linked: Linked) -> Entry {
    let Linked { record, chain, previous, link, intact, .. } = linked;
    Entry { record, chain, number: link.number, previous: hex::encode(previous), mac: hex::encode(link.mac), intact }
}
