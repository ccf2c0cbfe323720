//! Images and their data.

use std::time::{Duration, Instant};

use adit_archive::generate::{StudySpec, object};
use adit_deid::part10::parse_head;
use adit_domain::Right;
use adit_domain::right::Scope;
use adit_test_support::gate::Program;
use adit_test_support::scripted::Script;
use reqwest::Response;
use serde_json::{Value, json};

use super::{Scene, refusal, studies, value};
use crate::{ALL, MOVE_ONLY, contains};

const CT: [&str; 2] = ["study_root_find", "study_root_get"];

/// The parts of a body, taken apart by hand.
pub(super) async fn parts(response: Response) -> Vec<Vec<u8>> {
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("multipart/related; type=\"application/dicom\"; boundary="), "{kind}");
    let boundary = kind.rsplit("boundary=").next().unwrap().trim_matches('"').to_owned();
    let body = response.bytes().await.unwrap();
    let delimiter = format!("\r\n--{boundary}");
    let mut pieces = Vec::new();
    let mut rest = &body[..];
    while let Some(at) = rest.windows(delimiter.len()).position(|window| window == delimiter.as_bytes()) {
        pieces.push(&rest[..at]);
        rest = &rest[at + delimiter.len()..];
    }
    assert!(rest.starts_with(b"--"), "the body has no end");
    assert!(pieces[0].is_empty(), "something stands before the first part");
    let content = |piece: &&[u8]| {
        let at = piece.windows(4).position(|window| window == b"\r\n\r\n").expect("headers end");
        piece[at + 4..].to_vec()
    };
    pieces[1..].iter().map(content).collect()
}

