//! Limits of a person and their programs, and what is counted of what they move.

use std::time::{Duration, Instant};

use adit_api::groups::GroupInput;
use adit_api::installation::InstallationInput;
use adit_api::usage::{Usage, UsageBy, UsageQuery, UsageRow};
use adit_archive::generate::{StudySpec, object};
use adit_domain::installation::RequestLimits;
use adit_domain::right::Scope;
use adit_domain::usage::Amount;
use adit_test_support::rig::{Rig, pseudonym};
use adit_test_support::scripted::Script;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Scene, refusal};
use crate::ALL;

async fn limit(rig: &Rig, limits: RequestLimits) {
    let known = rig.engine.installation_view().await.unwrap();
    let mut config = known.config;
    config.limits = limits;
    rig.engine.change_installation(InstallationInput { config, version: known.version }).await.unwrap();
}

fn image(spec: &StudySpec, number: usize) -> String {
    let (study, series) = (spec.study_instance_uid(), spec.series_instance_uid(0));
    format!("/dicomweb/SOURCE/studies/{study}/series/{series}/instances/{}", spec.sop_instance_uid(0, number))
}

async fn usage(rig: &Rig, by: UsageBy) -> Usage {
    let query = UsageQuery { by: Some(by), ..UsageQuery::default() };
    rig.engine.usage(&query).await.unwrap()
}

