//! Stores of metadata as JSON with the values beside them.

use adit_archive::generate::{StudySpec, object};
use adit_deid::part10::parse_head;
use adit_domain::right::Scope;
use adit_test_support::gate::Program;
use adit_test_support::rig::peer;
use adit_test_support::scripted::{self, Script, Scripted};
use reqwest::Response;
use serde_json::{Value, json};

use super::pixels::{FRAMES, film, parts};
use super::store::{answered, reasons, uids};
use super::{Scene, refusal, studies};
use crate::ALL;

const KIND: &str = "multipart/related; type=\"application/dicom+json\"; boundary=between";
const JSON: &str = "application/dicom+json";
const OCTETS: &str = "application/octet-stream";
const STUDIES: &str = "/dicomweb/SOURCE/studies";

/// A part: media type, address (empty: none), content.
type Part<'a> = (&'a str, &'a str, Vec<u8>);

fn body(all: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, location, content) in all {
        body.extend_from_slice(format!("--between\r\nContent-Type: {kind}\r\n").as_bytes());
        if !location.is_empty() {
            body.extend_from_slice(format!("Content-Location: {location}\r\n").as_bytes());
        }
        body.extend_from_slice(&[b"\r\n", &content[..], b"\r\n"].concat());
    }
    body.extend_from_slice(b"--between--\r\n");
    body
}

async fn send(program: &Program, path: &str, body: Vec<u8>) -> Response {
    program.post(path).header("content-type", KIND).body(body).send().await.unwrap()
}

async fn bytes(program: &Program, address: &str) -> Vec<u8> {
    let path = address.strip_prefix(&program.url).unwrap_or(address);
    let response = program.get(path).header("accept", OCTETS).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.unwrap().to_vec()
}

/// An instance of a study with these changes.
fn instance(number: usize, changes: &Value) -> Value {
    let mut all = json!({
        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.7"]},
        "00080018": {"vr": "UI", "Value": [format!("2.25.8{number}")]},
        "00080020": {"vr": "DA", "Value": ["20240301"]},
        "00080060": {"vr": "CS", "Value": ["OT"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]},
        "00100020": {"vr": "LO", "Value": ["PAT-8"]},
        "0020000D": {"vr": "UI", "Value": ["2.25.81"]},
        "0020000E": {"vr": "UI", "Value": ["2.25.82"]},
        "00280010": {"vr": "US", "Value": [2]}, "00280011": {"vr": "US", "Value": [2]},
        "00280100": {"vr": "US", "Value": [8]},
    });
    for (tag, attribute) in changes.as_object().unwrap() {
        all[tag] = attribute.clone();
    }
    all
}

