//! Transfers that begin by themselves: objects under a prefix, instances in the inbox.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use adit_archive::generate::StudySpec;
use adit_domain::job::JobStatus;
use adit_test_cloud::home::{Home, run};
use adit_test_support::session::Session;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{Ends, at, dicom, expected, forget, held, server, write};

async fn rule(session: &Session, rule: Value) -> String {
    session.call(Method::POST, "/api/rules", rule).await["id"].as_str().expect("an id").to_owned()
}

async fn drop_rule(session: &Session, id: &str) {
    session.call(Method::DELETE, &format!("/api/rules/{id}"), Value::Null).await;
}

/// Jobs that a rule has made.
async fn jobs_of(session: &Session, rule: &str) -> Vec<String> {
    let jobs = session.call(Method::GET, "/api/jobs", Value::Null).await;
    let all = jobs["jobs"].as_array().or_else(|| jobs.as_array()).cloned().unwrap_or_default();
    let of_rule = |job: &&Value| job["cause"]["rule"] == rule;
    all.iter().filter(of_rule).map(|job| job["id"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Waits for the rule's first job.
async fn first_job(session: &Session, rule: &str) -> String {
    let until = Instant::now() + Duration::from_secs(180);
    loop {
        if let Some(job) = jobs_of(session, rule).await.pop() {
            return job;
        }
        assert!(Instant::now() < until, "the rule does not fire");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// A bucket that is watched, and one that receives.
async fn buckets(home: &Home) -> (String, String) {
    let (watched, target) = ("adit-proofs-incoming".to_owned(), "adit-proofs-research".to_owned());
    for bucket in [&watched, &target] {
        home.emulator().make_bucket(bucket).await;
    }
    home.emulator().watch(&watched, home.output("EventsQueueArn")).await;
    (watched, target)
}

async fn put_all(home: &Home, bucket: &str, prefix: &str, study: &StudySpec, folder: &Path) {
    for (number, file) in write(study, folder).iter().enumerate() {
        // A blank in the name: it comes encoded in the event.
        home.emulator().put(bucket, &format!("{prefix}image {number}.dcm"), file).await;
    }
}

/// A study on its way from bucket to bucket by a rule.
pub struct Moved {
    pub job: String,
    rule: String,
    nodes: [String; 2],
}

impl Moved {
    /// Removes the rule and the nodes.
    pub async fn end(self, session: &Session) {
        drop_rule(session, &self.rule).await;
        forget(session, &[&self.nodes[0], &self.nodes[1]]).await;
    }
}

/// Puts a study under `prefix` of the watched bucket; the job that comes of it.
pub async fn begin(home: &Home, session: &Session, prefix: &str, study: &StudySpec, folder: &Path) -> Moved {
    let (watched, target) = buckets(home).await;
    let from = session.bucket("Incoming", &watched, prefix).await;
    let to = session.bucket("Research", &target, prefix).await;
    let rule = rule(
        session,
        json!({
            "name": "Objects to research", "destination": to, "options": { "identity": "pseudonymise" },
            "trigger": { "kind": "objects", "source": from, "complete": { "quiet_seconds": 3 } },
            "filter": { "modalities": ["CT"] }
        }),
    )
    .await;
    put_all(home, &watched, prefix, study, folder).await;
    let job = first_job(session, &rule).await;
    Moved { job, rule, nodes: [from, to] }
}

/// SOP Instance UIDs of what has arrived under `prefix`; no name may be in it.
pub async fn arrived(home: &Home, prefix: &str) -> BTreeSet<String> {
    let (_, target) = buckets(home).await;
    let files = home.emulator().objects(&target, prefix).await;
    let uids = files.iter().map(|file| {
        assert!(!file.windows(3).any(|text| text == b"Doe"), "a name has left");
        adit_deid::part10::parse_head(file).expect("a DICOM file").sop_instance_uid
    });
    uids.collect()
}

pub async fn through_the_worker(home: &mut Home) {
    let study = StudySpec::ct("OBJECT-1", "Doe^Jane", 8, 32);
    let dir = tempfile::tempdir().expect("a directory");
    let session = home.session().await;
    let moved = begin(home, &session, "liver/", &study, dir.path()).await;
    let end = session.outcome(&moved.job).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 8), "{end:?}");
    assert_eq!(arrived(home, "liver/").await, expected(&[study], Some(&home.project_key())));
    assert!(home.function_log("worker").contains("task settled"), "the worker function has moved it");
    moved.end(&session).await;
}

pub async fn repeated_events(home: &mut Home) {
    let study = StudySpec::ct("OBJECT-2", "Doe^Jane", 5, 32);
    let dir = tempfile::tempdir().expect("a directory");
    let (watched, target) = buckets(home).await;
    let session = home.session().await;
    let from = session.bucket("Incoming", &watched, "again/").await;
    let to = session.bucket("Research", &target, "again/").await;
    let rule = rule(
        &session,
        json!({
            "name": "Once", "destination": to, "options": { "identity": "pseudonymise" },
            "trigger": { "kind": "objects", "source": from, "complete": { "quiet_seconds": 3, "count": 5 } }
        }),
    )
    .await;
    // Every object is put twice, so that each event comes twice; then all of them again after the firing.
    for _ in 0..2 {
        put_all(home, &watched, "again/", &study, dir.path()).await;
    }
    let job = first_job(&session, &rule).await;
    assert_eq!(session.outcome(&job).await.job.status, JobStatus::Success);
    put_all(home, &watched, "again/", &study, dir.path()).await;
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(jobs_of(&session, &rule).await, [job], "one job per study and rule");
    assert_eq!(home.emulator().objects(&target, "again/").await.len(), 5);
    drop_rule(&session, &rule).await;
    forget(&session, &[&from, &to]).await;
}

pub async fn inbox(home: &mut Home) {
    let study = StudySpec::ct("INBOX-1", "Doe^Jane", 12, 32);
    let ends = Ends::start(&[], dicom(home)).await;
    let files = ends.folder.path().join("sent");
    write(&study, &files);
    let session = home.session().await;
    let to = server(&session, "DEST", at(&ends.destination), &["study_root_find", "store_scp"], 0).await;
    let rule = rule(
        &session,
        json!({
            "name": "From the scanner", "destination": to, "options": { "identity": "pseudonymise" },
            "trigger": { "kind": "inbox", "calling_ae_titles": ["CT1"], "complete": { "quiet_seconds": 3 } }
        }),
    )
    .await;
    let receiver = dicom(home);
    let send = |calling: &'static str| {
        let mut command = Command::new("storescu");
        command
            .args(["-aet", calling, "-aec", "ADIT", "+sd", "+r", "127.0.0.1", &receiver.port().to_string()])
            .arg(&files);
        command
    };
    assert!(run(&mut send("STRANGER")).await.is_err(), "a stranger is refused");
    // The bridge looks for new senders from time to time.
    let until = Instant::now() + Duration::from_secs(60);
    while let Err(error) = run(&mut send("CT1")).await {
        assert!(Instant::now() < until, "the scanner's images are not taken: {error:#}");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let job = first_job(&session, &rule).await;
    let end = session.outcome(&job).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 12), "{end:?}");
    assert_eq!(held(&ends.destination).await, expected(&[study], Some(&home.project_key())));
    drop_rule(&session, &rule).await;
    forget(&session, &[&to]).await;
}
