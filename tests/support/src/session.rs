//! A person with a session, who uses the JSON interface.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use adit_api::jobs::JobSnapshot;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// A logged-in person.
#[derive(Clone)]
pub struct Session {
    url: String,
    token: String,
    csrf_token: String,
    client: Client,
}

impl Session {
    /// A session that exists.
    pub fn of(url: String, token: String, csrf_token: String) -> Self {
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { url, token, csrf_token, client }
    }

    /// Logs in.
    pub async fn log_in(url: &str, username: &str, password: &str) -> Self {
        let mut session = Self::of(url.to_owned(), String::new(), String::new());
        let login = json!({ "username": username, "password": password });
        let answer = session.client.post(format!("{url}/api/session")).json(&login).send().await.expect("an answer");
        let status = answer.status();
        let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = cookie.split(';').next().and_then(|pair| pair.split_once('=')).map_or("", |(_, value)| value);
        token.clone_into(&mut session.token);
        let body = answer.text().await.expect("the answer is whole");
        assert!(status.is_success(), "the log-in was refused: {status} {body}");
        let body: Value = serde_json::from_str(&body).expect("the answer is JSON");
        body["csrf_token"].as_str().unwrap_or_default().clone_into(&mut session.csrf_token);
        session
    }

    /// A call of the JSON interface, with its status.
    pub async fn try_call(&self, method: Method, path: &str, body: Value) -> (StatusCode, String) {
        let request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .header("cookie", format!("adit_session={0}; __Host-adit_session={0}", self.token))
            .header("x-adit-csrf", &self.csrf_token);
        let response = request.json(&body).send().await.expect("an answer");
        (response.status(), response.text().await.expect("the answer is whole"))
    }

    /// A call of the JSON interface; a refusal fails the test.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.try_call(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer).expect("the answer is JSON") }
    }

    /// Adds a node and answers with its id.
    pub async fn add(&self, node: Value) -> String {
        self.call(Method::POST, "/api/nodes", node).await["id"].as_str().expect("an id").to_owned()
    }

    /// Adds a server that offers search, C-GET and C-STORE.
    pub async fn server(&self, ae_title: &str, addr: SocketAddr, limits: Value) -> String {
        self.add(json!({
            "name": ae_title, "kind": "server", "ae_title": ae_title, "host": "127.0.0.1", "port": addr.port(), "limits": limits,
            "services": { "study_root_find": true, "study_root_get": true, "store_scp": true }
        }))
        .await
    }

    /// Adds a folder.
    pub async fn folder(&self, name: &str, path: &Path) -> String {
        self.add(json!({ "name": name, "kind": "folder", "path": path })).await
    }

    /// Adds a place in a bucket.
    pub async fn bucket(&self, name: &str, bucket: &str, prefix: &str) -> String {
        self.add(json!({ "name": name, "kind": "bucket", "bucket": bucket, "prefix": prefix })).await
    }

    /// Starts a transfer of one study.
    pub async fn submit(&self, source: &str, destination: &str, study: &str, pseudonym: &str) -> String {
        let wish = json!({
            "destination": destination, "options": { "pseudonym": pseudonym },
            "studies": [{ "source": source, "patient_id": "", "study_instance_uid": study }]
        });
        self.call(Method::POST, "/api/jobs", wish).await["id"].as_str().expect("an id").to_owned()
    }

    /// Waits for the end of a job.
    pub async fn outcome(&self, job: &str) -> JobSnapshot {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(900);
        loop {
            let snapshot = self.call(Method::GET, &format!("/api/jobs/{job}"), Value::Null).await;
            let snapshot: JobSnapshot = serde_json::from_value(snapshot).expect("a snapshot");
            if snapshot.job.status.is_final() {
                return snapshot;
            }
            assert!(tokio::time::Instant::now() < deadline, "the job does not end: {snapshot:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
