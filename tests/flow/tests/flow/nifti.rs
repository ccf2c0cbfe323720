//! Transfers into folders as NIfTI files. Needs the program dcm2niix, which `scripts/install-peers` installs.

mod late;
mod unlisted;

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use adit_api::downloads::DownloadInput;
use adit_api::jobs::JobSnapshot;
use adit_api::nodes::NodeView;
use adit_archive::generate::{SeriesSpec, StudySpec, object, write_study};
use adit_backend_embedded::Embedded;
use adit_domain::job::{JobAction, JobStatus};
use adit_domain::task::{LogLevel, Step, TaskStatus};
use adit_domain::transfer::TransferOptions;
use adit_domain::{JobId, TaskId};
use adit_engine::worker::Worked;
use adit_engine::{Actor, Engine};
use adit_store::queue::Lane;
use adit_store::repositories::{Receipt, Receipts};
use adit_test_support::rig::{Rig, pseudonym};
use adit_test_support::scripted::{Script, Scripted};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{ALL, Scene, contains, files};

fn nifti() -> TransferOptions {
    TransferOptions { convert_to_nifti: true, ..TransferOptions::default() }
}

/// A CT series, a report, an MR series.
fn study() -> StudySpec {
    let mut study = StudySpec::ct("PAT-1", "Doe^Jane", 6, 32);
    study.series.push(SeriesSpec::new("SR", "Report", 1, 0));
    study.series.push(SeriesSpec::new("MR", "Head", 4, 16));
    study
}

/// A scene and a folder as destination.
async fn scene(spec: StudySpec, script: Script, services: &[&str]) -> (Scene, NodeView, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    write_study(&spec, &dir.path().join("source")).unwrap();
    let scene = Scene::of(dir, spec, script, Script::default(), services).await;
    let target = scene.dir.path().join("research");
    std::fs::create_dir(&target).unwrap();
    let folder = scene.rig.folder("Research", &target).await;
    (scene, folder, target)
}

/// Names of series and file, sorted. The folder of a series ends with a hash.
fn names(target: &Path) -> Vec<String> {
    let short = |path: PathBuf| {
        let path = path.strip_prefix(target).unwrap().display().to_string();
        let parts: Vec<&str> = path.split('/').collect();
        assert!(parts.len() == 5 && !path.contains(".adit-") && parts[0].starts_with("adit_selective"), "{path}");
        let (series, hash) = parts[3].rsplit_once('~').expect("a hash");
        assert_eq!(hash.len(), 6, "{path}");
        format!("{series}/{}", parts[4])
    };
    let mut names: Vec<String> = files(target).into_iter().map(short).collect();
    names.sort();
    names
}

fn with_end(target: &Path, end: &str) -> PathBuf {
    files(target).into_iter().find(|path| path.to_string_lossy().ends_with(end)).expect("it is there")
}

/// Columns, rows and slices, by the header of a NIfTI file.
fn shape(file: &Path) -> [u16; 3] {
    let mut plain = Vec::new();
    GzDecoder::new(&std::fs::read(file).unwrap()[..]).read_to_end(&mut plain).expect("a gzip file");
    let number = |at: usize| u16::from_le_bytes([plain[at], plain[at + 1]]);
    [number(42), number(44), number(46)]
}

