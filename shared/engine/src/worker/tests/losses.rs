//! What the sweeper does about workers, messages and jobs that are lost.

use std::time::Duration;

use adit_domain::retry::{MAX_LOSSES, ORPHAN_MS, STRANDED_MS};
use adit_store::clock::ManualClock;
use adit_store::repositories::LiveProgress;
use adit_store::staging::StagedKey;
use tokio_util::sync::CancellationToken;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_workers_die_ends_and_one_that_gets_on_does_not() {
    let site = Site::open();
    let engine = site.engine("first");
    for gets_on in [false, true] {
        let (job, task) = one(&engine).await;
        for life in 1..=MAX_LOSSES + 2 {
            let seen = stored(&engine, &task).await;
            if seen.status.is_final() {
                break;
            }
            engine.claim(&seen).await.unwrap().expect("it waits");
            let delivered = if gets_on { u64::from(life) } else { 0 };
            let progress = Progress { delivered, ..Progress::default() };
            engine.0.tasks.show(&job.id, &task.id, &LiveProgress { progress, warnings: Vec::new() }).await.unwrap();
            expire(&engine, &task).await;
            engine.sweep().await.unwrap();
            expire(&engine, &task).await;
        }
        let end = stored(&engine, &task).await;
        let record = engine.0.jobs.get(&job.id).await.unwrap().unwrap();
        if gets_on {
            assert_eq!((end.status, end.attempts), (TaskStatus::Pending, MAX_LOSSES + 2));
        } else {
            assert_eq!((end.status, end.attempts), (TaskStatus::Failure, MAX_LOSSES), "{end:?}");
            assert!(end.message.starts_with("ADIT gave this transfer up"), "{}", end.message);
            assert_eq!(record.job.status, JobStatus::Failure);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_that_wait_for_their_series_go_with_a_task_that_is_given_up() {
    for by_sweep in [true, false] {
        let site = Site::open();
        let engine = site.engine("first");
        let mut job = job(1);
        job.options.convert_to_nifti = true;
        let task = task(&job, 1);
        engine.submit(&job, vec![task.clone()], Vec::new()).await.unwrap();
        let staging = &site.backend.staging;
        let mut writer = staging.begin(&StagedKey::new(task.id.as_str(), "1", "2")).await.unwrap();
        writer.write(b"an image").await.unwrap();
        writer.commit(serde_json::json!({})).await.unwrap();
        for life in 1..=MAX_LOSSES {
            assert_eq!(staging.usage().await.unwrap().objects, 1, "it may be of use to the next one");
            engine.claim(&stored(&engine, &task).await).await.unwrap().expect("it waits");
            if by_sweep || life < MAX_LOSSES {
                expire(&engine, &task).await;
                engine.sweep().await.unwrap();
                expire(&engine, &task).await;
            }
        }
        if !by_sweep {
            expire(&engine, &task).await;
            let delivery = receive(&engine).await;
            engine.work_on(&delivery, &CancellationToken::new()).await;
        }
        assert_eq!(stored(&engine, &task).await.status, TaskStatus::Failure);
        assert_eq!(staging.usage().await.unwrap().objects, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_message_was_set_aside_is_sent_again_and_ends_at_last() {
    let clock = Arc::new(ManualClock::at(now()));
    let site = Site::open_with(clock.clone());
    let engine = site.engine("first");
    let (job, task) = one(&engine).await;
    for sent in 1..=MAX_LOSSES {
        clock.advance(Duration::from_secs(60));
        let delivery = receive(&engine).await;
        let age = |ms: i64| {
            let engine = engine.clone();
            let task = task.clone();
            async move {
                let change = engine.change_task(&task.job_id, &task.id, |task| {
                    task.sent = Some(now().plus_ms(-ms));
                    task.not_before = None;
                    true
                });
                change.await.unwrap().unwrap();
            }
        };
        age(STRANDED_MS + 1).await;
        engine.sweep().await.unwrap();
        assert_eq!(stored(&engine, &task).await.losses.times, sent - 1, "its message is on loan");
        engine.0.ports.queue.dead_letter(&delivery.receipt, "its receivers died").await.unwrap();
        age(STRANDED_MS - 5_000).await;
        engine.sweep().await.unwrap();
        assert_eq!(stored(&engine, &task).await.losses.times, sent - 1, "it may still come");
        age(STRANDED_MS + 1).await;
        engine.sweep().await.unwrap();
        assert_eq!(stored(&engine, &task).await.losses.times, sent);
    }
    assert_eq!(stored(&engine, &task).await.status, TaskStatus::Failure);
    assert_eq!(engine.0.jobs.get(&job.id).await.unwrap().unwrap().job.status, JobStatus::Failure);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_job_that_was_never_made_is_removed_after_an_hour() {
    let site = Site::open();
    let engine = site.engine("first");
    let (made, lost, young) = (job(1), job(2), job(3));
    let old = |mut task: Task| {
        task.created = now().plus_ms(-ORPHAN_MS - 1000);
        task
    };
    let forgotten = old(task(&made, 1));
    engine.0.jobs.insert(&made, std::slice::from_ref(&forgotten)).await.unwrap();
    // As if the process had died before the job itself was written.
    for (job, tasks) in [(&lost, vec![old(task(&lost, 2))]), (&young, vec![task(&young, 3)])] {
        engine.0.jobs.insert(job, &tasks).await.unwrap();
        engine.0.jobs.delete(&job.id).await.unwrap();
    }
    engine.sweep().await.unwrap();
    engine.sweep().await.unwrap();
    let count = async |job: &Job| engine.0.tasks.of_job(&job.id).await.unwrap().len();
    assert_eq!((count(&made).await, count(&lost).await, count(&young).await), (1, 0, 1));
    assert!(stored(&engine, &forgotten).await.enqueued);
}
