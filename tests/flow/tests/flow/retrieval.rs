//! Sources that refuse, fail, stall, break off, or send the wrong thing.

use std::time::Duration;

use adit_domain::job::{JobAction, JobStatus};
use adit_domain::task::Step;
use adit_domain::transfer::TransferOptions;
use adit_test_support::proxy::{self, Wire};
use adit_test_support::rig::pseudonym;
use adit_test_support::scripted::Script;
use serde_json::json;

use crate::{ALL, MOVE_ONLY, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn one_missing_image_is_a_warning_that_names_it_and_a_retry_moves_only_it() {
    let script = Script { fail_nth: Some(3), fail_always: true, ..Script::default() };
    let scene = Scene::with_services(10, script, Script::default(), &["study_root_find", "study_root_get"]).await;
    let job = scene.rig.submit(&scene.from, &scene.to, &scene.study(), TransferOptions::default()).await;
    let end = scene.rig.outcome(&job).await;
    assert_eq!(end.progress.delivered, 9, "{end:?}");
    let detail = scene.rig.engine.task(&scene.rig.actor, &job, &end.tasks[0].id).await.unwrap();
    assert_eq!(detail.failures_total, 1);
    assert_eq!(detail.failures[0].step, Step::Retrieve);
    assert!(scene.source.instances().contains(&detail.failures[0].sop_instance_uid));
    let sent = scene.destination.stored();
    assert_eq!(sent, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_fails_once_is_fetched_in_a_second_pass() {
    let script = Script { fail_nth: Some(3), ..Script::default() };
    let scene = Scene::new(10, script, Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 10), "{end:?}");
    assert_eq!(scene.destination.stored(), 10, "nothing was sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_association_says_so() {
    let scene = Scene::new(2, Script { reject: true, ..Script::default() }, Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!(end.job.status, JobStatus::Failure);
    assert!(end.tasks[0].message.contains("does not know our calling AE title"), "{}", end.tasks[0].message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_congested_source_is_tried_again_later() {
    let scene = Scene::new(2, Script { busy_times: 1, ..Script::default() }, Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!(end.job.status, JobStatus::InProgress.min(end.job.status));
    assert!(end.tasks[0].not_before.is_some() && end.tasks[0].message.contains("congested"), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retrieval_that_is_refused_is_explained() {
    let script = Script { retrieve_status: Some(0xA702), ..Script::default() };
    let scene = Scene::with_services(3, script, Script::default(), &["study_root_find", "study_root_get"]).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert!(end.tasks[0].message.contains("A702"), "{end:?}");
    assert_eq!(end.progress.delivered, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn success_without_a_single_image_is_no_success() {
    let scene = Scene::new(4, Script { send_nothing: true, ..Script::default() }, Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_ne!(end.job.status, JobStatus::Success);
    assert!(end.tasks[0].message.contains("4 of 4 images did not arrive"), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn images_that_nobody_asked_for_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let other = adit_archive::generate::StudySpec::ct("OTHER", "Else^Somebody", 3, 16);
    let spec = adit_archive::generate::StudySpec::ct("PAT-1", "Doe^Jane", 4, 16);
    for spec in [&other, &spec] {
        adit_archive::generate::write_study(spec, &dir.path().join("source")).unwrap();
    }
    let scene =
        Scene::of(dir, spec, Script { send_uninvited: true, ..Script::default() }, Script::default(), &ALL).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Warning, 4), "{end:?}");
    assert_eq!(scene.destination.instances().len(), 4);
    assert!(end.tasks[0].message.contains("do not belong to the study"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_the_middle_of_a_pdu_is_taken_up_again() {
    for services in [&ALL[..], &MOVE_ONLY] {
        let scene = Scene::with_services(20, Script::default(), Script::default(), services).await;
        let wire = Wire { cut_after: Some(60_001), times: 1, ..Wire::default() };
        let near = proxy::start(scene.source.addr, wire).await;
        let from = scene.rig.server("NEAR", near, services).await;
        let end = scene.rig.transfer(&from, &scene.to, &scene.study(), pseudonym("P")).await;
        assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 20), "{end:?}");
        assert_eq!(scene.destination.instances(), scene.mapped());
        scene.rig.assert_clean().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_falls_silent_is_left_after_the_idle_timeout() {
    let scene = Scene::new(20, Script::default(), Script::default()).await;
    let near = proxy::start(scene.source.addr, Wire { stall_after: Some(60_000), times: 1, ..Wire::default() }).await;
    let limits = json!({ "idle_timeout_s": 1, "first_byte_timeout_s": 5, "associations": 1 });
    let from = scene.rig.server_with("NEAR", near, &ALL, limits).await;
    let begun = std::time::Instant::now();
    let end = scene.rig.transfer(&from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 20), "{end:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_source_defers_its_tasks_without_using_up_attempts() {
    let scene = Scene::new(2, Script::default(), Script::default()).await;
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], adit_test_support::free_port()));
    let from = scene.rig.server("NOBODY", nobody, &ALL).await;
    // The first failures use up attempts; then the breaker opens and further tasks only wait.
    for _ in 0..3 {
        scene.rig.transfer(&from, &scene.to, &scene.study(), pseudonym("P")).await;
    }
    let end = scene.rig.transfer(&from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert!(end.tasks[0].message.contains("does not answer"), "{end:?}");
    let health = scene.rig.engine.node(&scene.rig.actor, &from.id).await.unwrap().health;
    assert!(health.resting_until.is_some() && !health.last_error.is_empty());
    let job = scene.rig.engine.act(&scene.rig.actor, &end.job.id, JobAction::Cancel).await.unwrap().unwrap();
    assert_eq!(job.status, JobStatus::Canceled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_that_is_gone_fails_at_once() {
    let scene = Scene::new(2, Script::default(), Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, "1.2.3.4", pseudonym("P")).await;
    assert_eq!(end.job.status, JobStatus::Failure);
    assert!(end.tasks[0].message.contains("does not hold the study"), "{end:?}");
}