/// Another archive that the program may use.
async fn destination(scene: &Scene) -> Scripted {
    let other = scripted::start(&scene.dir.path().join("other"), Script::default()).await;
    scene.rig.server("DEST", other.addr, &ALL).await;
    other.archive.know("ADIT", scene.rig.as_destination("DEST"));
    other.archive.know("SOURCE", peer("SOURCE", scene.source.addr, "DEST"));
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_apart_can_be_stored_apart() {
    let study = studies().remove(0);
    let scene = Scene::with_files(std::slice::from_ref(&study), &[film()]).await;
    let other = destination(&scene).await;
    let mut all = Vec::new();
    for uid in [study.study_instance_uid(), "2.25.7001".to_owned()] {
        let path = format!("/api/dicom-web/SOURCE/wadors/studies/{uid}/metadata");
        all.extend(scene.program.get(&path).send().await.unwrap().json::<Vec<Value>>().await.unwrap());
    }
    assert_eq!(all.len(), 6);
    let mut sent = vec![(JSON.to_owned(), String::new(), serde_json::to_vec(&all).unwrap())];
    for one in &all {
        let address = one["7FE00010"]["BulkDataURI"].as_str().unwrap().to_owned();
        if one["00100020"]["Value"][0] == "PAT-7" {
            let path = address.strip_prefix(&scene.program.url).unwrap();
            for (kind, frame) in parts(scene.program.get(path).send().await.unwrap()).await {
                sent.push((kind, address.clone(), frame));
            }
        } else {
            sent.push((OCTETS.to_owned(), address.clone(), bytes(&scene.program, &address).await));
        }
    }
    let sent: Vec<Part<'_>> =
        sent.iter().map(|(kind, location, content)| (kind.as_str(), location.as_str(), content.clone())).collect();
    let answer = answered(send(&scene.program, "/dicomweb/DEST/studies", body(&sent)).await, 200).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198").len()), (6, 0), "{answer}");
    assert_eq!(other.instances().len(), 6);
    let kept: Vec<Vec<u8>> =
        crate::files(&scene.dir.path().join("other")).iter().map(|path| std::fs::read(path).unwrap()).collect();
    for number in 0..3 {
        let original = object(&study, 0, number);
        let uid = study.sop_instance_uid(0, number);
        let copy = kept.iter().find(|file| parse_head(file).unwrap().sop_instance_uid == uid).unwrap();
        let pixels = original.len() - 16 * 16 * 2;
        assert!(copy.ends_with(&original[pixels - 12..]), "the pixels have changed");
        assert!(crate::contains(copy, "Müller^Jürgen") && crate::contains(copy, "ISO_IR 192"));
    }
    // Compressed frames are what they were.
    let path = "/dicomweb/DEST/studies/2.25.7001/series/2.25.7002/instances/2.25.7003/frames/1,2,3";
    let frames = parts(scene.program.get(path).send().await.unwrap()).await;
    assert!(frames.iter().all(|(kind, _)| kind == "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50"));
    assert!(frames.iter().zip(FRAMES).all(|((_, frame), original)| frame.starts_with(original)));
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_is_judged_by_itself() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let at = |address: &str| json!({"7FE00010": {"vr": "OB", "BulkDataURI": address}});
    let with = |mut value: Value, tag: &str, attribute: Value| {
        value[tag] = attribute;
        value
    };
    let two = json!({"vr": "IS", "Value": ["2"]});
    let cases = [
        (json!({"7FE00010": {"vr": "OB", "InlineBinary": "AQIDBA=="}}), 0),
        (at("odd"), 0),
        (with(at("by-frame"), "00280008", two.clone()), 0),
        (
            json!({"00420011": {"vr": "OB", "BulkDataURI": "pdf"}, "00420012": {"vr": "LO", "Value": ["application/pdf"]}}),
            0,
        ),
        (with(at("rle"), "00280008", two.clone()), 0),
        (at("nowhere"), 0xC001),
        (at("png"), 0xC122),
        (at("rle"), 0xC000),
        (json!({"00280010": {"vr": "US", "Value": ["many"]}}), 0xC000),
        (with(at("odd"), "0020000D", json!({"vr": "UI", "Value": ["2.25.99"]})), 0xA900),
        (with(at("odd"), "0020000E", json!({"vr": "UI"})), 0xC000),
        (at("mixed"), 0xC122),
        // The third of three frames has not come.
        (with(at("by-frame"), "00280008", json!({"vr": "IS", "Value": ["3"]})), 0xC001),
        (at("by-frame"), 0xC000),
        (json!({"00280010": {"vr": "US", "Value": [70_000]}}), 0xC000),
        (with(at("odd"), "00420011", json!({"vr": "OB", "BulkDataURI": "rle"})), 0xC000),
    ];
    let all: Vec<Value> = cases.iter().enumerate().map(|(number, (changes, _))| instance(number, changes)).collect();
    let (first, rest) = all.split_at(4);
    let sent = [
        // A value may come before what names it, and metadata in several parts.
        (OCTETS, "odd", b"\r\n--".to_vec()),
        (JSON, "", serde_json::to_vec(first).unwrap()),
        (JSON, "", serde_json::to_vec(rest).unwrap()),
        (OCTETS, "by-frame/frames/2", vec![3, 4]),
        (OCTETS, "by-frame/frames/1", vec![1, 2]),
        ("application/pdf", "pdf", b"%PDF-".to_vec()),
        ("image/dicom-rle", "rle", vec![5; 7]),
        ("image/dicom-rle", "rle", vec![6; 8]),
        ("image/png", "png", vec![7; 4]),
        (OCTETS, "mixed", vec![8; 2]),
        ("image/jpeg", "mixed", vec![9; 2]),
        (OCTETS, "nobody-asks", vec![0; 100]),
    ];
    let answer = answered(send(&scene.program, "/dicomweb/SOURCE/studies/2.25.81", body(&sent)).await, 202).await;
    let reasons = reasons(&answer);
    let expected: Vec<u64> = cases.iter().map(|(_, reason)| *reason).filter(|reason| *reason > 0).collect();
    assert_eq!(reasons, expected, "{answer}");
    let mut stored = uids(&answer, "00081199");
    stored.sort();
    assert_eq!(stored, ["2.25.80", "2.25.81", "2.25.82", "2.25.83", "2.25.84"]);
    assert_eq!(uids(&answer, "00081198")[0], "2.25.85");
    let ending = |number: usize| {
        let uid = format!("2.25.8{number}");
        let files = crate::files(&scene.dir.path().join("source"));
        let file = files.iter().map(|path| std::fs::read(path).unwrap());
        file.into_iter().find(|file| parse_head(file).unwrap().sop_instance_uid == uid).unwrap()
    };
    assert!(ending(0).ends_with(&[4, 0, 0, 0, 1, 2, 3, 4]));
    assert!(ending(1).ends_with(b"\x04\0\0\0\r\n--"));
    assert!(ending(2).ends_with(&[4, 0, 0, 0, 1, 2, 3, 4]));
    assert!(crate::contains(&ending(3), "%PDF-\0"));
    let rle = ending(4);
    assert_eq!(parse_head(&rle).unwrap().transfer_syntax_uid, "1.2.840.10008.1.2.5");
    let fragments = [&[0xFE, 0xFF, 0, 0xE0, 8, 0, 0, 0][..], &[5; 7], &[0, 0xFE, 0xFF, 0, 0xE0, 8, 0, 0, 0], &[6; 8]];
    assert!(rle.windows(33).any(|window| window[..32] == fragments.concat()[..32]), "the fragments are others");
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_stores_nothing() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let post = |kind: &'static str, body: Vec<u8>| {
        let request = scene.program.post(STUDIES).header("content-type", kind).body(body);
        async move { refusal(request.send().await.unwrap()).await }
    };
    let xml = post("multipart/related; type=\"application/dicom+xml\"; boundary=between", body(&[])).await;
    assert!(xml.0 == 415 && xml.1.contains("not as XML"), "{xml:?}");
    for wrong in ["", "{", "[{},", "<xml/>", "[1]"] {
        let (status, sentence) = post(KIND, body(&[(JSON, "", wrong.as_bytes().to_vec())])).await;
        assert!(status == 400 && sentence.contains("DICOM JSON model"), "{wrong}: {status} {sentence}");
    }
    let deep = r#"{"00400275":{"vr":"SQ","Value":["#.repeat(100_000).into_bytes();
    assert_eq!(post(KIND, body(&[(JSON, "", deep)])).await.0, 400);
    let (status, sentence) = post(KIND, body(&[(JSON, "", vec![b' '; 65 << 20])])).await;
    assert!(status == 413 && sentence.contains("64 MB"), "{status} {sentence}");
    // The value of the only instance has come, the end of the body has not.
    let metadata = serde_json::to_vec(&[instance(1, &json!({"7FE00010": {"vr": "OB", "BulkDataURI": "a"}}))]).unwrap();
    let whole = body(&[(JSON, "", metadata), (OCTETS, "a", vec![1, 2, 3, 4])]);
    assert_eq!(post(KIND, whole[..whole.len() - 13].to_vec()).await.0, 400);
    assert_eq!(scene.source.stored(), 0);
    let none = answered(send(&scene.program, STUDIES, body(&[(JSON, "", b"[]".to_vec())])).await, 200).await;
    assert_eq!(none, json!({"00081198": {"vr": "SQ"}, "00081199": {"vr": "SQ"}}));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_store_pseudonymised_data_only_may_store_nothing_else_in_this_form() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let narrow = scene.gate.program(&scene.rig, "narrow", &[Scope::Store], true).await;
    let plain = instance(1, &json!({}));
    let marked = instance(2, &json!({"00120062": {"vr": "CS", "Value": ["YES"]}}));
    let sent = body(&[(JSON, "", serde_json::to_vec(&[plain, marked]).unwrap())]);
    let answer = answered(send(&narrow, STUDIES, sent).await, 202).await;
    assert_eq!(answer["00081198"]["Value"][0]["00081197"]["Value"][0], 0x0124, "{answer}");
    assert_eq!(scene.source.instances().into_iter().collect::<Vec<_>>(), ["2.25.82"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_value_passes_through() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let file = object(&StudySpec::ct("PAT-1", "Doe^Jane", 1, 64), 0, 0);
    let large = file.iter().copied().cycle().take(40 << 20).collect::<Vec<u8>>();
    let metadata = vec![
        instance(1, &json!({"7FE00010": {"vr": "OW", "BulkDataURI": "http://elsewhere/a?b=c"}})),
        instance(2, &json!({"7FE00010": {"vr": "OW", "BulkDataURI": "http://elsewhere/a?b=c"}})),
    ];
    let sent = [(JSON, "", serde_json::to_vec(&metadata).unwrap()), (OCTETS, "http://elsewhere/a?b=c", large.clone())];
    let answer = answered(send(&scene.program, STUDIES, body(&sent)).await, 200).await;
    assert_eq!(uids(&answer, "00081199").len(), 2, "{answer}");
    for path in crate::files(&scene.dir.path().join("source")) {
        assert!(std::fs::read(path).unwrap().ends_with(&large), "the pixels have changed");
    }
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn much_text_around_a_large_value_stays_where_it_was() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let (text, large) = ("x".repeat(3 << 20), [0x5A, 7].repeat(5 << 20));
    let one = instance(
        1,
        &json!({
            "0040A160": {"vr": "UT", "Value": [text]},
            "00420011": {"vr": "OB", "BulkDataURI": "a"},
            "00880140": {"vr": "UI", "Value": ["2.25.99"]},
        }),
    );
    let metadata = serde_json::to_vec(&[one, instance(2, &json!({}))]).unwrap();
    let sent = [(JSON, "", metadata), (OCTETS, "a", large.clone())];
    let answer = answered(send(&scene.program, STUDIES, body(&sent)).await, 200).await;
    assert_eq!(uids(&answer, "00081199").len(), 2, "{answer}");
    let files: Vec<Vec<u8>> =
        crate::files(&scene.dir.path().join("source")).iter().map(|path| std::fs::read(path).unwrap()).collect();
    let file = files.iter().max_by_key(|file| file.len()).unwrap();
    let (rest, last) = file.split_at(file.len() - 8);
    // Its header is 8 bytes long, that of the value 12.
    let (rest, value) = rest[..rest.len() - 8].split_at(rest.len() - 8 - large.len());
    assert!(last == b"2.25.99\0" && value == large && rest[..rest.len() - 12].ends_with(text.as_bytes()));
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_programs_with_much_metadata_are_all_served() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let sizes: Vec<usize> = [2 << 20, 3 << 20].into_iter().chain([100 << 10; 20]).collect();
    let one = |(number, size): (usize, &usize)| {
        instance(number, &json!({"0040A160": {"vr": "UT", "Value": ["x".repeat(*size)]}}))
    };
    let metadata: Vec<Value> = sizes.iter().enumerate().map(one).collect();
    let sent = bytes::Bytes::from(body(&[(JSON, "", serde_json::to_vec(&metadata).unwrap())]));
    let mut sending = Vec::new();
    for person in 0..3 {
        let program = scene.gate.program(&scene.rig, &format!("person{person}"), &[Scope::Store], false).await;
        for _ in 0..7 {
            let request = program.post(STUDIES).header("content-type", KIND).body(sent.clone());
            sending.push(tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() }));
        }
    }
    for answer in sending {
        let text = answer.await.unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198").len()), (22, 0), "{text}");
    }
    assert_eq!((scene.source.instances().len(), scene.source.stored()), (22, 21 * 22));
    scene.assert_nothing_staged().await;
}
