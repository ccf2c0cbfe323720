//! What a transfer leaves on record, and what suspension does to it.

use std::time::Duration;

use adit_api::installation::InstallationInput;
use adit_audit::{Entry, Filter, Kind, Outcome};
use adit_domain::installation::{InstallationConfig, Lock};
use adit_domain::job::JobStatus;
use adit_domain::task::TaskStatus;
use adit_engine::Engine;
use adit_test_support::rig::pseudonym;
use adit_test_support::scripted::Script;

use crate::Scene;

async fn suspend(engine: &Engine, reason: Option<&str>) {
    let view = engine.installation_view().await.unwrap();
    let suspension = Lock { on: reason.is_some(), reason: reason.unwrap_or_default().to_owned() };
    let config = InstallationConfig { suspension, ..view.config };
    engine.change_installation(InstallationInput { config, version: view.version }).await.unwrap();
}

async fn recorded(engine: &Engine, kind: Kind) -> Vec<Entry> {
    let filter = Filter { kinds: vec![kind], ..Filter::default() };
    engine.trail().search(&filter, 50, None).await.unwrap().entries
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_on_record_from_its_beginning_to_its_end() {
    let scene = Scene::new(3, Script::default(), Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!(end.job.status, JobStatus::Success);
    let engine = &scene.rig.engine;
    let (began, ended) =
        (recorded(engine, Kind::TransferBegan).await, recorded(engine, Kind::InstancesTransferred).await);
    assert_eq!((began.len(), ended.len()), (1, 1));
    let event = &ended[0].record.event;
    assert_eq!((event.outcome, event.count), (Outcome::Success, Some(3)));
    assert_eq!(event.actor.name, "tester");
    let sentence = event.sentence();
    for part in ["from SOURCE, to DEST", "3 images", scene.study().as_str(), end.job.id.as_str()] {
        assert!(sentence.contains(part), "{part} is missing: {sentence}");
    }
    assert!(began[0].record.at <= ended[0].record.at);
    assert!(engine.trail().verify().await.unwrap().holds());
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_suspended_waits_says_why_and_goes_on() {
    let scene = Scene::new(3, Script::default(), Script::default()).await;
    let engine = &scene.rig.engine;
    suspend(engine, Some("The archive moves")).await;
    let job = scene.rig.submit(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    engine.sweep().await.unwrap();
    let snapshot = engine.snapshot(&scene.rig.actor, &job).await.unwrap();
    assert_eq!((snapshot.job.status, snapshot.tasks[0].status), (JobStatus::Pending, TaskStatus::Pending));
    assert_eq!(snapshot.tasks[0].message, "Transfers are suspended: The archive moves");
    assert_eq!((snapshot.tasks[0].attempts, scene.destination.stored()), (0, 0));
    assert!(recorded(engine, Kind::TransferBegan).await.is_empty());
    suspend(engine, None).await;
    let end = scene.rig.until(&job, |snapshot| snapshot.job.status.is_final()).await;
    assert_eq!((end.job.status, end.tasks[0].attempts), (JobStatus::Success, 1));
    scene.rig.assert_clean().await;
}
