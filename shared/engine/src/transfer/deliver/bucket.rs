//! Delivery into a bucket: named like the files of a folder. An object is visible as a whole or not at all; the store sees to that.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use adit_domain::node::NodeKind;
use adit_store::shelf::{Shelf, ShelfError};
use tokio::io::AsyncReadExt;

use super::naming::{file_for, folder_for};
use super::{Queue, next};
use crate::transfer::Transfer;
use crate::transfer::plan::Plan;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

/// Bytes that are passed on at once.
const PIECE: usize = 256 * 1024;

impl Transfer {
    /// Puts instances into the bucket until no more come.
    pub(super) async fn into_bucket(self: Arc<Self>, plan: Arc<Plan>, queue: Queue) -> Result<(), Problem> {
        let shelf = self.destination_shelf()?;
        while let Some(instance) = next(&queue).await {
            if self.stop.is_cancelled() {
                return Err(Problem::Canceled);
            }
            let folder = folder_for(&self, &plan, Path::new(""), &instance.note.pseudonym);
            let name = object_name(&folder.join(file_for(&self, &plan, &instance)));
            self.put_object(&*shelf, &name, &instance).await?;
            self.delivered(&instance).await?;
        }
        Ok(())
    }

    /// SOP Instance UIDs that the bucket holds under the study's folder of a pseudonym.
    pub(in crate::transfer) async fn held_in_bucket(
        &self,
        plan: &Plan,
        pseudonyms: impl Iterator<Item = String>,
    ) -> Result<HashSet<String>, Problem> {
        let shelf = self.destination_shelf()?;
        let mut held = HashSet::new();
        for pseudonym in pseudonyms {
            let folder = format!("{}/", object_name(&folder_for(self, plan, Path::new(""), &pseudonym)));
            let mut after = None;
            loop {
                let page = shelf.list(&folder, after, 1000).await.map_err(|error| self.not_listed(&error))?;
                let names = page.entries.iter().filter_map(|entry| entry.name.rsplit('/').next());
                held.extend(names.map(|name| name.trim_end_matches(".dcm").to_owned()));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(held)
    }

    fn destination_shelf(&self) -> Result<Arc<dyn Shelf>, Problem> {
        let kind = self.destination.record.as_ref().map(|record| &record.node.config.kind);
        match (kind, &self.engine.0.ports.buckets) {
            (Some(NodeKind::Bucket(bucket)), Some(buckets)) => Ok(buckets.shelf(bucket)),
            _ => Err(Problem::Permanent("This ADIT has no access to S3. Start it with credentials for S3.".into())),
        }
    }

    async fn put_object(&self, shelf: &dyn Shelf, name: &str, instance: &StagedInstance) -> Result<(), Problem> {
        let failed = |error: ShelfError| self.not_written(&error);
        let mut source = self.engine.0.ports.staging.open(&instance.key, None).await?;
        let mut writer = shelf.begin(name).await.map_err(failed)?;
        let (mut piece, mut left) = (vec![0; PIECE], instance.size);
        while left > 0 {
            let want = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if let Err(error) = source.read_exact(&mut piece[..want]).await {
                writer.abort().await;
                return Err(Problem::Transient(format!("ADIT's staging area cannot be read: {error}.")));
            }
            if let Err(error) = writer.write(&piece[..want]).await {
                writer.abort().await;
                return Err(failed(error));
            }
            left -= want as u64;
            if self.stop.is_cancelled() {
                writer.abort().await;
                return Err(Problem::Canceled);
            }
        }
        writer.commit().await.map_err(failed)?;
        Ok(())
    }

    fn not_written(&self, error: &ShelfError) -> Problem {
        let sentence = format!("{} cannot be written to: {error}.", self.destination.name());
        match error {
            ShelfError::Unavailable(_) => Problem::Transient(sentence),
            ShelfError::Refused(_) | ShelfError::Absent => Problem::Permanent(sentence),
        }
    }

    fn not_listed(&self, error: &ShelfError) -> Problem {
        Problem::Transient(format!("{} could not be asked what has arrived: {error}.", self.destination.name()))
    }
}

/// A relative path as the name of an object.
fn object_name(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}
