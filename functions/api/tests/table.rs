//! The table of routes drives this: every row is called as everybody, and what each may expect is computed from the row.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::collections::BTreeMap;

use adit_api::groups::{GrantInput, GroupInput};
use adit_api::paths;
use adit_domain::group::{GroupConfig, GroupSettings};
use adit_domain::{GroupId, NodeId, Right};
use adit_engine::now;
use adit_http::table::{Needs, Route, routes};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use site::{ID, Site, Visitor};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Nobody,
    /// Belongs to a group that may nothing.
    Rightless,
    /// Belongs to another group, with all rights there.
    Stranger,
    Owner,
    Staff,
    Deactivated,
    /// Shows a token that is worth nothing.
    BadToken,
}

/// What a row promises a caller: the status of the guard or of the use case, none: it is admitted.
fn expected(row: &Route, who: Who) -> Option<StatusCode> {
    use StatusCode as S;
    if row.needs == Needs::Anybody {
        return None;
    }
    match (who, row.needs) {
        (Who::Nobody | Who::Deactivated | Who::BadToken, _) => Some(S::UNAUTHORIZED),
        (Who::Staff, _) | (_, Needs::Session | Needs::Anybody) => None,
        (_, Needs::Staff) => Some(S::FORBIDDEN),
        (Who::Rightless, Needs::Right(_)) => Some(S::FORBIDDEN),
        (_, Needs::Right(_)) => None,
        (Who::Owner, Needs::Owner) => None,
        (_, Needs::Owner) => Some(S::NOT_FOUND),
    }
}

struct World {
    site: Site,
    visitors: BTreeMap<Who, Visitor>,
    job: String,
    task: String,
    /// Public part of a token of the owner.
    token: String,
    body: Value,
}

impl World {
    async fn new() -> Self {
        let site = Site::start().await;
        let staff = site.log_in("staff").await;
        let server = json!({ "name": "Source", "kind": "server", "ae_title": "SOURCE", "host": "127.0.0.1", "port": 9,
            "services": { "study_root_find": true, "study_root_get": true } });
        let folder = json!({ "name": "Folder", "kind": "folder", "path": "/tmp/adit-http-test" });
        let mut ids = Vec::new();
        for node in [server, folder] {
            let added: Value = site.send(Method::POST, paths::NODES, &staff, &node).await.json().await.unwrap();
            ids.push(added["id"].as_str().unwrap().parse::<NodeId>().unwrap());
        }
        let mut visitors = BTreeMap::from([(Who::Staff, staff)]);
        let all: Vec<Right> = Right::ALL.to_vec();
        for (who, name, rights) in [
            (Who::Rightless, "rightless", Vec::new()),
            (Who::Stranger, "stranger", all.clone()),
            (Who::Owner, "owner", all.clone()),
            (Who::Deactivated, "gone", all),
        ] {
            let user = site.access.add_user(name, "a long password", false, now()).await.unwrap();
            let group = group(&site, name, &rights).await;
            site.engine.add_member(&group, &user).await.unwrap();
            for node in &ids {
                let whole = GrantInput { source: true, destination: true };
                site.engine.set_grant(&group, node, whole).await.unwrap();
            }
            visitors.insert(who, site.log_in(name).await);
            if who == Who::Deactivated {
                site.access.deactivate(&user).await.unwrap();
            }
        }
        let wish = json!({ "destination": ids[1], "options": { "identity": "pseudonymise" },
            "studies": [{ "source": ids[0], "patient_id": "1", "study_instance_uid": "1.2.3" }] });
        let owner = &visitors[&Who::Owner];
        let job: Value = site.send(Method::POST, paths::JOBS, owner, &wish).await.json().await.unwrap();
        assert!(job["id"].is_string(), "no job: {job}");
        let job = job["id"].as_str().unwrap().to_owned();
        let path = paths::fill(paths::JOB, &[&job]);
        let shown: Value = site.call(Method::GET, &path, Some(owner), false).await.json().await.unwrap();
        let task = shown["tasks"][0]["id"].as_str().unwrap().to_owned();
        let wish = json!({ "scopes": ["jobs"] });
        let token: Value = site.send(Method::POST, paths::TOKENS, owner, &wish).await.json().await.unwrap();
        let token = token["info"]["prefix"].as_str().unwrap_or_else(|| panic!("no token: {token}")).to_owned();
        Self { site, visitors, job, task, token, body: json!({ "urgent": false }) }
    }

    fn path(&self, row: &Route) -> String {
        match row.path {
            paths::TOKEN => paths::fill(row.path, &[&self.token]),
            paths::JOB_ACTION => paths::fill(row.path, &[&self.job, "cancel"]),
            path if path.starts_with(paths::JOBS) => paths::fill(path, &[&self.job, &self.task, "reset"]),
            path => paths::fill(path, &[ID, ID, "x"]),
        }
    }

