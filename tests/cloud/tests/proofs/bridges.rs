//! Several bridges: they share the work, find one another's instances, and replace one another.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use adit_archive::generate::StudySpec;
use adit_domain::job::JobStatus;
use adit_test_cloud::home::Home;
use adit_test_support::session::Session;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Ends, at, dicom, expected, forget, held, server};

const GET: [&str; 3] = ["study_root_find", "study_root_get", "store_scp"];
const MOVE: [&str; 3] = ["study_root_find", "study_root_move", "store_scp"];

/// One job of all studies.
pub async fn submit(session: &Session, from: &str, to: &str, studies: &[StudySpec]) -> String {
    let chosen: Vec<Value> = studies
        .iter()
        .map(|study| json!({ "source": from, "patient_id": "", "study_instance_uid": study.study_instance_uid() }))
        .collect();
    let wish = json!({ "destination": to, "options": { "identity": "pseudonymise" }, "studies": chosen });
    session.call(Method::POST, "/api/jobs", wish).await["id"].as_str().expect("an id").to_owned()
}

/// Ends all bridges in order and starts one with `more` in its environment; its place.
pub async fn only_bridge(home: &mut Home, more: &[(&str, &str)]) -> usize {
    for place in 0..home.bridges.len() {
        if home.bridges[place].is_some() {
            home.drain_bridge(place).await.expect("the bridge ends in order");
        }
    }
    home.add_bridge(more).await.expect("a bridge starts")
}

/// Bridges that settled a task of the job, by their logs.
fn workers(home: &Home, job: &str) -> usize {
    let settled = |log: &std::path::Path| {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        text.lines().any(|line| line.contains("task settled") && line.contains(job))
    };
    home.bridges.iter().flatten().filter(|bridge| settled(&bridge.log)).count()
}

pub async fn share(home: &mut Home) {
    let studies: Vec<StudySpec> =
        (0..40).map(|number| StudySpec::ct(&format!("SHARE-{number:02}"), "Doe^Jane", 10, 32)).collect();
    let second = home.add_bridge(&[]).await.expect("a second bridge starts");
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &GET, 0).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    let job = submit(&session, &from, &to, &studies).await;
    let end = session.outcome(&job).await;
    assert_eq!(
        (end.job.status, end.job.tasks.success, end.progress.verified),
        (JobStatus::Success, 40, 400),
        "{end:?}"
    );
    assert_eq!(held(&ends.destination).await, expected(&studies, Some(&home.project_key())));
    assert_eq!(workers(home, &job), 2, "both bridges have worked");
    home.drain_bridge(second).await.expect("the second bridge ends in order");
    forget(&session, &[&from, &to]).await;
}

/// The source knows the address of the second bridge only; the first one is the one that works.
pub async fn other_bridge(home: &mut Home) {
    let studies = [StudySpec::ct("OTHER-1", "Doe^Jane", 30, 64)];
    // It takes no work: all it does is to receive.
    let second = home.add_bridge(&[("ADIT_PARALLEL_TRANSFERS", "0")]).await.expect("a second bridge starts");
    let receiver: SocketAddr = home.bridges[second].as_ref().expect("it runs").dicom;
    let ends = Ends::start(&studies, receiver).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &MOVE, 0).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    let job = submit(&session, &from, &to, &studies).await;
    let end = session.outcome(&job).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 30), "{end:?}");
    assert_eq!(held(&ends.destination).await, expected(&studies, Some(&home.project_key())));
    home.drain_bridge(second).await.expect("the second bridge ends in order");
    forget(&session, &[&from, &to]).await;
}

/// Waits until some, but not all, images have been delivered.
pub async fn in_the_middle(session: &Session, job: &str) {
    for _ in 0..600 {
        let snapshot = session.call(Method::GET, &format!("/api/jobs/{job}"), Value::Null).await;
        if snapshot["progress"]["delivered"].as_u64().unwrap_or(0) > 10 {
            assert!(snapshot["job"]["status"] == "in_progress", "too late to be in the middle: {snapshot}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing is delivered");
}

async fn replaced(home: &mut Home, patient: &str, kill: bool) {
    let studies = [StudySpec::ct(patient, "Doe^Jane", 150, 32)];
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &GET, 25).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    let job = submit(&session, &from, &to, &studies).await;
    in_the_middle(&session, &job).await;
    let running: Vec<usize> = (0..home.bridges.len()).filter(|place| home.bridges[*place].is_some()).collect();
    home.add_bridge(&[]).await.expect("another bridge starts");
    for place in running {
        if kill {
            home.kill_bridge(place).await.expect("the bridge is killed");
        } else {
            let took = home.drain_bridge(place).await.expect("the bridge drains");
            assert!(took < Duration::from_secs(115), "within the stop timeout of Fargate, not {took:?}");
            println!("  drained in {took:.1?}");
        }
    }
    let end = session.outcome(&job).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 150), "{end:?}");
    let held: BTreeSet<String> = held(&ends.destination).await;
    assert_eq!(held, expected(&studies, Some(&home.project_key())));
    assert_eq!(home.staged().await, 0, "nothing is left in staging");
    forget(&session, &[&from, &to]).await;
}

pub async fn killed(home: &mut Home) {
    replaced(home, "KILLED-1", true).await;
}

pub async fn drained(home: &mut Home) {
    replaced(home, "DRAINED-1", false).await;
}
