//! Images that somebody sends to us.

use adit_archive::generate::{SeriesSpec, StudySpec, object};
use adit_dimse::{DimseError, Status};
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_test_support::rig::{KEY, Rig};
use adit_test_support::scripted::{self, Script};
use adit_test_support::sender::send;
use serde_json::json;

use super::{Stage, inbox, objects, patched};
use crate::{MOVE_ONLY, contains, files};

#[tokio::test(flavor = "multi_thread")]
async fn a_study_that_is_sent_to_us_goes_on_pseudonymised_and_leaves_the_inbox() {
    let stage = Stage::new().await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 12, 64);
    let rule = stage.rule(inbox(&["CT1"]), json!({"options": {"identity": "pseudonymise"}})).await;
    stage.sent("CT1", &objects(&spec, 0)).await;
    stage.rig.engine.sweep().await.unwrap();
    assert!(stage.jobs().await.is_empty(), "the study is not complete yet");
    let end = stage.fired().await;
    assert_eq!(
        (end.job.status, end.progress.delivered, end.progress.verified),
        (JobStatus::Success, 12, 12),
        "{end:?}"
    );
    let cause = end.job.cause.unwrap();
    assert_eq!((cause.rule, cause.event.as_str()), (rule.rule.id.clone(), "12 images arrived from CT1."));
    assert_eq!((end.job.source_name.as_str(), end.tasks[0].label.as_str()), ("Inbox", "CT, CT Thorax, 2024-03-01"));
    let key = adit_deid::ProjectKey::from_bytes(KEY);
    let mapped = (0..12).map(|n| adit_deid::map_uid(&key, &spec.sop_instance_uid(0, n))).collect();
    assert_eq!(stage.destination.instances(), mapped);
    for path in files(&stage.dir.path().join("destination")) {
        let bytes = std::fs::read(path).unwrap();
        assert!(!contains(&bytes, "Doe") && !contains(&bytes, "PAT-1"));
    }
    stage.inbox_empties().await;
    let firings = stage.rig.engine.firings(&rule.rule.id).await.unwrap();
    assert_eq!((firings.len(), firings[0].job.as_ref()), (1, Some(&end.job.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_images_arrive_byte_for_byte_whoever_sent_them() {
    let stage = Stage::new().await;
    let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 3, 64);
    spec.series.push(SeriesSpec { rle: true, ..SeriesSpec::new("CT", "Packed", 2, 64) });
    stage.rule(inbox(&["CT1"]), json!({})).await;
    let all = [objects(&spec, 0), objects(&spec, 1)].concat();
    stage.sent("CT1", &all).await;
    assert_eq!(stage.fired().await.job.status, JobStatus::Success);
    let data_set = |bytes: &[u8]| {
        let head = adit_deid::part10::parse_head(bytes).unwrap();
        (head.transfer_syntax_uid, bytes[usize::try_from(head.data_set_offset).unwrap()..].to_vec())
    };
    let mut sent: Vec<_> = all.iter().map(|bytes| data_set(bytes)).collect();
    let found = files(&stage.dir.path().join("destination"));
    let mut held: Vec<_> = found.iter().map(|path| data_set(&std::fs::read(path).unwrap())).collect();
    sent.sort();
    held.sort();
    assert_eq!(sent, held);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_rules_that_are_off_take_nothing() {
    let stage = Stage::new().await;
    let one = objects(&StudySpec::ct("PAT-1", "Doe^Jane", 1, 16), 0);
    let rejected = |answer: Result<Vec<Status>, DimseError>| matches!(answer, Err(DimseError::Rejected { .. }));
    let rule = stage.rule(inbox(&["CT1"]), json!({"enabled": false})).await;
    assert!(rejected(send(stage.rig.dicom, "CT1", &one).await), "the rule is off");
    let on = stage.wish(inbox(&["CT1"]), json!({"version": rule.version}));
    let rule = stage.rig.engine.change_rule(&stage.rig.actor, &rule.rule.id, on).await.unwrap();
    assert!(rejected(send(stage.rig.dicom, "CT2", &one).await), "no rule names CT2");
    stage.sent("CT1", &one).await;
    let off = stage.wish(inbox(&["CT1"]), json!({"version": rule.version, "enabled": false}));
    stage.rig.engine.change_rule(&stage.rig.actor, &rule.rule.id, off).await.unwrap();
    stage.sweep_a_while().await;
    assert!(stage.jobs().await.is_empty(), "it was switched off before the study was complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_and_mislabelled_images_are_refused_and_leave_nothing() {
    let stage = Stage::new().await;
    stage.rule(inbox(&["CT1"]), json!({})).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 64);
    let (whole, other) = (object(&spec, 0, 0), object(&spec, 0, 1));
    let cut = whole[..whole.len() - 100].to_vec();
    let offset = |bytes: &[u8]| usize::try_from(adit_deid::part10::parse_head(bytes).unwrap().data_set_offset).unwrap();
    let mislabelled = [&whole[..offset(&whole)], &other[offset(&other)..]].concat();
    let answers = send(stage.rig.dicom, "CT1", &[cut, mislabelled]).await.unwrap();
    assert_eq!(answers, [Status::CANNOT_UNDERSTAND, Status::DOES_NOT_MATCH]);
    stage.sweep_a_while().await;
    assert!(stage.jobs().await.is_empty());
    stage.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_another_study_never_takes_the_place_of_one_that_waits() {
    let stage = Stage::new().await;
    stage.rule(inbox(&["CT1"]), json!({})).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 1, 16);
    let one = object(&spec, 0, 0);
    let study = spec.study_instance_uid();
    let last = if study.ends_with('1') { "2" } else { "1" };
    let other = patched(&one, study.as_bytes(), format!("{}{last}", &study[..study.len() - 1]).as_bytes());
    stage.sent("CT1", std::slice::from_ref(&one)).await;
    assert_eq!(send(stage.rig.dicom, "CT1", &[other]).await.unwrap(), [Status::DOES_NOT_MATCH]);
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 1), "{end:?}");
    stage.inbox_empties().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_series_that_match_are_sent() {
    let stage = Stage::new().await;
    let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 4, 32);
    spec.series.extend([SeriesSpec::new("US", "Liver", 3, 32), SeriesSpec::new("CT", "Scout", 2, 32)]);
    let filter = json!({"modalities": ["CT"], "conditions": [
        {"attribute": "SeriesDescription", "comparison": "matches_not", "value": "scout*"}]});
    stage.rule(inbox(&["CT1"]), json!({"filter": filter})).await;
    stage.sent("CT1", &[objects(&spec, 0), objects(&spec, 1), objects(&spec, 2)].concat()).await;
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 4), "{end:?}");
    assert_eq!(stage.destination.instances(), (0..4).map(|n| spec.sop_instance_uid(0, n)).collect());
    // Another rule's study that does not match fires nothing.
    let other =
        StudySpec { series: vec![SeriesSpec::new("US", "Kidney", 2, 16)], ..StudySpec::ct("PAT-2", "Roe^Max", 1, 16) };
    stage.sent("CT1", &objects(&other, 0)).await;
    stage.sweep_a_while().await;
    assert_eq!(stage.jobs().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_between_arrival_and_firing_loses_nothing() {
    let stage = Stage::new().await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 5, 32);
    stage.rule(inbox(&["CT1"]), json!({})).await;
    stage.sent("CT1", &objects(&spec, 0)).await;
    let Stage { dir, rig, destination, to } = stage;
    let (data_dir, addr) = (rig.data_dir.clone(), rig.dicom);
    rig.stop().await;
    let rig = loop {
        // The old process lets go of its data in its own time.
        if adit_backend_embedded::Embedded::open(&data_dir, std::sync::Arc::new(adit_store::clock::SystemClock)).is_ok()
        {
            break Rig::start(&data_dir).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_ne!(rig.dicom, addr);
    let stage = Stage { dir, rig, destination, to };
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 5), "{end:?}");
    stage.inbox_empties().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_also_sends_by_itself_does_not_mix_the_two_up() {
    let stage = Stage::new().await;
    let (asked, sent) = (StudySpec::ct("PAT-1", "Doe^Jane", 6, 32), StudySpec::ct("PAT-2", "Roe^Max", 3, 32));
    adit_archive::generate::write_study(&asked, &stage.dir.path().join("source")).unwrap();
    let source = scripted::start(&stage.dir.path().join("source"), Script::default()).await;
    source.archive.know("ADIT", stage.rig.as_destination("SOURCE"));
    let from = stage.rig.server("SOURCE", source.addr, &MOVE_ONLY).await;
    stage.rule(inbox(&["SOURCE"]), json!({})).await;
    let study = asked.study_instance_uid();
    let end = stage.rig.transfer(&from, &stage.to, &study, TransferOptions::default()).await;
    assert_eq!((end.job.status, end.job.cause), (JobStatus::Success, None));
    stage.sweep_a_while().await;
    assert_eq!(stage.jobs().await.len(), 1, "what a C-MOVE brought is no arrival");
    stage.sent("SOURCE", &objects(&sent, 0)).await;
    stage.sweep_until(|jobs| jobs.len() == 2 && jobs.iter().all(|job| job.status == JobStatus::Success)).await;
    assert_eq!(stage.destination.instances().len(), 9);
}
