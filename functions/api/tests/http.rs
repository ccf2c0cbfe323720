//! The web face over a real socket: who may call what, and the shape of every refusal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::sync::Arc;
use std::time::Duration;

use adit_access::{Access, LogIn};
use adit_api::error::{ErrorBody, ErrorCode};
use adit_api::paths::{self, CSRF_HEADER};
use adit_backend_embedded::Embedded;
use adit_engine::{Known, now};
use adit_http::Face;
use adit_http::table::{self, Needs};
use adit_store::clock::SystemClock;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use site::{ID, Site, Visitor, refusal};

/// Every route of the table but those for anybody.
fn routes() -> Vec<(Method, String)> {
    let rows = table::routes().filter(|row| row.needs != Needs::Anybody);
    let filled = rows.filter_map(|row| {
        let last = if row.path == paths::JOB_ACTION { "cancel" } else { "reset" };
        let values: &[&str] = if row.path == paths::JOB_ACTION { &[ID, last] } else { &[ID, ID, last] };
        Some((row.method.clone()?, paths::fill(row.path, values)))
    });
    filled.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_every_route_refuses_and_without_the_csrf_token_every_change() {
    let site = Site::start().await;
    let visitor = site.log_in("staff").await;
    let forged = Visitor { cookie: "__Host-adit_session=0000".into(), csrf: visitor.csrf.clone() };
    for (method, path) in routes() {
        for nobody in [None, Some(&forged)] {
            let answer = refusal(site.call(method.clone(), &path, nobody, true).await).await;
            assert_eq!(answer, (StatusCode::UNAUTHORIZED, ErrorCode::LoginRequired), "{method} {path}");
        }
        if method != Method::GET {
            let answer = refusal(site.call(method.clone(), &path, Some(&visitor), false).await).await;
            assert_eq!(answer, (StatusCode::FORBIDDEN, ErrorCode::Forbidden), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_face_without_dimse_refuses_exactly_the_bulk_paths() {
    let (whole, small) = (Site::start().await, Site::start_as(Face::WITHOUT_DIMSE).await);
    let (in_whole, in_small) = (whole.log_in("staff").await, small.log_in("staff").await);
    let bulk: Vec<String> = routes().into_iter().map(|(_, path)| path).filter(|path| paths::is_bulk(path)).collect();
    assert!(bulk.len() > paths::BULK.len(), "{bulk:?}");
    let mut refused = Vec::new();
    // Logging out comes last.
    let (out, routes): (Vec<_>, Vec<_>) =
        routes().into_iter().partition(|(method, path)| *method == Method::DELETE && path == paths::SESSION);
    for (method, path) in routes.into_iter().chain(out) {
        let expected = whole.call(method.clone(), &path, Some(&in_whole), true).await.status();
        let answer = small.call(method.clone(), &path, Some(&in_small), true).await;
        if answer.status() == StatusCode::MISDIRECTED_REQUEST {
            assert_eq!(refusal(answer).await.1, ErrorCode::Misdirected);
            refused.push(path);
        } else {
            assert_eq!(answer.status(), expected, "{method} {path}");
        }
    }
    let mut bulk = bulk;
    bulk.sort();
    refused.sort();
    assert_eq!(refused, bulk);
    let health = small.call(Method::GET, paths::HEALTH, None, false).await;
    assert_eq!(health.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_staff_changes_servers_and_sees_all_jobs() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    let node = json!({ "name": "Folder", "kind": "folder", "path": "/tmp/adit-http-test" });
    let add = async |visitor: &Visitor| {
        let request = Client::new().post(format!("{}{}", site.url, paths::NODES)).json(&node);
        request.header("cookie", &visitor.cookie).header(CSRF_HEADER, &visitor.csrf).send().await.unwrap()
    };
    assert_eq!(refusal(add(&user).await).await.0, StatusCode::FORBIDDEN);
    let added = add(&staff).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let id = added.json::<serde_json::Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let one = paths::fill(paths::NODE, &[&id]);
    assert_eq!(refusal(site.call(Method::DELETE, &one, Some(&user), true).await).await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        refusal(site.call(Method::POST, &paths::fill(paths::NODE_TEST, &[&id]), Some(&user), true).await).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        refusal(site.call(Method::GET, "/api/jobs?all=true", Some(&user), true).await).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(site.call(Method::DELETE, &one, Some(&staff), true).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_for_administrators_only() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    let node = json!({ "name": "Research", "kind": "folder", "path": "/tmp/adit-http-test" });
    let node = site.send(Method::POST, paths::NODES, &staff, &node).await.json::<serde_json::Value>().await.unwrap();
    let rule = |version: Option<u64>, enabled: bool, title: &str| {
        json!({
            "name": "CT to research", "enabled": enabled, "destination": node["id"], "version": version,
            "trigger": { "kind": "inbox", "calling_ae_titles": [title] }
        })
    };
    let first = rule(None, true, "CT1");
    let body = |method: &Method| if *method == Method::GET { json!({}) } else { first.clone() };
    for (method, path) in routes().into_iter().filter(|(_, path)| path.starts_with(paths::RULES)) {
        let answer = refusal(site.send(method.clone(), &path, &user, &body(&method)).await).await;
        assert_eq!(answer, (StatusCode::FORBIDDEN, ErrorCode::Forbidden), "{method} {path}");
    }
    let added = site.send(Method::POST, paths::RULES, &staff, &first).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let added: serde_json::Value = added.json().await.unwrap();
    assert!(added["summary"].as_str().unwrap().contains("CT1") && added["problem"] == "" && added["version"] == 1);
    let own = site.send(Method::POST, paths::RULES, &staff, &rule(None, true, "ADIT")).await;
    assert_eq!(own.status(), StatusCode::BAD_REQUEST);
    let one = paths::fill(paths::RULE, &[added["id"].as_str().unwrap()]);
    let stale = site.send(Method::PUT, &one, &staff, &rule(Some(9), false, "CT1")).await;
    assert_eq!(refusal(stale).await.0, StatusCode::CONFLICT);
    let off = site.send(Method::PUT, &one, &staff, &rule(Some(1), false, "CT1")).await;
    assert_eq!(off.json::<serde_json::Value>().await.unwrap()["enabled"], false);
    let dry = site.send(Method::POST, paths::RULE_DRY_RUN, &staff, &first).await;
    assert_eq!(dry.json::<serde_json::Value>().await.unwrap()["looked_at"], 0);
    assert_eq!(site.send(Method::DELETE, &one, &staff, &json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(refusal(site.send(Method::GET, &one, &staff, &json!({})).await).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_are_listed_by_all_and_written_by_staff() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    let project = |rules: &str| json!({ "name": "Liver / 2", "profile": "research", "rules": rules });
    let one = paths::fill(paths::PROJECT, &["Liver%20%2F%202"]);
    let nobody = site.send(Method::POST, paths::PROJECTS, &user, &project("")).await;
    assert_eq!(refusal(nobody).await.0, StatusCode::FORBIDDEN);
    let bad = site.send(Method::POST, paths::PROJECTS, &staff, &project("keep StationName\nburn StationName")).await;
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
    let bad: ErrorBody = bad.json().await.unwrap();
    assert!(bad.field.as_deref() == Some("rules") && bad.detail.starts_with("Line 2: 'burn'"), "{}", bad.detail);
    let added = site.send(Method::POST, paths::PROJECTS, &staff, &project("keep StationName")).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    for visitor in [&staff, &user] {
        let all: serde_json::Value =
            site.call(Method::GET, paths::PROJECTS, Some(visitor), false).await.json().await.unwrap();
        assert_eq!((all[0]["name"].as_str(), all[1]["name"].as_str()), (Some(""), Some("Liver / 2")));
        assert!(all[1].get("rules").is_none(), "rules are for staff");
    }
    assert_eq!(refusal(site.call(Method::GET, &one, Some(&user), true).await).await.0, StatusCode::FORBIDDEN);
    let shown: serde_json::Value = site.call(Method::GET, &one, Some(&staff), true).await.json().await.unwrap();
    assert_eq!((shown["rules"].as_str(), shown["revision"].as_u64()), (Some("keep StationName"), Some(1)));
    let change = json!({ "profile": "basic", "rotate_key": true, "revision": 1 });
    assert_eq!(refusal(site.send(Method::PUT, &one, &user, &change).await).await.0, StatusCode::FORBIDDEN);
    let changed: serde_json::Value = site.send(Method::PUT, &one, &staff, &change).await.json().await.unwrap();
    assert_eq!((changed["revision"].as_u64(), changed["key_version"].as_u64()), (Some(2), Some(1)));
    assert_eq!(refusal(site.send(Method::PUT, &one, &staff, &change).await).await.0, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_for_staff_and_a_report_for_its_owner_and_staff() {
    let site = Site::start().await;
    site.access.add_user("other", "a long password", false, now()).await.unwrap();
    let (staff, user, other) = (site.log_in("staff").await, site.log_in("user").await, site.log_in("other").await);
    // Who could feed any Patient ID to the key would find out who is behind a pseudonym.
    assert_eq!(
        refusal(site.call(Method::POST, paths::PREVIEW, Some(&user), true).await).await.0,
        StatusCode::FORBIDDEN
    );
    let no_file = site.call(Method::POST, paths::PREVIEW, Some(&staff), true).await;
    assert_eq!(refusal(no_file).await.0, StatusCode::BAD_REQUEST);
    let server = json!({ "name": "Source", "kind": "server", "ae_title": "SOURCE", "host": "127.0.0.1", "port": 9,
        "services": { "study_root_find": true, "study_root_get": true } });
    let folder = json!({ "name": "Folder", "kind": "folder", "path": "/tmp/adit-http-test" });
    let mut ids = Vec::new();
    for node in [server, folder] {
        let added: serde_json::Value = site.send(Method::POST, paths::NODES, &staff, &node).await.json().await.unwrap();
        ids.push(added["id"].as_str().unwrap().to_owned());
    }
    let wish = json!({ "destination": ids[1], "options": { "identity": "pseudonymise" },
        "studies": [{ "source": ids[0], "patient_id": "1", "study_instance_uid": "1.2.3" }] });
    let job: serde_json::Value = site.send(Method::POST, paths::JOBS, &user, &wish).await.json().await.unwrap();
    assert_eq!(job["options"]["profile"].as_str(), Some("adit-compatible"), "{job}");
    let report = paths::fill(paths::JOB_REPORT, &[job["id"].as_str().unwrap()]);
    assert_eq!(refusal(site.call(Method::GET, &report, Some(&other), true).await).await.0, StatusCode::NOT_FOUND);
    for visitor in [&user, &staff] {
        let answer = site.call(Method::GET, &report, Some(visitor), false).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; filename="));
        assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["job"], job["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_passwords_gets_slow_and_names_cannot_be_told_apart() {
    let site = Site::start().await;
    let attempt = async |name: &str| {
        let body = json!({ "username": name, "password": "wrong password" });
        Client::new().post(format!("{}{}", site.url, paths::SESSION)).json(&body).send().await.unwrap()
    };
    let known = attempt("user").await.text().await.unwrap();
    let unknown = attempt("nobody").await.text().await.unwrap();
    assert_eq!(known, unknown);
    for _ in 0..4 {
        attempt("user").await;
    }
    let braked = attempt("user").await;
    assert!(braked.headers().contains_key("retry-after"));
    assert_eq!(refusal(braked).await, (StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooMany));
    let body = json!({ "username": "user", "password": "a long password" });
    let foreign = Client::new()
        .post(format!("{}{}", site.url, paths::SESSION))
        .header("origin", "https://evil.example")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(foreign).await.0, StatusCode::FORBIDDEN);
    // Behind an edge the host is another one, and the browser says that the page is the same site's.
    let at_the_edge = async |site_of_page: &str| {
        let request = Client::new().post(format!("{}{}", site.url, paths::SESSION)).json(&body);
        let request = request.header("origin", "https://adit.example").header("sec-fetch-site", site_of_page);
        request.send().await.unwrap().status()
    };
    assert_eq!(at_the_edge("cross-site").await, StatusCode::FORBIDDEN);
    assert_eq!(at_the_edge("same-origin").await, StatusCode::TOO_MANY_REQUESTS, "it came as far as the brake");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_start_at_once_one_makes_the_first_administrator() {
    let dir = tempfile::tempdir().unwrap();
    let backend = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap();
    let mut starts = tokio::task::JoinSet::new();
    for number in 0..4 {
        let access = Access::new(backend.items.clone());
        let password = format!("a long password {number}");
        starts.spawn(async move {
            let made = access.ensure_first_administrator_with(&password, now()).await.unwrap();
            made.then_some(password)
        });
    }
    let made: Vec<String> = starts.join_all().await.into_iter().flatten().collect();
    assert_eq!(made.len(), 1);
    let access = Access::new(backend.items.clone());
    let LogIn::Session(session) = access.log_in("admin", &made[0], "here", now()).await.unwrap() else {
        panic!("no session")
    };
    assert!(session.person.staff);
    assert!(!access.ensure_first_administrator_with("another password", now()).await.unwrap());
    assert!(access.log_in("admin", "another password", "here", now()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_and_changing_the_password_end_sessions() {
    let site = Site::start().await;
    let (first, second) = (site.log_in("user").await, site.log_in("user").await);
    let change = json!({ "old_password": "a long password", "new_password": "an even longer one" });
    let request = Client::new().post(format!("{}{}", site.url, paths::PASSWORD)).json(&change);
    let changed = request.header("cookie", &first.cookie).header(CSRF_HEADER, &first.csrf).send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::NO_CONTENT);
    assert_eq!(site.call(Method::GET, paths::SESSION, Some(&second), true).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(site.call(Method::GET, paths::SESSION, Some(&first), true).await.status(), StatusCode::OK);
    assert_eq!(site.call(Method::DELETE, paths::SESSION, Some(&first), true).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(site.call(Method::GET, paths::SESSION, Some(&first), true).await.status(), StatusCode::UNAUTHORIZED);
    assert!(site.access.local_session(now()).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_guarded_and_bad_input_gets_a_sentence() {
    let site = Site::start().await;
    let visitor = site.log_in("staff").await;
    let page = site.call(Method::GET, "/jobs/anything", None, false).await;
    assert_eq!(page.status(), StatusCode::OK);
    for (name, part) in [
        ("content-security-policy", "script-src 'self' 'wasm-unsafe-eval'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-cache"),
    ] {
        assert!(page.headers()[name].to_str().unwrap().contains(part), "{name}");
    }
    assert!(!page.headers()["content-security-policy"].to_str().unwrap().contains("unsafe-inline"));
    let hashed = site.call(Method::GET, "/adit-123.js", None, false).await;
    assert!(hashed.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    for path in ["/missing.js", "/../Cargo.toml", "/.ssh/id", "/%2e%2e/secret.txt"] {
        let answer = site.call(Method::GET, path, None, false).await;
        assert!(
            answer.status() == StatusCode::NOT_FOUND || answer.text().await.unwrap().contains("<title>page"),
            "{path}"
        );
    }
    assert_eq!(
        refusal(site.call(Method::GET, "/api/nothing", Some(&visitor), true).await).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        refusal(site.call(Method::GET, "/api/jobs/no-such-id", Some(&visitor), true).await).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        refusal(site.call(Method::POST, paths::JOBS, Some(&visitor), true).await).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        refusal(site.call(Method::POST, paths::SEARCH, Some(&visitor), true).await).await.0,
        StatusCode::BAD_REQUEST
    );
    let huge = Client::new()
        .put(format!("{}{}", site.url, paths::PREFERENCES))
        .body("x".repeat(600 * 1024))
        .header("content-type", "application/json");
    let huge = huge.header("cookie", &visitor.cookie).header(CSRF_HEADER, &visitor.csrf).send().await.unwrap();
    assert_eq!(refusal(huge).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(
        site.call(Method::GET, paths::HEALTH, None, false).await.json::<serde_json::Value>().await.unwrap()["status"],
        "ok"
    );
    let docs = site.call(Method::GET, paths::DOCS, Some(&visitor), false).await.text().await.unwrap();
    assert!(docs.contains("/api/jobs/{id}/events") && !docs.contains("<script"));
}

#[tokio::test(flavor = "multi_thread")]
async fn live_events_end_when_the_watcher_may_not_read_any_more() {
    let site = Site::start().await;
    let id_of = async |name: &str| site.access.person_named(name).await.unwrap().unwrap().id;
    let (staff, user) = (id_of("staff").await, id_of("user").await);
    let owner = Known { user_id: staff, username: "staff".into(), staff: true };
    let owner = site.engine.actor(owner).await.unwrap();
    let server = json!({ "name": "S", "kind": "server", "ae_title": "S", "host": "127.0.0.1", "port": 9,
        "services": { "study_root_find": true, "study_root_get": true, "store_scp": true } });
    let node = site.engine.add_node(&owner, serde_json::from_value(server).unwrap()).await.unwrap().id;
    let wish = json!({ "destination": node, "options": { "identity": "pseudonymise" },
        "studies": [{ "source": node, "patient_id": "1", "study_instance_uid": "1.2.3" }] });
    let job = site.engine.create_job(&owner, serde_json::from_value(wish).unwrap()).await.unwrap().id;
    site.access.set_staff(&user, true).await.unwrap();
    let watcher = site.log_in("user").await;
    let path = paths::fill(paths::JOB_EVENTS, &[job.as_str()]);
    let mut events = site.call(Method::GET, &path, Some(&watcher), false).await;
    assert!(events.chunk().await.unwrap().is_some());
    site.access.set_staff(&user, false).await.unwrap();
    let ending = async { while events.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(Duration::from_secs(25), ending).await.expect("the stream ends");
}
