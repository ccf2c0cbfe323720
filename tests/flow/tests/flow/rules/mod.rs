//! Transfers that begin by themselves.

mod files;
mod inbox;
mod late;
mod limits;
mod nifti;
mod schedules;

use std::time::Duration;

use adit_api::jobs::{JobFilter, JobSnapshot, JobView};
use adit_api::nodes::NodeView;
use adit_api::rules::{DryRun, DryRunInput, RuleInput, RuleView};
use adit_archive::generate::{StudySpec, object};
use adit_dimse::Status;
use adit_test_support::rig::Rig;
use adit_test_support::scripted::{self, Script, Scripted};
use adit_test_support::sender::send;
use serde_json::{Value, json};
use tempfile::TempDir;

/// An ADIT with an empty destination that offers everything.
struct Stage {
    dir: TempDir,
    rig: Rig,
    destination: Scripted,
    to: NodeView,
}

impl Stage {
    async fn new() -> Self {
        Self::with(Script::default()).await
    }

    async fn with(script: Script) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let rig = Rig::start(&dir.path().join("data")).await;
        let destination = scripted::start(&dir.path().join("destination"), script).await;
        let to = rig.server("DEST", destination.addr, &crate::ALL).await;
        Self { dir, rig, destination, to }
    }

    /// A rule to the destination; `more` goes before what is usual.
    fn wish(&self, trigger: Value, more: Value) -> RuleInput {
        let mut rule = json!({
            "name": "Rule", "destination": self.to.id, "trigger": trigger, "options": {"identity": "keep"}
        });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(rule).unwrap()
    }

    async fn rule(&self, trigger: Value, more: Value) -> RuleView {
        self.rig.engine.add_rule(&self.rig.actor, self.wish(trigger, more)).await.unwrap()
    }

    /// What a modality sends, all of it taken.
    async fn sent(&self, calling: &str, objects: &[Vec<u8>]) {
        let answers = send(self.rig.dicom, calling, objects).await.unwrap();
        assert!(answers.iter().all(|status| *status == Status::SUCCESS), "{answers:?}");
    }

    async fn jobs(&self) -> Vec<JobView> {
        self.rig.engine.jobs(&self.rig.actor, JobFilter { all: true, ..JobFilter::default() }).await.unwrap().jobs
    }

    /// Sweeps until there is a job, and waits until the newest one is done.
    async fn fired(&self) -> JobSnapshot {
        let job = self.sweep_until(|jobs| !jobs.is_empty()).await;
        self.rig.outcome(&job[0].id).await
    }

    /// Sweeps until the jobs are as wanted.
    async fn sweep_until(&self, wanted: impl Fn(&[JobView]) -> bool) -> Vec<JobView> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            self.rig.engine.sweep().await.unwrap();
            let jobs = self.jobs().await;
            if wanted(&jobs) {
                return jobs;
            }
            assert!(tokio::time::Instant::now() < deadline, "the jobs do not get there: {jobs:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Sweeps for as long as a quiet study may take to fire, and a little more.
    async fn sweep_a_while(&self) {
        for _ in 0..8 {
            self.rig.engine.sweep().await.unwrap();
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
    }

    /// Sweeps until the inbox is empty.
    async fn inbox_empties(&self) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while self.rig.backend.staging.usage().await.unwrap().objects > 0 {
            assert!(tokio::time::Instant::now() < deadline, "the inbox keeps what was transferred");
            self.rig.engine.sweep().await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        self.rig.assert_clean().await;
    }

    async fn try_rule(&self, trigger: Value, more: Value) -> DryRun {
        let config = self.wish(trigger, more).config;
        self.rig.engine.dry_run(&self.rig.actor, DryRunInput { config, id: None }).await.unwrap()
    }
}

/// Takes what these senders bring; a study is complete after two quiet seconds.
fn inbox(senders: &[&str]) -> Value {
    json!({"kind": "inbox", "calling_ae_titles": senders, "complete": {"quiet_seconds": 2}})
}

/// The objects of a study's series.
fn objects(spec: &StudySpec, series: usize) -> Vec<Vec<u8>> {
    (0..spec.series[series].instances).map(|instance| object(spec, series, instance)).collect()
}

/// The bytes with one value replaced by another one of the same length.
fn patched(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut patched = bytes.to_vec();
    let places: Vec<usize> = (0..=bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "there is no such value");
    for at in places {
        patched[at..at + to.len()].copy_from_slice(to);
    }
    patched
}
