//! Storing: what programs send, what the archive gets, what they are told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use adit_archive::generate::{StudySpec, object, write_huge};
use adit_domain::Right;
use adit_domain::right::Scope;
use adit_store::repositories::Spools;
use adit_store::staging::StagedKey;
use adit_test_support::gate::Program;
use adit_test_support::scripted::Script;
use adit_test_support::web::{self, WebScript};
use reqwest::{Body, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Scene, refusal};
use crate::ALL;

pub(super) const KIND: &str = "multipart/related; type=\"application/dicom\"; boundary=\"0f3c-f5c0\"";

/// A body as the published `adit-client` makes it.
pub(super) fn body(files: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for file in files {
        body.extend_from_slice(b"\r\n--0f3c-f5c0\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend_from_slice(file);
    }
    body.extend_from_slice(b"\r\n--0f3c-f5c0--");
    body
}

pub(super) async fn send(program: &Program, path: &str, body: impl Into<Body>) -> Response {
    program.post(path).header("content-type", KIND).body(body).send().await.unwrap()
}

pub(super) fn images(spec: &StudySpec, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| object(spec, 0, number)).collect()
}

/// SOP Instance UIDs of a sequence of the answer.
pub(super) fn uids(answer: &Value, sequence: &str) -> Vec<String> {
    let items = answer[sequence]["Value"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["00081155"]["Value"][0].as_str().unwrap_or_default().to_owned()).collect()
}

/// Why instances have failed.
pub(super) fn reasons(answer: &Value) -> Vec<u64> {
    let items = answer["00081198"]["Value"].as_array().unwrap().iter();
    items.map(|item| item["00081197"]["Value"][0].as_u64().unwrap()).collect()
}

pub(super) async fn answered(response: Response, status: u16) -> Value {
    assert_eq!(response.headers()["content-type"], "application/dicom+json");
    let found = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_reach_the_archive_byte_by_byte_in_both_layouts() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 6, 64);
    let study = spec.study_instance_uid();
    let files = images(&spec, 6);
    for (path, some) in [
        ("/api/dicom-web/SOURCE/stowrs/studies".to_owned(), &files[..2]),
        ("/dicomweb/SOURCE/studies".to_owned(), &files[2..4]),
        (format!("/dicomweb/SOURCE/studies/{study}"), &files[4..]),
    ] {
        let answer = answered(send(&scene.program, &path, body(some)).await, 200).await;
        assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198").len()), (2, 0), "{answer}");
        let url = answer["00081190"]["Value"][0].as_str().unwrap();
        assert!(url.ends_with(&format!("/studies/{study}")), "{url}");
        let item = &answer["00081199"]["Value"][0];
        let fetched = item["00081190"]["Value"][0].as_str().unwrap().strip_prefix(&scene.program.url).unwrap();
        assert_eq!(scene.program.get(fetched).send().await.unwrap().status(), 200, "{fetched}");
        assert_eq!(item["00081150"], item["00080016"]);
    }
    let kept: Vec<Vec<u8>> =
        crate::files(&scene.dir.path().join("source")).iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(kept.len(), 6);
    for file in &files {
        let data = |file: &[u8]| file[adit_deid::part10::parse_head(file).unwrap().data_set_offset as usize..].to_vec();
        assert!(kept.iter().any(|other| data(other) == data(file)), "an instance has changed");
    }
    scene.assert_nothing_staged().await;
}

