//! Delivery into a folder as NIfTI files: images wait in staging until their series is whole, then it is converted, and its files appear
//! in a folder of its own, all at once. Receipts are written when they stand there; until then a killed run is as if it had not been.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adit_domain::task::{LogLevel, Step};
use adit_store::repositories::Conversion;
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument;

use super::folder::{TEMPORARY, link_or_copy, not_writable};
use super::naming::nifti_folder_for;
use super::{Queue, next, receipt};
use crate::nifti::{self, Converted, Output, Outputs};
use crate::transfer::Transfer;
use crate::transfer::converted::Pieces;
use crate::transfer::ledger::INCOMPLETE;
use crate::transfer::measure;
use crate::transfer::plan::Plan;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

/// The files of a series may be so many times as large as its images, which may be compressed, and a little more.
const GROWTH: u64 = 20;
const A_LITTLE: u64 = 1 << 30;

/// A series all of whose images are staged.
struct Gathered {
    uid: String,
    /// How people are told of it.
    label: String,
    images: Vec<StagedInstance>,
}

impl Transfer {
    /// Gathers instances until no more come, and converts each series when it is whole. Meanwhile the source goes on.
    pub(super) async fn into_nifti(self: Arc<Self>, plan: Arc<Plan>, queue: Queue) -> Result<(), Problem> {
        let mut waiting: HashMap<String, Vec<StagedInstance>> = HashMap::new();
        let mut running = JoinSet::new();
        let begin = |running: &mut JoinSet<_>, uid: String, images: Vec<StagedInstance>| {
            let gathered = Gathered { label: label(&plan, &uid, &images), uid, images };
            running.spawn(Arc::clone(&self).convert(Arc::clone(&plan), gathered).in_current_span());
        };
        loop {
            let instance = tokio::select! {
                instance = next(&queue) => instance,
                Some(ended) = running.join_next() => {
                    outcome(ended)?;
                    continue;
                }
            };
            if self.stop.is_cancelled() {
                return Err(Problem::Canceled);
            }
            let Some(instance) = instance else { break };
            let uid = instance.note.series.clone();
            let images = waiting.entry(uid.clone()).or_default();
            images.push(instance);
            if plan.exact && self.is_whole(&plan, &uid, images) {
                let images = waiting.remove(&uid).unwrap_or_default();
                begin(&mut running, uid, images);
            }
        }
        for (uid, images) in waiting {
            if self.is_whole(&plan, &uid, &images) {
                begin(&mut running, uid, images);
            } else {
                self.incomplete(&plan, &uid, &images).await?;
            }
        }
        while let Some(ended) = running.join_next().await {
            outcome(ended)?;
        }
        Ok(())
    }

    /// Whether nothing of a series is missing, apart from what stays behind on purpose.
    fn is_whole(&self, plan: &Plan, uid: &str, images: &[StagedInstance]) -> bool {
        let Some(place) = plan.series.iter().position(|series| series.uid == uid) else { return true };
        let behind = usize::try_from(self.ledger.held_back_on_the_way()).unwrap_or(usize::MAX);
        let come = images.len().saturating_add(behind);
        if !plan.exact {
            return plan.series[place].count.is_none_or(|count| come as u64 >= count);
        }
        let expected = || plan.expected.iter().filter(|(_, one)| one.series == place).map(|(uid, _)| uid);
        if expected().count() > come {
            return false;
        }
        let here: HashSet<&str> = images.iter().map(|image| image.note.original.as_str()).collect();
        expected().all(|uid| here.contains(uid.as_str()) || self.ledger.stays(uid))
    }

    /// A series that lacks images is not converted: nobody would see that slices are missing. What has come stays staged for another try,
    /// unless none can help.
    async fn incomplete(&self, plan: &Plan, uid: &str, images: &[StagedInstance]) -> Result<(), Problem> {
        let of_series = plan.expected.iter().filter(|(_, one)| plan.series[one.series].uid == uid);
        let for_good = of_series.clone().any(|(uid, _)| self.ledger.is_lost(uid));
        for image in images {
            self.ledger.fail(&image.note.original, uid, Step::Deliver, INCOMPLETE, !for_good);
            if for_good {
                self.engine.0.ports.staging.delete(&image.key).await?;
            }
        }
        Ok(())
    }

