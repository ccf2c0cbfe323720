//! What of the patient leaves: in images, in names of folders, in reports. And what stays behind.

use adit_api::projects::PreviewQuery;
use adit_archive::generate::{SeriesSpec, StudySpec, object, write_study};
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_domain::{Timestamp, UserId};
use adit_engine::Actor;
use adit_test_support::rig::{in_project, pseudonym};
use adit_test_support::scripted::Script;

use crate::{ALL, Scene, contains, content, files};

async fn scene_of(spec: StudySpec) -> Scene {
    let dir = tempfile::tempdir().unwrap();
    write_study(&spec, &dir.path().join("source")).unwrap();
    Scene::of(dir, spec, Script::default(), Script::default(), &ALL).await
}

#[tokio::test(flavor = "multi_thread")]
async fn images_with_risky_pixels_stay_behind_until_somebody_has_looked() {
    let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 16);
    spec.series.push(SeriesSpec::new("US", "Liver", 3, 16));
    spec.series.push(SeriesSpec::new("OT", "Screen", 1, 16));
    let scene = scene_of(spec).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P-1")).await;
    assert_eq!((end.job.status, end.progress.delivered, end.progress.held_back), (JobStatus::Warning, 2, 4), "{end:?}");
    let message = &end.tasks[0].message;
    assert!(message.starts_with("2 images transferred.") && message.contains("behind: "), "{message}");
    let report = scene.rig.engine.job_report(&scene.rig.actor, &end.job.id).await.unwrap();
    let held: u64 = report.tasks[0].report.held_back.iter().map(|reason| reason.count).sum();
    assert_eq!((report.tasks[0].report.images, held), (2, 4));
    let looked = TransferOptions { allow_risky_pixels: true, ..pseudonym("P-1") };
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), looked).await;
    assert_eq!((end.job.status, end.progress.delivered, end.progress.held_back), (JobStatus::Success, 6, 0), "{end:?}");
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_without_a_patient_id_stays_behind() {
    let scene = scene_of(StudySpec::ct("", "Doe^Jane", 2, 16)).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), in_project("", "")).await;
    assert_eq!((end.job.status, end.progress.delivered, end.progress.held_back), (JobStatus::Warning, 0, 2), "{end:?}");
    assert!(end.tasks[0].message.contains("Patient ID"), "{}", end.tasks[0].message);
    assert!(scene.destination.instances().is_empty());
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_folders_say_no_more_than_the_images() {
    let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 16);
    spec.series.push(SeriesSpec::new("CT", "Jane Doe 3.0", 1, 16));
    let scene = scene_of(spec).await;
    for profile in ["basic", "research", "adit-compatible"] {
        let target = scene.dir.path().join(profile);
        let folder = scene.rig.folder(profile, &target).await;
        let options = TransferOptions { profile: profile.into(), ..in_project("", "") };
        let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), options).await;
        assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 3), "{profile}: {end:?}");
        let report = scene.rig.engine.job_report(&scene.rig.actor, &end.job.id).await.unwrap();
        let code = &report.tasks[0].report.pseudonyms[0];
        for path in files(&target) {
            let name = path.strip_prefix(&target).unwrap().display().to_string();
            let parts: Vec<&str> = name.split('/').collect();
            assert_eq!((parts.len(), parts[1]), (5, code.as_str()), "{name}");
            for planted in ["PAT-1", "Doe", "Jane", &scene.study()] {
                assert!(!name.contains(planted), "{planted} is in {name}");
            }
            let dated = parts[2] == "20240301-101112-CT";
            assert_eq!(dated, profile == "adit-compatible", "{name}");
            assert!(dated || parts[2].starts_with("study-"), "{name}");
            assert!(profile == "basic" || parts[3] == "1-Axial" || parts[3] == "2", "{name}");
            assert!(profile != "basic" || parts[3] == "1" || parts[3] == "2", "{name}");
        }
        // Another run finds everything in its place.
        scene.rig.engine.reset_task(&scene.rig.actor, &end.job.id, &end.tasks[0].id).await.unwrap();
        let again = scene.rig.until(&end.job.id, |snapshot| snapshot.job.status.is_final()).await;
        assert_eq!((again.job.status, again.progress.verified, again.progress.bytes), (JobStatus::Success, 3, 0));
        assert_eq!(files(&target).len(), 3);
    }
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_tells_what_was_done_and_no_values() {
    let scene = scene_of(StudySpec::ct("PAT-1", "Doe^Jane", 3, 16)).await;
    scene.rig.project("Liver", "research", "keep StationName\nreplace StudyDescription = Liver study").await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), in_project("Liver", "P-1")).await;
    assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
    let (engine, actor) = (&scene.rig.engine, &scene.rig.actor);
    let report = engine.job_report(actor, &end.job.id).await.unwrap();
    let task = &report.tasks[0].report;
    assert_eq!((report.project.as_str(), report.project_revision, report.profile.as_str()), ("Liver", 1, "research"));
    assert_eq!((task.images, task.searched, task.stopped.len()), (3, 3, 0));
    let line = |keyword: &str| task.changes.iter().find(|line| line.keyword == keyword).unwrap();
    assert_eq!((line("StudyDescription").why.as_str(), line("StudyDescription").count), ("project rule", 3));
    assert_eq!(line("StudyDate").what, "shifted");
    let text = serde_json::to_string(&report).unwrap();
    for planted in ["Doe", "Jane", "PAT-1", "19610203", "20240301", "Demo Street", "Referrer", &scene.study()] {
        assert!(!text.contains(planted), "{planted} is in the report");
    }
    let detail = engine.task(actor, &end.job.id, &end.tasks[0].id).await.unwrap();
    let summary = detail.deidentification.unwrap();
    assert_eq!(summary.report.images, 3);
    assert!(summary.totals.iter().any(|total| total.reason == "mapped" && total.count > 0));
    let stranger = Actor {
        user_id: UserId::new(Timestamp(5), 99),
        username: "stranger".into(),
        staff: false,
        group: None,
        token: None,
    };
    assert!(engine.job_report(&stranger, &end.job.id).await.is_err());
    let plain = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), TransferOptions::default()).await;
    assert!(engine.job_report(actor, &plain.job.id).await.unwrap().tasks.is_empty());
    assert!(content(&scene).iter().any(|file| contains(file, "Liver study")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_old_and_new_values_and_stores_nothing() {
    let scene = scene_of(StudySpec::ct("PAT-1", "Doe^Jane", 1, 64)).await;
    let engine = &scene.rig.engine;
    let file = object(&scene.spec, 0, 0);
    let query = PreviewQuery { profile: "research".into(), ..PreviewQuery::default() };
    let mut run = engine.preview(query.clone()).await.unwrap();
    for piece in file.chunks(1000) {
        run.push(piece).unwrap();
    }
    let preview = run.finish().unwrap();
    let name = preview.changes.iter().find(|change| change.keyword == "PatientName").unwrap();
    assert_eq!((name.old.as_deref(), name.new.as_deref()), (Some("Doe^Jane"), Some(preview.pseudonym.as_str())));
    assert!(preview.held_back.is_empty() && !preview.pixels.is_empty());
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), in_project("", "")).await;
    let report = engine.job_report(&scene.rig.actor, &end.job.id).await.unwrap();
    assert_eq!(report.tasks[0].report.pseudonyms, [preview.pseudonym]);
    let mut held = StudySpec::ct("PAT-1", "Doe^Jane", 1, 16);
    held.series[0].modality = "US".into();
    let mut run = engine.preview(query.clone()).await.unwrap();
    run.push(&object(&held, 0, 0)).unwrap();
    assert!(!run.finish().unwrap().held_back.is_empty());
    let mut run = engine.preview(query).await.unwrap();
    run.push(b"no DICOM").unwrap();
    assert!(run.finish().unwrap_err().body.detail.contains("not a DICOM file"));
}
