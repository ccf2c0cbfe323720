//! Destinations that refuse, forget, remark, or break off.

use adit_domain::job::{JobAction, JobStatus};
use adit_domain::task::Step;
use adit_domain::transfer::TransferOptions;
use adit_test_support::proxy::{self, Wire};
use adit_test_support::rig::pseudonym;
use adit_test_support::scripted::Script;

use crate::{ALL, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_image_is_a_failed_image_and_the_others_go_on() {
    let script = Script { store_status: Some((4, 0xA900, 1)), ..Script::default() };
    let scene = Scene::new(10, Script::default(), script).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!((end.job.status, end.progress.delivered, end.progress.failed), (JobStatus::Warning, 9, 1), "{end:?}");
    let detail = scene.rig.engine.task(&scene.rig.actor, &end.job.id, &end.tasks[0].id).await.unwrap();
    assert_eq!(detail.failures[0].step, Step::Deliver);
    assert!(detail.failures[0].reason.contains("A900"), "{}", detail.failures[0].reason);
    // A retry moves only what is missing.
    let before = scene.destination.stored();
    scene.rig.engine.act(&scene.rig.actor, &end.job.id, JobAction::Retry).await.unwrap();
    let end = scene.rig.until(&end.job.id, |snapshot| snapshot.job.status == JobStatus::Success).await;
    assert_eq!(end.progress.delivered, 10);
    assert_eq!(scene.destination.stored() - before, 1);
    assert_eq!(scene.destination.instances(), scene.mapped());
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_resources_for_a_moment_is_waited_out() {
    let script = Script { store_status: Some((2, 0xA700, 2)), ..Script::default() };
    let scene = Scene::new(6, Script::default(), script).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 6), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remark_of_the_destination_reaches_the_reader() {
    let script = Script { store_status: Some((0, 0xB000, 1)), ..Script::default() };
    let scene = Scene::new(4, Script::default(), script).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Warning, 4), "{end:?}");
    assert!(end.tasks[0].message.contains("B000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_destination_acknowledged_but_does_not_hold_is_named() {
    let scene = Scene::new(3, Script::default(), Script { forget_stored: true, ..Script::default() }).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_ne!(end.job.status, JobStatus::Success);
    assert!(end.tasks[0].message.contains("does not hold it"), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_breaks_off_gets_the_image_again() {
    let scene = Scene::new(30, Script::default(), Script::default()).await;
    let near = proxy::start(scene.destination.addr, Wire { cut_after: Some(1500), times: 2, ..Wire::default() }).await;
    let to = scene.rig.server("NEAR", near, &ALL).await;
    let end = scene.rig.transfer(&scene.from, &to, &scene.study(), pseudonym("P")).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 30), "{end:?}");
    assert_eq!(scene.destination.instances(), scene.mapped());
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_says_so() {
    let scene = Scene::new(3, Script::default(), Script::default()).await;
    let blocked = scene.dir.path().join("blocked");
    std::fs::write(&blocked, b"a file stands here").unwrap();
    let folder = scene.rig.folder("Folder", &blocked).await;
    let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), TransferOptions::default()).await;
    assert!(end.tasks[0].message.contains("cannot be written"), "{end:?}");
}