pub(super) async fn fetched(program: &Program, path: &str) -> Vec<Vec<u8>> {
    let response = program.get(path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let mut all = parts(response).await;
    all.sort();
    all
}

/// Pixels of an image are its last bytes.
fn same_pixels(one: &[u8], other: &[u8]) -> bool {
    one[one.len() - 400..] == other[other.len() - 400..]
}

async fn three_levels(services: &[&str]) {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), services).await;
    let (study, series) = (all[0].study_instance_uid(), all[0].series_instance_uid(1));
    let instance = all[0].sop_instance_uid(1, 1);
    for layout in ["/dicomweb/SOURCE", "/api/dicom-web/SOURCE/wadors"] {
        let path = format!("{layout}/studies/{study}");
        let images = fetched(&scene.program, &path).await;
        assert_eq!(images.len(), 5);
        for image in &images {
            assert!(parse_head(image).is_ok(), "a part is no DICOM file");
        }
        assert_eq!(fetched(&scene.program, &format!("{path}/series/{series}")).await.len(), 2);
        let one = fetched(&scene.program, &format!("{path}/series/{series}/instances/{instance}")).await;
        assert_eq!(one.len(), 1);
        assert_eq!(parse_head(&one[0]).unwrap().sop_instance_uid, instance);
        assert!(same_pixels(&one[0], &object(&all[0], 1, 1)));
        for (below, count) in [
            (String::new(), 5),
            (format!("/series/{series}"), 2),
            (format!("/series/{series}/instances/{instance}"), 1),
        ] {
            let response = scene.program.get(&format!("{path}{below}/metadata")).send().await.unwrap();
            assert_eq!(response.headers()["content-type"], "application/dicom+json");
            let objects: Vec<Value> = response.json().await.unwrap();
            assert_eq!(objects.len(), count, "{below}");
            assert!(objects.iter().all(|one| one["7FE00010"].get("InlineBinary").is_none()));
            assert!(objects.iter().all(|one| value(one, "0020000D") == study));
            assert_eq!(value(&objects[0], "00100010"), "Müller^Jürgen");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_levels_come_by_c_get() {
    three_levels(&CT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_levels_come_by_c_move() {
    three_levels(&MOVE_ONLY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_404_and_what_cannot_be_asked_is_refused() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let (study, series) = (all[0].study_instance_uid(), all[0].series_instance_uid(0));
    let ask = async |path: &str, accept: &str| {
        let request = scene.program.get(&format!("/dicomweb/SOURCE/studies/{path}")).header("accept", accept);
        refusal(request.send().await.unwrap()).await
    };
    for (path, status, part) in [
        ("1.2.3", 404, "does not hold the study"),
        ("1.2.3/metadata", 404, "does not hold the study"),
        (&*format!("{study}/series/1.2.3"), 404, "names no series"),
        (&format!("{study}/series/{series}/instances/1.2.3"), 404, "does not hold the image"),
        (&format!("{study}/series/{series}/instances/1.2.3/metadata"), 404, "does not hold the image"),
        ("x", 400, "UID"),
        (&format!("{study}?pseudonym=a%5Cb"), 400, "backslash"),
        (&format!("{study}?trial_protocol_id=a%5Cb"), 400, "backslash"),
        (&format!("{study}?pseudonyme=a"), 400, "no parameter pseudonyme"),
        (&format!("{study}?charset=latin1"), 400, "UTF-8 only"),
    ] {
        let (got, detail) = ask(path, "*/*").await;
        assert!(got == status && detail.contains(part), "{path}: {got} {detail}");
    }
    let jpeg = "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.50";
    assert_eq!(ask(&study, jpeg).await.0, 406);
    assert_eq!(ask(&study, "image/jpeg").await.0, 406);
    assert_eq!(ask(&study, "application/dicom").await.0, 406);
    assert_eq!(ask(&format!("{study}/metadata"), "multipart/related; type=\"application/dicom\"").await.0, 406);
    let path = format!("/dicomweb/SOURCE/studies/{study}/series/{series}/instances/{}", all[0].sop_instance_uid(0, 0));
    let file = scene.program.get(&path).header("accept", "application/dicom").send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
    assert!(same_pixels(&file.bytes().await.unwrap(), &object(&all[0], 0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_is_written_and_demanded_where_it_has_to_be() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let path = format!("/api/dicom-web/SOURCE/wadors/studies/{}", all[0].study_instance_uid());
    let narrow = scene.gate.program(&scene.rig, "narrow", &Scope::ALL, true).await;
    for below in ["", "/metadata"] {
        let (status, detail) = refusal(narrow.get(&format!("{path}{below}")).send().await.unwrap()).await;
        assert!(status == 403 && detail.contains("pseudonym"), "{status} {detail}");
    }
    let query = "?pseudonym=P-001&trial_protocol_id=T-1&trial_protocol_name=Trial";
    let images = fetched(&narrow, &format!("{path}{query}")).await;
    assert_eq!(images.len(), 5);
    for image in &images {
        for planted in ["Müller", "PAT-1", "M\u{fc}ller"] {
            assert!(!contains(image, planted), "{planted} has left");
        }
        assert!(contains(image, "P-001") && contains(image, "T-1"));
        let head = parse_head(image).unwrap();
        assert!(!scene.source.instances().contains(&head.sop_instance_uid));
    }
    let objects: Vec<Value> =
        narrow.get(&format!("{path}/metadata{query}")).send().await.unwrap().json().await.unwrap();
    assert_eq!(objects.len(), 5);
    for object in &objects {
        assert_eq!((value(object, "00100010"), value(object, "00100020")), ("P-001".into(), "P-001".into()));
        assert_eq!(value(object, "00120020"), "T-1");
    }
    // The same patient under another pseudonym is a contradiction.
    let other = narrow.get(&format!("{path}?pseudonym=P-002")).send().await.unwrap();
    let (status, detail) = refusal(other).await;
    assert!(status == 409 && detail.contains("another pseudonym"), "{status} {detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_scopes_and_servers_are_looked_at() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let rig = &scene.rig;
    let stranger = scene.gate.stranger(rig, "stranger", &[Right::Search, Right::Retrieve]).await;
    let searcher = scene.gate.stranger(rig, "searcher", &[Right::Search]).await;
    let narrow = scene.gate.program(rig, "narrow", &[Scope::Search], false).await;
    for below in ["", "/metadata"] {
        let path = format!("/dicomweb/SOURCE/studies/{}{below}", all[0].study_instance_uid());
        for (program, status) in [(&stranger, 404), (&searcher, 403), (&narrow, 403)] {
            assert_eq!(refusal(program.get(&path).send().await.unwrap()).await.0, status);
        }
    }
    assert_eq!(scene.source.retrievals(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_no_body_lets_nothing_be_fetched() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let searcher = scene.gate.stranger(&scene.rig, "searcher", &[Right::Search]).await;
    let study = format!("studies/{}", all[0].study_instance_uid());
    let head = async |program: &Program, path: &str| {
        let request = program.get(path).build().unwrap();
        let mut head = reqwest::Request::new(reqwest::Method::HEAD, request.url().clone());
        *head.headers_mut() = request.headers().clone();
        reqwest::Client::new().execute(head).await.unwrap()
    };
    for layout in ["/dicomweb/SOURCE", "/api/dicom-web/SOURCE/wadors"] {
        for below in ["", "/metadata", "/rendered", "/thumbnail", "/nifti"] {
            let path = format!("{layout}/{study}{below}");
            let answer = head(&scene.program, &path).await;
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["allow"]),
                (405, &"GET".parse().unwrap()),
                "{path}"
            );
            assert_eq!(head(&searcher, &path).await.status(), 403, "{path}");
        }
    }
    assert_eq!(head(&scene.program, "/api/downloads/none").await.status(), 405);
    assert_eq!((scene.source.retrievals(), scene.source.found()), (0, 0));
    // A search moves no images.
    assert_eq!(head(&scene.program, "/dicomweb/SOURCE/studies").await.status(), 200);
    // Everything is in UTF-8.
    let response = scene.program.get(&format!("/dicomweb/SOURCE/{study}/metadata?charset=UTF-8")).send().await.unwrap();
    assert_eq!(response.json::<Vec<Value>>().await.unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_joins_and_a_slow_archive_gets_time() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 6, 64);
    let script = Script { retrieve_delay: Duration::from_secs(16), ..Script::default() };
    let scene = Scene::new(std::slice::from_ref(&study), script, &CT).await;
    let path = format!("/dicomweb/SOURCE/studies/{}", study.study_instance_uid());
    let begun = Instant::now();
    let first = scene.program.get(&path).send().await.unwrap();
    // The status comes before the archive has sent anything.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(first.status(), 200);
    drop(first);
    let (one, two) = tokio::join!(fetched(&scene.program, &path), fetched(&scene.program, &path));
    assert_eq!((one.len(), one), (6, two));
    let begun = Instant::now();
    assert_eq!(fetched(&scene.program, &path).await.len(), 6);
    assert!(begun.elapsed() < Duration::from_secs(10), "it was fetched again");
    assert_eq!(scene.source.retrievals(), 1, "one retrieval for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retrieval_that_fails_in_the_middle_breaks_the_body() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 10, 64);
    let script = Script { fail_nth: Some(6), fail_always: true, ..Script::default() };
    let scene = Scene::new(std::slice::from_ref(&study), script, &CT).await;
    let path = format!("/dicomweb/SOURCE/studies/{}", study.study_instance_uid());
    for below in ["", "/metadata"] {
        let response = scene.program.get(&format!("{path}{below}")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let broken = response.bytes().await;
        assert!(broken.is_err(), "what came looks whole");
    }
    // Nothing at all comes: that has a status of its own.
    let nothing =
        Scene::new(std::slice::from_ref(&study), Script { send_nothing: true, ..Script::default() }, &CT).await;
    assert_eq!(refusal(nothing.program.get(&path).send().await.unwrap()).await.0, 502);
    let busy = Scene::new(&[study], Script { retrieve_status: Some(0xA702), ..Script::default() }, &CT).await;
    assert_eq!(refusal(busy.program.get(&path).send().await.unwrap()).await.0, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_reader_holds_the_archive_back() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 60, 768);
    let scene = Scene::limited(std::slice::from_ref(&study), json!({ "associations": 1, "cache_mb": 4 })).await;
    let path = format!("/dicomweb/SOURCE/studies/{}", study.study_instance_uid());
    let mut slow = scene.program.get(&path).send().await.unwrap();
    assert!(slow.chunk().await.unwrap().is_some());
    tokio::time::sleep(Duration::from_secs(3)).await;
    let usage = scene.rig.backend.staging.usage().await.unwrap();
    assert!((1..50).contains(&usage.objects), "{usage:?} are staged for a reader who does not read");
    let mut bytes = 0;
    while let Some(chunk) = slow.chunk().await.unwrap() {
        bytes += chunk.len();
    }
    assert!(bytes > 60 * 768 * 768 * 2);
    let usage = scene.rig.backend.staging.usage().await.unwrap();
    assert!(usage.bytes < 8 << 20, "{usage:?} are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_does_not_hold_others_back_and_nothing_is_left_behind() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 40, 256);
    let scene = Scene::new(std::slice::from_ref(&study), Script::default(), &CT).await;
    let path = format!("/dicomweb/SOURCE/studies/{}", study.study_instance_uid());
    let mut slow = scene.program.get(&path).send().await.unwrap();
    assert!(slow.chunk().await.unwrap().is_some());
    assert_eq!(fetched(&scene.program, &path).await.len(), 40);
    drop(slow);
    assert_eq!(fetched(&scene.program, &path).await.len(), 40);
    assert_eq!(scene.source.retrievals(), 1, "kept for a repeated request");
    // A new ADIT on the same data has none of it.
    scene.rig.engine.recover().await.unwrap();
    scene.rig.assert_clean().await;
}
