//! Delivery into a folder as NIfTI files: images wait in staging until their series is whole, then it is converted, and its files appear
//! in a folder of its own, all at once. Receipts are written when they stand there; until then a killed run is as if it had not been.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use adit_domain::task::{LogLevel, Step};
use adit_store::repositories::Conversion;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::folder::{TEMPORARY, link_or_copy, not_writable};
use super::gathered::Gathered;
use super::naming::nifti_folder_for;
use super::swap::{Place, put};
use super::{Queue, next, receipt};
use crate::nifti::{self, Converted, Output, Outputs};
use crate::transfer::Transfer;
use crate::transfer::converted::{CONVERTER, Pieces};
use crate::transfer::measure;
use crate::transfer::plan::Plan;
use crate::transfer::problem::Problem;
use crate::transfer::sink::StagedInstance;

/// The files of a series may be so many times as large as its images, which may be compressed, and a little more.
const GROWTH: u64 = 20;
const A_LITTLE: u64 = 1 << 30;
/// Series that are converted or wait for their turn before the source is held back: their images fill the staging area meanwhile.
const AT_ONCE: usize = 4;
/// Why images of a converted series stay that came late, where its other images may be gone from the source.
const LATE: &str = "its series was converted to NIfTI before it came; restart the job to convert all of it again";

/// The conversions of one run.
struct Conversions {
    plan: Arc<Plan>,
    running: JoinSet<Result<(), Problem>>,
    /// Ends them, apart from those whose files come to their place: these have their receipts first.
    stop: CancellationToken,
}

impl Conversions {
    fn begin(&mut self, transfer: &Arc<Transfer>, gathered: Gathered) {
        let (plan, stop) = (Arc::clone(&self.plan), self.stop.clone());
        self.running.spawn(Arc::clone(transfer).convert(plan, gathered, stop).in_current_span());
    }

    /// Waits for all of them; the first problem ends the others.
    async fn finish(mut self, mut result: Result<(), Problem>) -> Result<(), Problem> {
        loop {
            if result.is_err() {
                self.stop.cancel();
            }
            let Some(ended) = self.running.join_next().await else { return result };
            result = result.and(outcome(ended));
        }
    }
}

impl Transfer {
    /// Gathers instances until no more come, and converts each series when it is whole. Meanwhile the source goes on.
    pub(super) async fn into_nifti(self: Arc<Self>, plan: Arc<Plan>, queue: Queue) -> Result<(), Problem> {
        let mut conversions = Conversions { plan, running: JoinSet::new(), stop: self.stop.child_token() };
        let gathered = self.gather(&queue, &mut conversions).await;
        conversions.finish(gathered).await
    }