impl Scene {
    /// Nothing of a store is left; what was fetched stays for its while.
    pub(super) async fn assert_nothing_staged(&self) {
        let folder = self.dir.path().join("data");
        let left: Vec<_> =
            crate::files(&folder).into_iter().filter(|path| path.to_string_lossy().contains("spool-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_does_not_stop_the_others_and_is_named() {
    let script = Script { store_status: Some((1, 0xC000, 1)), ..Script::default() };
    let scene = Scene::new(&[], script, &ALL).await;
    let (spec, other) = (StudySpec::ct("PAT-1", "Doe^Jane", 3, 64), StudySpec::ct("PAT-2", "Roe^Jim", 1, 64));
    let mut files = images(&spec, 3);
    let cut = files[2][..files[2].len() - 7].to_vec();
    files.extend([cut, b"no DICOM file".to_vec(), Vec::new(), object(&other, 0, 0)]);
    let path = format!("/dicomweb/SOURCE/studies/{}", spec.study_instance_uid());
    let answer = answered(send(&scene.program, &path, body(&files)).await, 202).await;
    let (stored, failed) = (uids(&answer, "00081199"), uids(&answer, "00081198"));
    assert_eq!((stored.len(), failed.len()), (2, 5), "{answer}");
    let reasons = reasons(&answer);
    assert_eq!(reasons.iter().filter(|reason| **reason == 0xC000).count(), 4, "{reasons:X?}");
    assert_eq!(reasons.last(), Some(&0xA900), "another study than the path's");
    assert!(failed.contains(&other.sop_instance_uid(0, 0)), "{failed:?}");
    assert_eq!(scene.source.instances().len(), 2);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_store_is_refused_with_a_sentence() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let path = "/dicomweb/SOURCE/studies";
    let post = |kind: &'static str, text: &'static str| {
        let request = scene.program.post(path).header("content-type", kind).body(text);
        async move { refusal(request.send().await.unwrap()).await }
    };
    assert_eq!(post("application/dicom", "x").await.0, 415);
    assert_eq!(post("multipart/related; type=\"text/plain\"; boundary=b", "x").await.0, 415);
    assert_eq!(post("multipart/related; type=\"application/dicom\"", "x").await.0, 406);
    let (status, sentence) = post(KIND, "").await;
    assert!(status == 400 && sentence.contains("empty"), "{status} {sentence}");
    assert_eq!(post(KIND, "no boundary at all").await.0, 400);
    let wants_html = scene.program.post(path).header("content-type", KIND).header("accept", "text/html").body("x");
    assert_eq!(refusal(wants_html.send().await.unwrap()).await.0, 406);
    for (name, status) in [("NOBODY", 404), ("..%2F..", 404), ("A%20B%5C", 404)] {
        let response = send(&scene.program, &format!("/dicomweb/{name}/studies"), body(&[])).await;
        assert_eq!(response.status(), status, "{name}");
    }
    let response = send(&scene.program, "/dicomweb/SOURCE/studies/1.2%2F..", body(&[])).await;
    assert_eq!(response.status(), 400);
    let none = answered(send(&scene.program, path, body(&[])).await, 200).await;
    assert_eq!(none, json!({"00081198": {"vr": "SQ"}, "00081199": {"vr": "SQ"}}));
    let bomb = [b"--0f3c-f5c0\r\nA: ".as_slice(), &vec![b'x'; 1 << 20], b"\r\n\r\n\r\n--0f3c-f5c0--"].concat();
    assert_eq!(send(&scene.program, path, bomb).await.status(), 400);
    let preamble = vec![b'x'; 1 << 20];
    assert_eq!(send(&scene.program, path, preamble).await.status(), 400);
    assert_eq!(scene.source.stored(), 0);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_store_may_not() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 1, 64);
    let path = "/api/dicom-web/SOURCE/stowrs/studies";
    let reader = scene.gate.program(&scene.rig, "reader", &[Scope::Search, Scope::Retrieve], false).await;
    assert_eq!(refusal(send(&reader, path, body(&images(&spec, 1))).await).await.0, 403);
    let rightless = scene.gate.stranger(&scene.rig, "rightless", &[Right::Search, Right::Retrieve]).await;
    assert_eq!(refusal(send(&rightless, path, body(&images(&spec, 1))).await).await.0, 403);
    let stranger = scene.gate.stranger(&scene.rig, "stranger", &[Right::Store]).await;
    assert_eq!(refusal(send(&stranger, path, body(&images(&spec, 1))).await).await.0, 404);
    let mut nobody = scene.program.clone();
    nobody.token = "x".repeat(40);
    assert_eq!(refusal(send(&nobody, path, body(&images(&spec, 1))).await).await.0, 401);
    // Restricted to pseudonymised data: only what says that it is.
    let narrow = scene.gate.program(&scene.rig, "narrow", &[Scope::Store], true).await;
    let answer = answered(send(&narrow, path, body(&images(&spec, 1))).await, 202).await;
    assert_eq!(answer["00081198"]["Value"][0]["00081197"]["Value"][0], 0x0124, "{answer}");
    assert_eq!(scene.source.stored(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_off_stores_what_was_whole_and_nothing_else() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 64);
    let whole = body(&images(&spec, 2));
    let address = scene.program.url.trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /dicomweb/SOURCE/studies HTTP/1.1\r\nhost: {address}\r\nauthorization: Token {}\r\ncontent-type: {KIND}\r\ncontent-length: {}\r\n\r\n",
        scene.program.token,
        whole.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&whole[..whole.len() - 100]).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(stream);
    let until = Instant::now() + Duration::from_secs(20);
    while scene.source.instances().is_empty() {
        assert!(Instant::now() < until, "the whole instance does not arrive");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(scene.source.instances().into_iter().collect::<Vec<_>>(), [spec.sop_instance_uid(0, 0)]);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_has_spooled_is_swept_away_and_what_is_alive_stays() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let (staging, items) = (&scene.rig.backend.staging, &scene.rig.backend.items);
    let spools = Spools::new(Arc::clone(items));
    let now = adit_engine::now();
    for (id, until) in [("spool-dead", now.plus_ms(-1)), ("spool-alive", now.plus_ms(60_000))] {
        spools.put(id, "another", until).await.unwrap();
        let mut writer = staging.begin(&StagedKey::new(id, "parts", "0")).await.unwrap();
        writer.write(b"an instance").await.unwrap();
        writer.commit(Value::Null).await.unwrap();
    }
    scene.rig.engine.sweep().await.unwrap();
    assert!(staging.list("spool-dead").await.unwrap().is_empty());
    assert_eq!((staging.list("spool-alive").await.unwrap().len(), spools.list().await.unwrap().len()), (1, 1));
    // Alone on its data at its start, a process knows that nobody else is alive.
    scene.rig.engine.recover().await.unwrap();
    assert!(staging.list("spool-alive").await.unwrap().is_empty() && spools.list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_archive_keeps_the_program_waiting_with_blanks() {
    let script = Script { store_status: Some((0, 0xA700, 2)), ..Script::default() };
    let scene = Scene::new(&[], script, &ALL).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 1, 64);
    let begun = Instant::now();
    let mut response = send(&scene.program, "/dicomweb/SOURCE/studies", body(&images(&spec, 1))).await;
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    let answer: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(uids(&answer, "00081199").len(), 1, "{answer} after {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_take_time_in_proportion_and_little_memory() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 1, 64);
    let path = scene.dir.path().join("huge.dcm");
    let mut times = Vec::new();
    for mib in [16_u64, 64] {
        write_huge(&spec, mib << 20, &path).unwrap();
        let mut file = Vec::new();
        tokio::fs::File::open(&path).await.unwrap().read_to_end(&mut file).await.unwrap();
        let begun = Instant::now();
        let answer = answered(send(&scene.program, "/dicomweb/SOURCE/studies", body(&[file])).await, 200).await;
        assert_eq!(uids(&answer, "00081199").len(), 1);
        times.push(begun.elapsed());
    }
    eprintln!("STOW of 16 MiB and 64 MiB in one part: {times:?}");
    assert!(times[1] < times[0] * 12 + Duration::from_secs(2), "{times:?}");
    let many = StudySpec::ct("PAT-2", "Roe^Jim", 200, 512);
    let files = images(&many, 200);
    let (sizes, begun) = (files.iter().map(Vec::len).sum::<usize>(), Instant::now());
    let half = answered(send(&scene.program, "/dicomweb/SOURCE/studies", body(&files[..100])).await, 200).await;
    let (first, begun) = (begun.elapsed(), Instant::now());
    let all = answered(send(&scene.program, "/dicomweb/SOURCE/studies", body(&files)).await, 200).await;
    eprintln!("STOW of 100 and 200 parts ({} MiB in all): {first:?}, {:?}", sizes >> 20, begun.elapsed());
    assert_eq!((uids(&half, "00081199").len(), uids(&all, "00081199").len()), (100, 200));
    assert!(begun.elapsed() < first * 6 + Duration::from_secs(2));
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dicomweb_server_behind_the_gate_gets_what_is_stored() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 3, 64);
    let refused = spec.sop_instance_uid(0, 1);
    let script = WebScript { refuse_instance: Some((refused.clone(), 0x0122)), ..WebScript::default() };
    let behind = web::start(&scene.dir.path().join("web"), script).await;
    scene.rig.web_server("WEB", &behind.url, json!({})).await;
    let answer = answered(send(&scene.program, "/dicomweb/WEB/studies", body(&images(&spec, 3))).await, 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198")), (2, vec![refused]));
    assert_eq!(behind.instances().len(), 2);
    // What is there can be searched and fetched through the same door.
    let study = spec.study_instance_uid();
    let found = scene.program.get(&format!("/dicomweb/WEB/studies/{study}/instances")).send().await.unwrap();
    assert_eq!(found.json::<Value>().await.unwrap().as_array().unwrap().len(), 2);
    let fetched = scene.program.get(&format!("/dicomweb/WEB/studies/{study}")).send().await.unwrap();
    assert_eq!(fetched.status(), 200);
    let bytes = fetched.bytes().await.unwrap();
    assert!(
        crate::contains(&bytes, &spec.sop_instance_uid(0, 0)) && !crate::contains(&bytes, &spec.sop_instance_uid(0, 1))
    );
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_gone_is_no_reason_to_ask_for_the_body_again() {
    let scene = Scene::new(&[], Script { reject: true, ..Script::default() }, &ALL).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 3, 64);
    let answer = answered(send(&scene.program, "/dicomweb/SOURCE/studies", body(&images(&spec, 3))).await, 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198").len()), (0, 3), "{answer}");
    scene.assert_nothing_staged().await;
}