    async fn convert(self: Arc<Self>, plan: Arc<Plan>, mut series: Gathered) -> Result<(), Problem> {
        if let Some(earlier) = self.converted.take(&series.uid) {
            return self.begin_again(&series, &earlier).await;
        }
        let converter = &self.engine.0.converter;
        let _turn = tokio::select! {
            turn = converter.turns.acquire() => turn,
            () = self.stop.cancelled() => return Err(Problem::Canceled),
        };
        // The same images give the same files, in whatever order they came.
        series.images.sort_by(|one, other| one.note.delivered_as.cmp(&other.note.delivered_as));
        let place = converter.scratch.folder().await.map_err(nifti::refusal)?;
        let [images, files] = ["in", "out"].map(|name| place.path().join(name));
        self.lay_out(&series.images, &images).await?;
        tokio::fs::create_dir(&files).await.map_err(nifti::refusal)?;
        let size: u64 = series.images.iter().map(|image| image.size).sum();
        let mut outputs = Outputs::new(files);
        let converted = tokio::select! {
            converted = nifti::convert(&images, &mut outputs, size.saturating_mul(GROWTH) + A_LITTLE) => converted,
            () = self.stop.cancelled() => return Err(Problem::Canceled),
        };
        let Converted { files, trouble, remarks } = converted.map_err(nifti::refusal)?;
        let note = |level, what: &str| self.ledger.note(level, "dcm2niix", &format!("{}: {what}.", series.label));
        if !remarks.is_empty() {
            // It has something to say of nearly every series; only its verdict weighs.
            note(LogLevel::Info, &remarks.join("; "));
        }
        match trouble {
            Some(why) if files.is_empty() => return self.unconverted(&series, &why).await,
            Some(why) => note(LogLevel::Warning, &why),
            None => {}
        }
        self.put_files(&plan, &series, files).await
    }

    /// Images of a converted series have come late: all of it moves again, so that its files are made of all of its images.
    async fn begin_again(&self, series: &Gathered, earlier: &Pieces) -> Result<(), Problem> {
        let reason = "more images of the series have come since it was converted; it is converted again";
        self.engine.0.receipts.forget(&self.task.id, self.task.epoch, &earlier.instances).await?;
        for uid in &earlier.instances {
            self.ledger.lost(uid);
        }
        for uid in earlier.instances.iter().chain(series.images.iter().map(|image| &image.note.original)) {
            self.ledger.fail(uid, &series.uid, Step::Deliver, reason, true);
        }
        Ok(())
    }

    /// Nothing came of a series: its images stay behind, with the reason.
    async fn unconverted(&self, series: &Gathered, why: &str) -> Result<(), Problem> {
        let reason = format!("{} cannot be converted to NIfTI: {why}", series.label);
        for image in &series.images {
            self.ledger.hold_back(&image.note.original, &reason);
            self.engine.0.ports.staging.delete(&image.key).await?;
        }
        Ok(())
    }

    /// Puts staged images into a folder.
    async fn lay_out(&self, images: &[StagedInstance], folder: &Path) -> Result<(), Problem> {
        tokio::fs::create_dir(folder).await.map_err(nifti::refusal)?;
        let staging = &self.engine.0.ports.staging;
        for (number, image) in images.iter().enumerate() {
            let target = folder.join(format!("{number}.dcm"));
            if let Some(staged) = staging.local_path(&image.key) {
                blocking(move || link_or_copy(&staged, &target)).await.map_err(nifti::refusal)?;
                continue;
            }
            let mut stream = staging.open(&image.key, None).await?;
            let copied = async {
                let mut file = tokio::fs::File::create(&target).await?;
                tokio::io::copy(&mut stream, &mut file).await?;
                tokio::io::AsyncWriteExt::flush(&mut file).await
            };
            copied.await.map_err(nifti::refusal)?;
        }
        Ok(())
    }

