//! Delivery into a folder: written under a temporary name, then renamed, so that no half file is ever visible.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::naming::file_for;
use super::{Queue, next};
use crate::transfer::Transfer;
use crate::transfer::plan::Plan;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

/// Temporary files begin like this; those of a dead process are removed by the next run of the same task.
pub(super) const TEMPORARY: &str = ".adit-";

impl Transfer {
    /// Puts instances into the folder until no more come.
    pub(super) async fn into_folder(self: Arc<Self>, plan: Arc<Plan>, queue: Queue) -> Result<(), Problem> {
        while let Some(instance) = next(&queue).await {
            if self.stop.is_cancelled() {
                return Err(Problem::Canceled);
            }
            let target =
                self.study_folder(&plan, &instance.note.pseudonym).await?.join(file_for(&self, &plan, &instance));
            if let Some(record) = &self.destination.record {
                self.engine.take_room(&record.node, instance.size).await?;
            }
            self.put(&instance, target).await?;
            self.delivered(&instance).await?;
        }
        Ok(())
    }

    async fn put(&self, instance: &StagedInstance, target: PathBuf) -> Result<(), Problem> {
        let staging = &self.engine.0.ports.staging;
        let temporary = target.with_file_name(format!("{TEMPORARY}{}-{}", self.task.id, instance.key.sop()));
        let failed = |error: io::Error| not_writable(&error);
        if let Some(staged) = staging.local_path(&instance.key) {
            let moved = tokio::task::spawn_blocking(move || take(&staged, &temporary, &target)).await;
            return moved.map_err(io::Error::other).and_then(|result| result).map_err(failed);
        }
        let mut stream = staging.open(&instance.key, None).await?;
        let written = async {
            if let Some(folder) = target.parent() {
                tokio::fs::create_dir_all(folder).await?;
            }
            let mut file = tokio::fs::File::create(&temporary).await?;
            tokio::io::copy(&mut stream, &mut file).await?;
            file.sync_all().await?;
            tokio::fs::rename(&temporary, &target).await
        };
        written.await.map_err(failed)
    }
}

/// What is said when a folder does not take a file.
pub(super) fn not_writable(error: &io::Error) -> Problem {
    Problem::Transient(format!("The folder cannot be written to ({error}). Is it mounted and is there space left?"))
}

/// Links a file to its target, or copies it to another file system.
fn take(staged: &Path, temporary: &Path, target: &Path) -> io::Result<()> {
    if let Some(folder) = target.parent().filter(|folder| !folder.exists()) {
        fs::create_dir_all(folder)?;
    }
    match fs::remove_file(temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    link_or_copy(staged, temporary)?;
    fs::rename(temporary, target)?;
    // Renaming onto another link of the same file does nothing and leaves the temporary name.
    match fs::remove_file(temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Another name for a file that is safe on the disk, or a copy that is.
pub(super) fn link_or_copy(file: &Path, other: &Path) -> io::Result<()> {
    if fs::hard_link(file, other).is_err() {
        fs::copy(file, other)?;
        fs::File::open(other)?.sync_all()?;
    }
    Ok(())
}