    async fn call(&self, row: &Route, who: Who) -> (StatusCode, String) {
        let method = row.method.clone().unwrap_or(Method::GET);
        let mut request =
            Client::new().request(method, format!("{}{}", self.site.url, self.path(row))).json(&self.body);
        if who == Who::BadToken {
            request = request.header("authorization", format!("Token {}", "0".repeat(40)));
        }
        if let Some(visitor) = self.visitors.get(&who) {
            request = request.header("cookie", &visitor.cookie).header(paths::CSRF_HEADER, &visitor.csrf);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        if row.path == paths::JOB_EVENTS && status == StatusCode::OK {
            return (status, String::new());
        }
        let body: Value = response.json().await.unwrap_or_default();
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }
}

async fn group(site: &Site, name: &str, rights: &[Right]) -> GroupId {
    let config = GroupConfig {
        name: format!("Group of {name}"),
        description: String::new(),
        rights: rights.iter().copied().collect(),
        settings: GroupSettings::default(),
    };
    site.engine.add_group(GroupInput { config, version: None }).await.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_admits_and_refuses_whom_it_says() {
    let world = World::new().await;
    let refused = [Who::Nobody, Who::Deactivated, Who::BadToken, Who::Rightless, Who::Stranger];
    // What takes something away comes last, and the end of a session after that.
    let mut rows: Vec<&Route> = routes().filter(|row| row.method.is_some()).collect();
    rows.sort_by_key(|row| (row.method == Some(Method::DELETE), row.path == paths::SESSION));
    let mut wrong = Vec::new();
    for who in refused.into_iter().chain([Who::Owner, Who::Staff]) {
        for row in &rows {
            // The job is gone once its owner has deleted it.
            if who == Who::Staff && row.needs == Needs::Owner {
                continue;
            }
            let (status, code) = world.call(row, who).await;
            let is_right = match expected(row, who) {
                Some(expected) => status == expected,
                None => code != "login_required" && status != StatusCode::FORBIDDEN,
            };
            if !is_right {
                wrong.push(format!("{who:?} {:?} {}: {status} {code}", row.method, row.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_may_do_with_a_job_what_its_owner_may() {
    let world = World::new().await;
    let rows = routes().filter(|row| row.needs == Needs::Owner && row.method != Some(Method::DELETE));
    for row in rows {
        let (status, code) = world.call(row, Who::Staff).await;
        let is_admitted = status.is_success() || status == StatusCode::CONFLICT;
        assert!(is_admitted, "{:?} {}: {status} {code}", row.method, row.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_counts_from_the_next_request_on() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    let server = json!({ "name": "Source", "kind": "server", "ae_title": "SOURCE", "host": "127.0.0.1", "port": 9,
        "services": { "study_root_find": true, "study_root_get": true } });
    let node: Value = site.send(Method::POST, paths::NODES, &staff, &server).await.json().await.unwrap();
    let node = node["id"].as_str().unwrap();
    let me: Value = site.call(Method::GET, paths::SESSION, Some(&user), false).await.json().await.unwrap();
    let first = me["standing"]["group"]["id"].as_str().unwrap();
    assert_eq!(me["standing"]["rights"].as_array().unwrap().len(), Right::ALL.len());
    let seen = async || {
        let nodes = site.call(Method::GET, paths::NODES, Some(&user), false).await;
        nodes.json::<Value>().await.unwrap().as_array().unwrap().len()
    };
    assert_eq!(seen().await, 1, "a new node is granted to the group of who adds it");
    let grant = paths::fill(paths::GROUP_GRANT, &[first, node]);
    assert!(site.send(Method::PUT, &grant, &staff, &json!({})).await.status().is_success());
    assert_eq!(seen().await, 0);
    let search = json!({ "sources": [node], "patient_id": "1" });
    let answer = site::refusal(site.send(Method::POST, paths::SEARCH, &user, &search).await).await;
    assert_eq!(answer.0, StatusCode::NOT_FOUND, "a foreign server is an absent one");
    let answer = site::refusal(site.send(Method::POST, paths::SEARCH, &staff, &search).await).await;
    assert_eq!(answer.0, StatusCode::FORBIDDEN, "administrators search only what their group may");

    let other = json!({ "name": "Liver study", "rights": ["search"], "settings": { "pseudonymised_only": true } });
    let other: Value = site.send(Method::POST, paths::GROUPS, &staff, &other).await.json().await.unwrap();
    let other = other["id"].as_str().unwrap();
    let taken = site.send(Method::POST, paths::GROUPS, &staff, &json!({ "name": "LIVER study" })).await;
    assert_eq!(site::refusal(taken).await.0, StatusCode::CONFLICT);
    let choice = json!({ "group": other });
    let foreign = site.send(Method::PUT, paths::ACTIVE_GROUP, &user, &choice).await;
    assert_eq!(site::refusal(foreign).await.0, StatusCode::NOT_FOUND);
    let members = paths::fill(paths::GROUP_MEMBERS, &[other]);
    let nobody = site.send(Method::POST, &members, &staff, &json!({ "username": "nobody" })).await;
    assert_eq!(site::refusal(nobody).await.0, StatusCode::BAD_REQUEST);
    let member: Value =
        site.send(Method::POST, &members, &staff, &json!({ "username": "User" })).await.json().await.unwrap();
    let chosen: Value = site.send(Method::PUT, paths::ACTIVE_GROUP, &user, &choice).await.json().await.unwrap();
    assert_eq!(chosen["group"]["name"], "Liver study");
    assert_eq!((chosen["rights"].clone(), chosen["groups"].as_array().unwrap().len()), (json!(["search"]), 2));
    assert_eq!(chosen["restrictions"]["pseudonymised_only"], true);
    let create = site.send(Method::POST, paths::JOBS, &user, &json!({})).await;
    assert_eq!(site::refusal(create).await.0, StatusCode::FORBIDDEN);
    let listed: Value = site.call(Method::GET, &members, Some(&staff), false).await.json().await.unwrap();
    assert_eq!((listed["members"][0]["username"].as_str(), listed["next"].is_null()), (Some("user"), true));
    let one = paths::fill(paths::GROUP_MEMBER, &[other, member["user"].as_str().unwrap()]);
    assert_eq!(site.call(Method::DELETE, &one, Some(&staff), true).await.status(), StatusCode::NO_CONTENT);
    let me: Value = site.call(Method::GET, paths::SESSION, Some(&user), false).await.json().await.unwrap();
    assert_eq!(me["standing"]["group"]["id"].as_str(), Some(first), "who left the chosen group acts for another");
}