async fn log_of(rig: &Rig, end: &JobSnapshot) -> Vec<(LogLevel, String)> {
    let detail = rig.engine.task(&rig.actor, &end.job.id, &end.tasks[0].id).await.unwrap();
    detail.log.into_iter().map(|entry| (entry.level, entry.message)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn series_become_files_in_folders_of_their_own_and_again_the_same() {
    let (scene, folder, target) = scene(study(), Script::default(), &ALL).await;
    let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), nifti()).await;
    let progress = end.progress;
    assert_eq!((end.job.status, progress.delivered, progress.verified), (JobStatus::Success, 10, 10), "{end:?}");
    // A report is no image: it stays, that is said, and nobody has to worry.
    assert_eq!(progress.held_back, 1);
    assert!(end.tasks[0].message.contains("1 stays behind: reports"), "{}", end.tasks[0].message);
    let remarks = log_of(&scene.rig, &end).await.into_iter().filter(|(level, _)| *level == LogLevel::Info);
    assert!(remarks.map(|(_, text)| text).any(|text| text.starts_with("Series 1 (Axial): ")), "what dcm2niix says");
    let expected = ["1-Axial/1-Axial.json", "1-Axial/1-Axial.nii.gz", "3-Head/3-Head.json", "3-Head/3-Head.nii.gz"];
    assert_eq!(names(&target), expected);
    assert_eq!(shape(&with_end(&target, "1-Axial.nii.gz")), [32, 32, 6]);
    assert_eq!(shape(&with_end(&target, "3-Head.nii.gz")), [16, 16, 4]);
    scene.rig.assert_clean().await;
    assert_eq!(files(&scene.rig.data_dir.join("scratch")).iter().filter(|path| !path.ends_with("lock")).count(), 0);

    // All of it once more: the same names, and nothing beside them.
    let again = scene.rig.engine.act(&scene.rig.actor, &end.job.id, JobAction::Restart).await.unwrap().unwrap();
    let end = scene.rig.outcome(&again.id).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 10), "{end:?}");
    assert_eq!(names(&target), expected);
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_named_in_files_of_pseudonymised_images() {
    let (scene, folder, target) = scene(study(), Script::default(), &ALL).await;
    let options = TransferOptions { convert_to_nifti: true, ..pseudonym("P-001") };
    let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), options).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 10), "{end:?}");
    let all = files(&target);
    assert_eq!(all.len(), 4);
    for path in &all {
        let mut content = std::fs::read(path).unwrap();
        if path.to_string_lossy().ends_with(".gz") {
            let mut plain = Vec::new();
            GzDecoder::new(&content[..]).read_to_end(&mut plain).unwrap();
            content = plain;
        } else {
            let described: Value = serde_json::from_slice(&content).expect("a description");
            for name in ["PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "ReferringPhysicianName"] {
                assert_eq!(described.get(name), None, "{name} is in {}", path.display());
            }
        }
        content.extend_from_slice(path.strip_prefix(&target).unwrap().to_string_lossy().as_bytes());
        for planted in
            ["Doe", "Jane", "PAT-1", "19610203", "Referrer", &scene.study(), &scene.spec.series_instance_uid(0)]
        {
            assert!(!contains(&content, planted), "{planted} has left in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_converted_stays_behind_with_the_reason() {
    let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 3, 16);
    spec.series.push(SeriesSpec::new("OT", "Broken", 1, 16));
    // An image of no rows.
    let mut rowless = object(&spec, 1, 0);
    let rows = [0x28, 0, 0x10, 0, b'U', b'S', 2, 0];
    let at = rowless.windows(8).position(|window| window == rows).expect("rows");
    rowless[at + 8..at + 10].fill(0);
    let dir = tempfile::tempdir().unwrap();
    let paths = write_study(&spec, &dir.path().join("source")).unwrap();
    std::fs::write(&paths[3], rowless).unwrap();
    let scene = Scene::of(dir, spec, Script::default(), Script::default(), &ALL).await;
    let target = scene.dir.path().join("research");
    let folder = scene.rig.folder("Research", &target).await;
    let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), nifti()).await;
    let progress = end.progress;
    assert_eq!((end.job.status, progress.delivered, progress.held_back), (JobStatus::Warning, 3, 1), "{end:?}");
    let said = "Series 2 (Broken) cannot be converted to NIfTI: it holds no image that dcm2niix can convert";
    assert!(end.tasks[0].message.contains(said), "{}", end.tasks[0].message);
    assert!(
        log_of(&scene.rig, &end).await.iter().any(|(level, text)| *level == LogLevel::Warning && text.contains(said))
    );
    assert_eq!(names(&target), ["1-Axial/1-Axial.json", "1-Axial/1-Axial.nii.gz"]);
    scene.rig.assert_clean().await;

    // Only what cannot be converted.
    let mut wish = scene.rig.wish(&scene.from, &folder, &scene.study(), nifti());
    wish.studies[0].series_instance_uids = vec![scene.spec.series_instance_uid(1)];
    let job = scene.rig.engine.create_job(&scene.rig.actor, wish).await.unwrap().id;
    let end = scene.rig.outcome(&job).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Warning, 0), "{end:?}");
    assert!(end.tasks[0].message.starts_with("Nothing was transferred."), "{}", end.tasks[0].message);
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_lacks_an_image_is_not_converted_until_it_has_come() {
    let script = Script { fail_nth: Some(2), fail_always: true, ..Script::default() };
    let spec = StudySpec { series: study().series[..1].to_vec(), ..study() };
    let (scene, folder, target) = scene(spec, script, &["study_root_find", "study_root_get"]).await;
    let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), nifti()).await;
    let task = &end.tasks[0];
    assert_eq!((task.status, end.progress.delivered, end.progress.failed), (TaskStatus::Pending, 0, 6), "{end:?}");
    assert!(task.not_before.is_some() && !task.message.contains("other images"), "the cause comes first: {task:?}");
    let detail = scene.rig.engine.task(&scene.rig.actor, &end.job.id, &task.id).await.unwrap();
    let behind = detail.failures.iter().filter(|failure| failure.step == Step::Deliver);
    assert_eq!(behind.filter(|failure| failure.reason.contains("other images of the series")).count(), 5);
    assert_eq!(files(&target).len(), 0, "no slices are missing from any file");
    let log = log_of(&scene.rig, &end).await;
    let said = "Series 1 (Axial) was not converted to NIfTI: 1 of its images did not come.";
    assert!(log.iter().any(|(level, text)| *level == LogLevel::Warning && text == said), "{log:?}");
    let staging = &scene.rig.backend.staging;
    assert_eq!(staging.usage().await.unwrap().objects, 5, "what has come stays for the next try");
    scene.rig.engine.act(&scene.rig.actor, &end.job.id, JobAction::Cancel).await.unwrap();
    let end = scene.rig.outcome(&end.job.id).await;
    assert_eq!((end.job.status, staging.usage().await.unwrap().objects), (JobStatus::Canceled, 0), "there is none");
}

