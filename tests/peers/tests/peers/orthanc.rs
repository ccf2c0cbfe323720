//! Orthanc to Orthanc, Orthanc to a folder: the destination's content counts.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;

use adit_archive::generate::{SeriesSpec, StudySpec, write_study};
use adit_deid::{ProjectKey, map_uid};
use adit_domain::job::JobStatus;
use adit_domain::right::Scope;
use adit_domain::transfer::TransferOptions;
use adit_test_support::gate::{Gate, Program};
use adit_test_support::orthanc::{self, Orthanc};
use adit_test_support::rig::{KEY, Rig, pseudonym};
use serde_json::{Value, json};

const GET: [&str; 3] = ["study_root_find", "study_root_get", "store_scp"];
const MOVE: [&str; 3] = ["study_root_find", "study_root_move", "store_scp"];

fn study() -> StudySpec {
    let mut spec = StudySpec::ct("PAT-1", "Müller^Jürgen", 12, 64);
    spec.series.push(SeriesSpec { rle: true, ..SeriesSpec::new("MR", "RLE", 5, 64) });
    spec.series.push(SeriesSpec::new("SR", "Report", 1, 0));
    spec
}

async fn fill(orthanc: &Orthanc, folder: &Path, spec: &StudySpec) {
    for file in write_study(spec, folder).unwrap() {
        orthanc.upload(&file).await;
    }
}

fn at(orthanc: &Orthanc) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], orthanc.dicom_port))
}

async fn pseudonymised_with(services: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(&dir.path().join("data")).await;
    let source = orthanc::start(&dir.path().join("source"), "SOURCE", &[("ADIT", rig.dicom.port())]).await;
    let destination = orthanc::start(&dir.path().join("destination"), "DEST", &[]).await;
    let spec = study();
    fill(&source, &dir.path().join("files"), &spec).await;
    let from = rig.server("SOURCE", at(&source), services).await;
    let to = rig.server("DEST", at(&destination), &GET).await;
    let end = rig.transfer(&from, &to, &spec.study_instance_uid(), pseudonym("P-001")).await;
    assert_eq!(
        (end.job.status, end.progress.delivered, end.progress.verified, end.progress.held_back),
        (JobStatus::Success, 17, 17, 1),
        "{end:?}"
    );
    let key = ProjectKey::from_bytes(KEY);
    let held = destination.instances().await;
    let expected: HashSet<String> = (0..12)
        .map(|n| spec.sop_instance_uid(0, n))
        .chain((0..5).map(|n| spec.sop_instance_uid(1, n)))
        .map(|uid| map_uid(&key, &uid))
        .collect();
    assert_eq!(
        held.iter().map(|tags| tags["SOPInstanceUID"].as_str().unwrap().to_owned()).collect::<HashSet<_>>(),
        expected
    );
    for tags in &held {
        assert_eq!((tags["PatientID"].as_str(), tags["PatientName"].as_str()), (Some("P-001"), Some("P-001")));
        assert_eq!(tags["StudyInstanceUID"].as_str(), Some(map_uid(&key, &spec.study_instance_uid()).as_str()));
        assert_eq!(
            (tags["PatientIdentityRemoved"].as_str(), tags["StudyDate"].as_str()),
            (Some("YES"), Some("20240301"))
        );
        let text = tags.to_string();
        for planted in ["Müller", "PAT-1", "19610203", "Demo Street", "private text"] {
            assert!(!text.contains(planted), "{planted} has left");
        }
    }
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orthanc_to_orthanc_by_c_get() {
    pseudonymised_with(&GET).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orthanc_to_orthanc_by_c_move() {
    pseudonymised_with(&MOVE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orthanc_to_a_folder_keeps_pixels_and_syntax() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(&dir.path().join("data")).await;
    let source = orthanc::start(&dir.path().join("source"), "SOURCE", &[]).await;
    let spec = study();
    fill(&source, &dir.path().join("files"), &spec).await;
    let from = rig.server("SOURCE", at(&source), &GET).await;
    let target = dir.path().join("target");
    let folder = rig.folder("Folder", &target).await;
    let end = rig.transfer(&from, &folder, &spec.study_instance_uid(), TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 18), "{end:?}");
    // Pixels of both syntaxes come as they were sent in; Orthanc may rewrite headers, pixels never.
    for (place, syntax) in [(0, "1.2.840.10008.1.2.1"), (1, "1.2.840.10008.1.2.5")] {
        let uid = spec.sop_instance_uid(place, 0);
        let found = walk(&target)
            .into_iter()
            .find(|path| path.file_stem().is_some_and(|name| name.to_str() == Some(&uid)))
            .expect("the file is there");
        let bytes = std::fs::read(found).unwrap();
        assert_eq!(adit_deid::part10::parse_head(&bytes).unwrap().transfer_syntax_uid, syntax);
        let original = adit_archive::generate::object(&spec, place, 0);
        let pixels = &original[original.len() - 4000..];
        assert!(bytes.windows(pixels.len()).any(|window| window == pixels), "pixels of {syntax} changed");
    }
}

fn walk(root: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(walk(&path)) } else { all.push(path) }
    }
    all
}

/// Metadata of the images of a study, without what differs between transfer syntaxes, and these.
async fn metadata(program: &Program, server: &str, study: &str) -> (Vec<Value>, Vec<String>) {
    let answer = program.get(&format!("/dicomweb/{server}/studies/{study}/metadata")).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{server}");
    let mut all: Vec<Value> = answer.json().await.unwrap();
    let mut syntaxes = Vec::new();
    for one in &mut all {
        let attributes = one.as_object_mut().unwrap();
        assert!(attributes.remove("7FE00010").is_some(), "its pixels are spoken of");
        let syntax = attributes.remove("00083002").unwrap();
        syntaxes.push(syntax["Value"][0].as_str().unwrap().to_owned());
    }
    all.sort_by_key(|one| one["00080018"].to_string());
    (all, syntaxes)
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_big_endian_images_are_those_of_the_same_images_in_little_endian() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(&dir.path().join("data")).await;
    let (big, little) = (dir.path().join("big"), dir.path().join("little"));
    let mut spec = StudySpec::ct("PAT-1", "Müller^Jürgen", 2, 64);
    spec.charset = "ISO_IR 192".into();
    let servers =
        [("BIG", orthanc::start(&big, "BIG", &[]).await), ("LITTLE", orthanc::start(&little, "LITTLE", &[]).await)];
    for file in write_study(&spec, &dir.path().join("files")).unwrap() {
        servers[1].1.upload(&file).await;
        let turned = file.with_extension("big");
        let (from, to) = (file.to_str().unwrap(), turned.to_str().unwrap());
        adit_test_support::dcmtk::run("dcmconv", false, &["+tb", from, to]).await;
        servers[0].1.upload(&turned).await;
    }
    for (name, orthanc) in &servers {
        rig.server(name, at(orthanc), &GET).await;
    }
    let gate = Gate::over(&rig).await;
    let program = gate.program(&rig, "script", &Scope::ALL, false).await;
    let study = spec.study_instance_uid();
    let (of_big, syntaxes) = metadata(&program, "BIG", &study).await;
    assert_eq!(syntaxes, ["1.2.840.10008.1.2.2"; 2], "they came as they are");
    let (of_little, _) = metadata(&program, "LITTLE", &study).await;
    assert_eq!((of_big.len(), &of_big[0]["00280010"]["Value"]), (2, &json!([64])));
    assert!(of_big[0]["00081140"]["Value"][0]["00081155"].is_object(), "what is in sequences is read");
    assert_eq!(of_big, of_little);
}
