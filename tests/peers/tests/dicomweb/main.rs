//! The published `adit-client` and `dicomweb-client` against the real program, in front of Orthanc over DIMSE: `make peers` runs it by name.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use adit_archive::generate::{SeriesSpec, StudySpec, write_study};
use adit_test_support::program::Program;
use adit_test_support::scripted::{self, Script};
use adit_test_support::{free_port, orthanc};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

/// Longer than clients wait for a byte.
const SLOW: Duration = Duration::from_secs(30);

/// What is stored in three goes: how many images of how many pixels in width and height.
const STORES: [(u64, u64); 3] = [(3, 16), (4, 512), (2, 64)];

fn server(ae_title: &str, port: u16) -> Value {
    json!({
        "name": ae_title, "kind": "server", "ae_title": ae_title, "host": "127.0.0.1", "port": port,
        "services": { "study_root_find": true, "study_root_get": true, "store_scp": true }
    })
}

fn images(spec: &StudySpec, series: usize) -> Vec<String> {
    (0..spec.series[series].instances).map(|number| spec.sop_instance_uid(series, number)).collect()
}

async fn peer(folder: &Path, spec: &StudySpec, script: Script) -> scripted::Scripted {
    write_study(spec, folder).expect("a study");
    scripted::start(folder, script).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_clients_do_all_they_can() {
    let python = std::env::var_os("ADIT_DICOMWEB_PYTHON")
        .expect("ADIT_DICOMWEB_PYTHON names a Python with adit-client; `make peers` sets it");
    let dir = tempfile::tempdir().expect("a folder");
    let archive = orthanc::start(&dir.path().join("orthanc"), "ORTHANC", &[]).await;
    let mut spec = StudySpec::ct("PAT-1", "Müller^Jürgen", 12, 64);
    spec.series.push(SeriesSpec { rle: true, ..SeriesSpec::new("MR", "Compressed", 5, 64) });
    for file in write_study(&spec, &dir.path().join("files")).expect("a study") {
        archive.upload(&file).await;
    }
    let late = StudySpec::ct("PAT-2", "Doe^Jane", 3, 16);
    let slow = Script { retrieve_delay: SLOW, ..Script::default() };
    let slow = peer(&dir.path().join("slow"), &late, slow).await;
    let gone = StudySpec::ct("PAT-3", "Doe^Jim", 10, 16);
    let broken = Script { fail_nth: Some(6), fail_always: true, ..Script::default() };
    let broken = peer(&dir.path().join("broken"), &gone, broken).await;
    let (data, port) = (dir.path().join("data"), free_port());
    let program = Program::start(&data, port).await;
    let session = program.session();
    let at = |addr: SocketAddr| addr.port();
    for (ae_title, port) in [("ORTHANC", archive.dicom_port), ("SLOW", at(slow.addr)), ("BROKEN", at(broken.addr))] {
        session.add(server(ae_title, port)).await;
    }
    let token = async |narrow: bool| {
        let wish = json!({ "scopes": ["search", "retrieve", "store"], "pseudonymised_only": narrow });
        let made = session.call(Method::POST, "/api/tokens", wish).await;
        made["token"].as_str().expect("a token").to_owned()
    };
    let world = json!({
        "url": format!("http://127.0.0.1:{port}"), "server": "ORTHANC", "token": token(false).await, "narrow_token": token(true).await,
        "study": spec.study_instance_uid(), "series": [spec.series_instance_uid(0), spec.series_instance_uid(1)],
        "images": [images(&spec, 0), images(&spec, 1)], "rows": 64, "pixel_bytes": 64 * 64 * 2,
        "slow_study": late.study_instance_uid(), "slow_images": images(&late, 0),
        "slow_series": late.series_instance_uid(0), "stores": STORES, "broken_study": gone.study_instance_uid(),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dicomweb/clients.py");
    let run = Command::new(python).arg(script).arg(world.to_string()).output().await.expect("Python runs");
    println!("{}", String::from_utf8_lossy(&run.stdout));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let stored: u64 = STORES.iter().map(|(count, _)| count).sum();
    assert_eq!(archive.count().await, 17 + stored, "what was stored is in the archive, and nothing else");
    drop(program);
}
