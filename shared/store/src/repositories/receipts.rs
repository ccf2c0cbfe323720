//! Receipts: what became of each instance of a task. A retry or a restarted process moves only what has none.

use std::sync::Arc;

use adit_domain::TaskId;
use serde::{Deserialize, Serialize};

use super::encoding::{item, key, value};
use crate::items::{Condition, Index, ItemStore, Query, SkRange, StoreError, Write};

/// Writes per transaction.
const BATCH: usize = 100;

/// What became of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// SOP Instance UID at the source.
    pub sop_instance_uid: String,
    /// Series Instance UID at the source.
    pub series_instance_uid: String,
    /// SOP Instance UID at the destination.
    pub delivered_as: String,
    /// The pseudonym that it carries there; empty when identity stays.
    #[serde(default)]
    pub pseudonym: String,
    /// Bytes of the data set.
    pub size: u64,
    /// What became of it.
    pub state: ReceiptState,
}

/// Fate of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// The destination acknowledged it.
    Delivered,
    /// It stays behind on purpose.
    HeldBack,
}

/// Repository of receipts.
#[derive(Clone)]
pub struct Receipts {
    items: Arc<dyn ItemStore>,
}

impl Receipts {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// Stores receipts; storing one twice changes nothing.
    pub async fn put(&self, task: &TaskId, epoch: u32, receipts: &[Receipt]) -> Result<(), StoreError> {
        for batch in receipts.chunks(BATCH) {
            let writes = batch
                .iter()
                .map(|receipt| {
                    let item = item(key(partition(task, epoch), sort(&receipt.sop_instance_uid)), receipt)?;
                    Ok(Write::Put { item, condition: Condition::None })
                })
                .collect::<Result<Vec<_>, StoreError>>()?;
            self.items.transact(writes).await?;
        }
        Ok(())
    }

    /// All receipts of a task.
    pub async fn all(&self, task: &TaskId, epoch: u32) -> Result<Vec<Receipt>, StoreError> {
        let mut receipts = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .items
                .query(Query {
                    index: Index::Primary,
                    pk: partition(task, epoch),
                    sk: SkRange::Prefix("R#".into()),
                    descending: false,
                    limit: 1000,
                    after,
                })
                .await?;
            for found in page.items {
                receipts.push(value::<Receipt>(found)?.value);
            }
            after = page.next;
            if after.is_none() {
                return Ok(receipts);
            }
        }
    }

    /// Forgets the receipts of these instances: they will move again.
    pub async fn forget(&self, task: &TaskId, epoch: u32, sop_instance_uids: &[String]) -> Result<(), StoreError> {
        for batch in sop_instance_uids.chunks(BATCH) {
            let writes = batch
                .iter()
                .map(|uid| Write::Delete { key: key(partition(task, epoch), sort(uid)), condition: Condition::None })
                .collect();
            self.items.transact(writes).await?;
        }
        Ok(())
    }

    /// Forgets every receipt of a task.
    pub async fn forget_all(&self, task: &TaskId, epoch: u32) -> Result<(), StoreError> {
        let uids: Vec<String> =
            self.all(task, epoch).await?.into_iter().map(|receipt| receipt.sop_instance_uid).collect();
        self.forget(task, epoch, &uids).await
    }
}

fn partition(task: &TaskId, epoch: u32) -> String {
    format!("TASK#{task}#{epoch}")
}

fn sort(uid: &str) -> String {
    format!("R#{uid}")
}
