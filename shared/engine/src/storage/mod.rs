//! Room in folders: what they hold, whether more fits, and who is told when they fill.
//!
//! A folder is measured by whoever reaches it. Between two measurements this process adds what it has put there itself; before it refuses
//! anything it measures once more, so that room which people have made counts at once.

mod gauge;
mod walk;

use std::time::Duration;

use adit_api::installation::FolderUse;
use adit_domain::node::{Folder, Node, NodeKind};
use adit_mail::Letter;
use adit_store::items::Kind;
use adit_store::repositories::{StorageUse, Told};
use tokio_util::sync::CancellationToken;

use crate::post::Addressee;
use crate::transfer::Problem;
use crate::{Engine, Refusal, now};
pub(crate) use gauge::Gauges;
use gauge::Room;

/// For how long a transfer waits before it looks again whether there is room, in milliseconds.
const LOOK_AGAIN_MS: i64 = 5 * 60_000;
/// How often folders with a quota or a warning are measured although nothing is sent to them.
const EVERY: Duration = Duration::from_secs(3600);
/// Where administrators see how full folders are.
const PAGE: &str = "/admin";
/// A gigabyte, in bytes.
const GB: u64 = 1_000_000_000;

impl Engine {
    /// Refuses unless a folder has room left for anything.
    pub(crate) async fn check_room(&self, node: &Node) -> Result<(), Problem> {
        self.take_room(node, 0).await
    }

    /// Takes `size` bytes of the room in a folder, or defers the task because they do not fit into its quota. Whatever is no folder with a
    /// quota has room.
    pub(crate) async fn take_room(&self, node: &Node, size: u64) -> Result<(), Problem> {
        let NodeKind::Folder(folder) = &node.config.kind else { return Ok(()) };
        let quota = u64::from(folder.quota_gb) * GB;
        if quota == 0 {
            return Ok(());
        }
        let gauge = self.0.gauges.of(&node.id);
        let room = gauge.take(quota, size, || self.measure(node, folder)).await?;
        match room {
            Room::Taken => Ok(()),
            Room::None { used } => {
                if let Err(error) = self.tell_full(node, used, quota).await {
                    tracing::warn!(node = %node.id, error = %error.body.detail, "administrators could not be told of a full folder");
                }
                Err(Problem::Deferred(now().plus_ms(LOOK_AGAIN_MS), full(node, used, quota)))
            }
        }
    }

