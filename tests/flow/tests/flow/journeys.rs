//! A study travels: pseudonymised and plain, to a server and to a folder, straight and through ADIT.

use adit_archive::generate::{SeriesSpec, StudySpec, write_study};
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_test_support::rig::pseudonym;
use adit_test_support::scripted::Script;

use crate::{ALL, MOVE_ONLY, Scene, contains, content, files};

#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonymised_study_arrives_whole_and_without_its_patient() {
    let scene = Scene::new(30, Script::default(), Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P-001")).await;
    assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
    assert_eq!((end.progress.delivered, end.progress.verified, end.progress.failed), (30, 30, 0));
    assert_eq!(scene.destination.instances(), scene.mapped());
    for bytes in content(&scene) {
        for planted in ["Doe", "Jane", "PAT-1", "19610203", "Demo Street", "private text", "Referrer"] {
            assert!(!contains(&bytes, planted), "{planted} has left");
        }
        assert!(contains(&bytes, "P-001") && contains(&bytes, "20240301"));
    }
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_study_arrives_byte_for_byte() {
    let scene = Scene::new(12, Script::default(), Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), TransferOptions::default()).await;
    assert_eq!(end.job.status, JobStatus::Success);
    let data_set = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        let head = adit_deid::part10::parse_head(&bytes).unwrap();
        (head.sop_instance_uid.clone(), bytes[usize::try_from(head.data_set_offset).unwrap()..].to_vec())
    };
    let sorted = |folder: &str| {
        let mut all: Vec<_> = files(&scene.dir.path().join(folder)).iter().map(data_set).collect();
        all.sort();
        all
    };
    assert_eq!(sorted("source"), sorted("destination"));
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_c_get_is_asked_by_c_move() {
    let scene = Scene::with_services(20, Script::default(), Script::default(), &MOVE_ONLY).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P-001")).await;
    assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
    assert_eq!(scene.destination.instances(), scene.mapped());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_move_goes_past_adit_and_is_counted() {
    let scene = Scene::new(15, Script::default(), Script::default()).await;
    let options = TransferOptions { direct_move: true, ..TransferOptions::default() };
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), options).await;
    assert_eq!((end.job.status, end.progress.verified, end.progress.bytes), (JobStatus::Success, 15, 0));
    assert_eq!(scene.destination.instances(), scene.source.instances());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_gets_names_that_people_understand() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = StudySpec::ct("../PAT/1", "Doe^Jane", 3, 16);
    spec.series.push(SeriesSpec::new("CT", "A/B: \"soft\"", 2, 16));
    write_study(&spec, &dir.path().join("source")).unwrap();
    let scene = Scene::of(dir, spec, Script::default(), Script::default(), &ALL).await;
    let target = scene.dir.path().join("target");
    let folder = scene.rig.folder("Folder", &target).await;
    let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 5));
    let names: Vec<String> =
        files(&target).iter().map(|path| path.strip_prefix(&target).unwrap().display().to_string()).collect();
    assert_eq!(names.len(), 5);
    for name in &names {
        let parts: Vec<&str> = name.split('/').collect();
        assert_eq!(parts.len(), 5, "{name}");
        assert!(parts[0].starts_with("adit_selective_transfer_") && parts[0].ends_with("_tester"), "{name}");
        assert!(parts[1].contains("PAT_1") && parts[2] == "20240301-101112-CT", "{name}");
        assert!(parts[3] == "1-Axial" || parts[3].starts_with("2-A_B_ _soft_~"), "{name}");
        assert!(parts[4].ends_with(".dcm") && !name.contains(".adit-"), "{name}");
    }
    // A second run changes nothing and leaves nothing.
    let again = scene
        .rig
        .engine
        .act(&scene.rig.actor, &end.job.id, adit_domain::job::JobAction::Restart)
        .await
        .unwrap()
        .unwrap();
    let end = scene.rig.outcome(&again.id).await;
    assert_eq!(end.job.status, JobStatus::Success);
    assert_eq!(files(&target).len(), 5);
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_and_documents_stay_behind_and_it_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 3, 16);
    spec.series.extend([
        SeriesSpec::new("SR", "Report", 1, 0),
        SeriesSpec::new("DOC", "PDF", 1, 0),
        SeriesSpec::new("KO", "Key", 1, 0),
    ]);
    write_study(&spec, &dir.path().join("source")).unwrap();
    let scene = Scene::of(dir, spec, Script::default(), Script::default(), &ALL).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P-001")).await;
    assert_eq!((end.job.status, end.progress.delivered, end.progress.held_back), (JobStatus::Success, 3, 3));
    assert!(end.tasks[0].message.contains("3 stay behind"), "{}", end.tasks[0].message);
    let all = TransferOptions { include_documents: true, ..pseudonym("P-001") };
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), all).await;
    // Reports go cleaned; a PDF cannot be cleaned and never leaves a pseudonymised transfer.
    assert_eq!((end.job.status, end.progress.delivered, end.progress.held_back), (JobStatus::Warning, 5, 1), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_without_date_and_with_odd_texts_is_no_reason_to_fail() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = StudySpec::ct("PAT-1", "", 2, 16);
    (spec.study_date, spec.study_time, spec.description, spec.charset) =
        (String::new(), String::new(), String::new(), String::new());
    spec.patient_name = b"M\xfcller^\xff".to_vec();
    write_study(&spec, &dir.path().join("source")).unwrap();
    let scene = Scene::of(dir, spec, Script::default(), Script::default(), &ALL).await;
    let folder = scene.rig.folder("Folder", &scene.dir.path().join("target")).await;
    for (to, options) in [(&scene.to, pseudonym("P-1")), (&folder, TransferOptions::default())] {
        let end = scene.rig.transfer(&scene.from, to, &scene.study(), options).await;
        assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_jobs_rerun_sends_the_same_instances() {
    let scene = Scene::new(5, Script::default(), Script::default()).await;
    let first = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P-001")).await;
    let before = content(&scene);
    let second = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P-001")).await;
    assert_eq!((first.job.status, second.job.status), (JobStatus::Success, JobStatus::Success));
    let (mut before, mut after) = (before, content(&scene));
    before.sort();
    after.sort();
    assert_eq!(before, after);
}
