//! Requests that mean harm: what they name, how long they go on, what stands in the files. Each gets a clear refusal, and nothing is written
//! where it does not belong.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::PathBuf;

use adit_archive::generate::{StudySpec, object};
use adit_test_support::images::Image;
use adit_test_support::scripted::Script;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zip::ZipArchive;

use super::{Scene, refusal, studies};
use crate::ALL;

const KIND: &str = "multipart/related; type=\"application/dicom\"; boundary=b";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
/// What is sent of a body that has no end, at most.
const ENDLESS: usize = 64 << 20;

impl Scene {
    /// All files that are not staged: settings, records, the archive's images, and what lies beside them.
    fn outside_staging(&self) -> BTreeSet<PathBuf> {
        let is_outside = |path: &PathBuf| !path.components().any(|part| part.as_os_str() == "staging");
        let all = crate::files(self.dir.path()).into_iter().filter(is_outside);
        // The database comes and goes with its journal.
        all.filter(|path| !path.to_string_lossy().contains(".sqlite")).collect()
    }

    /// Sends bytes as they are and gives what comes back; `endless` is repeated until the server has had enough.
    async fn raw(&self, head: &str, endless: &[u8]) -> String {
        let address = self.program.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut sent = 0;
        let _ = stream.write_all(head.as_bytes()).await;
        let (mut reading, mut writing) = stream.split();
        let mut answer = Vec::new();
        let pour = async {
            while sent < ENDLESS && !endless.is_empty() {
                if writing.write_all(endless).await.is_err() {
                    return;
                }
                sent += endless.len();
            }
            assert!(endless.is_empty(), "a body without an end was taken for {ENDLESS} bytes");
            std::future::pending::<()>().await;
        };
        let read = async {
            let mut piece = [0; 4096];
            // The head of the answer is enough: what is sent on afterwards nobody reads.
            while let Ok(count @ 1..) = reading.read(&mut piece).await {
                answer.extend_from_slice(&piece[..count]);
                if answer.ends_with(b"}") || answer.ends_with(b"\r\n\r\n") {
                    return;
                }
            }
        };
        tokio::select! {
            () = read => {}
            () = pour => {}
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn head(&self, method: &str, path: &str, more: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Token {}\r\n{more}\r\n", self.program.token)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_lead_nowhere() {
    let scene = Scene::new(&studies(), Script::default(), &ALL).await;
    let before = scene.outside_staging();
    let long = "1".repeat(5000);
    for server in ["..%2F..%2Fetc", "SO%00URCE", "SOURCE%0d%0aX: y", "%F0%9F%92%A9", "SOURCE%5C..", &long] {
        for path in [
            format!("/dicomweb/{server}/studies"),
            format!("/api/dicom-web/{server}/wadors/studies/1.2.3"),
            format!("/dicomweb/{server}/studies/1.2.3/nifti"),
        ] {
            let (status, detail) = refusal(scene.program.get(&path).send().await.unwrap()).await;
            assert!((400..=404).contains(&status) && detail.len() > 10, "{path}: {status} {detail}");
        }
        let stored = scene.program.post(&format!("/dicomweb/{server}/studies")).header("content-type", KIND);
        let (status, _) = refusal(stored.body("--b\r\n\r\nx\r\n--b--").send().await.unwrap()).await;
        assert!((400..=404).contains(&status), "{server}: {status}");
    }
    for uid in ["..%2F..%2Fetc%2Fpasswd", "1.2.3%00", "1.2.*", "1.2%5C3", "1%2F2", "*", &long] {
        for path in [
            format!("studies/{uid}"),
            format!("studies/{uid}/metadata"),
            format!("studies/1.2.3/series/{uid}/thumbnail"),
            format!("studies/1.2.3/series/1.2.4/instances/{uid}/frames/1"),
            format!("studies/1.2.3/series/1.2.4/instances/{uid}/nifti"),
        ] {
            let (status, detail) =
                refusal(scene.program.get(&format!("/dicomweb/SOURCE/{path}")).send().await.unwrap()).await;
            assert!((400..=404).contains(&status) && detail.len() > 10, "{path}: {status} {detail}");
        }
    }
    // Clients resolve dots themselves; who means harm does not.
    for path in [
        "/dicomweb/../studies",
        "/dicomweb/%2e%2e/studies",
        "/dicomweb/SOURCE/studies/%2e%2e/%2e%2e/metadata",
        "/dicomweb//studies",
    ] {
        let answer = scene.raw(&scene.head("GET", path, ""), &[]).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
    }
    assert_eq!(scene.source.retrievals(), 0, "the archive was asked for something that cannot exist");
    assert_eq!(scene.outside_staging(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_within_files_lead_nowhere() {
    let evil = ["../../evil", "/etc/evil", "..\\..\\evil", "C:\\evil", "a\u{202e}b", "CON", ".", ".."];
    let files: Vec<Vec<u8>> = evil
        .iter()
        .enumerate()
        .map(|(number, name)| {
            Image::new(CT, &format!("2.25.8{number}"), EXPLICIT)
                .text(0x0008_0005, "CS", "ISO_IR 192")
                .text(0x0008_0020, "DA", "20240301")
                .text(0x0008_0060, "CS", "CT")
                .text(0x0008_103E, "LO", name)
                .text(0x0010_0010, "PN", name)
                .text(0x0010_0020, "LO", name)
                .text(0x0020_000D, "UI", &format!("2.25.9{number}"))
                .text(0x0020_000E, "UI", &format!("2.25.7{number}"))
                .text(0x0020_0011, "IS", "1")
                .text(0x0020_0013, "IS", "1")
                .shape("MONOCHROME2", [2, 2, 1, 16, 16, 0], 1)
                .value(0x7FE0_0010, "OW", &[0; 8])
                .done()
        })
        .collect();
    let scene = Scene::with_files(&[], &files).await;
    let before = scene.outside_staging();
    for number in 0..evil.len() {
        let wish = json!({ "source": scene.node, "study_instance_uid": format!("2.25.9{number}"), "options": {} });
        let said: serde_json::Value =
            scene.program.post("/api/downloads").json(&wish).send().await.unwrap().json().await.unwrap();
        let ticket = said["ticket"].as_str().unwrap_or_else(|| panic!("{said}"));
        let response = scene.program.get(&format!("/api/downloads/{ticket}")).send().await.unwrap();
        assert!(response.headers()["content-disposition"].to_str().unwrap().is_ascii());
        let zip = ZipArchive::new(Cursor::new(response.bytes().await.unwrap())).unwrap();
        let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names.len(), 1);
        let parts: Vec<&str> = names[0].split('/').collect();
        let is_safe = |part: &&str| {
            !part.is_empty()
                && part.trim_matches('.') == *part
                && !part.contains(['\\', ':', '\0', '\u{202e}'])
                && !part.chars().any(char::is_control)
                && !part.eq_ignore_ascii_case("con")
        };
        assert!(parts.len() >= 3 && parts.iter().all(is_safe), "{names:?}");
    }
    assert_eq!(scene.outside_staging(), before);

    // An image whose own UIDs are paths is refused by itself, and the one beside it is stored.
    let bad = Image::new(CT, "../../../evil", EXPLICIT)
        .text(0x0020_000D, "UI", "../../evil")
        .text(0x0020_000E, "UI", "/etc/evil")
        .done();
    let good = object(&StudySpec::ct("PAT-9", "Doe^Jane", 1, 16), 0, 0);
    let mut body = Vec::new();
    for file in [&bad, &good] {
        body.extend_from_slice(b"--b\r\nContent-Type: application/dicom\r\nContent-Location: ../../evil\r\n\r\n");
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--");
    let stored = scene.program.post("/dicomweb/SOURCE/studies").header("content-type", KIND).body(body);
    let response = stored.send().await.unwrap();
    assert_eq!(response.status(), 202);
    let answer: serde_json::Value = response.json().await.unwrap();
    let count = |sequence: &str| answer[sequence]["Value"].as_array().map_or(0, Vec::len);
    assert_eq!((count("00081199"), count("00081198")), (1, 1), "{answer}");
    let new: Vec<PathBuf> = scene.outside_staging().difference(&before).cloned().collect();
    let source = scene.dir.path().join("source");
    assert!(new.len() == 1 && new[0].starts_with(source), "the archive keeps one image more: {new:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_bodies_without_an_end_are_refused() {
    let scene = Scene::new(&studies(), Script::default(), &ALL).await;
    let filler = "x".repeat(8000);
    let many: String = (0..2000).map(|number| format!("x-{number}: y\r\n")).collect();
    for (more, what) in [(format!("x: {}\r\n", filler.repeat(100)), "one line"), (many, "many lines")] {
        let answer = scene.raw(&scene.head("GET", "/dicomweb/SOURCE/studies", &more), &[]).await;
        assert!(answer.starts_with("HTTP/1.1 431") || answer.starts_with("HTTP/1.1 400"), "{what}: {answer}");
    }
    let chunk = format!("{:x}\r\n{}\r\n", filler.len(), filler).into_bytes();
    let chunked = format!("content-type: {KIND}\r\ntransfer-encoding: chunked\r\n");
    for (path, opening, what) in [
        ("/dicomweb/SOURCE/studies", "", "no part begins"),
        ("/dicomweb/SOURCE/studies", "5\r\n--b\r\n\r\n", "the headers of a part go on"),
    ] {
        let head = format!("{}{opening}", scene.head("POST", path, &chunked));
        let answer = scene.raw(&head, &chunk).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("detail"), "{what}: {answer}");
    }
    // Where a small body is expected, a large one is not read.
    let plain = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
    let answer = scene.raw(&scene.head("POST", "/api/downloads", plain), &chunk).await;
    assert!(answer.starts_with("HTTP/1.1 413") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    let lie = format!("content-type: {KIND}\r\ncontent-length: 999999999999999999999\r\n");
    let answer = scene.raw(&scene.head("POST", "/dicomweb/SOURCE/studies", &lie), &[]).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    scene.assert_nothing_staged().await;
    // It serves on.
    assert_eq!(scene.search("studies").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_that_are_too_much_are_refused() {
    let scene = Scene::new(&studies(), Script::default(), &ALL).await;
    let many: String = (0..3000).map(|number| format!("PatientID=P{number}&")).collect();
    let deep = ["00081115"; 40].join(".");
    for query in [
        many.as_str(),
        &format!("{deep}=1"),
        &format!("PatientName={}", "x".repeat(20_000)),
        "limit=99999999999999999999",
        "limit=-1",
        "offset=x",
        "StudyDate=20240101-20240102-20240103",
        "PatientID=%00",
        "PatientID=%FF",
    ] {
        let shown: String = query.chars().take(60).collect();
        let response = scene.program.get(&format!("/dicomweb/SOURCE/studies?{query}")).send().await.unwrap();
        assert_eq!(response.status(), 400, "{shown}");
        let (status, detail) = refusal(response).await;
        assert!(status == 400 && detail.len() > 10 && detail.len() < 500, "{shown}: {status} {detail}");
    }
}
