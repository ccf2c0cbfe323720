//! What a task has staged, when it is over or begins anew.

use std::time::Duration;

use adit_api::jobs::JobSnapshot;
use adit_domain::job::{JobAction, JobStatus};
use adit_store::staging::StagedKey;
use adit_test_support::rig::pseudonym;
use adit_test_support::scripted::Script;
use serde_json::json;

use crate::{ALL, Scene, content};

/// An image of the study lies in staging, as a run has left it whose removal did not get through; its bytes are no image.
async fn leave_one(scene: &Scene, end: &JobSnapshot) {
    let original = scene.spec.sop_instance_uid(0, 0);
    let series = "1.2.3";
    let key = StagedKey::new(end.tasks[0].id.as_str(), series, &original);
    let mut writer = scene.rig.backend.staging.begin(&key).await.unwrap();
    writer.write(b"no image").await.unwrap();
    let note = json!({
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2", "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "original": original, "delivered_as": "2.25.1", "series": series, "offset": 0, "pseudonym": "P"
    });
    writer.commit(note).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_run_has_left_goes_when_nothing_is_wanted_any_more() {
    let scene = Scene::new(5, Script::default(), Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
    leave_one(&scene, &end).await;
    scene.rig.engine.reset_task(&scene.rig.actor, &end.job.id, &end.tasks[0].id).await.unwrap();
    let end = scene.rig.outcome(&end.job.id).await;
    assert_eq!((end.job.status, scene.destination.stored()), (JobStatus::Success, 5), "{end:?}");
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_anew_asks_the_source_and_not_what_was_staged_before() {
    let scene = Scene::new(5, Script::default(), Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    let before = content(&scene);
    leave_one(&scene, &end).await;
    scene.rig.engine.act(&scene.rig.actor, &end.job.id, JobAction::Restart).await.unwrap();
    let end = scene.rig.outcome(&end.job.id).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 5), "{end:?}");
    assert_eq!(scene.destination.instances(), scene.mapped());
    assert_eq!(content(&scene), before);
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_staged_for_a_task_that_was_canceled() {
    let scene = Scene::new(60, Script::default(), Script::default()).await;
    let limits = json!({ "instances_per_second": 5, "associations": 1 });
    let slow = scene.rig.server_with("SLOW", scene.destination.addr, &ALL, limits).await;
    let job = scene.rig.submit(&scene.from, &slow, &scene.study(), pseudonym("P")).await;
    let staging = &scene.rig.backend.staging;
    let many = async {
        while staging.usage().await.unwrap().objects < 20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), many).await.expect("images wait for the slow server");
    scene.rig.engine.act(&scene.rig.actor, &job, JobAction::Cancel).await.unwrap();
    scene.rig.until(&job, |snapshot| snapshot.job.status == JobStatus::Canceled).await;
    scene.rig.assert_clean().await;
}