/// The row of a person, when it says what is wanted: a request is counted when its last byte has gone.
async fn row_of(rig: &Rig, person: &str, wanted: impl Fn(&UsageRow) -> bool) -> UsageRow {
    let begun = Instant::now();
    loop {
        let all = usage(rig, UsageBy::Person).await.rows;
        let row = all.into_iter().find(|row| row.person.as_deref() == Some(person)).unwrap_or_default();
        if wanted(&row) {
            return row;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it is counted otherwise: {row:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_retrievals_at_a_time_than_a_person_may() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 6, 32);
    let script = Script { retrieve_delay: Duration::from_secs(3), ..Script::default() };
    let scene = Scene::new(std::slice::from_ref(&spec), script, &ALL).await;
    limit(&scene.rig, RequestLimits { open_retrievals: 2, ..RequestLimits::default() }).await;
    let other = scene.gate.program(&scene.rig, "other", &Scope::ALL, false).await;
    let whole = async |number| {
        let answer = scene.program.get(&image(&spec, number)).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().len() > 1000)
    };
    let third = async {
        tokio::time::sleep(Duration::from_millis(800)).await;
        let paths = [image(&spec, 2), format!("{}/nifti", image(&spec, 2)), format!("{}/metadata", image(&spec, 2))];
        for path in paths {
            let answer = scene.program.get(&path).send().await.unwrap();
            assert_eq!(answer.headers()["retry-after"], "5", "{path}");
            let (status, detail) = refusal(answer).await;
            assert!(status == 429 && detail.contains("2 retrievals open"), "{path}: {status} {detail}");
        }
        let found = scene.program.get("/dicomweb/SOURCE/studies").send().await.unwrap();
        assert_eq!(found.status(), 200, "a search is no retrieval");
        other.get(&image(&spec, 3)).send().await.unwrap().status().as_u16()
    };
    let (first, second, others) = tokio::join!(whole(0), whole(1), third);
    assert_eq!((first, second, others), ((200, true), (200, true), 200));
    assert_eq!(whole(4).await, (200, true), "the places come back");
    // Who hangs up has nothing open any more.
    for _ in 0..4 {
        let gone = scene.program.get(&image(&spec, 5)).timeout(Duration::from_millis(300)).send().await;
        assert!(gone.is_err());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(whole(5).await, (200, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_day_ends_at_its_limit_and_it_is_said_when_it_goes_on() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 3, 32);
    let scene = Scene::new(std::slice::from_ref(&spec), Script::default(), &ALL).await;
    limit(&scene.rig, RequestLimits { bytes_per_day: 2000, ..RequestLimits::default() }).await;
    let bytes = scene.program.get(&image(&spec, 0)).send().await.unwrap().bytes().await.unwrap().len();
    assert!(bytes > 2000, "what is under way is not cut off");
    row_of(&scene.rig, "script", |row| row.retrieved.bytes == bytes as u64).await;
    let file = object(&StudySpec::ct("PAT-2", "Doe^John", 1, 16), 0, 0);
    let mut body = b"\r\n--b\r\nContent-Type: application/dicom\r\n\r\n".to_vec();
    body.extend_from_slice(&file);
    body.extend_from_slice(b"\r\n--b--");
    let store = scene.program.post("/dicomweb/SOURCE/studies").body(body);
    let store = store.header("content-type", "multipart/related; type=\"application/dicom\"; boundary=b");
    for answer in [scene.program.get(&image(&spec, 1)).send().await.unwrap(), store.send().await.unwrap()] {
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        let seconds = u64::try_from(adit_engine::now().seconds()).unwrap();
        let midnight = seconds.next_multiple_of(86_400) - seconds;
        assert!(wait.abs_diff(midnight) <= 3, "{wait} of {midnight}");
        let (status, detail) = refusal(answer).await;
        assert!(status == 429 && detail.contains("00:00 UTC"), "{status} {detail}");
    }
    let found = scene.program.get("/dicomweb/SOURCE/studies").send().await.unwrap();
    assert_eq!(found.status(), 200, "searches move no images");
    let other = scene.gate.program(&scene.rig, "other", &Scope::ALL, false).await;
    assert_eq!(other.get(&image(&spec, 1)).send().await.unwrap().status(), 200, "it is the limit of a person");
    // The day of a group ends in the same way.
    limit(&scene.rig, RequestLimits::default()).await;
    let group = scene.rig.actor.group.clone().unwrap();
    let mut config = group.config.clone();
    config.settings.bytes_per_day = 1;
    scene.rig.engine.change_group(&group.id, GroupInput { config, version: None }).await.unwrap();
    let full = scene.program.get(&image(&spec, 2)).send().await.unwrap();
    assert!(full.headers().contains_key("retry-after"));
    let (status, detail) = refusal(full).await;
    assert!(status == 429 && detail.contains("possible again from"), "{status} {detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_moved_is_counted_exactly_by_person_server_and_day() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 12, 32);
    let scene = Scene::new(std::slice::from_ref(&spec), Script::default(), &ALL).await;
    // Many at once, some of them refused.
    let mut asking = JoinSet::new();
    for number in 0..24 {
        let (program, path) = (scene.program.clone(), image(&spec, number % 12));
        asking.spawn(async move { program.get(&path).send().await.unwrap().bytes().await.unwrap().len() as u64 });
    }
    let absent = format!("/dicomweb/SOURCE/studies/{}", StudySpec::ct("PAT-9", "", 1, 16).study_instance_uid());
    assert_eq!(scene.program.get(&absent).send().await.unwrap().status(), 404);
    let bytes: u64 = asking.join_all().await.into_iter().sum();
    let retrieved = Amount { requests: 24, instances: 24, bytes };
    row_of(&scene.rig, "script", |row| row.retrieved == retrieved).await;

    // In all ways.
    let new = StudySpec::ct("PAT-2", "Doe^John", 2, 16);
    let mut body = Vec::new();
    for number in 0..2 {
        body.extend_from_slice(b"\r\n--b\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend(object(&new, 0, number));
    }
    body.extend_from_slice(b"\r\n--b--");
    let sent = body.len() as u64;
    let store = scene.program.post("/dicomweb/SOURCE/studies").body(body);
    let store = store.header("content-type", "multipart/related; type=\"application/dicom\"; boundary=b");
    assert_eq!(store.send().await.unwrap().status(), 200);
    let wish = json!({ "source": scene.node, "study_instance_uid": spec.study_instance_uid() });
    let prepared: Value = scene.program.post("/api/downloads").json(&wish).send().await.unwrap().json().await.unwrap();
    let path = format!("/api/downloads/{}", prepared["ticket"].as_str().unwrap());
    let zip = scene.program.get(&path).send().await.unwrap().bytes().await.unwrap().len() as u64;
    let series = format!("/dicomweb/SOURCE/studies/{}/nifti", spec.study_instance_uid());
    let nifti = scene.program.get(&series).send().await.unwrap().bytes().await.unwrap().len() as u64;
    let row = row_of(&scene.rig, "script", |row| row.converted.requests == 1 && row.downloaded.requests == 1).await;
    assert_eq!(row.retrieved, retrieved, "each is counted in its way");
    assert_eq!(row.stored, Amount { requests: 1, instances: 2, bytes: sent });
    assert_eq!(row.downloaded, Amount { requests: 1, instances: 12, bytes: zip });
    assert_eq!(row.converted, Amount { requests: 1, instances: 12, bytes: nifti });

    let servers = usage(&scene.rig, UsageBy::Server).await.rows;
    assert_eq!((servers.len(), servers[0].server.as_deref()), (1, Some("SOURCE")));
    assert_eq!(servers[0].retrieved, retrieved);
    let days = usage(&scene.rig, UsageBy::Day).await;
    let total: u64 = days.rows.iter().map(UsageRow::bytes).sum();
    assert_eq!(total, servers[0].bytes());
    assert_eq!(usage(&scene.rig, UsageBy::All).await.rows.len(), 1, "one person at one server on one day");
    let wrong = UsageQuery { from: Some("yesterday".into()), ..UsageQuery::default() };
    assert_eq!(scene.rig.engine.usage(&wrong).await.unwrap_err().body.field.as_deref(), Some("from"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_counts_with_the_end_of_its_run_to_the_owner_of_its_job() {
    let scene = crate::Scene::new(12, Script::default(), Script::default()).await;
    limit(&scene.rig, RequestLimits { bytes_per_day: 1, ..RequestLimits::default() }).await;
    for run in 1..=2 {
        let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P-1")).await;
        assert_eq!(end.progress.delivered, 12, "the limit of a person is about requests: {end:?}");
        let row = row_of(&scene.rig, "tester", |row| row.transferred.requests == run).await;
        let transferred = Amount { requests: run, instances: run * 12, bytes: run * end.progress.bytes };
        assert_eq!((row.transferred, row.bytes()), (transferred, transferred.bytes));
    }
    let servers = usage(&scene.rig, UsageBy::Server).await.rows;
    assert_eq!((servers.len(), servers[0].server.as_deref()), (1, Some("SOURCE")));
}