    /// The files of a series come to their place; then its images have receipts and go from staging.
    async fn put_files(&self, plan: &Plan, series: &Gathered, files: Vec<Output>) -> Result<(), Problem> {
        let Some(first) = series.images.first() else { return Ok(()) };
        let study = self.study_folder(plan, &first.note.pseudonym)?;
        let name = nifti_folder_for(self, plan, &first.note);
        if let Some(record) = &self.destination.record {
            self.engine.take_room(&record.node, files.iter().map(|file| file.size).sum()).await?;
        }
        let names: Vec<String> = files.iter().map(|file| format!("{name}/{}", file.name)).collect();
        let place = Place {
            temporary: study.join(format!("{}-{}", self.temporary_prefix(), first.key.series())),
            old: study.join(format!("{}-{}-old", self.temporary_prefix(), first.key.series())),
            target: study.join(&name),
        };
        blocking(move || put(&files, &place)).await.map_err(|error| not_writable(&error))?;
        let count = series.images.len();
        for (number, image) in series.images.iter().enumerate() {
            measure::moved(image.size);
            let files = names.iter().skip(number).step_by(count).cloned().collect();
            let instances = u32::try_from(count).unwrap_or(u32::MAX);
            self.ledger.delivered_with(receipt(image, Some(Conversion { instances, files })));
        }
        let instances = series.images.iter().map(|image| image.note.original.clone()).collect();
        self.converted.add(&series.uid, Pieces { instances, files: names });
        self.flush_receipts().await?;
        self.save_report_sometimes().await;
        for image in &series.images {
            self.engine.0.ports.staging.delete(&image.key).await?;
        }
        Ok(())
    }

    /// Names of folders that this task is still filling begin so.
    pub(in crate::transfer) fn temporary_prefix(&self) -> String {
        format!("{TEMPORARY}{}", self.task.id)
    }
}

/// Where the files of a series are put together, where they belong, and where what stands there goes meanwhile.
struct Place {
    temporary: PathBuf,
    old: PathBuf,
    target: PathBuf,
}

/// Puts files together and shows them all at once, in place of what an earlier run has put there.
fn put(files: &[Output], place: &Place) -> io::Result<()> {
    remove(&place.temporary)?;
    fs::create_dir_all(&place.temporary)?;
    for file in files {
        fs::File::open(&file.path)?.sync_all()?;
        link_or_copy(&file.path, &place.temporary.join(&file.name))?;
    }
    remove(&place.old)?;
    if place.target.exists() {
        fs::rename(&place.target, &place.old)?;
    }
    fs::rename(&place.temporary, &place.target)?;
    remove(&place.old)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn outcome(ended: Result<Result<(), Problem>, JoinError>) -> Result<(), Problem> {
    ended.unwrap_or_else(|_| Err(Problem::Transient("A part of the conversion to NIfTI broke.".into())))
}

/// A series by number and description, as far as people outside may know them.
fn label(plan: &Plan, uid: &str, images: &[StagedInstance]) -> String {
    let number = plan.series.iter().find(|series| series.uid == uid).and_then(|series| series.number);
    let keeps = images.iter().all(|image| image.note.keeps_description);
    let description = plan.outside.series.get(uid).filter(|text| keeps && !text.is_empty());
    match (number, description) {
        (Some(number), Some(description)) => format!("Series {number} ({description})"),
        (Some(number), None) => format!("Series {number}"),
        (None, Some(description)) => format!("Series {description}"),
        (None, None) => "A series without a number".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_series_replace_those_of_a_killed_run_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let place =
            Place { temporary: at("study/.adit-t-1"), old: at("study/.adit-t-1-old"), target: at("study/1-CT") };
        let file = |name: &str| {
            fs::write(at(name), name).unwrap();
            Output { name: name.into(), path: at(name), size: 1 }
        };
        let names = || {
            let mut names: Vec<_> =
                fs::read_dir(at("study/1-CT")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        put(&[file("a"), file("b")], &place).unwrap();
        assert_eq!(names(), ["a", "b"]);
        // It was killed in the middle of the swap.
        fs::rename(&place.target, &place.old).unwrap();
        fs::create_dir(&place.temporary).unwrap();
        fs::write(place.temporary.join("half"), "x").unwrap();
        put(&[file("a"), file("c")], &place).unwrap();
        assert_eq!(names(), ["a", "c"]);
        put(&[file("a"), file("c")], &place).unwrap();
        assert_eq!(names(), ["a", "c"]);
        assert_eq!(fs::read_dir(at("study")).unwrap().count(), 1, "nothing is left beside it");
    }
}
