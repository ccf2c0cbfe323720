//! Orthanc with its DICOMweb plugin as source and as destination: the destination's content counts.

use std::collections::HashSet;
use std::net::SocketAddr;

use adit_api::search::{SearchLine, SeriesQuery, StudyQuery};
use adit_archive::generate::{SeriesSpec, StudySpec, write_study};
use adit_deid::{ProjectKey, map_uid};
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_test_support::orthanc::{self, Orthanc};
use adit_test_support::rig::{KEY, Rig, pseudonym};
use serde_json::json;
use tempfile::TempDir;

/// Two Orthancs that speak DICOMweb, the first with a study, and an ADIT.
struct Scene {
    rig: Rig,
    spec: StudySpec,
    source: Orthanc,
    destination: Orthanc,
    _dir: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let rig = Rig::start(&dir.path().join("data")).await;
        let source = orthanc::start_web(&dir.path().join("source"), "SOURCE").await;
        let destination = orthanc::start_web(&dir.path().join("destination"), "DEST").await;
        let mut spec = StudySpec::ct("PAT-1", "Müller^Jürgen", 12, 64);
        spec.series.push(SeriesSpec { rle: true, ..SeriesSpec::new("MR", "RLE", 5, 64) });
        for file in write_study(&spec, &dir.path().join("files")).unwrap() {
            source.upload(&file).await;
        }
        Self { rig, spec, source, destination, _dir: dir }
    }

    fn uids(&self) -> HashSet<String> {
        let of = |series: usize, count: usize| (0..count).map(move |number| (series, number));
        of(0, 12).chain(of(1, 5)).map(|(series, number)| self.spec.sop_instance_uid(series, number)).collect()
    }
}

async fn held(orthanc: &Orthanc) -> HashSet<String> {
    let all = orthanc.instances().await;
    all.iter().map(|tags| tags["SOPInstanceUID"].as_str().unwrap().to_owned()).collect()
}

/// Files of an Orthanc, without what it writes itself before the data set.
async fn data_sets(orthanc: &Orthanc) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for id in orthanc.ids().await {
        let file = orthanc.file(&id).await;
        let head = adit_deid::part10::parse_head(&file).unwrap();
        let at = usize::try_from(head.data_set_offset).unwrap();
        all.push((head.transfer_syntax_uid, file[at..].to_vec()));
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn dicomweb_to_dicomweb_keeps_syntax_and_every_byte() {
    let scene = Scene::new().await;
    let from = scene.rig.web_server("SOURCE", &scene.source.web(), json!({})).await;
    let to = scene.rig.web_server("DEST", &scene.destination.web(), json!({})).await;
    for node in [&from, &to] {
        let test = scene.rig.engine.test_node(&node.id).await.unwrap();
        assert!(test.ok, "{test:?}");
    }
    let end = scene.rig.transfer(&from, &to, &scene.spec.study_instance_uid(), TransferOptions::default()).await;
    assert_eq!(
        (end.job.status, end.progress.delivered, end.progress.verified),
        (JobStatus::Success, 17, 17),
        "{end:?}"
    );
    assert_eq!(held(&scene.destination).await, scene.uids());
    assert!(data_sets(&scene.destination).await == data_sets(&scene.source).await, "data sets have changed");
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pseudonyms_from_dicomweb_to_dimse_and_back() {
    let scene = Scene::new().await;
    let from = scene.rig.web_server("SOURCE", &scene.source.web(), json!({})).await;
    let at = SocketAddr::from(([127, 0, 0, 1], scene.destination.dicom_port));
    let to = scene.rig.server("DEST", at, &["study_root_find", "study_root_get", "store_scp"]).await;
    let end = scene.rig.transfer(&from, &to, &scene.spec.study_instance_uid(), pseudonym("P-001")).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 17), "{end:?}");
    let key = ProjectKey::from_bytes(KEY);
    let mapped: HashSet<String> = scene.uids().iter().map(|uid| map_uid(&key, uid)).collect();
    assert_eq!(held(&scene.destination).await, mapped);
    for tags in scene.destination.instances().await {
        assert_eq!((tags["PatientID"].as_str(), tags["PatientIdentityRemoved"].as_str()), (Some("P-001"), Some("YES")));
    }
    let back = scene.rig.web_server("BACK", &scene.source.web(), json!({})).await;
    let study = map_uid(&key, &scene.spec.study_instance_uid());
    let end = scene.rig.transfer(&to, &back, &study, TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 17), "{end:?}");
    assert_eq!(held(&scene.source).await.len(), 34);
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn studies_and_series_are_found_by_dicomweb() {
    let scene = Scene::new().await;
    let node = scene.rig.web_server("SOURCE", &scene.source.web(), json!({})).await;
    // This Orthanc matches no letters beyond ASCII when it is asked by QIDO-RS.
    let query = StudyQuery { sources: vec![node.id.clone()], patient_name: "M".into(), ..StudyQuery::default() };
    let mut lines = scene.rig.engine.search(&scene.rig.actor, query).await.unwrap();
    let mut studies = Vec::new();
    while let Some(line) = lines.recv().await {
        match line {
            SearchLine::Study(row) => studies.push(*row),
            SearchLine::Source(outcome) => assert_eq!(outcome.error, ""),
        }
    }
    assert_eq!(studies.len(), 1, "{studies:?}");
    assert_eq!((studies[0].patient_id.as_str(), studies[0].instance_count), ("PAT-1", Some(17)));
    assert!(studies[0].patient_name.starts_with("Müller"), "{studies:?}");
    let study_instance_uid = scene.spec.study_instance_uid();
    let query = SeriesQuery { source: node.id.clone(), patient_id: String::new(), study_instance_uid };
    let series = scene.rig.engine.series(&scene.rig.actor, query).await.unwrap();
    let counts: Vec<_> = series.iter().map(|row| (row.modality.as_str(), row.instance_count)).collect();
    assert_eq!(counts, [("CT", Some(12)), ("MR", Some(5))]);
}