    /// Measures the folders of this machine that have a quota or a warning, until `stop`.
    pub async fn measure_forever(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.measure_all().await {
                tracing::warn!(error = %error, "the folders could not be measured and are tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn measure_all(&self) -> Result<(), Refusal> {
        for record in self.0.nodes.list().await? {
            let NodeKind::Folder(folder) = &record.node.config.kind else { continue };
            if folder.quota_gb > 0 || folder.warn_size_gb > 0 {
                let gauge = self.0.gauges.of(&record.node.id);
                if let Err(problem) = gauge.measure(|| self.measure(&record.node, folder)).await {
                    tracing::warn!(node = %record.node.id, problem = %problem.sentence(), "a folder could not be measured");
                }
            }
        }
        Ok(())
    }

    /// What every folder holds, as far as it was measured.
    pub(crate) async fn folder_uses(&self) -> Result<Vec<FolderUse>, Refusal> {
        let measured = self.0.storage.all().await?;
        let mut uses = Vec::new();
        for record in self.0.nodes.list().await? {
            let NodeKind::Folder(folder) = &record.node.config.kind else { continue };
            let found = measured.iter().find(|found| found.node == record.node.id);
            uses.push(FolderUse {
                node: record.node.id.clone(),
                name: record.node.config.name.clone(),
                bytes: found.map_or(0, |found| found.bytes),
                files: found.map_or(0, |found| found.files),
                measured: found.map(|found| found.measured),
                quota_bytes: u64::from(folder.quota_gb) * GB,
                warn_bytes: u64::from(folder.warn_size_gb) * GB,
            });
        }
        uses.sort_by_key(|used| used.name.to_lowercase());
        Ok(uses)
    }

    /// Walks through a folder and stores what it holds.
    async fn measure(&self, node: &Node, folder: &Folder) -> Result<u64, Problem> {
        let found = walk::measure(&folder.path).await.map_err(|error| {
            Problem::Transient(format!(
                "The folder {} cannot be read ({error}), so nobody knows whether its quota has room. Is it mounted?",
                node.config.name
            ))
        })?;
        if let Err(error) = self.record_use(node, folder, &found).await {
            tracing::warn!(node = %node.id, error = %error, "what a folder holds could not be stored");
        }
        Ok(found.bytes)
    }

    async fn record_use(&self, node: &Node, folder: &Folder, found: &walk::Found) -> Result<(), Refusal> {
        let before = self.0.storage.get(&node.id).await?;
        let told = before.as_ref().map_or(Told::Nothing, |before| before.value.told);
        let level = level(folder, found.bytes, told);
        let row =
            StorageUse { node: node.id.clone(), bytes: found.bytes, files: found.files, measured: now(), told: level };
        if level == Told::Filling && level > told {
            let (what, path) = (named(node), PAGE.to_owned());
            let letter =
                Letter::FolderFills { what, used: found.bytes, warn: u64::from(folder.warn_size_gb) * GB, path };
            return self.store_and_tell(&row, before.map(|before| before.version), &letter).await;
        }
        match self.0.storage.put(&row, before.map(|before| before.version)).await {
            // Another process has measured at the same time.
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(()),
            stored => Ok(stored?),
        }
    }

    /// Tells administrators, once until there is room again, that transfers wait for room.
    async fn tell_full(&self, node: &Node, used: u64, quota: u64) -> Result<(), Refusal> {
        let Some(before) = self.0.storage.get(&node.id).await? else { return Ok(()) };
        if before.value.told == Told::Full {
            return Ok(());
        }
        let row = StorageUse { told: Told::Full, ..before.value };
        let letter = Letter::QuotaExceeded { what: named(node), used, allowed: quota, path: PAGE.to_owned() };
        tracing::warn!(node = %node.id, used, quota, "a folder is full and transfers to it wait");
        self.store_and_tell(&row, Some(before.version), &letter).await
    }

    /// Whoever stores the row first tells.
    async fn store_and_tell(&self, row: &StorageUse, before: Option<u64>, letter: &Letter) -> Result<(), Refusal> {
        match self.0.storage.put(row, before).await {
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(()) => self.post_to_administrators(letter).await,
        }
    }

    /// Posts a letter to all administrators who may log in.
    pub(crate) async fn post_to_administrators(&self, letter: &Letter) -> Result<(), Refusal> {
        let Some(addresses) = self.0.post.addresses.get() else { return Ok(()) };
        let people = addresses.administrators().await?;
        self.post_to_all(people.into_iter().map(Addressee::Person).collect(), letter).await
    }
}

fn named(node: &Node) -> String {
    format!("Folder {}", node.config.name)
}

/// What administrators know of a folder that holds so much, given what they were told before. A full one counts as full until a tenth of its
/// quota is free again, so that a little coming and going makes no letters.
fn level(folder: &Folder, used: u64, told: Told) -> Told {
    let reaches = |gb: u32, tenths: u64| gb > 0 && used >= u64::from(gb) * GB / 10 * tenths;
    if told == Told::Full && reaches(folder.quota_gb, 9) {
        Told::Full
    } else if reaches(folder.warn_size_gb, 10) {
        Told::Filling
    } else {
        Told::Nothing
    }
}

fn full(node: &Node, used: u64, quota: u64) -> String {
    format!(
        "There is no room for this transfer in the folder {}: it holds {} of {} that it may hold. The transfer goes on by itself when \
         there is room; an administrator can raise the quota, or files there can be deleted.",
        node.config.name,
        adit_mail::bytes(used),
        adit_mail::bytes(quota)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_told_of_once_on_its_way_up() {
        let folder = Folder { path: "/x".into(), quota_gb: 10, warn_size_gb: 8 };
        for (gb, before, after) in [
            (7, Told::Nothing, Told::Nothing),
            (8, Told::Nothing, Told::Filling),
            (10, Told::Filling, Told::Filling),
            (10, Told::Full, Told::Full),
            (9, Told::Full, Told::Full),
            (8, Told::Full, Told::Filling),
            (1, Told::Full, Told::Nothing),
        ] {
            assert_eq!(level(&folder, gb * GB, before), after, "{gb} GB after {before:?}");
        }
        let none = Folder { path: "/x".into(), quota_gb: 0, warn_size_gb: 0 };
        assert_eq!(level(&none, u64::MAX, Told::Nothing), Told::Nothing);
    }
}