/// A transfer of two series of twenty images whose worker was stopped when the first one stood there.
struct Interrupted {
    _dir: TempDir,
    target: PathBuf,
    engine: Engine,
    backend: Embedded,
    actor: Actor,
    source: Scripted,
    spec: StudySpec,
    job: JobId,
    task: TaskId,
}

impl Interrupted {
    async fn new() -> Self {
        let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 20, 32);
        spec.series.push(SeriesSpec::new("MR", "Head", 20, 16));
        let (Scene { dir, rig, spec, source, .. }, folder, target) = scene(spec, Script::default(), &ALL).await;
        let limits = json!({ "instances_per_second": 10, "associations": 1 });
        let slow = rig.server_with("SLOW", source.addr, &ALL[..2], limits).await;
        let job = rig.submit(&slow, &folder, &spec.study_instance_uid(), nifti()).await;
        rig.until(&job, |snapshot| snapshot.tasks[0].progress.delivered >= 20).await;
        let (engine, actor) = (rig.engine.clone(), rig.actor.clone());
        let backend = rig.backend.clone();
        rig.stop().await;
        let waiting = engine.snapshot(&actor, &job).await.unwrap();
        let task = waiting.tasks[0].id.clone();
        assert_eq!((waiting.tasks[0].status, waiting.progress.delivered), (TaskStatus::Pending, 20), "{waiting:?}");
        let staged = backend.staging.usage().await.unwrap().objects;
        assert!((1..20).contains(&staged), "it was in the middle of the second series: {staged}");
        assert_eq!(names(&target).len(), 2);
        Self { _dir: dir, target, engine, backend, actor, source, spec, job, task }
    }

    /// Another worker takes it.
    async fn go_on(&self) -> JobSnapshot {
        let queue = &self.backend.queue;
        let delivery = queue.receive(Lane::Bridge, 1, Duration::from_secs(30)).await.unwrap().pop().expect("a message");
        assert_eq!(self.engine.work_on(&delivery, &CancellationToken::new()).await, Worked::Done);
        queue.ack(&delivery.receipt).await.unwrap();
        self.engine.snapshot(&self.actor, &self.job).await.unwrap()
    }

    /// The file of the first series, and what tells whether it is the same one as before.
    fn first(&self) -> (PathBuf, u64) {
        let path = with_end(&self.target, ".nii.gz");
        let inode = std::fs::metadata(&path).unwrap().ino();
        (path, inode)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_in_the_middle_is_followed_by_one_that_goes_on() {
    let scene = Interrupted::new().await;
    let (first, before) = scene.first();
    // What a killed worker may leave behind.
    let left = first.parent().unwrap().with_file_name(format!(".adit-{}-half", scene.task));
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("half.nii.gz"), "half").unwrap();
    let retrieved = scene.source.retrievals();
    let end = scene.go_on().await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 40), "{end:?}");
    assert!(scene.source.retrievals() > retrieved);
    assert_eq!((names(&scene.target).len(), left.exists()), (4, false));
    assert_eq!(std::fs::metadata(&first).unwrap().ino(), before, "what was there was left alone");
    assert_eq!(scene.backend.staging.usage().await.unwrap().objects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_whose_receipts_were_cut_off_is_made_again_as_a_whole() {
    let scene = Interrupted::new().await;
    let (first, before) = scene.first();
    let receipts = Receipts::new(Arc::clone(&scene.backend.items));
    assert_eq!(receipts.all(&scene.task, 0).await.unwrap().len(), 20);
    let some: Vec<String> = [0, 1].map(|series| scene.spec.sop_instance_uid(series, 7)).into();
    receipts.forget(&scene.task, 0, &some).await.unwrap();
    assert_eq!(receipts.all(&scene.task, 0).await.unwrap().len(), 19);
    let end = scene.go_on().await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 40), "{end:?}");
    assert_eq!(names(&scene.target).len(), 4);
    assert!(std::fs::metadata(&first).unwrap().ino() != before && shape(&first)[2] == 20, "made of all of its images");
    assert_eq!(receipts.all(&scene.task, 0).await.unwrap().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_vanished_lets_all_images_of_its_series_come_again() {
    let scene = Interrupted::new().await;
    std::fs::remove_file(with_end(&scene.target, ".json")).unwrap();
    let end = scene.go_on().await;
    let task = &end.tasks[0];
    assert_eq!((task.status, end.progress.verified, end.progress.failed), (TaskStatus::Pending, 20, 20), "{end:?}");
    let detail = scene.engine.task(&scene.actor, &scene.job, &scene.task).await.unwrap();
    assert!(detail.failures.iter().all(|failure| failure.step == Step::Verify), "{:?}", detail.failures);
    let receipts = Receipts::new(Arc::clone(&scene.backend.items));
    assert_eq!(receipts.all(&scene.task, 0).await.unwrap().len(), 20, "the others stay delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_image_lets_all_of_its_series_be_converted_again() {
    let scene = Interrupted::new().await;
    let (first, before) = scene.first();
    // As if the source had held one image less when the series was converted.
    let receipts = Receipts::new(Arc::clone(&scene.backend.items));
    let mut known = receipts.all(&scene.task, 0).await.unwrap();
    let names_none = |receipt: &Receipt| receipt.conversion.as_ref().is_some_and(|all| all.files.is_empty());
    let late = known.iter().position(names_none).expect("there are fewer files than images");
    known.remove(late);
    for receipt in &mut known {
        receipt.conversion.as_mut().unwrap().instances = 19;
    }
    receipts.forget_all(&scene.task, 0).await.unwrap();
    receipts.put(&scene.task, 0, &known).await.unwrap();
    let end = scene.go_on().await;
    if end.job.status == JobStatus::Success {
        assert_eq!((end.progress.verified, names(&scene.target).len()), (40, 4));
        assert!(std::fs::metadata(&first).unwrap().ino() != before && shape(&first)[2] == 20);
        return;
    }
    // It came last: the others come with the next run.
    assert_eq!((end.tasks[0].status, end.progress.delivered, end.progress.failed), (TaskStatus::Pending, 20, 20));
    let detail = scene.engine.task(&scene.actor, &scene.job, &scene.task).await.unwrap();
    let is_again = |reason: &str| reason.contains("it is converted again");
    assert!(detail.failures.iter().all(|failure| is_again(&failure.reason)), "{:?}", detail.failures);
}

#[tokio::test(flavor = "multi_thread")]
async fn nifti_goes_into_folders_only() {
    let (scene, _, _) = scene(study(), Script::default(), &ALL).await;
    let bucket = scene.rig.bucket("Bucket", "results", "").await;
    for to in [&scene.to, &bucket] {
        let wish = scene.rig.wish(&scene.from, to, &scene.study(), nifti());
        let refusal = scene.rig.engine.create_job(&scene.rig.actor, wish).await.unwrap_err().body;
        assert_eq!((refusal.code.status(), refusal.field.as_deref()), (400, Some("convert_to_nifti")));
        assert!(refusal.detail.contains("Choose a folder as destination"), "{}", refusal.detail);
    }
    let input = DownloadInput {
        source: scene.from.id.clone(),
        study_instance_uid: scene.study(),
        series_instance_uids: Vec::new(),
        options: nifti(),
    };
    let Err(refusal) = scene.rig.engine.prepare_download(&scene.rig.actor, input).await else { panic!("it was let") };
    assert!(refusal.body.detail.contains("DICOM files"), "{}", refusal.body.detail);
    assert_eq!(scene.source.retrievals(), 0);
}
