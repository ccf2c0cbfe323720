//! Watched folders: files are taken when they have not changed for a moment. What is known is remembered by name, size and time in the
//! objects' rows, so that a restart reads nothing twice.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use adit_domain::node::NodeKind;
use adit_domain::{NodeId, Timestamp};
use adit_store::items::Kind;
use adit_store::repositories::ArrivedObject;
use adit_store::shelf::{Shelf, ShelfEntry};
use tokio_util::sync::CancellationToken;

use super::Arrived;
use super::arrive::{REMEMBERED_S, is_temporary};
use super::place::Unread;
use crate::{Engine, Refusal, now};

/// How often folders are looked at.
const EVERY: Duration = Duration::from_secs(3);
/// For how long a file must not have changed, in milliseconds.
const QUIET_MS: i64 = 3_000;
/// Rows of files that are still there are kept for longer when this many seconds are left.
const RENEW_S: i64 = 15 * 86_400;

/// A file as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Looks {
    size: u64,
    modified: Timestamp,
}

/// What is known of one folder.
#[derive(Default)]
struct Folder {
    /// Files that were taken (or are no DICOM), with the end of their rows (0: they have none).
    known: HashMap<String, (Looks, i64)>,
    /// Files that may still be growing, since when they look as they do.
    growing: HashMap<String, (Looks, Timestamp)>,
}

/// The folders that are watched by this process.
#[derive(Default)]
pub struct Watch(HashMap<NodeId, Folder>);

impl Engine {
    /// Watches the folders that rules name until `stop`.
    pub async fn watch_forever(&self, stop: CancellationToken) {
        let mut watch = Watch::default();
        loop {
            if let Err(error) = self.watch(&mut watch).await {
                tracing::error!(error = %error, "watching folders failed and is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Looks once at every watched folder.
    pub async fn watch(&self, watch: &mut Watch) -> Result<(), Refusal> {
        let mut watched = Vec::new();
        for record in self.0.nodes.list().await? {
            let config = &record.node.config;
            let is_folder = config.enabled && matches!(config.kind, NodeKind::Folder(_));
            if is_folder && !self.rules_of(&record.node.id).await?.is_empty() {
                watched.push(record);
            }
        }
        watch.0.retain(|id, _| watched.iter().any(|record| record.node.id == *id));
        for record in watched {
            let Some(shelf) = self.shelf_of(&record.node.config.kind) else { continue };
            let id = &record.node.id;
            if !watch.0.contains_key(id) {
                let known = self.known_files(id).await?;
                watch.0.insert(id.clone(), known);
            }
            if let Some(folder) = watch.0.get_mut(id)
                && let Err(error) = self.look_into(id, &*shelf, folder).await
            {
                tracing::warn!(node = %id, error = %error, "a watched folder could not be looked into and is tried again");
            }
        }
        Ok(())
    }

    async fn known_files(&self, node: &NodeId) -> Result<Folder, Refusal> {
        let (mut folder, mut after) = (Folder::default(), None);
        loop {
            let (objects, next) = self.0.arrivals.known_files(node, after).await?;
            for object in objects.into_iter().filter(|object| !object.removed) {
                let looks = Looks { size: object.size, modified: object.modified };
                folder.known.insert(object.name, (looks, object.expires_at));
            }
            after = next;
            if after.is_none() {
                return Ok(folder);
            }
        }
    }

    async fn look_into(&self, node: &NodeId, shelf: &dyn Shelf, folder: &mut Folder) -> Result<(), Refusal> {
        let (mut after, mut growing) = (None, HashMap::new());
        let (mut renewed, mut present) = (false, HashSet::new());
        loop {
            let page = shelf.list("", after, 1000).await.map_err(|error| Refusal::peer(Unread::from(error).why()))?;
            for file in page.entries {
                present.insert(file.name.clone());
                let looks = Looks { size: file.size, modified: file.modified };
                match folder.known.get(&file.name) {
                    Some((known, end)) if *known == looks => {
                        renewed |= *end > 0 && *end - now().seconds() < RENEW_S;
                    }
                    _ if is_temporary(&file.name) || file.size == 0 => {}
                    _ => self.consider(node, file, looks, folder, &mut growing).await,
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        folder.growing = growing;
        // A file that went and comes again is a new one.
        folder.known.retain(|name, _| present.contains(name));
        if renewed { self.renew(node, folder).await } else { Ok(()) }
    }

    /// Takes a file that has been as it is for long enough.
    async fn consider(
        &self,
        node: &NodeId,
        file: ShelfEntry,
        looks: Looks,
        folder: &mut Folder,
        growing: &mut HashMap<String, (Looks, Timestamp)>,
    ) {
        let now = now();
        let since = folder.growing.get(&file.name).filter(|(seen, _)| *seen == looks).map_or(now, |(_, since)| *since);
        if now.since_ms(since) < QUIET_MS {
            growing.insert(file.name, (looks, since));
            return;
        }
        match self.file_arrived(node, &file).await {
            Ok(Arrived::Recorded | Arrived::Known) => {
                folder.known.insert(file.name, (looks, now.seconds() + REMEMBERED_S));
            }
            Ok(Arrived::NotDicom) => {
                folder.known.insert(file.name, (looks, 0));
            }
            // A rule with another prefix may come.
            Ok(Arrived::Unwanted | Arrived::Gone) => {}
            Err(error) => {
                tracing::warn!(node = %node, error = %error, "a file in a watched folder is tried again");
                growing.insert(file.name, (looks, since));
            }
        }
    }

    /// Rows of files that are still there must not end, or the files would seem new.
    async fn renew(&self, node: &NodeId, folder: &mut Folder) -> Result<(), Refusal> {
        let (soon, end) = (now().seconds() + RENEW_S, now().seconds() + REMEMBERED_S);
        let mut after = None;
        loop {
            let (objects, next) = self.0.arrivals.known_files(node, after).await?;
            for object in objects.into_iter().filter(|object| object.expires_at < soon && !object.removed) {
                let looks = Looks { size: object.size, modified: object.modified };
                if folder.known.get(&object.name).is_some_and(|(known, _)| *known == looks)
                    && self.renew_row(&object, end).await?
                {
                    folder.known.insert(object.name, (looks, end));
                }
            }
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// False: the row is another one by now; the next look sees it.
    async fn renew_row(&self, seen: &ArrivedObject, end: i64) -> Result<bool, Refusal> {
        let arrivals = &self.0.arrivals;
        let row = arrivals.object(&seen.source, &seen.study_instance_uid, &seen.sop_instance_uid).await?;
        let Some(row) = row.filter(|row| row.value == *seen) else { return Ok(false) };
        match arrivals.update_object(&ArrivedObject { expires_at: end, ..row.value }, row.version).await {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
