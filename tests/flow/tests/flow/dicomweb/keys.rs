//! Keys of searches at archives that do not know them, and things that are found by their UIDs alone.

use adit_api::nodes::{NodeInput, SecretsInput};
use adit_archive::generate::StudySpec;
use adit_deid::part10::file_meta;
use adit_dimse::{Identifier, Tag, tags, uids};
use adit_domain::right::Scope;
use adit_test_support::scripted::Script;
use serde_json::json;

use super::{Scene, refusal, studies, value};
use crate::ALL;

const ROWS: Tag = Tag(0x28, 0x10, *b"US");
const SERIES_TIME: Tag = Tag(0x8, 0x31, *b"TM");
const PERFORMER: Tag = Tag(0x8, 0x1050, *b"PN");
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_matched_by_the_archive_or_after_it() {
    for ignores in [Vec::new(), vec![ROWS]] {
        let scene = Scene::new(&studies(), Script { ignores, ..Script::default() }, &ALL).await;
        for (path, count) in [("instances?Rows=16", 7), ("instances?Rows=016&Modality=MR", 2), ("instances?Rows=17", 0)]
        {
            assert_eq!(scene.search(path).await.len(), count, "{path}");
        }
        for wrong in ["many", "70000", "-1", "1*"] {
            let path = format!("/dicomweb/SOURCE/instances?Rows={wrong}");
            let (status, detail) = refusal(scene.program.get(&path).send().await.unwrap()).await;
            assert!(status == 400 && detail.contains("Rows as a whole number from 0 to 65535"), "{status} {detail}");
        }
    }
}

