//! What programs store in Orthanc through ADIT: Orthanc's content counts.

use std::net::SocketAddr;
use std::time::Duration;

use adit_archive::generate::{StudySpec, object, write_huge};
use adit_domain::right::Scope;
use adit_test_support::gate::{Gate, Program};
use adit_test_support::orthanc::{self, Orthanc};
use adit_test_support::rig::Rig;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KIND: &str = "multipart/related; type=\"application/dicom\"; boundary=between";
const APART: &str = "multipart/related; type=\"application/dicom+json\"; boundary=between";

/// Bytes of pixels in a large instance.
const PIXELS: usize = 60 << 20;

struct Scene {
    dir: TempDir,
    _rig: Rig,
    archive: Orthanc,
    program: Program,
}

impl Scene {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let rig = Rig::start(&dir.path().join("data")).await;
        let archive = orthanc::start(&dir.path().join("orthanc"), "ARCHIVE", &[]).await;
        let at = SocketAddr::from(([127, 0, 0, 1], archive.dicom_port));
        rig.server("ARCHIVE", at, &["study_root_find", "study_root_get", "store_scp"]).await;
        let gate = Gate::over(&rig).await;
        let program = gate.program(&rig, "script", &Scope::ALL, false).await;
        Self { dir, _rig: rig, archive, program }
    }

    async fn begin(&self, length: usize) -> TcpStream {
        let address = self.program.url.trim_start_matches("http://").to_owned();
        let head = format!(
            "POST /dicomweb/ARCHIVE/studies HTTP/1.1\r\nhost: {address}\r\nauthorization: Token {}\r\ncontent-type: {KIND}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
            self.program.token,
        );
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    /// The only instance that the archive holds.
    async fn only_file(&self) -> Vec<u8> {
        let ids = self.archive.ids().await;
        assert_eq!(ids.len(), 1);
        self.archive.file(&ids[0]).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_instance_that_breaks_off_leaves_nothing_and_a_whole_one_all_its_pixels() {
    let scene = Scene::new().await;
    let path = scene.dir.path().join("large.dcm");
    write_huge(&StudySpec::ct("PAT-1", "Doe^Jane", 1, 64), PIXELS as u64, &path).unwrap();
    let file = std::fs::read(path).unwrap();
    let body = [b"--between\r\nContent-Type: application/dicom\r\n\r\n", &file[..], b"\r\n--between--\r\n"].concat();
    for end in [40 << 20, body.len() - 30] {
        let mut stream = scene.begin(body.len()).await;
        stream.write_all(&body[..end]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(stream);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(scene.archive.count().await, 0);
    }
    let mut stream = scene.begin(body.len()).await;
    stream.write_all(&body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Orthanc writes sequences anew; pixels it keeps.
    assert!(scene.only_file().await.ends_with(&file[file.len() - PIXELS..]), "the pixels have changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_and_pixels_that_come_apart_arrive_together() {
    let scene = Scene::new().await;
    let file = object(&StudySpec::ct("PAT-1", "Doe^Jane", 1, 64), 0, 0);
    let pixels = &file[file.len() - 64 * 64 * 2..];
    let text = |vr: &str, value: &str| json!({"vr": vr, "Value": [value]});
    let number = |value: u16| json!({"vr": "US", "Value": [value]});
    let metadata = json!([{
        "00080016": text("UI", "1.2.840.10008.5.1.4.1.1.2"), "00080018": text("UI", "2.25.3"),
        "00080060": text("CS", "CT"), "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jürgen"}]},
        "00100020": text("LO", "PAT-9"), "0020000D": text("UI", "2.25.1"), "0020000E": text("UI", "2.25.2"),
        "00081140": {"vr": "SQ", "Value": [{"00081155": text("UI", "2.25.4")}]},
        "00280002": number(1), "00280004": text("CS", "MONOCHROME2"), "00280010": number(64), "00280011": number(64),
        "00280100": number(16), "00280101": number(12), "00280102": number(11), "00280103": number(0),
        "7FE00010": {"vr": "OW", "BulkDataURI": "pixels"}
    }]);
    let body = [
        b"--between\r\nContent-Type: application/dicom+json\r\n\r\n",
        metadata.to_string().as_bytes(),
        b"\r\n--between\r\nContent-Type: application/octet-stream\r\nContent-Location: pixels\r\n\r\n",
        pixels,
        b"\r\n--between--\r\n",
    ]
    .concat();
    let request = scene.program.post("/dicomweb/ARCHIVE/studies").header("content-type", APART).body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{:?}", response.json::<Value>().await);
    assert!(scene.only_file().await.ends_with(pixels), "the pixels have changed");
    let held = scene.archive.instances().await;
    assert_eq!((held[0]["PatientName"].as_str(), held[0]["Rows"].as_str()), (Some("Müller^Jürgen"), Some("64")));
    assert_eq!(held[0]["ReferencedImageSequence"][0]["ReferencedSOPInstanceUID"], "2.25.4");
}
