//! What the proofs share: archives at both ends and looks at their content.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use adit_archive::generate::{StudySpec, write_study};
use adit_deid::{ProjectKey, map_uid};
use adit_test_cloud::home::Home;
use adit_test_support::orthanc::{self, Orthanc};
use adit_test_support::session::Session;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

/// Two Orthancs with their files; they end when this is dropped.
pub struct Ends {
    pub source: Orthanc,
    pub destination: Orthanc,
    pub folder: TempDir,
}

impl Ends {
    /// A filled source that knows `adit` as a destination of C-MOVE, and an empty destination.
    pub async fn start(studies: &[StudySpec], adit: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let source = orthanc::start(&folder.path().join("source"), "SOURCE", &[("ADIT", adit.port())]).await;
        let destination = orthanc::start(&folder.path().join("destination"), "DEST", &[]).await;
        for (number, study) in studies.iter().enumerate() {
            for file in write(study, &folder.path().join(format!("files-{number}"))) {
                source.upload(&file).await;
            }
        }
        Self { source, destination, folder }
    }
}

pub fn write(study: &StudySpec, folder: &Path) -> Vec<std::path::PathBuf> {
    write_study(study, folder).expect("the study is written")
}

/// Address of an archive.
pub fn at(orthanc: &Orthanc) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], orthanc.dicom_port))
}

/// The DIMSE receiver of the first bridge that runs.
pub fn dicom(home: &Home) -> SocketAddr {
    home.bridges.iter().flatten().next().expect("a bridge runs").dicom
}

/// Adds a server of this name with these services, which fetches at most `pace` images a second (0: as fast as it can).
pub async fn server(session: &Session, name: &str, addr: SocketAddr, services: &[&str], pace: u32) -> String {
    let services: serde_json::Map<String, _> = services.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
    session
        .add(json!({
            "name": name, "kind": "server", "ae_title": name, "host": "127.0.0.1", "port": addr.port(),
            "limits": { "instances_per_second": pace }, "services": services
        }))
        .await
}

/// Removes nodes, so that the next proof may use their names.
pub async fn forget(session: &Session, nodes: &[&str]) {
    for node in nodes {
        session.call(Method::DELETE, &format!("/api/nodes/{node}"), json!(null)).await;
    }
}

/// Removes what a failed proof may have left, so that the next one says what is wrong with itself.
pub async fn clean(home: &Home) {
    let session = home.session().await;
    let ids = |list: &serde_json::Value| -> Vec<String> {
        let all = list.as_array().into_iter().flatten();
        all.filter_map(|one| one["id"].as_str().map(str::to_owned)).collect()
    };
    for path in ["/api/rules", "/api/nodes"] {
        for id in ids(&session.call(Method::GET, path, json!(null)).await) {
            let _ = session.try_call(Method::DELETE, &format!("{path}/{id}"), json!(null)).await;
        }
    }
}

/// SOP Instance UIDs that an archive holds.
pub async fn held(orthanc: &Orthanc) -> BTreeSet<String> {
    let instances = orthanc.instances().await;
    instances.iter().map(|tags| tags["SOPInstanceUID"].as_str().unwrap_or_default().to_owned()).collect()
}

/// SOP Instance UIDs of studies, mapped with the key where one is given.
pub fn expected(studies: &[StudySpec], key: Option<&ProjectKey>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for study in studies {
        for (place, series) in study.series.iter().enumerate() {
            for instance in 0..series.instances {
                let uid = study.sop_instance_uid(place, instance);
                all.insert(key.map_or(uid.clone(), |key| map_uid(key, &uid)));
            }
        }
    }
    all
}

/// The last lines of every log, for who has to find out why.
pub fn show_logs(home: &Home) {
    for entry in std::fs::read_dir(&home.dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "log")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let lines: Vec<&str> = text.lines().collect();
            println!("--- {}\n{}", path.display(), lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}
