//! Sources that do not list their images: a series is converted only when it is known to have come as a whole.

use adit_api::jobs::JobSnapshot;
use adit_api::nodes::NodeView;
use adit_archive::generate::StudySpec;
use adit_dimse::tags;
use adit_domain::job::{JobAction, JobStatus};
use adit_domain::task::{LogLevel, TaskStatus};
use adit_test_support::proxy::{self, Wire};
use adit_test_support::scripted::Script;
use adit_test_support::web::{self, WebScript};
use serde_json::json;

use super::{log_of, names, nifti, scene, shape, study, with_end};
use crate::{ALL, MOVE_ONLY, Scene, files};

const GET_ONLY: [&str; 2] = ["study_root_find", "study_root_get"];
const BOTH: [&str; 4] =
    ["1-Axial/1-Axial.json", "1-Axial/1-Axial.nii.gz", "3-Head/3-Head.json", "3-Head/3-Head.nii.gz"];

/// A source that refuses to list images.
fn unlisting() -> Script {
    Script { image_find_status: Some(0xA900), ..Script::default() }
}

/// One that does not say either how many they are.
fn uncounting() -> Script {
    Script { hides: vec![tags::NUMBER_OF_SERIES_RELATED_INSTANCES], ..unlisting() }
}

async fn transferred(scene: &Scene, folder: &NodeView) -> JobSnapshot {
    scene.rig.transfer(&scene.from, folder, &scene.study(), nifti()).await
}

