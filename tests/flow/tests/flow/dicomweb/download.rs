//! A study as a file on one's own computer.

use std::io::{Cursor, Read};

use adit_archive::generate::StudySpec;
use adit_domain::Right;
use adit_domain::right::Scope;
use adit_test_support::gate::Program;
use adit_test_support::scripted::Script;
use serde_json::{Value, json};
use zip::ZipArchive;

use super::{Scene, refusal, studies};
use crate::{ALL, contains};

/// Prepares a download; its ticket and what was said.
async fn prepared(program: &Program, wish: &Value) -> (String, Value) {
    let response = program.post("/api/downloads").json(wish).send().await.unwrap();
    let status = response.status();
    let said: Value = response.json().await.unwrap();
    assert_eq!(status, 200, "{said}");
    (said["ticket"].as_str().unwrap().to_owned(), said)
}

/// Names and contents of a downloaded file.
async fn files(program: &Program, ticket: &str) -> Vec<(String, Vec<u8>)> {
    let response = program.get(&format!("/api/downloads/{ticket}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/zip");
    let mut archive = ZipArchive::new(Cursor::new(response.bytes().await.unwrap())).unwrap();
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.push((file.name().unwrap().into_owned(), content));
    }
    files.sort();
    files
}

fn wish(scene: &Scene, study: &str, options: Value) -> Value {
    json!({ "source": scene.node, "study_instance_uid": study, "options": options })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_is_saved_as_it_is_or_under_a_pseudonym() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let study = all[0].study_instance_uid();
    let (ticket, said) = prepared(&scene.program, &wish(&scene, &study, json!({}))).await;
    assert_eq!(said["images"], 5);
    assert!(!ticket.contains(&study), "addresses hold no UID");
    let plain = files(&scene.program, &ticket).await;
    assert_eq!(plain.len(), 5);
    for (name, content) in &plain {
        assert!(name.starts_with(&format!("study_download_{study}/PAT-1/")) && name.ends_with(".dcm"), "{name}");
        assert_eq!(&content[128..132], b"DICM");
    }
    let folders: std::collections::BTreeSet<&str> =
        plain.iter().map(|(name, _)| name.rsplit_once('/').unwrap().0).collect();
    assert_eq!(folders.len(), 2, "a folder for each series: {folders:?}");
    assert!(plain.iter().any(|(_, content)| contains(content, "PAT-1")));
    let progress = scene.program.get(&format!("/api/downloads/{ticket}/progress")).send().await.unwrap();
    let progress: Value = progress.json().await.unwrap();
    assert_eq!(
        (&progress["fetched"], &progress["ended"], &progress["failed"]),
        (&json!(5), &json!(true), &json!(false))
    );

    let (ticket, _) = prepared(&scene.program, &wish(&scene, &study, json!({ "pseudonym": "P-7" }))).await;
    let hidden = files(&scene.program, &ticket).await;
    assert_eq!(hidden.len(), 5);
    for (name, content) in &hidden {
        assert!(name.starts_with("study_download/P-7/") && !name.contains(&study), "{name}");
        assert!(contains(content, "P-7") && !contains(content, "PAT-1") && !contains(content, "Müller"), "{name}");
    }

    // One series of it.
    let mut one = wish(&scene, &study, json!({}));
    one["series_instance_uids"] = json!([all[0].series_instance_uid(1)]);
    let (ticket, _) = prepared(&scene.program, &one).await;
    assert_eq!(files(&scene.program, &ticket).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_for_who_may_and_for_who_has_prepared_it() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let study = all[0].study_instance_uid();
    let known = wish(&scene, &study, json!({}));
    let (ticket, _) = prepared(&scene.program, &known).await;

    let other = scene.gate.program(&scene.rig, "other", &Scope::ALL, false).await;
    let (status, _) = refusal(other.get(&format!("/api/downloads/{ticket}")).send().await.unwrap()).await;
    assert_eq!(status, 404, "another person's ticket");
    let (status, _) = refusal(other.get("/api/downloads/adit-sealed.1.00.AAAA/progress").send().await.unwrap()).await;
    assert_eq!(status, 404, "a made-up ticket");
    let bound = scene.gate.program(&scene.rig, "bound", &Scope::ALL, true).await;
    let (status, sentence) = refusal(bound.post("/api/downloads").json(&known).send().await.unwrap()).await;
    assert_eq!(status, 403, "{sentence}");
    let without = scene.gate.program(&scene.rig, "without", &[Scope::Search], false).await;
    assert_eq!(without.post("/api/downloads").json(&known).send().await.unwrap().status(), 403, "without the scope");
    let stranger = scene.gate.stranger(&scene.rig, "stranger", &Right::ALL).await;
    let (status, _) = refusal(stranger.post("/api/downloads").json(&known).send().await.unwrap()).await;
    assert_eq!(status, 404, "the server is not there for another group");
    let unknown = wish(&scene, "1.2.3.4", json!({}));
    let (status, sentence) = refusal(scene.program.post("/api/downloads").json(&unknown).send().await.unwrap()).await;
    assert_eq!(status, 404, "{sentence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_breaks_is_no_whole_file() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 10, 16);
    let script = Script { fail_nth: Some(6), fail_always: true, ..Script::default() };
    let scene = Scene::new(std::slice::from_ref(&study), script, &["study_root_find", "study_root_get"]).await;
    let (ticket, _) = prepared(&scene.program, &wish(&scene, &study.study_instance_uid(), json!({}))).await;
    let response = scene.program.get(&format!("/api/downloads/{ticket}")).send().await.unwrap();
    assert_eq!(response.status(), 200, "five images come first");
    assert!(response.bytes().await.is_err(), "a broken study must not look whole");
    let progress = scene.program.get(&format!("/api/downloads/{ticket}/progress")).send().await.unwrap();
    let progress: Value = progress.json().await.unwrap();
    assert_eq!(progress["ended"], true, "{progress}");
}
