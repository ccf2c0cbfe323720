//! Files that appear in a watched folder or in a bucket.

use std::path::Path;
use std::time::Duration;

use adit_archive::generate::{SeriesSpec, StudySpec, object, write_study};
use adit_domain::job::JobStatus;
use adit_engine::{Arrived, Watch};
use serde_json::{Value, json};

use super::{Stage, objects};
use crate::files;

fn objects_in(node: &adit_api::nodes::NodeView, more: Value) -> Value {
    let mut trigger = json!({"kind": "objects", "source": node.id, "complete": {"quiet_seconds": 2}});
    trigger.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    trigger
}

/// Looks into folders until nothing has been new for a while.
async fn watch(stage: &Stage, watch: &mut Watch) {
    for _ in 0..5 {
        stage.rig.engine.watch(watch).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_a_watched_folder_go_when_they_are_finished_and_once_only() {
    let stage = Stage::new().await;
    let drop = stage.dir.path().join("drop");
    std::fs::create_dir_all(&drop).unwrap();
    let node = stage.rig.folder("Drop", &drop).await;
    stage.rule(objects_in(&node, json!({"remove_afterwards": true})), json!({})).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 4, 32);
    write_study(&spec, &drop).unwrap();
    let growing = object(&StudySpec::ct("PAT-2", "Roe^Max", 1, 16), 0, 0);
    std::fs::write(drop.join(".hidden.dcm"), &growing).unwrap();
    std::fs::write(drop.join("unfinished.dcm.part"), &growing).unwrap();
    std::fs::write(drop.join("readme.txt"), b"not an image").unwrap();
    let mut looks = Watch::default();
    stage.rig.engine.watch(&mut looks).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    stage.rig.engine.sweep().await.unwrap();
    assert!(stage.jobs().await.is_empty(), "a file may still be growing");
    watch(&stage, &mut looks).await;
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 4), "{end:?}");
    assert_eq!(end.job.cause.unwrap().event, "4 images arrived in Drop.");
    assert_eq!(stage.destination.instances(), (0..4).map(|n| spec.sop_instance_uid(0, n)).collect());
    let names = || {
        let mut names: Vec<String> =
            files(&drop).iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while names().len() > 3 && tokio::time::Instant::now() < deadline {
        stage.rig.engine.sweep().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(names(), [".hidden.dcm", "readme.txt", "unfinished.dcm.part"]);
    stage.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_watcher_reads_nothing_twice_and_takes_what_came_meanwhile() {
    let stage = Stage::new().await;
    let drop = stage.dir.path().join("drop");
    let node = stage.rig.folder("Drop", &drop).await;
    stage.rule(objects_in(&node, json!({})), json!({})).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 3, 32);
    let paths = write_study(&spec, &drop).unwrap();
    let late = std::fs::read(&paths[2]).unwrap();
    std::fs::remove_file(&paths[2]).unwrap();
    watch(&stage, &mut Watch::default()).await;
    assert_eq!(stage.fired().await.progress.delivered, 2);
    std::fs::write(&paths[2], late).unwrap();
    // Unreadable now: whoever reads it again notices.
    let known = std::fs::metadata(&paths[0]).unwrap();
    let times = std::fs::FileTimes::new().set_modified(known.modified().unwrap());
    std::fs::write(&paths[0], vec![0; usize::try_from(known.len()).unwrap()]).unwrap();
    std::fs::File::options().write(true).open(&paths[0]).unwrap().set_times(times).unwrap();
    watch(&stage, &mut Watch::default()).await;
    stage.sweep_until(|jobs| jobs.len() == 1 && jobs[0].status.is_final() && stage.destination.stored() == 3).await;
    let end = stage.rig.outcome(&stage.jobs().await[0].id).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 3), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_stays_where_it_is() {
    let stage = Stage::new().await;
    let drop = stage.dir.path().join("drop");
    let node = stage.rig.folder("Drop", &drop).await;
    let pseudonymise = json!({"options": {"identity": "pseudonymise"}});
    stage.rule(objects_in(&node, json!({"remove_afterwards": true})), pseudonymise).await;
    let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 32);
    spec.series.push(SeriesSpec::new("SR", "Report", 1, 0));
    let paths = write_study(&spec, &drop).unwrap();
    watch(&stage, &mut Watch::default()).await;
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 2), "{end:?}");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while files(&drop).len() > 1 && tokio::time::Instant::now() < deadline {
        stage.rig.engine.sweep().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    stage.sweep_a_while().await;
    assert_eq!(files(&drop), [paths[2].clone()], "the report was not transferred");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_corrected_after_its_transfer_is_not_removed() {
    let stage = Stage::new().await;
    let drop = stage.dir.path().join("drop");
    let node = stage.rig.folder("Drop", &drop).await;
    let rule = stage.rule(objects_in(&node, json!({"remove_afterwards": true})), json!({})).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 32);
    let paths = write_study(&spec, &drop).unwrap();
    let mut looks = Watch::default();
    watch(&stage, &mut looks).await;
    assert_eq!(stage.fired().await.job.status, JobStatus::Success);
    let corrected = super::patched(&std::fs::read(&paths[0]).unwrap(), b"Doe^Jane", b"Doe^June");
    std::fs::write(&paths[0], &corrected).unwrap();
    watch(&stage, &mut looks).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while files(&drop).len() > 1 && tokio::time::Instant::now() < deadline {
        stage.rig.engine.sweep().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    stage.sweep_a_while().await;
    assert_eq!(files(&drop), [paths[0].clone()]);
    assert_eq!(std::fs::read(&paths[0]).unwrap(), corrected);
    let firings = stage.rig.engine.firings(&rule.rule.id).await.unwrap();
    assert!(firings.iter().any(|firing| firing.problem.contains("not transferred again")), "{firings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_rule_sees_what_is_there_already() {
    let stage = Stage::new().await;
    let drop = stage.dir.path().join("drop");
    let node = stage.rig.folder("Drop", &drop).await;
    stage.rule(objects_in(&node, json!({})), json!({"name": "Never", "filter": {"modalities": ["US"]}})).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 32);
    write_study(&spec, &drop).unwrap();
    watch(&stage, &mut Watch::default()).await;
    stage.sweep_a_while().await;
    assert!(stage.jobs().await.is_empty());
    let off = stage.rule(objects_in(&node, json!({})), json!({"name": "All", "enabled": false})).await;
    stage.sweep_a_while().await;
    assert!(stage.jobs().await.is_empty());
    let on = stage.wish(objects_in(&node, json!({})), json!({"name": "All", "version": off.version}));
    stage.rig.engine.change_rule(&stage.rig.actor, &off.rule.id, on).await.unwrap();
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 2), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_and_vanished_files_fail_by_themselves_with_their_reasons() {
    let stage = Stage::new().await;
    let drop = stage.dir.path().join("drop");
    let node = stage.rig.folder("Drop", &drop).await;
    stage.rule(objects_in(&node, json!({})), json!({})).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 6, 32);
    let paths = write_study(&spec, &drop).unwrap();
    let bytes = std::fs::read(&paths[1]).unwrap();
    std::fs::write(&paths[1], &bytes[..bytes.len() - 200]).unwrap();
    watch(&stage, &mut Watch::default()).await;
    std::fs::remove_file(&paths[0]).unwrap();
    // Another image that looks like the one that arrived.
    let known = std::fs::metadata(&paths[2]).unwrap();
    let mut other = std::fs::read(&paths[3]).unwrap();
    other.resize(usize::try_from(known.len()).unwrap(), 0);
    std::fs::write(&paths[2], other).unwrap();
    let times = std::fs::FileTimes::new().set_modified(known.modified().unwrap());
    std::fs::File::options().write(true).open(&paths[2]).unwrap().set_times(times).unwrap();
    // The same image, written once more.
    let bytes = std::fs::read(&paths[3]).unwrap();
    std::fs::write(&paths[3], bytes).unwrap();
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered, end.progress.failed), (JobStatus::Warning, 2, 4), "{end:?}");
    let detail = stage.rig.engine.task(&stage.rig.actor, &end.job.id, &end.tasks[0].id).await.unwrap();
    let reason = |n: usize| {
        let uid = spec.sop_instance_uid(0, n);
        detail.failures.iter().find(|failure| failure.sop_instance_uid == uid).map(|failure| failure.reason.as_str())
    };
    assert!(reason(0).unwrap().contains("not there any more"), "{:?}", detail.failures);
    assert!(reason(1).unwrap().contains("damaged"), "{:?}", detail.failures);
    assert!(reason(2).unwrap().contains("another image"), "{:?}", detail.failures);
    assert!(reason(3).unwrap().contains("replaced"), "{:?}", detail.failures);
    assert_eq!(stage.destination.instances(), (4..6).map(|n| spec.sop_instance_uid(0, n)).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_go_from_bucket_to_bucket_and_repeated_events_change_nothing() {
    let stage = Stage::new().await;
    let incoming = stage.rig.bucket("Incoming", "incoming", "scanner/").await;
    let archive = stage.rig.bucket("Archive", "research", "liver/").await;
    let root = stage.rig.bucket_dir("incoming");
    let put = |key: &str, bytes: &[u8]| {
        let path = root.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let trigger = objects_in(&incoming, json!({"prefix": "ct/"}));
    let options = json!({"destination": archive.id, "options": {"identity": "pseudonymise"}});
    stage.rule(trigger, options).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 5, 32);
    let all = objects(&spec, 0);
    let engine = &stage.rig.engine;
    for round in 0..3 {
        for (n, bytes) in all.iter().enumerate() {
            let key = format!("scanner/ct/{n}.dcm");
            if round == 0 {
                put(&key, bytes);
            }
            let arrived = engine.bucket_object_created("incoming", &key).await.unwrap();
            assert_eq!(arrived, [if round == 0 { Arrived::Recorded } else { Arrived::Known }]);
        }
    }
    for (key, bytes) in
        [("scanner/mr/1.dcm", all[0].as_slice()), ("scanner/ct/.hidden", b"x"), ("other/ct/1.dcm", &all[0])]
    {
        put(key, bytes);
        let arrived = engine.bucket_object_created("incoming", key).await.unwrap();
        assert!(arrived.iter().all(|one| *one == Arrived::Unwanted), "{key} {arrived:?}");
    }
    put("scanner/ct/readme", b"not an image");
    assert_eq!(engine.bucket_object_created("incoming", "scanner/ct/readme").await.unwrap(), [Arrived::NotDicom]);
    assert_eq!(engine.bucket_object_created("incoming", "scanner/ct/gone").await.unwrap(), [Arrived::Gone]);
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered, end.progress.verified), (JobStatus::Success, 5, 5), "{end:?}");
    let liver = stage.rig.bucket_dir("research").join("liver");
    let held = files(&liver);
    assert_eq!(held.len(), 5);
    for path in &held {
        let name = path.strip_prefix(&liver).unwrap();
        assert!(name.starts_with(first_folder(&liver)) && !crate::contains(&std::fs::read(path).unwrap(), "Doe"));
    }
    stage.sweep_a_while().await;
    assert_eq!(stage.jobs().await.len(), 1);
    stage.rig.assert_clean().await;
}

/// The one folder that a job makes.
fn first_folder(root: &Path) -> String {
    let entries: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(entries.len(), 1);
    let name = entries[0].to_string_lossy().into_owned();
    assert!(name.starts_with("adit_selective_transfer_") && name.ends_with("_tester"), "{name}");
    name
}