/// What was said as a warning.
async fn warnings(scene: &Scene, end: &JobSnapshot) -> Vec<String> {
    let log = log_of(&scene.rig, end).await;
    log.into_iter().filter(|(level, _)| *level == LogLevel::Warning).map(|(_, text)| text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_series_are_converted_by_their_count_or_by_the_numbers_of_their_retrieval() {
    for (script, services) in [
        (unlisting(), &ALL[..]),
        (uncounting(), &GET_ONLY[..]),
        (unlisting(), &MOVE_ONLY[..]),
        (uncounting(), &MOVE_ONLY[..]),
    ] {
        let said = format!("{script:?} {services:?}");
        let (scene, folder, target) = scene(study(), script, services).await;
        let end = transferred(&scene, &folder).await;
        let progress = end.progress;
        assert_eq!(
            (end.job.status, progress.delivered, progress.verified),
            (JobStatus::Success, 10, 10),
            "{said}: {end:?}"
        );
        assert_eq!(names(&target), BOTH, "{said}");
        assert_eq!(shape(&with_end(&target, "1-Axial.nii.gz"))[2], 6, "{said}");
        scene.rig.assert_clean().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_is_short_of_its_count_is_not_converted_and_the_others_are() {
    let lost = study().sop_instance_uid(0, 2);
    let (scene, folder, target) = scene(study(), Script { loses: Some(lost), ..unlisting() }, &GET_ONLY).await;
    let end = transferred(&scene, &folder).await;
    let task = &end.tasks[0];
    assert_eq!((task.status, end.progress.delivered), (TaskStatus::Pending, 4), "{end:?}");
    let said = "Series 1 (Axial) was not converted to NIfTI: 5 of its 6 images have come";
    assert!(task.message.contains(said), "{}", task.message);
    assert!(warnings(&scene, &end).await.iter().any(|text| text.contains(said)), "{:?}", warnings(&scene, &end).await);
    assert_eq!(names(&target), BOTH[2..]);
    assert_eq!(scene.rig.backend.staging.usage().await.unwrap().objects, 5, "what has come stays for the next try");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_behind_of_one_series_does_not_stand_for_what_another_one_lacks() {
    // The report is not known as one before it comes.
    let lost = study().sop_instance_uid(0, 2);
    let script = Script { loses: Some(lost), hides: vec![tags::MODALITY], ..unlisting() };
    let (scene, folder, target) = scene(study(), script, &GET_ONLY).await;
    let end = transferred(&scene, &folder).await;
    assert_eq!((end.progress.delivered, end.progress.held_back), (4, 1), "{end:?}");
    assert!(end.tasks[0].message.contains("5 of its 6 images have come"), "{}", end.tasks[0].message);
    assert_eq!(names(&target), BOTH[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_count_a_retrieval_that_lacks_an_image_converts_nothing_of_its_series() {
    let broken = study().sop_instance_uid(0, 2);
    for (script, services) in [(uncounting(), &GET_ONLY[..]), (uncounting(), &MOVE_ONLY[..])] {
        let script = Script { cannot_send: Some(broken.clone()), ..script };
        let (scene, folder, target) = scene(study(), script, services).await;
        let end = transferred(&scene, &folder).await;
        let task = &end.tasks[0];
        assert_eq!((task.status, end.progress.delivered), (TaskStatus::Pending, 4), "{end:?}");
        let said = "Series 1 (Axial) was not converted to NIfTI: the source could not send 1 of its images";
        assert!(task.message.contains(said) && !task.message.contains(" of 0 "), "{}", task.message);
        assert!(warnings(&scene, &end).await.iter().any(|text| text.contains(said)));
        assert_eq!(names(&target), BOTH[2..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_nothing_came_of_is_spoken_of_too() {
    let single = StudySpec {
        series: vec![study().series[2].clone(), adit_archive::generate::SeriesSpec::new("CT", "One", 1, 16)],
        ..study()
    };
    let script = Script { cannot_send: Some(single.sop_instance_uid(1, 0)), ..uncounting() };
    let (scene, folder, target) = scene(single, script, &GET_ONLY).await;
    let end = transferred(&scene, &folder).await;
    assert_ne!(end.job.status, JobStatus::Success, "{end:?}");
    assert!(end.tasks[0].message.contains("SOURCE"), "{}", end.tasks[0].message);
    let said = warnings(&scene, &end).await;
    assert!(said.iter().any(|text| text.starts_with("Series 2 is not complete")), "{said:?}");
    assert_eq!(names(&target).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_way_does_not_bring_is_asked_for_in_another() {
    let script = Script { fail_nth: Some(2), ..uncounting() };
    let (scene, folder, target) = scene(study(), script, &ALL).await;
    let end = transferred(&scene, &folder).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 10), "{end:?}");
    assert_eq!(names(&target), BOTH);
    assert_eq!(scene.source.retrievals(), 3, "two series by C-GET, and the broken one by C-MOVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_goes_on_fetches_the_series_that_it_has_not_converted() {
    let script = Script { fail_nth: Some(2), ..uncounting() };
    let (scene, folder, target) = scene(study(), script, &GET_ONLY).await;
    let end = transferred(&scene, &folder).await;
    assert_eq!((end.tasks[0].status, names(&target).len()), (TaskStatus::Pending, 2), "{end:?}");
    assert!(scene.rig.backend.staging.usage().await.unwrap().objects > 0);
    let (engine, actor) = (&scene.rig.engine, &scene.rig.actor);
    engine.act(actor, &end.job.id, JobAction::Cancel).await.unwrap();
    assert_eq!(scene.rig.backend.staging.usage().await.unwrap().objects, 0, "nothing waits for a task that is over");
    engine.act(actor, &end.job.id, JobAction::Resume).await.unwrap();
    let end = scene.rig.outcome(&end.job.id).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 10), "{end:?}");
    assert_eq!(names(&target), BOTH);
    assert_eq!(scene.rig.backend.staging.usage().await.unwrap().objects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_knows_how_many_images_there_are_nothing_is_converted() {
    let (scene, folder, target) = scene(study(), uncounting(), &GET_ONLY).await;
    let wire = Wire { without_numbers: true, ..Wire::default() };
    let silent = proxy::start(scene.source.addr, wire).await;
    let silent = scene.rig.server_with("SILENT", silent, &GET_ONLY, json!({})).await;
    let end = scene.rig.transfer(&silent, &folder, &scene.study(), nifti()).await;
    let (task, progress) = (&end.tasks[0], end.progress);
    assert_eq!((task.status, progress.delivered, progress.held_back), (TaskStatus::Warning, 0, 11), "{end:?}");
    for series in ["Series 1 (Axial)", "Series 3 (Head)"] {
        let said = format!("{series} cannot be converted to NIfTI: its source says neither how many images it holds");
        assert!(task.message.contains(&said), "{}", task.message);
        assert!(warnings(&scene, &end).await.iter().any(|text| text.contains(&said)));
    }
    assert_eq!(files(&target).len(), 0);
    scene.rig.assert_clean().await;
    // As they are they may go: what has come is what was sent.
    let end = scene.rig.transfer(&silent, &folder, &scene.study(), super::TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 11), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn images_as_they_are_do_not_count_as_all_when_the_source_says_that_some_are_missing() {
    let broken = study().sop_instance_uid(0, 2);
    let script = Script { cannot_send: Some(broken), ..uncounting() };
    let (scene, folder, target) = scene(study(), script, &GET_ONLY).await;
    let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), super::TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Warning, 10), "{end:?}");
    let said = "Series 1 is not complete: the source could not send 1 of its images";
    assert!(end.tasks[0].message.contains(said), "{}", end.tasks[0].message);
    assert_eq!(files(&target).len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_dicomweb_are_whole_when_they_end_and_nobody_calls_them_partial() {
    let single = StudySpec { series: study().series[..1].to_vec(), ..study() };
    let unlisting = WebScript { instance_search_status: Some(501), ..WebScript::default() };
    let broken = WebScript { break_off: 1, ..unlisting.clone() };
    let partial = WebScript { partial: Some("Some images are offline"), ..unlisting.clone() };
    for (script, is_whole) in [(unlisting, true), (broken, true), (partial, false)] {
        let (scene, folder, target) = scene(single.clone(), Script::default(), &ALL).await;
        let peer = web::start(&scene.dir.path().join("source"), script).await;
        let from = scene.rig.web_server("WEB", &peer.url, json!({})).await;
        let end = scene.rig.transfer(&from, &folder, &scene.study(), nifti()).await;
        if is_whole {
            assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 6), "{end:?}");
            assert_eq!(names(&target), BOTH[..2]);
            continue;
        }
        let said = "Series 1 (Axial) was not converted to NIfTI: the source says that it has sent only a part of it";
        assert_eq!((end.tasks[0].status, files(&target).len()), (TaskStatus::Pending, 0), "{end:?}");
        assert!(end.tasks[0].message.contains(said), "{}", end.tasks[0].message);
    }
}
