//! Receipts: what became of each instance of a task. A retry or a restarted process moves only what has none.
//!
//! They are written by the hundred into one item: a row for each instance would be the dearest part of a transfer.

mod packed;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use adit_domain::TaskId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::encoding::{Versioned, collected, item, key, value};
use crate::items::{Condition, Item, ItemStore, Key, Kind, MAX_BODY, MAX_WRITES, SkRange, StoreError, Write};
use packed::{Packed, Stored};

/// Receipts per item.
pub const BATCH: usize = 100;
/// Bytes of receipts per item, a little below what an item may hold.
const MAX_BYTES: usize = MAX_BODY - 1024;

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
    /// It went as part of a series that was converted: what came of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion: Option<Conversion>,
}

/// An instance's share in what its series became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversion {
    /// Instances that were converted together: one receipt each, or the series is not done.
    pub instances: u32,
    /// Some of the files that came of them, below the study's folder, with `/` in between; all receipts together name each once.
    pub files: Vec<String>,
    /// What was wrong with the conversion, as people were told; one of the receipts says it for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
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

    /// Stores receipts, up to [`BATCH`] of them in one item. Storing them twice changes nothing; of two receipts of one instance the
    /// one that says delivered counts.
    pub async fn put(&self, task: &TaskId, epoch: u32, receipts: &[Receipt]) -> Result<(), StoreError> {
        for batch in batches(receipts)? {
            let key = key(partition(task, epoch), place(batch)?);
            self.items.put(item(key, &Packed::new(batch))?, Condition::None).await?;
        }
        Ok(())
    }

    /// All receipts of a task, one per instance.
    pub async fn all(&self, task: &TaskId, epoch: u32) -> Result<Vec<Receipt>, StoreError> {
        let mut receipts: BTreeMap<String, Receipt> = BTreeMap::new();
        for (_, batch) in self.packed(task, epoch).await? {
            for receipt in batch.value {
                let known = receipts.get(&receipt.sop_instance_uid);
                if known.is_none_or(|known| known.state != ReceiptState::Delivered) {
                    receipts.insert(receipt.sop_instance_uid.clone(), receipt);
                }
            }
        }
        Ok(receipts.into_values().collect())
    }

    /// Forgets the receipts of these instances: they will move again.
    pub async fn forget(&self, task: &TaskId, epoch: u32, sop_instance_uids: &[String]) -> Result<(), StoreError> {
        if sop_instance_uids.is_empty() {
            return Ok(());
        }
        let gone: HashSet<&str> = sop_instance_uids.iter().map(String::as_str).collect();
        for (key, Versioned { value: mut batch, version }) in self.packed(task, epoch).await? {
            let before = batch.len();
            batch.retain(|receipt| !gone.contains(receipt.sop_instance_uid.as_str()));
            if batch.is_empty() {
                self.items.delete(&key, Condition::Version(version)).await?;
            } else if batch.len() < before {
                self.items.put(item(key, &Packed::new(&batch))?, Condition::Version(version)).await?;
            }
        }
        Ok(())
    }

    /// Forgets every receipt of a task.
    pub async fn forget_all(&self, task: &TaskId, epoch: u32) -> Result<(), StoreError> {
        let keys: Vec<Key> = self.items_of(task, epoch).await?.into_iter().map(|item| item.key).collect();
        for some in keys.chunks(MAX_WRITES) {
            let delete = |key: &Key| Write::Delete { key: key.clone(), condition: Condition::None };
            self.items.transact(some.iter().map(delete).collect()).await?;
        }
        Ok(())
    }

    /// The receipts, item by item. What cannot be read, of another version of ADIT, counts for none: its instances move again.
    async fn packed(&self, task: &TaskId, epoch: u32) -> Result<Vec<(Key, Versioned<Vec<Receipt>>)>, StoreError> {
        let mut all = Vec::new();
        for item in self.items_of(task, epoch).await? {
            let key = item.key.clone();
            match value::<Stored>(item) {
                Ok(Versioned { value: stored, version }) => {
                    all.push((key, Versioned { value: stored.into(), version }));
                }
                Err(error) => tracing::warn!(task = %task, error = %error, "receipts cannot be read"),
            }
        }
        Ok(all)
    }

    async fn items_of(&self, task: &TaskId, epoch: u32) -> Result<Vec<Item>, StoreError> {
        collected(&*self.items, partition(task, epoch), SkRange::Prefix("R#".into())).await
    }
}

/// Cuts where an item would get too many receipts or too large.
fn batches(receipts: &[Receipt]) -> Result<Vec<&[Receipt]>, StoreError> {
    let (mut all, mut from, mut size) = (Vec::new(), 0, 0);
    for (at, receipt) in receipts.iter().enumerate() {
        let bytes = serde_json::to_vec(receipt).map_err(|error| StoreError::new(Kind::Invalid, error))?.len() + 1;
        if at - from == BATCH || (size + bytes > MAX_BYTES && at > from) {
            all.push(&receipts[from..at]);
            (from, size) = (at, 0);
        }
        size += bytes;
    }
    if from < receipts.len() {
        all.push(&receipts[from..]);
    }
    Ok(all)
}

fn partition(task: &TaskId, epoch: u32) -> String {
    format!("TASK#{task}#{epoch}")
}

/// Derived from what the item holds: the same batch comes to the same place, two batches never.
fn place(batch: &[Receipt]) -> Result<String, StoreError> {
    let bytes = serde_json::to_vec(batch).map_err(|error| StoreError::new(Kind::Invalid, error))?;
    let digest = Sha256::digest(&bytes);
    Ok(digest.iter().take(16).fold(String::from("R#B"), |text, byte| text + &format!("{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(name: &str) -> Receipt {
        Receipt {
            sop_instance_uid: name.to_owned(),
            series_instance_uid: "1".into(),
            delivered_as: "2".into(),
            pseudonym: String::new(),
            size: 1,
            state: ReceiptState::Delivered,
            conversion: None,
        }
    }

    #[test]
    fn batches_hold_everything_once_and_stay_below_both_limits() {
        let plain: Vec<Receipt> = (0..250).map(|n| receipt(&n.to_string())).collect();
        let long: Vec<Receipt> = (0..250).map(|n| receipt(&format!("{n}{}", "9".repeat(3_000)))).collect();
        for (receipts, count) in
            [(&plain[..0], 0), (&plain[..1], 1), (&plain[..100], 1), (&plain[..], 3), (&long[..], 8)]
        {
            let batches = batches(receipts).unwrap();
            assert_eq!(batches.len(), count);
            assert_eq!(batches.concat(), receipts);
            for batch in batches {
                let body = serde_json::to_vec(&Packed::new(batch)).unwrap();
                assert!(!batch.is_empty() && batch.len() <= BATCH && body.len() <= crate::items::MAX_BODY);
            }
        }
    }
}
