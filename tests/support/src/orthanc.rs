//! Orthanc as a peer, asked for its content over its own interface.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::free_port;

/// A running Orthanc; it ends when this is dropped.
pub struct Orthanc {
    pub dicom_port: u16,
    http: String,
    _child: Child,
}

/// Where the DICOMweb plugin is installed.
const DICOMWEB: &str = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";

/// Starts an Orthanc with this AE title that knows `peers` (AE title, port).
pub async fn start(folder: &Path, ae_title: &str, peers: &[(&str, u16)]) -> Orthanc {
    start_with(folder, ae_title, peers, &[]).await
}

/// Starts an Orthanc that speaks DICOMweb, too, see [`Orthanc::web`].
pub async fn start_web(folder: &Path, ae_title: &str) -> Orthanc {
    assert!(Path::new(DICOMWEB).exists(), "Orthanc's DICOMweb plugin is missing: run scripts/install-peers");
    start_with(folder, ae_title, &[], &[DICOMWEB]).await
}

async fn start_with(folder: &Path, ae_title: &str, peers: &[(&str, u16)], plugins: &[&str]) -> Orthanc {
    let (dicom_port, http_port) = (free_port(), free_port());
    let modalities: serde_json::Map<String, Value> =
        peers.iter().map(|(ae, port)| ((*ae).to_owned(), json!([ae, "127.0.0.1", port]))).collect();
    let config = json!({
        "Name": ae_title, "DicomAet": ae_title, "DicomPort": dicom_port, "HttpPort": http_port,
        "StorageDirectory": folder.join("storage"), "IndexDirectory": folder.join("index"),
        "RemoteAccessAllowed": false, "AuthenticationEnabled": false, "Plugins": plugins,
        "DicomWeb": {"Enable": true, "Root": "/dicom-web/", "EnableWado": false}, "SslEnabled": false,
        "DicomAlwaysAllowEcho": true, "DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true,
        "DicomAlwaysAllowGet": true, "DicomAlwaysAllowMove": true, "DicomCheckCalledAet": false,
        "DicomModalities": modalities, "StableAge": 1, "ConcurrentJobs": 4, "DicomThreadsCount": 4, "StorageCompression": false
    });
    std::fs::create_dir_all(folder).expect("a folder");
    let file = folder.join("orthanc.json");
    std::fs::write(&file, config.to_string()).expect("the configuration is written");
    let child =
        Command::new("Orthanc").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let child = child.unwrap_or_else(|error| panic!("Orthanc cannot be started: {error}"));
    let http = format!("http://127.0.0.1:{http_port}");
    for _ in 0..200 {
        if reqwest::get(format!("{http}/system")).await.is_ok_and(|response| response.status().is_success()) {
            return Orthanc { dicom_port, http, _child: child };
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("Orthanc does not answer");
}

impl Orthanc {
    async fn get(&self, path: &str) -> Value {
        let response = reqwest::get(format!("{}{path}", self.http)).await.expect("Orthanc answers");
        response.json().await.expect("Orthanc answers in JSON")
    }

    /// Base address of its DICOMweb services.
    pub fn web(&self) -> String {
        format!("{}/dicom-web", self.http)
    }

    /// Puts a file into Orthanc.
    pub async fn upload(&self, file: &Path) {
        let bytes = std::fs::read(file).expect("the file can be read");
        let response = reqwest::Client::new()
            .post(format!("{}/instances", self.http))
            .body(bytes)
            .send()
            .await
            .expect("Orthanc answers");
        assert!(response.status().is_success(), "Orthanc refused a file: {}", response.status());
    }

    /// Main tags of all instances.
    pub async fn instances(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for id in self.get("/instances").await.as_array().into_iter().flatten() {
            let id = id.as_str().unwrap_or_default();
            all.push(self.get(&format!("/instances/{id}/simplified-tags")).await);
        }
        all
    }

    /// Orthanc ids of all instances.
    pub async fn ids(&self) -> Vec<String> {
        self.get("/instances")
            .await
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect()
    }

    /// How many instances it holds.
    pub async fn count(&self) -> u64 {
        self.get("/statistics").await["CountInstances"].as_u64().unwrap_or(0)
    }

    /// The bytes of an instance's file.
    pub async fn file(&self, id: &str) -> Vec<u8> {
        let response = reqwest::get(format!("{}/instances/{id}/file", self.http)).await.expect("Orthanc answers");
        response.bytes().await.expect("Orthanc sends the file").to_vec()
    }

    /// Removes everything.
    pub async fn clear(&self) {
        for id in self.get("/patients").await.as_array().into_iter().flatten() {
            let id = id.as_str().unwrap_or_default();
            let _ = reqwest::Client::new().delete(format!("{}/patients/{id}", self.http)).send().await;
        }
    }
}
