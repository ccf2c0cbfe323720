//! Who owns a task, and when an owner lets go.

use std::time::Duration;

use adit_domain::node::{Bucket, Folder, Node, NodeConfig, NodeKind, Secrets};
use adit_domain::retry::LEASE_MS;
use adit_store::queue::Pointer;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::worker::Worked;
use crate::worker::claim::Beat;

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_lease_expired_settles_nothing_and_stops_at_its_next_heartbeat() {
    let site = Site::open();
    let (first, second) = (site.engine("first"), site.engine("second"));
    let (job, task) = one(&first).await;
    let delivery = receive(&first).await;
    let old = first.claim(&task).await.unwrap().expect("it is free");
    assert!(second.claim(&old).await.unwrap().is_none(), "a task has one owner");
    expire(&first, &task).await;
    let new = second.claim(&stored(&second, &task).await).await.unwrap().expect("it was abandoned");
    assert_eq!((old.attempts, new.attempts, new.losses.times), (1, 2, 1));

    let begun = Instant::now();
    assert_eq!(first.heartbeat(&old, begun, &delivery).await, Beat::Lost);
    assert!(begun.elapsed() < Duration::from_secs(6), "promptly");
    first.settle(&job, &old, &done(TaskStatus::Success), false).await.unwrap();
    assert_eq!(stored(&first, &task).await.status, TaskStatus::InProgress, "the former owner changes nothing");
    second.settle(&job, &new, &done(TaskStatus::Warning), false).await.unwrap();
    first.settle(&job, &old, &done(TaskStatus::Success), false).await.unwrap();
    let end = stored(&first, &task).await;
    assert_eq!((end.status, end.losses.times), (TaskStatus::Warning, 0));
    let record = first.0.jobs.get(&job.id).await.unwrap().unwrap();
    assert_eq!((record.job.status, record.counts.warning, record.counts.total()), (JobStatus::Warning, 1, 1));
}

#[tokio::test]
async fn an_owner_that_cannot_reach_the_store_lets_go_before_its_lease_ends() {
    for fault in [Fault::Silent, Fault::Refusing] {
        let site = Site::open();
        let engine = site.engine("first");
        let (_, task) = one(&engine).await;
        let delivery = receive(&engine).await;
        let claimed_at = Instant::now();
        let claimed = engine.claim(&task).await.unwrap().unwrap();
        let cut_off = site.engine_over("first", Arc::new(Faulty(Arc::clone(&site.backend.items), fault)));
        tokio::time::pause();
        let beat = cut_off.heartbeat(&claimed, claimed_at, &delivery).await;
        let alone = i64::try_from(claimed_at.elapsed().as_millis()).unwrap();
        tokio::time::resume();
        assert_eq!(beat, Beat::Lost);
        assert!((LEASE_MS / 2..=LEASE_MS).contains(&alone), "{fault:?}: let go after {alone} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_hands_back_and_cancels_nothing() {
    let site = Site::open();
    let engine = site.engine("first");
    let (job, task) = one(&engine).await;
    let claimed = engine.claim(&task).await.unwrap().unwrap();
    engine
        .settle(&job, &claimed, &Outcome { ending: Ending::Canceled, ..done(TaskStatus::Success) }, true)
        .await
        .unwrap();
    let waiting = stored(&engine, &task).await;
    assert_eq!((waiting.status, waiting.failed_attempts, waiting.enqueued), (TaskStatus::Pending, 0, true));
    let again = engine.claim(&waiting).await.unwrap().unwrap();
    engine
        .settle(&job, &again, &Outcome { ending: Ending::Canceled, ..done(TaskStatus::Success) }, false)
        .await
        .unwrap();
    assert_eq!(stored(&engine, &task).await.status, TaskStatus::Canceled);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_is_a_failed_attempt_and_what_cannot_be_read_is_said() {
    let site = Site::open();
    let engine = site.engine_over("first", Arc::new(Faulty(Arc::clone(&site.backend.items), Fault::Panicking)));
    let (job, task) = one(&site.engine("other")).await;
    let stop = CancellationToken::new();
    let mut delivery = receive(&engine).await;
    assert_eq!(engine.work_on(&delivery, &stop).await, Worked::Later(Duration::from_secs(10)), "the store breaks, too");
    let broken = site.engine("other");
    let seen = stored(&broken, &task).await;
    assert!(seen.lease.is_none() && seen.status == TaskStatus::Pending && seen.failed_attempts == 1, "{seen:?}");
    assert!(seen.message.starts_with("Something broke in ADIT"), "{}", seen.message);
    assert!(matches!(broken.work_on(&delivery, &stop).await, Worked::Later(wait) if wait > Duration::from_secs(20)));
    delivery.message.body = "nonsense".into();
    assert!(matches!(broken.work_on(&delivery, &stop).await, Worked::Unreadable(_)));
    let gone = Pointer::task(&JobId::new(now(), 9), &task.id).encode();
    delivery.message.body = gone;
    assert_eq!(broken.work_on(&delivery, &stop).await, Worked::Done, "a job that was deleted");
    assert_eq!(broken.0.jobs.get(&job.id).await.unwrap().unwrap().counts.pending, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_tasks_between_buckets_need_no_bridge() {
    let site = Site::open();
    let engine = site.engine("first");
    let kinds = [
        NodeKind::Bucket(Bucket { bucket: "one".into(), prefix: String::new(), region: String::new() }),
        NodeKind::Bucket(Bucket { bucket: "two".into(), prefix: String::new(), region: String::new() }),
        NodeKind::Folder(Folder { path: "/tmp/x".into(), quota_gb: 0, warn_size_gb: 0 }),
    ];
    let mut ids = Vec::new();
    for (number, kind) in (1_u128..).zip(kinds) {
        let node = Node {
            id: NodeId::new(Timestamp(9), number),
            config: NodeConfig { name: format!("N{number}"), enabled: true, kind },
        };
        ids.push(node.id.clone());
        engine.0.nodes.insert(&node, &Secrets::default()).await.unwrap();
    }
    for (source, destination, lane) in [(0, 1, Lane::Worker), (0, 2, Lane::Bridge), (2, 0, Lane::Bridge)] {
        assert_eq!(engine.lane_between(&ids[source], &ids[destination]).await.unwrap(), lane);
    }
    assert_eq!(engine.lane_between(&ids[0], &NodeId::new(Timestamp(9), 99)).await.unwrap(), Lane::Bridge);
}