    async fn gather(self: &Arc<Self>, queue: &Queue, conversions: &mut Conversions) -> Result<(), Problem> {
        let plan = Arc::clone(&conversions.plan);
        let mut waiting: HashMap<String, Vec<StagedInstance>> = HashMap::new();
        loop {
            let has_room = conversions.running.len() < AT_ONCE;
            let instance = tokio::select! {
                instance = next(queue), if has_room => instance,
                Some(ended) = conversions.running.join_next() => {
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
            if plan.exact && self.has_listed(&plan, &uid, images) {
                let images = waiting.remove(&uid).unwrap_or_default();
                conversions.begin(self, Gathered::new(&plan, uid, images));
            }
        }
        if self.stop.is_cancelled() {
            // What is missing was not to come.
            return Err(Problem::Canceled);
        }
        // What else the source lacks is said below, series by series.
        self.say_what_lacks(&plan, |uid| !waiting.contains_key(uid) && self.converted.instances(uid).is_empty());
        for (uid, images) in waiting {
            let series = Gathered::new(&plan, uid, images);
            if self.is_whole(&plan, &series) {
                conversions.begin(self, series);
            } else {
                self.incomplete(&plan, &series).await?;
            }
        }
        Ok(())
    }

    async fn convert(
        self: Arc<Self>,
        plan: Arc<Plan>,
        mut series: Gathered,
        stop: CancellationToken,
    ) -> Result<(), Problem> {
        if let Some(earlier) = self.converted.take(&series.uid) {
            return self.begin_again(&series, earlier).await;
        }
        let converter = &self.engine.0.converter;
        let _turn = tokio::select! {
            turn = converter.turns.acquire() => turn,
            () = stop.cancelled() => return Err(Problem::Canceled),
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
            () = stop.cancelled() => return Err(Problem::Canceled),
        };
        let Converted { files, trouble, remarks } = converted.map_err(nifti::refusal)?;
        let sentence = |what: &str| format!("{}: {what}.", series.label);
        if !remarks.is_empty() {
            // It has something to say of nearly every series; only its verdict weighs.
            self.ledger.note(LogLevel::Info, CONVERTER, &sentence(&remarks.join("; ")));
        }
        if let Some(why) = trouble.as_ref().filter(|_| files.is_empty()) {
            return self.unconverted(&series, why).await;
        }
        let trouble = trouble.map(|why| sentence(&why));
        if let Some(trouble) = &trouble {
            self.ledger.note(LogLevel::Warning, CONVERTER, trouble);
        }
        self.put_files(&plan, &series, files, trouble, &stop).await
    }

    /// Images of a converted series have come late: all of it moves again, so that its files are made of all of its images. Other sources
    /// than servers may not hold the earlier ones any more: their files stay as they are.
    async fn begin_again(&self, series: &Gathered, earlier: Pieces) -> Result<(), Problem> {
        // An image may come twice over two associations: that is nothing new.
        let is_known = |image: &StagedInstance| earlier.instances.contains(&image.note.original);
        let new: Vec<_> = series.images.iter().filter(|image| !is_known(image)).collect();
        if new.is_empty() || self.source.server().is_none() {
            self.converted.add(&series.uid, earlier);
            for image in &new {
                self.ledger.fail(&image.note.original, &series.uid, Step::Deliver, LATE, false);
            }
            return self.unstage(&series.images).await;
        }
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
    async fn put_files(
        &self,
        plan: &Plan,
        series: &Gathered,
        files: Vec<Output>,
        trouble: Option<String>,
        stop: &CancellationToken,
    ) -> Result<(), Problem> {
        let Some(first) = series.images.first() else { return Ok(()) };
        let study = self.study_folder(plan, &first.note.pseudonym).await?;
        let name = nifti_folder_for(self, plan, &first.note);
        if let Some(record) = &self.destination.record {
            self.engine.take_room(&record.node, files.iter().map(|file| file.size).sum()).await?;
        }
        let names: Vec<String> = files.iter().map(|file| format!("{name}/{}", file.name)).collect();
        // A former owner of the task may still write: what it has begun is not ours.
        let temporary = format!("{}-{}-{}", self.temporary_prefix(), self.task.attempts, first.key.series());
        let place = Place {
            old: study.join(format!("{temporary}-old")),
            temporary: study.join(temporary),
            target: study.join(&name),
        };
        if stop.is_cancelled() {
            return Err(Problem::Canceled);
        }
        blocking(move || put(&files, &place)).await.map_err(|error| not_writable(&error))?;
        let count = series.images.len();
        for (number, image) in series.images.iter().enumerate() {
            measure::moved(image.size);
            let files = names.iter().skip(number).step_by(count).cloned().collect();
            let instances = u32::try_from(count).unwrap_or(u32::MAX);
            // One of them says it for all.
            let trouble = trouble.clone().filter(|_| number == 0);
            self.ledger
                .delivered_with(receipt(image, Some(Conversion { instances, files, trouble })), Some(&image.key));
        }
        let instances = series.images.iter().map(|image| image.note.original.clone()).collect();
        self.converted.add(&series.uid, Pieces { instances, files: names, trouble });
        self.save_receipts().await?;
        self.save_report_sometimes().await;
        Ok(())
    }

    /// Names of folders that this task is still filling begin so.
    pub(in crate::transfer) fn temporary_prefix(&self) -> String {
        format!("{TEMPORARY}{}", self.task.id)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn outcome(ended: Result<Result<(), Problem>, JoinError>) -> Result<(), Problem> {
    ended.unwrap_or_else(|_| Err(Problem::Transient("A part of the conversion to NIfTI broke.".into())))
}
