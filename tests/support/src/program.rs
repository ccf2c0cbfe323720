//! The real program as a child process, spoken to over its JSON interface.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use adit_api::jobs::JobSnapshot;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// A running `adit serve`; it ends when this is dropped.
pub struct Program {
    child: Child,
    data: PathBuf,
}

/// The program, built beside this test or benchmark.
fn path() -> PathBuf {
    let own = std::env::current_exe().expect("a path of our own");
    let found = own.ancestors().skip(1).take(2).map(|folder| folder.join("adit")).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("the program is missing beside {}: cargo build -p adit-standalone", own.display()))
}

impl Program {
    /// Starts on a data directory.
    pub async fn start(data: &Path, port: u16) -> Self {
        let _ = std::fs::remove_file(data.join("cli-session.json"));
        let mut child = Command::new(path())
            .args(["serve", "--data-dir"])
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--dicom-listen", "127.0.0.1:0", "--log", "warn"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        for _ in 0..500 {
            if data.join("cli-session.json").exists() {
                return Self { child, data: data.to_owned() };
            }
            assert!(child.try_wait().expect("its state is known").is_none(), "the program ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the program does not start");
    }

    /// SIGKILL.
    pub async fn kill(mut self) {
        self.child.start_kill().expect("the signal is sent");
        self.child.wait().await.expect("it ends");
    }

    /// Highest resident memory so far, in kibibytes.
    pub fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().expect("it runs")))
            .expect("its state can be read");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("the kernel counts");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    /// A call of the JSON interface; a refusal fails the test.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let session = std::fs::read(self.data.join("cli-session.json")).expect("the session file");
        let session: Value = serde_json::from_slice(&session).expect("the session file is JSON");
        let text = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
        let request = reqwest::Client::new().request(method, format!("{}{path}", text("url")));
        let request = request
            .header("cookie", format!("adit_session={}", text("token")))
            .header("x-adit-csrf", text("csrf_token"));
        let response = request.json(&body).send().await.expect("the program answers");
        let status = response.status();
        let answer = response.text().await.expect("the answer is whole");
        assert!(status.is_success(), "{path}: {answer}");
        serde_json::from_str(&answer).expect("the answer is JSON")
    }

    async fn add(&self, node: Value) -> String {
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
