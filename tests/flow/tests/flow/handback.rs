//! A worker whose time is up hands its task back; another one goes on where it stopped.

use std::sync::Arc;
use std::time::Duration;

use adit_api::usage::UsageQuery;
use adit_domain::job::JobStatus;
use adit_domain::task::TaskStatus;
use adit_engine::worker::Worked;
use adit_store::queue::Lane;
use adit_store::repositories::Receipts;
use adit_test_support::rig::pseudonym;
use adit_test_support::scripted::Script;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{ALL, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_handed_back_goes_on_from_its_receipts() {
    let Scene { dir: _dir, rig, spec, source: _source, destination, from, .. } =
        Scene::new(60, Script::default(), Script::default()).await;
    let limits = json!({ "instances_per_second": 40, "associations": 1 });
    let slow = rig.server_with("SLOW", destination.addr, &ALL, limits).await;
    let job = rig.submit(&from, &slow, &spec.study_instance_uid(), pseudonym("P")).await;
    rig.until(&job, |snapshot| snapshot.tasks[0].progress.delivered >= 15).await;
    let (engine, queue, actor) = (rig.engine.clone(), rig.backend.queue.clone(), rig.actor.clone());
    rig.stop().await;
    let waiting = engine.snapshot(&actor, &job).await.unwrap();
    let detail = engine.task(&actor, &job, &waiting.tasks[0].id).await.unwrap();
    assert_eq!(waiting.tasks[0].status, TaskStatus::Pending, "{waiting:?}");
    assert!(waiting.tasks[0].message.contains("goes on soon") && detail.failures.is_empty(), "{waiting:?}");
    let before = destination.stored();
    assert!((15..60).contains(&before), "it was in the middle: {before}");

    let delivery = queue.receive(Lane::Bridge, 1, Duration::from_secs(30)).await.unwrap().pop().expect("a message");
    assert_eq!(engine.work_on(&delivery, &CancellationToken::new()).await, Worked::Done);
    queue.ack(&delivery.receipt).await.unwrap();
    let end = engine.snapshot(&actor, &job).await.unwrap();
    assert_eq!(
        (end.job.status, end.progress.delivered, end.progress.verified),
        (JobStatus::Success, 60, 60),
        "{end:?}"
    );
    // The image that was in the middle of its C-STORE may go twice.
    assert!(destination.stored() <= 61, "{} images were sent", destination.stored());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_has_delivered_counts_once() {
    let Scene { dir: _dir, rig, spec, source: _source, destination, from, .. } =
        Scene::new(160, Script::default(), Script::default()).await;
    let limits = json!({ "instances_per_second": 80, "associations": 1 });
    let slow = rig.server_with("SLOW", destination.addr, &ALL, limits).await;
    let wish = rig.wish(&from, &slow, &spec.study_instance_uid(), pseudonym("P"));
    let (engine, backend, actor) = (rig.engine.clone(), rig.backend.clone(), rig.actor.clone());
    rig.stop().await;
    let job = engine.create_job(&actor, wish).await.unwrap().id;
    let task = engine.snapshot(&actor, &job).await.unwrap().tasks[0].id.clone();
    let receipts = Receipts::new(Arc::clone(&backend.items));
    let delivery =
        backend.queue.receive(Lane::Bridge, 1, Duration::from_secs(1)).await.unwrap().pop().expect("a message");
    let worker = engine.clone();
    let killed = tokio::spawn(async move { worker.work_on(&delivery, &CancellationToken::new()).await });
    let known = async {
        while receipts.all(&task, 0).await.unwrap().len() < 100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), known).await.expect("receipts are stored by the hundred");
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled(), "it was in the middle");
    let counted = async || {
        let rows = engine.usage(&UsageQuery::default()).await.unwrap().rows;
        rows.first().map(|row| (row.transferred.requests, row.transferred.instances)).unwrap_or_default()
    };
    assert_eq!(counted().await, (0, 0));

    // Its lease ends, and another one takes over.
    let goes_on = async {
        while !engine.snapshot(&actor, &job).await.unwrap().job.status.is_final() {
            engine.sweep().await.unwrap();
            for delivery in backend.queue.receive(Lane::Bridge, 1, Duration::from_secs(30)).await.unwrap() {
                match engine.work_on(&delivery, &CancellationToken::new()).await {
                    Worked::Later(wait) => backend.queue.release(&delivery.receipt, wait).await.unwrap(),
                    _ => backend.queue.ack(&delivery.receipt).await.unwrap(),
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), goes_on).await.expect("another worker ends it");
    let end = engine.snapshot(&actor, &job).await.unwrap();
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 160), "{end:?}");
    assert_eq!(counted().await, (1, 160));
    assert!(destination.stored() < 260, "{} images were sent", destination.stored());
}
