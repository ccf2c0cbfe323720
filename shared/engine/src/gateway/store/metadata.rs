//! The metadata of a store, read out of the spool instance by instance: never more of them are in memory than one data set.

use std::io;
use std::vec::IntoIter;

use adit_dicomweb::json::{self, DataSets, Instance, InvalidJson, MAX_INSTANCES};
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::sync::OwnedSemaphorePermit;

use super::running::Stores;
use crate::peers::{Content, Follower};

/// Bytes read at once.
const READ: usize = 64 << 10;
/// From so many bytes on a data set is large: few of them are in memory at the same time.
pub(super) const LARGE: usize = 1 << 20;

/// Metadata parts in the spool.
#[derive(Default)]
pub(super) struct Metadata(pub Vec<Content>);

/// Why metadata cannot be read.
#[derive(Debug, Error)]
pub(super) enum Unreadable {
    #[error("{0}")]
    Invalid(#[from] InvalidJson),
    #[error("the spool cannot be read ({0})")]
    Spool(#[from] io::Error),
}

impl Metadata {
    /// Reads them from their beginning.
    pub fn read(&self, stores: &Stores) -> Texts {
        Texts {
            stores: stores.clone(),
            parts: self.0.clone().into_iter(),
            open: None,
            piece: vec![0; READ],
            large: None,
            count: 0,
        }
    }
}

/// Instances one by one.
pub(super) struct Texts {
    stores: Stores,
    parts: IntoIter<Content>,
    open: Option<(Follower, DataSets)>,
    piece: Vec<u8>,
    /// The right to hold a large data set.
    large: Option<OwnedSemaphorePermit>,
    count: usize,
}

impl Texts {
    /// What the last instance was made of is not needed any more, nor is the instance: others may have a large one.
    pub fn let_go(&mut self) {
        if let Some((_, sets)) = &mut self.open {
            sets.settle();
        }
        self.large = None;
    }

    /// The next instance; none: that were all.
    pub async fn next(&mut self) -> Result<Option<Instance>, Unreadable> {
        loop {
            let Some((source, sets)) = &mut self.open else {
                let Some(part) = self.parts.next() else { return Ok(None) };
                self.open = Some((part.open(0), DataSets::default()));
                continue;
            };
            if let Some(text) = sets.next_text()? {
                self.count += 1;
                if self.count > MAX_INSTANCES {
                    return Err(InvalidJson::too_many().into());
                }
                return Ok(Some(understood(text).await?));
            }
            // The instance before has been dealt with.
            match sets.held() {
                0..LARGE => self.large = None,
                _ if self.large.is_none() => self.large = Some(self.stores.large().await),
                _ => {}
            }
            match source.read(&mut self.piece).await? {
                0 => {
                    sets.finish()?;
                    self.open = None;
                }
                read => sets.push(&self.piece[..read]),
            }
        }
    }
}

/// What is large is read where it keeps nobody waiting.
async fn understood(text: &[u8]) -> Result<Instance, Unreadable> {
    if text.len() < LARGE {
        return Ok(json::instance(text)?);
    }
    let text = text.to_vec();
    let reading = tokio::task::spawn_blocking(move || json::instance(&text));
    Ok(reading.await.map_err(io::Error::other)??)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use adit_backend_embedded::DirectoryStaging;
    use adit_store::staging::{StagedKey, Staging};

    use super::*;

    async fn spooled(staging: &Arc<dyn Staging>, name: &str, text: &str) -> Content {
        let key = StagedKey::new("t", "s", name);
        let mut writer = staging.begin(&key).await.unwrap();
        writer.write(text.as_bytes()).await.unwrap();
        writer.commit(serde_json::Value::Null).await.unwrap();
        Content::staged(staging, key, text.len() as u64)
    }

    fn large(uid: &str) -> String {
        format!(
            r#"{{"00080018":{{"vr":"UI","Value":["{uid}"]}},"00104000":{{"vr":"LT","Value":["{}"]}}}}"#,
            "x".repeat(2 * LARGE)
        )
    }

    #[tokio::test]
    async fn parts_follow_one_another_and_their_instances_come_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let staging: Arc<dyn Staging> = Arc::new(DirectoryStaging::open(folder.path()).unwrap());
        let first = format!(r#"[{{"00080018":{{"vr":"UI","Value":["1"]}}}},{},{{}}]"#, large("2"));
        let parts = vec![spooled(&staging, "0", &first).await, spooled(&staging, "1", " {} ").await];
        let (metadata, stores) = (Metadata(parts), Stores::default());
        for _ in 0..2 {
            let (mut texts, mut uids) = (metadata.read(&stores), Vec::new());
            while let Some(instance) = texts.next().await.unwrap() {
                uids.push(instance.sop_instance_uid);
            }
            assert_eq!(uids, ["1", "2", "", ""]);
        }
        for wrong in ["", "[{}", "[{},1]", r#"{"a"}"#] {
            let mut texts = Metadata(vec![spooled(&staging, "2", wrong).await]).read(&stores);
            let last = loop {
                match texts.next().await {
                    Ok(Some(_)) => {}
                    last => break last,
                }
            };
            assert!(matches!(last, Err(Unreadable::Invalid(_))), "{wrong}");
        }
    }

    #[tokio::test]
    async fn who_lets_go_of_a_large_one_keeps_nobody_waiting_and_reads_on() {
        let folder = tempfile::tempdir().unwrap();
        let staging: Arc<dyn Staging> = Arc::new(DirectoryStaging::open(folder.path()).unwrap());
        let stores = Stores::default();
        let text = format!("[{},{},{{}}]", large("1"), large("2"));
        let metadata = Metadata(vec![spooled(&staging, "large", &text).await]);
        let mut all: Vec<Texts> = (0..3).map(|_| metadata.read(&stores)).collect();
        for texts in &mut all {
            let next = tokio::time::timeout(Duration::from_secs(20), texts.next()).await.expect("somebody waits");
            assert_eq!(next.unwrap().unwrap().sop_instance_uid, "1");
            texts.let_go();
            assert!(texts.open.as_ref().unwrap().1.held() < LARGE);
        }
        for mut texts in all {
            assert_eq!(texts.next().await.unwrap().unwrap().sop_instance_uid, "2");
            assert!(texts.next().await.unwrap().is_some() && texts.next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn few_large_data_sets_are_in_memory_and_small_ones_go_past_them() {
        let folder = tempfile::tempdir().unwrap();
        let staging: Arc<dyn Staging> = Arc::new(DirectoryStaging::open(folder.path()).unwrap());
        let stores = Stores::default();
        let text = format!("[{},{{}}]", large("1"));
        let metadata = Metadata(vec![spooled(&staging, "large", &text).await]);
        let (mut first, mut second, mut third) =
            (metadata.read(&stores), metadata.read(&stores), metadata.read(&stores));
        assert!(first.next().await.unwrap().is_some() && second.next().await.unwrap().is_some());
        let mut waiting = Box::pin(third.next());
        assert!(tokio::time::timeout(Duration::from_millis(300), &mut waiting).await.is_err());
        let mut small = Metadata(vec![spooled(&staging, "small", "[{},{}]").await]).read(&stores);
        assert!(small.next().await.unwrap().is_some());
        // Whoever goes on has dealt with it.
        assert!(first.next().await.unwrap().is_some() && first.next().await.unwrap().is_none());
        assert_eq!(waiting.await.unwrap().unwrap().sop_instance_uid, "1");
    }
}
