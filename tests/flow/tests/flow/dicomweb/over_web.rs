//! Searches of servers that are asked by DICOMweb themselves.

use adit_archive::generate::{StudySpec, write_study};
use adit_domain::right::Scope;
use adit_test_support::gate::{Gate, Program};
use adit_test_support::rig::Rig;
use adit_test_support::web::{self, WebPeer, WebScript};
use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{refusal, value};

/// A DICOMweb server with studies, an ADIT before it, a program with a token.
struct WebScene {
    _dir: TempDir,
    _rig: Rig,
    source: WebPeer,
    program: Program,
}

impl WebScene {
    /// `most`: studies that the server may be asked about.
    async fn new(studies: &[StudySpec], script: WebScript, most: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for study in studies {
            write_study(study, &dir.path().join("source")).unwrap();
        }
        let rig = Rig::start(&dir.path().join("data")).await;
        let source = web::start(&dir.path().join("source"), script).await;
        rig.web_server("SOURCE", &source.url, json!({"max_search_results": most})).await;
        let program = Gate::over(&rig).await.program(&rig, "script", &Scope::ALL, false).await;
        Self { _dir: dir, _rig: rig, source, program }
    }

    async fn ask(&self, path: &str) -> Response {
        self.program.get(&format!("/dicomweb/SOURCE/{path}")).send().await.unwrap()
    }

    async fn search(&self, path: &str) -> Vec<Value> {
        let response = self.ask(path).await;
        assert_eq!(response.status(), 200, "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap()
    }
}

fn many() -> Vec<StudySpec> {
    (0..6).map(|number| StudySpec::ct(&format!("PAT-{number}"), "Doe^Jane", 2, 16)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_stand_in_the_address_as_text() {
    let scene = WebScene::new(&many()[..1], WebScript::default(), 10).await;
    assert_eq!(scene.search("instances?Rows=16").await.len(), 2);
    assert_eq!(scene.search("instances?Rows=512").await.len(), 0);
    let (status, detail) = refusal(scene.ask("instances?Rows=many").await).await;
    assert!(status == 400 && detail.contains("whole number"), "{status} {detail}");
    let asked = scene.source.searches();
    assert!(asked.iter().any(|one| one.contains("/instances?Rows=512&")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_by_its_uid_alone_is_asked_for_directly() {
    let all = many();
    let (series, image) = (all[4].series_instance_uid(0), all[4].sop_instance_uid(0, 1));
    for (script, is_found) in
        [(WebScript::default(), true), (WebScript { no_relational: true, ..WebScript::default() }, false)]
    {
        let scene = WebScene::new(&all, script, 3).await;
        for (path, count) in [
            (format!("series?SeriesInstanceUID={series}"), 1),
            (format!("instances?SOPInstanceUID={image}"), 1),
            (format!("instances?SeriesInstanceUID={series}"), 2),
            (format!("series?SeriesInstanceUID={series}&Modality=MR"), 0),
        ] {
            if is_found {
                let found = scene.search(&path).await;
                assert_eq!(found.len(), count, "{path}");
                let studies = found.iter().map(|one| value(one, "0020000D"));
                assert!(studies.into_iter().all(|study| study == all[4].study_instance_uid()), "{path}: {found:?}");
            } else {
                let (status, detail) = refusal(scene.ask(&path).await).await;
                assert!(status == 400 && detail.starts_with("Too much matches"), "{path}: {status} {detail}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_give_little_at_once_are_asked_for_less() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 250, 8);
    let path = format!("studies/{}/series/{}/instances", study.study_instance_uid(), study.series_instance_uid(0));
    for (most_limit, page, limits) in [
        (
            Some(200),
            None,
            &["limit=1000", "limit=200", "limit=200&offset=200", "limit=200", "limit=200&offset=200"][..],
        ),
        (Some(120), None, &["limit=1000", "limit=200", "limit=100", "limit=100&offset=100", "limit=100&offset=200"]),
        (Some(60), None, &["limit=1000", "limit=200", "limit=100", "limit=50", "limit=50&offset=50"]),
        (
            Some(0),
            Some(150),
            &["limit=1000", "limit=200", "limit=100", "limit=50", "limit=20", "", "offset=150", "offset=250", ""],
        ),
    ] {
        // That there is more is found out also where it is not said.
        let script = WebScript { most_limit, page, says_no_more: true, ..WebScript::default() };
        let scene = WebScene::new(std::slice::from_ref(&study), script, 10).await;
        for _ in 0..2 {
            assert_eq!(scene.search(&path).await.len(), 250);
        }
        let asked: Vec<String> = scene.source.searches();
        let said = |one: &String| {
            let query = one.split_once('?').map_or("", |(_, query)| query);
            let paging = query.split('&').filter(|pair| pair.starts_with("limit=") || pair.starts_with("offset="));
            paging.collect::<Vec<_>>().join("&")
        };
        let asked: Vec<String> = asked.iter().map(said).collect();
        assert!(asked.starts_with(&limits.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()), "{asked:?}");
        assert_eq!(asked.iter().filter(|one| *one == "limit=1000").count(), 1, "what it takes is remembered");
    }
    // What is wrong with a search itself stays its failure.
    let scene = WebScene::new(&[study], WebScript { search_status: Some(400), ..WebScript::default() }, 10).await;
    let (status, detail) = refusal(scene.ask(&path).await).await;
    assert!(status == 502 && detail.contains("HTTP status 400"), "{status} {detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn remarks_of_the_server_come_with_the_answer() {
    let script = WebScript { search_remark: Some("Old studies are not listed."), ..WebScript::default() };
    let scene = WebScene::new(&many()[..1], script, 10).await;
    for (path, expected) in [
        ("studies", &["Old studies"][..]),
        ("instances?fuzzymatching=true", &["fuzzymatching", "Old studies"]),
        ("studies?emptyvaluematching=true&charset=UTF-8", &["emptyvaluematching", "Old studies"]),
    ] {
        let response = scene.ask(path).await;
        assert_eq!(response.status(), 200);
        let warnings: Vec<&str> =
            response.headers().get_all("warning").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(warnings.iter().all(|one| one.starts_with("299 ")), "{warnings:?}");
        for part in expected {
            assert!(warnings.iter().any(|one| one.contains(part)), "{path}: {part} is missing in {warnings:?}");
        }
    }
    let quiet = scene.ask("studies?emptyvaluematching=false").await;
    assert!(quiet.headers().get_all("warning").iter().all(|one| !one.to_str().unwrap().contains("emptyvalue")));
    let (status, detail) = refusal(scene.ask("studies?charset=iso-8859-1").await).await;
    assert!(status == 400 && detail.contains("charset=utf-8"), "{status} {detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_of_no_pages_has_given_all_at_once() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 1_001, 8);
    let script = WebScript { no_limit: true, no_offset: true, ..WebScript::default() };
    let scene = WebScene::new(&[study], script, 10).await;
    let answer = scene.ask("instances?Modality=CT").await;
    assert!(answer.headers().get("warning").is_none(), "{:?}", answer.headers());
    let found: Vec<serde_json::Value> = answer.json().await.unwrap();
    assert_eq!(found.len(), 1_001);
}
