//! What goes wrong on purpose.

use std::collections::BTreeSet;
use std::time::Duration;

use adit_archive::generate::StudySpec;
use adit_domain::job::JobStatus;
use adit_test_cloud::home::{Home, run};
use adit_test_cloud::{Fault, Faults, What, When};
use tokio::process::Command;

use crate::bridges::{in_the_middle, only_bridge, submit};
use crate::objects;
use crate::support::{Ends, at, dicom, expected, forget, held, server};

const GET: [&str; 3] = ["study_root_find", "study_root_get", "store_scp"];

/// Messages that nobody can read, messages of tasks that do not exist, and each real message sent twice.
pub async fn poison(home: &mut Home) {
    let studies = [StudySpec::ct("POISON-1", "Doe^Jane", 10, 32)];
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &GET, 0).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    for lane in ["bridge", "worker"] {
        home.send(&format!("{lane}-normal"), "this is no pointer").await;
        home.send(&format!("{lane}-urgent"), r#"{"v":99,"kind":"task"}"#).await;
        home.send(
            &format!("{lane}-normal"),
            r#"{"v":1,"kind":"task","job_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","task_id":"01ARZ3NDEKTSV4RRFFQ69G5FAW"}"#,
        )
        .await;
    }
    let job = session.submit(&from, &to, &studies[0].study_instance_uid(), "P-POISON").await;
    let first = session.call(reqwest::Method::GET, &format!("/api/jobs/{job}"), serde_json::Value::Null).await;
    let task = first["tasks"][0]["id"].as_str().expect("a task").to_owned();
    for _ in 0..2 {
        home.send("bridge-normal", &format!(r#"{{"v":1,"kind":"task","job_id":"{job}","task_id":"{task}"}}"#)).await;
    }
    let end = session.outcome(&job).await;
    assert_eq!((end.job.status, end.job.tasks.success, end.progress.verified), (JobStatus::Success, 1, 10), "{end:?}");
    assert_eq!(held(&ends.destination).await, expected(&studies, Some(&home.project_key())));
    // Two unreadable messages of each lane and nothing else.
    for _ in 0..240 {
        if home.dead().await.values().sum::<usize>() >= 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let dead = home.dead().await;
    for (queue, wanted) in [("bridge-normal", 1), ("bridge-urgent", 1), ("worker-normal", 1), ("worker-urgent", 1)] {
        assert_eq!(dead.get(queue), Some(&wanted), "{dead:?}");
    }
    forget(&session, &[&from, &to]).await;
}

/// A bridge whose every call may be throttled, slowed down, answered twice or not at all.
pub async fn troubled(home: &mut Home) {
    // So many requests that chance cannot spare most of them.
    let studies: Vec<StudySpec> =
        (0..3).map(|number| StudySpec::ct(&format!("TROUBLE-{number}"), "Doe^Jane", 110, 64)).collect();
    let faults = Faults::before(home.endpoint()).await;
    for (service, operation, when, what) in [
        ("dynamodb", None, When::Share(0.06), What::Throttle),
        ("dynamodb", Some("TransactWriteItems"), When::Share(0.06), What::TransactionConflict),
        ("dynamodb", Some("TransactWriteItems"), When::Share(0.02), What::LoseAnswer),
        ("s3", None, When::Share(0.06), What::SlowDown),
        ("sqs", Some("DeleteMessage"), When::Every(2), What::Swallow),
        ("sqs", Some("SendMessage"), When::Every(3), What::Delay(Duration::from_millis(700))),
    ] {
        faults.add(Fault { service, operation, when, what });
    }
    only_bridge(home, &[("AWS_ENDPOINT_URL", &faults.endpoint())]).await;
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &GET, 0).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    let job = submit(&session, &from, &to, &studies).await;
    let end = session.outcome(&job).await;
    assert_eq!((end.job.status, end.job.tasks.success, end.progress.verified), (JobStatus::Success, 3, 330), "{end:?}");
    assert_eq!(held(&ends.destination).await, expected(&studies, Some(&home.project_key())));
    assert!(faults.struck() > 20, "only {} requests were struck", faults.struck());
    println!("  {} requests were struck", faults.struck());
    faults.clear();
    only_bridge(home, &[]).await;
    assert_eq!(home.staged().await, 0, "nothing is left in staging");
    forget(&session, &[&from, &to]).await;
}

/// The worker function is killed while it moves a study.
pub async fn dying_function(home: &mut Home) {
    let study = StudySpec::ct("DYING-1", "Doe^Jane", 120, 512);
    let dir = tempfile::tempdir().expect("a directory");
    let session = home.session().await;
    let moved = objects::begin(home, &session, "dying/", &study, dir.path()).await;
    in_the_middle(&session, &moved.job).await;
    let processes = home.function_processes("worker");
    assert!(!processes.is_empty(), "the worker function runs");
    for process in processes {
        run(Command::new("kill").args(["-KILL", &process.to_string()])).await.expect("the function is killed");
    }
    let end = session.outcome(&moved.job).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 120), "{end:?}");
    let arrived: BTreeSet<String> = objects::arrived(home, "dying/").await;
    assert_eq!(arrived, expected(&[study], Some(&home.project_key())));
    moved.end(&session).await;
}

/// A bridge stands still for longer than its lease; another takes over; the first one wakes up and may not do any harm.
pub async fn lost_lease(home: &mut Home) {
    let studies = [StudySpec::ct("LEASE-1", "Doe^Jane", 150, 32)];
    let sleeper = only_bridge(home, &[]).await;
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &GET, 25).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    let job = submit(&session, &from, &to, &studies).await;
    in_the_middle(&session, &job).await;
    home.signal_bridge(sleeper, "STOP").await.expect("the bridge stands still");
    let other = home.add_bridge(&[]).await.expect("another bridge starts");
    home.edge.set_bridges(vec![home.bridges[other].as_ref().expect("it runs").http]);
    let end = session.outcome(&job).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 150), "{end:?}");
    home.signal_bridge(sleeper, "CONT").await.expect("the bridge goes on");
    tokio::time::sleep(Duration::from_secs(15)).await;
    let again = session.outcome(&job).await;
    assert_eq!((again.job.status, again.job.tasks.success), (JobStatus::Success, 1), "{again:?}");
    assert_eq!(again.job.end, end.job.end, "the job ends once");
    assert_eq!(held(&ends.destination).await, expected(&studies, Some(&home.project_key())));
    assert_eq!(home.staged().await, 0, "nothing is left in staging");
    home.drain_bridge(sleeper).await.expect("the sleeper ends in order");
    forget(&session, &[&from, &to]).await;
}
