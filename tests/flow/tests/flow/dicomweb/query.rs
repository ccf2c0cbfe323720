//! Searches.

use std::time::{Duration, Instant};

use adit_domain::Right;
use adit_domain::right::Scope;
use adit_test_support::scripted::Script;

use super::{Scene, refusal, studies, value};
use crate::ALL;

const STUDY: &str = "0020000D";
const SERIES: &str = "0020000E";
const INSTANCE: &str = "00080018";
const NAME: &str = "00100010";
const URL: &str = "00081190";

#[tokio::test(flavor = "multi_thread")]
async fn studies_series_and_instances_are_found_in_all_combinations() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let (study, series) = (all[0].study_instance_uid(), all[0].series_instance_uid(0));
    for (path, count) in [
        ("studies".to_owned(), 2),
        ("series".to_owned(), 3),
        ("instances".to_owned(), 7),
        (format!("studies/{study}/series"), 2),
        (format!("studies/{study}/instances"), 5),
        (format!("studies/{study}/series/{series}/instances"), 3),
        ("studies?PatientID=PAT-2".to_owned(), 1),
        ("studies?00100020=PAT-2".to_owned(), 1),
        ("studies?PatientName=M%C3%BCller*".to_owned(), 1),
        ("studies?ModalitiesInStudy=MR".to_owned(), 1),
        ("studies?ModalitiesInStudy=MR&ModalitiesInStudy=CT".to_owned(), 2),
        ("studies?StudyDate=20200101-20291231".to_owned(), 2),
        ("studies?StudyDate=-20200101".to_owned(), 0),
        (format!("studies?StudyInstanceUID={study},1.2.3"), 1),
        ("series?Modality=CT".to_owned(), 2),
        ("series?Modality=CT&PatientID=PAT-1".to_owned(), 1),
        ("instances?Modality=MR".to_owned(), 2),
        (format!("studies/{study}/instances?Modality=MR"), 2),
        (format!("studies/{study}/series?SeriesDescription=Second*"), 1),
        (format!("studies/{study}/series?PatientID=PAT-2"), 0),
        ("instances?limit=4".to_owned(), 4),
        ("instances?limit=4&offset=5".to_owned(), 2),
        ("series?limit=1&offset=1&Modality=CT".to_owned(), 1),
        ("studies?limit=0".to_owned(), 0),
    ] {
        assert_eq!(scene.search(&path).await.len(), count, "{path}");
    }
    let client =
        scene.program.get(&format!("/api/dicom-web/SOURCE/qidors/studies/{study}/series")).send().await.unwrap();
    assert_eq!(client.headers()["content-type"], "application/dicom+json");
    assert_eq!(client.json::<Vec<serde_json::Value>>().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_pseudonymised_data_finds_but_is_not_told_who() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let narrow = scene.gate.program(&scene.rig, "narrow", &[Scope::Search], true).await;
    let study = all[0].study_instance_uid();
    let told = ["00080005", "00080056", "00080060", "00080061", "00080062", URL, "00100040", STUDY, SERIES, INSTANCE];
    let numbers = [
        "00080016", "00080201", "00180015", "00200011", "00200013", "00201206", "00201208", "00201209", "00280002",
        "00280008", "00280010", "00280011", "00280100", "00280101",
    ];
    for (path, count) in [
        ("studies?PatientID=PAT-1&includefield=all".to_owned(), 1),
        ("studies?StudyDate=20200101-20291231&StudyDescription=*".to_owned(), 2),
        ("series?Modality=CT&includefield=00081030".to_owned(), 2),
        (format!("studies/{study}/instances?includefield=all"), 5),
    ] {
        let answer = narrow.get(&format!("/dicomweb/SOURCE/{path}")).send().await.unwrap();
        let warning = answer.headers()["warning"].to_str().unwrap().to_owned();
        assert!(warning.contains("pseudonymised data only"), "{warning}");
        let found: Vec<serde_json::Value> = answer.json().await.unwrap();
        assert_eq!(found.len(), count, "{path}");
        for one in found {
            let attributes: Vec<String> = one.as_object().unwrap().keys().cloned().collect();
            let strange =
                attributes.iter().find(|tag| !told.contains(&tag.as_str()) && !numbers.contains(&tag.as_str()));
            assert!(strange.is_none() && attributes.contains(&STUDY.to_owned()), "{path}: {one}");
        }
    }
    for path in ["studies?PatientName=M*", "studies?PatientID=PAT-%3F", "series?PatientBirthDate=19000101-20000101"] {
        let refused = narrow.get(&format!("/dicomweb/SOURCE/{path}")).send().await.unwrap();
        let (status, detail) = refusal(refused).await;
        assert!(status == 403 && detail.contains("whole value"), "{path}: {status} {detail}");
    }
    // The search of the page's kind, and its series.
    let ask = |body: serde_json::Value| narrow.post("/api/search").json(&body).send();
    let source = scene.node.clone();
    let lines = ask(serde_json::json!({ "sources": [source], "patient_id": "PAT-1" })).await.unwrap();
    let text = lines.text().await.unwrap();
    assert!(text.contains(&study) && text.contains("\"study_date\":\"\""), "{text}");
    for known in ["PAT-1", "ller", "1970"] {
        assert!(!text.contains(known), "{known} in {text}");
    }
    for part in [serde_json::json!({ "patient_name": "M" }), serde_json::json!({ "patient_id": "PAT-*" })] {
        let mut wish = serde_json::json!({ "sources": [source] });
        wish.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        assert_eq!(refusal(ask(wish).await.unwrap()).await.0, 403, "{part}");
    }
    let wish = serde_json::json!({ "source": source, "study_instance_uid": study, "patient_id": "P*" });
    let refused = narrow.post("/api/search/series").json(&wish).send().await.unwrap();
    assert_eq!(refusal(refused).await.0, 403);
    let anybody = scene.gate.program(&scene.rig, "anybody", &[Scope::Search], false).await;
    let found: Vec<serde_json::Value> =
        anybody.get("/dicomweb/SOURCE/studies?PatientName=M*").send().await.unwrap().json().await.unwrap();
    assert!(!found.is_empty() && found[0].get(NAME).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_mended_complete_and_say_where_they_can_be_fetched() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let (study, series) = (all[0].study_instance_uid(), all[0].series_instance_uid(0));
    let found = scene.search("studies?PatientID=PAT-1").await;
    assert_eq!((value(&found[0], NAME), value(&found[0], "00080005")), ("Müller^Jürgen".into(), "ISO_IR 192".into()));
    let address = format!("{}/dicomweb/SOURCE/studies/{study}", scene.gate.url);
    assert_eq!(value(&found[0], URL), address);
    assert!(found[0].get("00080052").is_none());
    let attributes = found[0].as_object().unwrap().len();
    let found = scene.search("instances?PatientID=PAT-1&Modality=CT&limit=1").await;
    assert_eq!((value(&found[0], STUDY), value(&found[0], SERIES)), (study.clone(), series.clone()));
    assert_eq!((value(&found[0], NAME), value(&found[0], "00080060")), ("Müller^Jürgen".into(), "CT".into()));
    assert_eq!(value(&found[0], URL), format!("{address}/series/{series}/instances/{}", value(&found[0], INSTANCE)));
    let plain = scene.search(&format!("studies/{study}/series")).await;
    assert!(plain[0].get(NAME).is_none(), "nobody has asked for the patient");
    let named = scene.search(&format!("studies/{study}/series?includefield=PatientName")).await;
    assert_eq!(value(&named[0], NAME), "Müller^Jürgen");
    let more = scene.search("studies?includefield=all&PatientID=PAT-1").await;
    assert!(more[0].as_object().unwrap().len() > attributes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_root_is_enough() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &["patient_root_find", "patient_root_get"]).await;
    let study = all[0].study_instance_uid();
    for (path, count) in [
        ("studies".to_owned(), 2),
        ("studies?PatientName=Doe*".to_owned(), 1),
        ("studies?PatientID=PAT-1&StudyDate=20200101-".to_owned(), 1),
        ("instances?Modality=MR".to_owned(), 2),
        (format!("studies/{study}/series"), 2),
    ] {
        assert_eq!(scene.search(&path).await.len(), count, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_is_refused_with_a_sentence() {
    let scene = Scene::new(&studies(), Script::default(), &ALL).await;
    for (path, status, part) in [
        ("/dicomweb/SOURCE/studies?Nonsense=1", 400, "no attribute named Nonsense"),
        ("/dicomweb/SOURCE/studies?limit=x", 400, "whole number"),
        ("/dicomweb/SOURCE/studies/abc/series", 400, "UID"),
        ("/dicomweb/SOURCE/studies/1.2/series?StudyInstanceUID=1.3", 400, "another value"),
        ("/dicomweb/NOBODY/studies", 404, "no server with this AE title"),
        ("/dicomweb/A_TITLE_THAT_IS_TOO_LONG/studies", 404, "no server with this AE title"),
        ("/dicomweb/..%2F..%2Fetc/studies", 404, "no server with this AE title"),
        ("/dicomweb/SOURCE/patients", 404, "no such address"),
        ("/api/dicom-web/SOURCE/qidors/patients", 404, "no such address"),
    ] {
        let (got, detail) = refusal(scene.program.get(path).send().await.unwrap()).await;
        assert!(got == status && detail.contains(part), "{path}: {got} {detail}");
    }
    let html = scene.program.get("/dicomweb/SOURCE/studies").header("accept", "text/html").send().await.unwrap();
    assert_eq!(refusal(html).await.0, 406);
    let fuzzy = scene.program.get("/dicomweb/SOURCE/studies?PatientName=Doe*&fuzzymatching=true").send().await.unwrap();
    assert!(fuzzy.headers()["warning"].to_str().unwrap().starts_with("299 "), "{:?}", fuzzy.headers());
    assert_eq!(fuzzy.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_scopes_and_servers_are_looked_at() {
    let scene = Scene::new(&studies(), Script::default(), &ALL).await;
    let rig = &scene.rig;
    let stranger = scene.gate.stranger(rig, "stranger", &[Right::Search, Right::Retrieve]).await;
    let rightless = scene.gate.stranger(rig, "rightless", &[Right::Transfer]).await;
    let narrow = scene.gate.program(rig, "narrow", &[Scope::Jobs], false).await;
    let path = "/dicomweb/SOURCE/studies";
    for (program, status) in [(&stranger, 404), (&rightless, 403), (&narrow, 403)] {
        assert_eq!(refusal(program.get(path).send().await.unwrap()).await.0, status);
    }
    let nobody = reqwest::Client::new().get(format!("{}{path}", scene.gate.url)).send().await.unwrap();
    assert_eq!(refusal(nobody).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_while_the_archive_still_searches_and_a_failure_breaks_them() {
    let many: Vec<_> =
        (0..20).map(|number| adit_archive::generate::StudySpec::ct(&format!("P{number}"), "Doe^Jane", 1, 8)).collect();
    let script = Script { find_delay: Duration::from_millis(100), ..Script::default() };
    let scene = Scene::new(&many, script, &ALL).await;
    let begun = Instant::now();
    let mut response = scene.program.get("/dicomweb/SOURCE/studies").send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some_and(|bytes| bytes.starts_with(b"[{")));
    assert!(begun.elapsed() < Duration::from_secs(1), "first answer after {:?}", begun.elapsed());
    drop(response);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(scene.source.found() < 20, "the archive went on searching");

    let broken = Scene::new(&studies(), Script { find_status: Some(0xA700), ..Script::default() }, &ALL).await;
    let (status, detail) = refusal(broken.program.get("/dicomweb/SOURCE/studies").send().await.unwrap()).await;
    assert!(status == 503 && detail.contains("out of resources"), "{status} {detail}");
    let broken = Scene::new(&studies(), Script { find_status: Some(0xC001), ..Script::default() }, &ALL).await;
    assert_eq!(refusal(broken.program.get("/dicomweb/SOURCE/studies").send().await.unwrap()).await.0, 502);
}
