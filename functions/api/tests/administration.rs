//! Administration over HTTP: what is on record, what is closed, and how much is answered.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use adit_api::audit::AuditPage;
use adit_api::error::ErrorCode;
use adit_api::paths;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use site::{Site, Visitor, refusal};

const SERVER: &str = r#"{ "name": "Source", "kind": "server", "ae_title": "SOURCE", "host": "127.0.0.1", "port": 9,
    "services": { "study_root_find": true, "study_root_get": true } }"#;

async fn add_server(site: &Site, staff: &Visitor) -> String {
    let server: Value = serde_json::from_str(SERVER).unwrap();
    let added: Value = site.send(Method::POST, paths::NODES, staff, &server).await.json().await.unwrap();
    added["id"].as_str().unwrap().to_owned()
}

async fn trail(site: &Site, staff: &Visitor, query: &str) -> AuditPage {
    let path = format!("{}?{query}", paths::AUDIT);
    site.call(Method::GET, &path, Some(staff), false).await.json().await.unwrap()
}

async fn set(site: &Site, staff: &Visitor, change: impl FnOnce(&mut Value)) -> StatusCode {
    let mut settings: Value =
        site.call(Method::GET, paths::INSTALLATION, Some(staff), false).await.json().await.unwrap();
    change(&mut settings);
    site.send(Method::PUT, paths::INSTALLATION, staff, &settings).await.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_refusals_and_changes_are_on_record_without_what_was_typed() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    let node = add_server(&site, &staff).await;
    let search = json!({ "sources": [node], "patient_id": "SECRET-7", "patient_name": "Doe" });
    assert_eq!(site.send(Method::POST, paths::SEARCH, &user, &search).await.status(), StatusCode::OK);
    let refused = site.send(Method::POST, paths::GROUPS, &user, &json!({ "name": "SECRET-8" })).await;
    assert_eq!(refusal(refused).await.0, StatusCode::FORBIDDEN);
    let wrong = json!({ "username": "user", "password": "SECRET-9" });
    Client::new().post(format!("{}{}", site.url, paths::SESSION)).json(&wrong).send().await.unwrap();
    let nobody = json!({ "username": "SECRET-10", "password": "x" });
    Client::new().post(format!("{}{}", site.url, paths::SESSION)).json(&nobody).send().await.unwrap();

    let searched = trail(&site, &staff, "kind=searched").await;
    assert_eq!(searched.entries.len(), 1);
    let sentence = &searched.entries[0].sentence;
    assert!(sentence.contains("server Source, STUDY by PatientID and PatientName"), "{sentence}");
    assert_eq!((searched.entries[0].person.as_str(), searched.entries[0].outcome), ("user", 0));
    assert_eq!(searched.entries[0].address.as_deref(), Some("127.0.0.1"));
    let at_node = trail(&site, &staff, &format!("node={node}&person=user")).await;
    assert_eq!(at_node.entries.len(), 1, "by server and person: {at_node:?}");

    let refused = trail(&site, &staff, "kind=access_refused").await;
    assert_eq!((refused.entries.len(), refused.entries[0].outcome), (1, 8));
    assert!(refused.entries[0].sentence.contains("Only administrators"), "{refused:?}");
    let failed = trail(&site, &staff, "kind=log_in_failed").await;
    let said: Vec<&str> = failed.entries.iter().map(|entry| entry.sentence.as_str()).collect();
    assert_eq!(said.len(), 2);
    assert!(said[1].contains("account user") && !said[0].contains("account"), "{said:?}");
    let changed = trail(&site, &staff, "kind=configuration_changed").await;
    assert!(changed.entries[0].sentence.contains("node added"), "{changed:?}");
    assert!(trail(&site, &staff, "person=somebody").await.entries.is_empty());

    let export = site.call(Method::GET, paths::AUDIT_EXPORT, Some(&staff), false).await;
    assert_eq!(export.headers()["content-type"], "application/x-ndjson");
    let text = export.text().await.unwrap();
    assert!(text.lines().count() > 8 && text.lines().all(|line| line.contains("AuditEvent")), "{text}");
    assert!(!text.contains("SECRET"), "what was typed is on record: {text}");
    let verdict: Value = site.call(Method::POST, paths::AUDIT_VERIFY, Some(&staff), true).await.json().await.unwrap();
    assert_eq!((verdict["holds"].as_bool(), verdict["findings"].as_array().unwrap().len()), (Some(true), 0));
    let read = trail(&site, &staff, "kind=audit_read").await;
    assert!(read.entries.len() > 5 && read.entries[0].sentence.contains("audit verified: it holds"), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_job_answers_as_absent_and_the_attempt_is_on_record() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    let node = add_server(&site, &staff).await;
    let folder = json!({ "name": "Folder", "kind": "folder", "path": "/tmp/adit-http-test" });
    let folder: Value = site.send(Method::POST, paths::NODES, &staff, &folder).await.json().await.unwrap();
    let wish = json!({ "destination": folder["id"], "options": { "identity": "pseudonymise" },
        "studies": [{ "source": node, "patient_id": "1", "study_instance_uid": "1.2.3", "images": 7 }] });
    let job: Value = site.send(Method::POST, paths::JOBS, &staff, &wish).await.json().await.unwrap();
    let id = job["id"].as_str().unwrap();
    for absent in [site::ID, id] {
        let path = paths::fill(paths::JOB, &[absent]);
        let answer = site.call(Method::GET, &path, Some(&user), false).await;
        assert_eq!(refusal(answer).await, (StatusCode::NOT_FOUND, ErrorCode::NotFound));
    }
    let refused = trail(&site, &staff, "kind=access_refused").await;
    assert_eq!(refused.entries.len(), 1, "only what is there can be somebody else's: {refused:?}");
    assert_eq!(refused.entries[0].job.as_ref().map(ToString::to_string).as_deref(), Some(id));
    let created = trail(&site, &staff, &format!("job={id}&kind=job_created&study=1.2.3")).await;
    let sentence = &created.entries[0].sentence;
    assert!(sentence.contains("pseudonymised") && sentence.contains("to Folder, study 1.2.3"), "{sentence}");
    let task = site.call(Method::GET, &paths::fill(paths::JOB, &[id]), Some(&staff), false).await;
    let snapshot: Value = task.json().await.unwrap();
    assert_eq!(snapshot["progress"]["expected"], 7, "what the search has told");
    let task = paths::fill(paths::TASK, &[id, snapshot["tasks"][0]["id"].as_str().unwrap()]);
    assert_eq!(site.call(Method::GET, &task, Some(&staff), false).await.status(), StatusCode::OK);
    let viewed = trail(&site, &staff, "kind=patient_data_viewed").await;
    assert_eq!(viewed.entries[0].patient_id.as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn during_maintenance_only_administrators_change_anything() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    assert_eq!(set(&site, &staff, |all| all["maintenance"]["on"] = true.into()).await, StatusCode::BAD_REQUEST);
    let lock = json!({ "on": true, "reason": "New disks until noon" });
    let done = set(&site, &staff, |all| {
        all["maintenance"] = lock;
        all["announcement"] = "**Hello** <script>alert(1)</script>".into();
    });
    assert_eq!(done.await, StatusCode::OK);
    let stale = json!({ "version": 0 });
    let answer = site.send(Method::PUT, paths::INSTALLATION, &staff, &stale).await;
    assert_eq!(refusal(answer).await.0, StatusCode::CONFLICT);
    let notice: Value = site.call(Method::GET, paths::NOTICE, Some(&user), false).await.json().await.unwrap();
    assert_eq!(notice["maintenance"], "New disks until noon");
    let html = notice["announcement_html"].as_str().unwrap();
    assert!(html.contains("<strong>Hello</strong>") && !html.contains("<script"), "{html}");
    let create = site.send(Method::POST, paths::JOBS, &user, &json!({})).await;
    let body: Value = create.json().await.unwrap();
    assert!(body["detail"].as_str().unwrap().contains("New disks until noon"), "{body}");
    assert_eq!(body["code"], "unavailable");
    let preferences = site.send(Method::PUT, paths::PREFERENCES, &user, &json!({ "theme": "dark" })).await;
    assert_eq!(preferences.status(), StatusCode::NO_CONTENT);
    let group = site.send(Method::POST, paths::GROUPS, &staff, &json!({ "name": "New" })).await;
    assert_eq!(group.status(), StatusCode::CREATED);
    assert_eq!(site.call(Method::DELETE, paths::SESSION, Some(&user), true).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    let limits = json!({ "per_person": 20, "per_token": 20, "per_address": 30 });
    assert_eq!(set(&site, &staff, |all| all["limits"] = limits).await, StatusCode::OK);
    let ask = async |visitor: Option<&Visitor>| site.call(Method::GET, paths::SESSION, visitor, false).await;
    for _ in 0..20 {
        assert_eq!(ask(Some(&user)).await.status(), StatusCode::OK);
    }
    let refused = ask(Some(&user)).await;
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait), "20 a minute is one every three seconds: {wait}");
    assert_eq!(refusal(refused).await, (StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooMany));
    assert_eq!(ask(Some(&staff)).await.status(), StatusCode::OK, "each person is counted by themselves");
    for _ in 0..30 {
        assert_eq!(ask(None).await.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ask(None).await.status(), StatusCode::TOO_MANY_REQUESTS);
    let health = site.call(Method::GET, paths::HEALTH, None, false).await;
    assert_eq!(health.status(), StatusCode::OK, "what is open to everybody stays open");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_put_on_record_is_not_answered_as_done() {
    let site = Site::start().await;
    let staff = site.log_in("staff").await;
    site.lose_records(true);
    let answer = site.send(Method::POST, paths::GROUPS, &staff, &json!({ "name": "Unrecorded" })).await;
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "unavailable", "{body}");
    assert!(body["detail"].as_str().unwrap().contains("could not be put on record"), "{body}");
    let list = site.call(Method::GET, paths::GROUPS, Some(&staff), false).await;
    assert_eq!(list.status(), StatusCode::OK, "what makes no event is answered");
    site.lose_records(false);
    let answer = site.send(Method::POST, paths::GROUPS, &staff, &json!({ "name": "Recorded" })).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_many_is_counted_and_on_record() {
    let site = Site::start().await;
    let staff = site.log_in("staff").await;
    let empty = site.send(Method::POST, paths::BROADCAST, &staff, &json!({ "subject": " ", "markdown": "x" })).await;
    assert_eq!(refusal(empty).await.0, StatusCode::BAD_REQUEST);
    let mail = json!({ "subject": "New disks", "markdown": "Tomorrow at **noon**." });
    let sent: Value = site.send(Method::POST, paths::BROADCAST, &staff, &mail).await.json().await.unwrap();
    assert_eq!((sent["mails"].as_u64(), sent["without_address"].as_u64()), (Some(0), Some(2)), "nobody has an address");
    let recorded = trail(&site, &staff, "kind=mail_broadcast&outcome=0").await;
    assert_eq!(recorded.entries.len(), 1);
    let overview: Value = site.call(Method::GET, paths::OVERVIEW, Some(&staff), false).await.json().await.unwrap();
    assert_eq!((overview["queues"].as_array().unwrap().len(), overview["counted"].as_u64()), (2, Some(0)));
}