/// An image of a study of its own.
fn image(number: u8, performer: &str, time: &str) -> Vec<u8> {
    let uid = |part: &str| format!("2.25.{part}{number}");
    let set = Identifier::new()
        .with(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 192")
        .with(tags::SOP_CLASS_UID, CT)
        .with(tags::SOP_INSTANCE_UID, &uid("3"))
        .with(tags::MODALITY, "CT")
        .with(tags::PATIENT_ID, "PAT-1")
        .with(tags::STUDY_INSTANCE_UID, &uid("1"))
        .with(tags::SERIES_INSTANCE_UID, &uid("2"))
        .with(SERIES_TIME, time)
        .with(PERFORMER, performer);
    let meta = file_meta(CT, &uid("3"), uids::EXPLICIT_VR_LITTLE_ENDIAN, "2.25.1", "SYNTHETIC");
    [meta, set.encode(uids::EXPLICIT_VR_LITTLE_ENDIAN)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_times_that_an_archive_passes_over_are_compared_after_it() {
    let files = [image(1, "Müller^Jürgen", "083015.25"), image(2, "Doe^Jane", "140000")];
    let script = Script { ignores: vec![SERIES_TIME, PERFORMER], ..Script::default() };
    let scene = Scene::of(&[], &files, script, &ALL, json!({})).await;
    for (path, found) in [
        ("series", &["2.25.21", "2.25.22"][..]),
        ("series?PerformingPhysicianName=muller^jurgen", &["2.25.21"]),
        ("series?PerformingPhysicianName=M%C3%BCl?er*", &["2.25.21"]),
        ("series?PerformingPhysicianName=Miller*", &[]),
        ("series?SeriesTime=0830", &["2.25.21"]),
        ("series?SeriesTime=1200-", &["2.25.22"]),
        ("series?SeriesTime=0900-1000", &[]),
    ] {
        let mut uids: Vec<String> = scene.search(path).await.iter().map(|one| value(one, "0020000E")).collect();
        uids.sort();
        assert_eq!(uids, found, "{path}");
    }
}

/// Adds the archive once more, as a server that may be asked about few studies.
async fn few(scene: &Scene, services: &[&str]) {
    let services: serde_json::Map<_, _> = services.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
    let config = json!({
        "name": "FEW", "kind": "server", "ae_title": "FEW", "host": "127.0.0.1", "port": scene.source.addr.port(),
        "services": services, "max_search_results": 3
    });
    let config = serde_json::from_value(config).unwrap();
    let input = NodeInput { config, secrets: SecretsInput::default(), version: None };
    scene.rig.engine.add_node(&scene.rig.actor, input).await.unwrap();
}

fn many() -> Vec<StudySpec> {
    (0..6).map(|number| StudySpec::ct(&format!("PAT-{number}"), "Doe^Jane", 2, 16)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_by_its_uid_alone_is_found_in_large_archives() {
    let all = many();
    let (study, series) = (all[4].study_instance_uid(), all[4].series_instance_uid(0));
    let image = all[4].sop_instance_uid(0, 1);
    for services in [&ALL[..], &["patient_root_find", "patient_root_get"]] {
        let scene = Scene::new(&all, Script::default(), services).await;
        few(&scene, services).await;
        for (path, count) in [
            (format!("series?SeriesInstanceUID={series}"), 1),
            (format!("series?SeriesInstanceUID={series},{}", all[5].series_instance_uid(0)), 2),
            (format!("instances?SOPInstanceUID={image}"), 1),
            (format!("instances?SeriesInstanceUID={series}"), 2),
            (format!("instances?SOPInstanceUID={image}&PatientID=PAT-4&Modality=CT&Rows=16"), 1),
            (format!("instances?SOPInstanceUID={image}&StudyDescription=other"), 0),
            (format!("instances?SOPInstanceUID={image}&SeriesInstanceUID=1.2"), 0),
            (format!("series?SeriesInstanceUID={series}&Modality=MR"), 0),
        ] {
            let response = scene.program.get(&format!("/dicomweb/FEW/{path}")).send().await.unwrap();
            assert_eq!(response.status(), 200, "{path}: {}", response.text().await.unwrap());
            let found: Vec<serde_json::Value> = response.json().await.unwrap();
            assert_eq!(found.len(), count, "{path}");
            assert!(count != 1 || value(&found[0], "0020000D") == study, "{path}: {found:?}");
            assert!(count != 1 || value(&found[0], "00100010") == "Doe^Jane", "{path}: {found:?}");
        }
        let response = scene.program.get("/dicomweb/FEW/series").send().await.unwrap();
        assert!(refusal(response).await.1.starts_with("Too much matches"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_needs_the_levels_above_is_asked_level_by_level() {
    let all = many();
    let scene = Scene::new(&all, Script { is_hierarchical: true, ..Script::default() }, &ALL).await;
    few(&scene, &ALL).await;
    let path = format!("instances?SOPInstanceUID={}", all[2].sop_instance_uid(0, 1));
    assert_eq!(scene.search(&path).await.len(), 1);
    let response = scene.program.get(&format!("/dicomweb/FEW/{path}")).send().await.unwrap();
    let (status, detail) = refusal(response).await;
    assert!(status == 400 && detail.starts_with("Too much matches"), "{status} {detail}");
    // Who names what it could be in has it found.
    let path = format!("/dicomweb/FEW/{path}&PatientID=PAT-2");
    let found: Vec<serde_json::Value> = scene.program.get(&path).send().await.unwrap().json().await.unwrap();
    assert_eq!(found.len(), 1);
}

/// A series that is held twice, in the study of its patient and in a copy for teaching.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_copies_of_a_series_the_one_is_found_that_was_meant() {
    let copy = |patient: &str, number: u8| {
        let set = Identifier::new()
            .with(tags::SOP_CLASS_UID, CT)
            .with(tags::SOP_INSTANCE_UID, &format!("2.25.3{number}"))
            .with(tags::MODALITY, "CT")
            .with(tags::PATIENT_ID, patient)
            .with(tags::STUDY_INSTANCE_UID, &format!("2.25.1{number}"))
            .with(tags::SERIES_INSTANCE_UID, "2.25.2");
        let meta = file_meta(CT, &format!("2.25.3{number}"), uids::EXPLICIT_VR_LITTLE_ENDIAN, "2.25.1", "SYNTHETIC");
        [meta, set.encode(uids::EXPLICIT_VR_LITTLE_ENDIAN)].concat()
    };
    let files = [copy("PAT-1", 1), copy("TEACHING", 2)];
    let scene = Scene::of(&[], &files, Script::default(), &ALL, json!({})).await;
    for (patient, study) in [("PAT-1", "2.25.11"), ("TEACHING", "2.25.12")] {
        let found = scene.search(&format!("instances?SeriesInstanceUID=2.25.2&PatientID={patient}")).await;
        assert_eq!(found.iter().map(|one| value(one, "0020000D")).collect::<Vec<_>>(), [study]);
    }
}

/// An archive that takes any beginning for the whole must not spell names for who may not know them.
#[tokio::test(flavor = "multi_thread")]
async fn whole_values_are_compared_as_a_whole_for_who_may_not_know_names() {
    let script = Script { ignores: vec![tags::PATIENT_ID, tags::PATIENT_NAME], ..Script::default() };
    let scene = Scene::new(&studies(), script, &ALL).await;
    let narrow = scene.gate.program(&scene.rig, "narrow", &[Scope::Search], true).await;
    for (key, count) in [("PatientID=PAT-1", 1), ("PatientID=PAT", 0), ("PatientName=M", 0), ("PatientID=PAT%25", 0)] {
        let answer = narrow.get(&format!("/dicomweb/SOURCE/studies?{key}")).send().await.unwrap();
        assert_eq!(answer.json::<Vec<serde_json::Value>>().await.unwrap().len(), count, "{key}");
        let Some(id) = key.strip_prefix("PatientID=") else { continue };
        let wish = json!({ "sources": [scene.node], "patient_id": id });
        let lines = narrow.post("/api/search").json(&wish).send().await.unwrap().text().await.unwrap();
        assert_eq!(lines.matches("\"type\":\"study\"").count(), count, "{key}: {lines}");
    }
}
