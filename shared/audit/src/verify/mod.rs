//! Verification: walks the register, every chain and every day, and says what does not hold. Streams; memory does not grow with the trail.
//!
//! The chains show what is missing or out of order. The days show rows that belong to no chain. The register shows chains that are gone as a whole.

mod days;
mod report;
mod walk;

use adit_domain::Timestamp;
use adit_store::items::{Cursor, Index, Item, Query, SkRange, StoreError};

pub use report::{Fault, Finding, Report};

use crate::chain::Head;
use crate::rows::{self, DAY_MS, REGISTER};
use crate::trail::{Trail, TrailError};

/// Items on one page.
const PAGE: usize = 200;
/// Days to look at where no register says when the trail begins.
const DAYS_WITHOUT_REGISTER: i64 = 3660;

impl Trail {
    /// Verifies the whole trail. May run beside processes that record.
    pub async fn verify(&self) -> Result<Report, TrailError> {
        let mut report = Report::default();
        let now = self.clock.now();
        let register = self.items.get(&rows::head_key(REGISTER)).await?;
        let mut beginning = now.plus_ms(-DAYS_WITHOUT_REGISTER * DAY_MS);
        match register.as_ref().map(|item| self.key.read_head(item)) {
            Some(Ok(head)) => {
                beginning = head.started;
                self.walk(head, &mut report).await?;
            }
            Some(Err(_)) => report.add(
                Fault::HeadChanged,
                REGISTER,
                "The register of chains is not as it was written, or was written with another master key.",
            ),
            None => {}
        }
        let heads = self.heads(&mut report).await?;
        self.days(rows::day_of(beginning), &mut report).await?;
        if register.is_none() && heads == 0 && report.holds() {
            report.add(
                Fault::Nothing,
                "",
                "There is no audit trail: either nothing was ever recorded, or all of it was taken away.",
            );
        } else if register.is_none() {
            report.add(Fault::NoRegister, REGISTER, "The register of chains is missing.");
        }
        Ok(report)
    }

    /// Walks every chain that has a head; tells how many heads there are, the register's not counted.
    async fn heads(&self, report: &mut Report) -> Result<u64, StoreError> {
        let (mut heads, mut after) = (0, None);
        loop {
            let page = self.page(all(rows::HEADS.into(), after)).await?;
            for item in page.items.iter().filter(|item| item.key.sk != REGISTER) {
                heads += 1;
                self.head_and_chain(item, report).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(heads);
            }
        }
    }

    async fn head_and_chain(&self, item: &Item, report: &mut Report) -> Result<(), StoreError> {
        // It may have moved since the page was read; what counts is what it says by itself.
        let Ok(head) = self.key.read_head(item) else {
            let chain = &item.key.sk;
            report.add(Fault::HeadChanged, chain, format!("Chain {chain}: its head is not as it was written."));
            return Ok(());
        };
        if !self.is_entered(&head).await? {
            let Head { chain, process, .. } = &head;
            report.add(
                Fault::NotInRegister,
                chain,
                format!("Chain {chain} of {process} is missing in the register of chains."),
            );
        }
        self.walk(head, report).await
    }

    /// Whether the register names the chain, or did so in an entry that has expired.
    async fn is_entered(&self, head: &Head) -> Result<bool, StoreError> {
        let Some(entry) = &head.entry else { return Ok(false) };
        let found = self.items.get(&rows::event_key(head.started, entry)).await?;
        if head.entry_expires <= self.now().seconds() {
            return Ok(true);
        }
        let linked = found.and_then(|item| self.key.read_event(&item).ok());
        Ok(linked
            .is_some_and(|linked| linked.chain == REGISTER && walk::names(&linked.record).any(|id| id == head.chain)))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn all(pk: String, after: Option<Cursor>) -> Query {
    Query { index: Index::Primary, pk, sk: SkRange::All, descending: false, limit: PAGE, after }
}
