//! What happens when the world has changed since a sweep looked: on the embedded backend, without servers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adit_backend_embedded::Embedded;
use adit_domain::node::Node;
use adit_domain::rule::{Rule, inbox};
use adit_domain::task::TaskStatus;
use adit_domain::{NodeId, Timestamp};
use adit_store::clock::SystemClock;
use adit_store::repositories::{ArrivedObject, Fired, NodeRecord, Versioned};
use tempfile::TempDir;

use super::arrive::Coming;
use super::facts::Header;
use super::filter::Choice;
use super::fire::{Made, Study};
use crate::worker::proofs;
use crate::{Engine, Ports, now};

fn engine() -> (Engine, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let Embedded { items, queue, staging, .. } = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap();
    (proofs::engine(Ports { items, queue, staging, buckets: None }, "one"), dir)
}

fn rule(name: &str) -> Rule {
    serde_json::from_value(serde_json::json!({
        "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "owner": "01ARZ3NDEKTSV4RRFFQ69G5FAW", "owner_name": "admin", "name": name,
        "destination": "01ARZ3NDEKTSV4RRFFQ69G5FAX", "created": Timestamp(0), "changed": Timestamp(0),
        "trigger": {"kind": "inbox", "calling_ae_titles": ["CT1"]}
    }))
    .unwrap()
}

fn choice(series: &[&str], images: u64) -> Choice {
    Choice {
        series: series.iter().map(|uid| (*uid).to_owned()).collect(),
        series_total: series.len(),
        images,
        label: String::new(),
        patient_id: "P".into(),
        pseudonym: Ok(String::new()),
    }
}

/// An image of study 1.2 arrives in the inbox.
async fn arrives(engine: &Engine, sop: &str) {
    let coming = Coming {
        source: inbox(),
        name: String::new(),
        from: "CT1".into(),
        size: 1,
        modified: Timestamp::default(),
        crc32: 7,
    };
    let header = Header {
        sop_class_uid: "1.1".into(),
        sop_instance_uid: sop.into(),
        study_instance_uid: "1.2".into(),
        series_instance_uid: "1.3".into(),
        facts: BTreeMap::new(),
        also: Vec::new(),
        person: Default::default(),
    };
    engine.record(coming, header).await.unwrap();
}

#[tokio::test]
async fn a_sweep_that_was_told_too_late_removes_nothing() {
    let (engine, _dir) = engine();
    arrives(&engine, "1.4").await;
    let mut found = engine.0.arrivals.get(&inbox(), "1.2").await.unwrap().unwrap();
    // As the index tells it, it is so old that the inbox gives it up.
    found.value.last = Timestamp(0);
    arrives(&engine, "1.5").await;
    let (version, now) = (found.version, found.value.clone());
    engine.look_at_one(found, &[]).await.unwrap();
    let objects = engine.0.arrivals.objects(&inbox(), "1.2").await.unwrap();
    assert_eq!(objects.iter().filter(|object| !object.removed).count(), 2);
    // With the version of now it would have gone.
    let current = engine.0.arrivals.get(&inbox(), "1.2").await.unwrap().unwrap();
    assert!(current.version > version);
    engine.look_at_one(Versioned { value: now, version: current.version }, &[]).await.unwrap();
    let objects = engine.0.arrivals.objects(&inbox(), "1.2").await.unwrap();
    assert!(objects.iter().all(|object| object.removed));
}

#[tokio::test]
async fn a_rule_that_has_changed_since_the_sweep_began_makes_nothing() {
    let (engine, _dir) = engine();
    let seen = rule("As it was");
    let study = || vec![Study { study_instance_uid: "1.2".into(), choice: choice(&["1.3"], 1) }];
    let source = inbox();
    let make = || engine.make_job(&seen, &source, "event", Timestamp(5), study());
    assert_eq!(make().await.unwrap(), Made::Again, "it is gone");
    engine.0.rules.put(&rule("Changed"), None).await.unwrap();
    assert_eq!(make().await.unwrap(), Made::Again, "it has changed");
    let stored = engine.0.rules.get(&seen.id).await.unwrap().unwrap();
    engine.0.rules.put(&seen, Some(stored.version)).await.unwrap();
    assert_ne!(make().await.unwrap(), Made::Again, "it is as it was");
}

#[tokio::test]
async fn a_sweep_that_has_seen_fewer_series_takes_none_away() {
    let (engine, _dir) = engine();
    let job = proofs::job(1);
    let mut task = proofs::task(&job, 1);
    task.series_instance_uids = vec!["1.3".into(), "1.4".into()];
    task.pseudonym.clear();
    engine.submit(&job, vec![task.clone()], Vec::new()).await.unwrap();
    let fired = Fired { at: now(), job: job.id.clone(), task: task.id.clone(), images: 1 };
    let fired = Versioned { value: fired, version: 1 };
    engine.late_images(&rule("R"), "1.2", &fired, &choice(&["1.3", "1.5"], 2), now()).await.unwrap();
    let stored = engine.0.tasks.get(&job.id, &task.id).await.unwrap().unwrap().value;
    assert_eq!((stored.status, stored.series_instance_uids.len()), (TaskStatus::Pending, 3));
    let all: BTreeSet<&str> = stored.series_instance_uids.iter().map(String::as_str).collect();
    assert_eq!(all, ["1.3", "1.4", "1.5"].into());
}

#[tokio::test]
async fn an_acknowledged_image_is_known_to_be_another_one_by_its_checksum() {
    let (engine, _dir) = engine();
    arrives(&engine, "1.4").await;
    let row = engine.0.arrivals.object(&inbox(), "1.2", "1.4").await.unwrap().unwrap();
    engine.0.arrivals.update_object(&ArrivedObject { removed: true, ..row.value }, row.version).await.unwrap();
    arrives(&engine, "1.4").await;
    let again = engine.0.arrivals.object(&inbox(), "1.2", "1.4").await.unwrap().unwrap();
    assert!(!again.value.replaced && !again.value.removed, "the same one came again");
    let other = ArrivedObject { crc32: 8, ..again.value };
    engine.0.arrivals.update_object(&other, again.version).await.unwrap();
    arrives(&engine, "1.4").await;
    assert!(engine.0.arrivals.object(&inbox(), "1.2", "1.4").await.unwrap().unwrap().value.replaced);
}

#[tokio::test]
async fn the_titles_under_which_we_ask_are_ours() {
    let (engine, _dir) = engine();
    let record = |host: &str| {
        let config = serde_json::from_value(serde_json::json!({
            "name": "PACS", "kind": "server", "ae_title": "PACS", "host": host, "port": 104, "calling_ae_title": "OTHER",
            "services": {}, "limits": {}
        }));
        let node = Node { id: NodeId::new(Timestamp(1), 1), config: config.unwrap() };
        NodeRecord { node, secrets: Default::default(), version: 1 }
    };
    let reception = &engine.0.reception;
    reception.admit_servers(&[record("127.0.0.1")]).await;
    assert!(reception.has_heard_of("PACS") && reception.is_ours("OTHER") && !reception.is_ours("PACS"));
}
