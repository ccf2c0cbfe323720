//! ADIT as a DICOMweb server in front of an archive that speaks DIMSE only.

mod addresses;
mod by_count;
mod download;
mod hostile;
mod keys;
mod nifti;
mod nifti_unlisted;
mod over_web;
mod pixels;
mod query;
mod retrieve;
mod store;
mod store_ahead;
mod store_answers;
mod store_apart;
mod store_batches;
mod store_pauses;
mod uncompressed;
mod usage;
mod viewer;

use adit_archive::generate::{SeriesSpec, StudySpec, write_study};
use adit_domain::NodeId;
use adit_domain::right::Scope;
use adit_test_support::gate::{Gate, Program};
use adit_test_support::rig::{Rig, peer};
use adit_test_support::scripted::{self, Script, Scripted};
use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ALL;

/// An archive with studies, an ADIT before it, a program with a token.
struct Scene {
    dir: TempDir,
    rig: Rig,
    source: Scripted,
    /// Id of the archive's node.
    node: NodeId,
    gate: Gate,
    program: Program,
}

impl Scene {
    async fn new(studies: &[StudySpec], script: Script, services: &[&str]) -> Self {
        Self::of(studies, &[], script, services, json!({})).await
    }

    async fn limited(studies: &[StudySpec], limits: Value) -> Self {
        Self::of(studies, &[], Script::default(), &ALL, limits).await
    }

    /// With other files in the archive.
    async fn with_files(studies: &[StudySpec], files: &[Vec<u8>]) -> Self {
        Self::of(studies, files, Script::default(), &ALL, json!({})).await
    }

    async fn of(studies: &[StudySpec], files: &[Vec<u8>], script: Script, services: &[&str], limits: Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("source")).unwrap();
        for (number, file) in files.iter().enumerate() {
            std::fs::write(dir.path().join(format!("source/{number}.dcm")), file).unwrap();
        }
        for study in studies {
            write_study(study, &dir.path().join("source")).unwrap();
        }
        let rig = Rig::start(&dir.path().join("data")).await;
        let source = scripted::start(&dir.path().join("source"), script).await;
        source.archive.know("ADIT", rig.as_destination("SOURCE"));
        source.archive.know("OTHER", peer("OTHER", source.addr, "SOURCE"));
        let node = rig.server_with("SOURCE", source.addr, services, limits).await.id;
        let gate = Gate::over(&rig).await;
        let program = gate.program(&rig, "script", &Scope::ALL, false).await;
        Self { dir, rig, source, node, gate, program }
    }

    /// A search in the standard's layout that succeeds.
    async fn search(&self, path: &str) -> Vec<Value> {
        let response = self.program.get(&format!("/dicomweb/SOURCE/{path}")).send().await.unwrap();
        let status = response.status();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let body = response.text().await.unwrap();
        assert_eq!((status.as_u16(), kind.as_str()), (200, "application/dicom+json"), "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// Two studies: one of a CT and an MR series, one of a CT series.
fn studies() -> Vec<StudySpec> {
    let mut first = StudySpec::ct("PAT-1", "Müller^Jürgen", 3, 16);
    first.series.push(SeriesSpec::new("MR", "Second series", 2, 16));
    vec![first, StudySpec::ct("PAT-2", "Doe^Jane", 2, 16)]
}

/// The first value of an attribute.
fn value(object: &Value, tag: &str) -> String {
    match &object[tag]["Value"][0] {
        Value::String(text) => text.clone(),
        Value::Object(name) => name["Alphabetic"].as_str().unwrap_or_default().to_owned(),
        other => other.to_string(),
    }
}

/// The sentence of a refusal.
async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json", "{status} {}", response.url());
    let body: Value = response.json().await.unwrap();
    (status, body["detail"].as_str().unwrap_or_default().to_owned())
}
