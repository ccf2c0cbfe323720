//! Jobs as their owners steer them, and what a kill leaves.

use std::time::Duration;

use adit_api::error::ErrorCode;
use adit_api::jobs::JobFilter;
use adit_domain::job::{JobAction, JobStatus};
use adit_domain::{Timestamp, UserId};
use adit_engine::Actor;
use adit_test_support::rig::{Rig, pseudonym};
use adit_test_support::scripted::Script;
use serde_json::json;

use crate::{ALL, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn cancel_is_prompt_and_resume_goes_on_where_it_stopped() {
    let scene = Scene::new(60, Script::default(), Script::default()).await;
    let slow = scene.rig.server_with("SLOW", scene.source.addr, &ALL, json!({ "instances_per_second": 40 })).await;
    let job = scene.rig.submit(&slow, &scene.to, &scene.study(), pseudonym("P")).await;
    scene.rig.until(&job, |snapshot| snapshot.progress.delivered > 3).await;
    let begun = std::time::Instant::now();
    scene.rig.engine.act(&scene.rig.actor, &job, JobAction::Cancel).await.unwrap();
    let end = scene.rig.until(&job, |snapshot| snapshot.job.status == JobStatus::Canceled).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "cancelling took {:?}", begun.elapsed());
    assert!(end.progress.delivered < 60);
    let before = scene.destination.stored();
    scene.rig.engine.act(&scene.rig.actor, &job, JobAction::Resume).await.unwrap();
    let end = scene.rig.until(&job, |snapshot| snapshot.job.status == JobStatus::Success).await;
    assert_eq!(end.progress.delivered, 60);
    assert!(scene.destination.stored() - before < 60, "what had arrived moved again");
    assert_eq!(scene.destination.instances(), scene.mapped());
    scene.rig.engine.act(&scene.rig.actor, &job, JobAction::Delete).await.unwrap();
    assert!(scene.rig.engine.snapshot(&scene.rig.actor, &job).await.is_err());
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_belongs_to_its_owner_and_staff() {
    let scene = Scene::new(2, Script::default(), Script::default()).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    let stranger = Actor {
        user_id: UserId::new(Timestamp(5), 99),
        username: "stranger".into(),
        staff: false,
        group: None,
        token: None,
    };
    let engine = &scene.rig.engine;
    assert!(engine.snapshot(&stranger, &end.job.id).await.is_err());
    assert!(engine.act(&stranger, &end.job.id, JobAction::Delete).await.is_err());
    assert!(engine.task(&stranger, &end.job.id, &end.tasks[0].id).await.is_err());
    assert!(engine.jobs(&stranger, JobFilter::default()).await.unwrap().jobs.is_empty());
    assert!(engine.jobs(&stranger, JobFilter { all: true, ..Default::default() }).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_opens_only_its_own_list() {
    let scene = Scene::new(1, Script::default(), Script::default()).await;
    for _ in 0..2 {
        scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    }
    let (engine, owner) = (&scene.rig.engine, &scene.rig.actor);
    let other = Actor {
        user_id: UserId::new(Timestamp(5), 99),
        username: "other".into(),
        staff: true,
        group: None,
        token: None,
    };
    let page = |after: Option<String>| JobFilter { limit: Some(1), after, ..Default::default() };
    let first = engine.jobs(owner, page(None)).await.unwrap();
    let token = first.next.expect("another page");
    let second = engine.jobs(owner, page(Some(token.clone()))).await.unwrap();
    assert_ne!(second.jobs[0].id, first.jobs[0].id);
    let tampered = token.chars().rev().collect();
    let foreign = JobFilter { all: true, ..page(Some(token.clone())) };
    for refused in [
        engine.jobs(owner, page(Some(tampered))).await,
        engine.jobs(&other, page(Some(token))).await,
        engine.jobs(&other, foreign).await,
    ] {
        assert_eq!(refused.unwrap_err().body.code, ErrorCode::Invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_hands_its_tasks_on_and_the_next_one_finishes_them() {
    let scene = Scene::new(80, Script::default(), Script::default()).await;
    let slow = scene.rig.server_with("SLOW", scene.source.addr, &ALL, json!({ "instances_per_second": 60 })).await;
    let job = scene.rig.submit(&slow, &scene.to, &scene.study(), pseudonym("P")).await;
    scene.rig.until(&job, |snapshot| snapshot.progress.delivered > 5).await;
    let Scene { dir, rig, source, destination, spec, .. } = scene;
    let (actor, data_dir) = (rig.actor.clone(), rig.data_dir.clone());
    rig.stop().await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let rig = Rig::start(&data_dir).await;
    assert_eq!(rig.actor, actor);
    let end = rig.until(&job, |snapshot| snapshot.job.status.is_final()).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 80), "{end:?}");
    assert_eq!(destination.instances().len(), source.instances().len());
    rig.assert_clean().await;
    drop((dir, spec));
}
