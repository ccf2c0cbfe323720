//! DICOMweb servers as sources and destinations of transfers.

use std::time::{Duration, Instant};

use adit_api::nodes::SecretsInput;
use adit_api::search::{SearchLine, SeriesQuery, StudyQuery};
use adit_archive::generate::{SeriesSpec, StudySpec, write_study};
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_test_support::rig::{Rig, pseudonym};
use adit_test_support::scripted::{self, Script};
use adit_test_support::web::{self, WebPeer, WebScript};
use serde_json::json;
use tempfile::TempDir;

use crate::ALL;

/// A study at a DICOMweb server, an empty one, an ADIT.
struct Scene {
    dir: TempDir,
    rig: Rig,
    spec: StudySpec,
    source: WebPeer,
    destination: WebPeer,
}

impl Scene {
    async fn new(images: usize, source: WebScript, destination: WebScript) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let spec = StudySpec::ct("PAT-1", "Doe^Jane", images, 64);
        write_study(&spec, &dir.path().join("source")).unwrap();
        let rig = Rig::start(&dir.path().join("data")).await;
        let source = web::start(&dir.path().join("source"), source).await;
        let destination = web::start(&dir.path().join("destination"), destination).await;
        Self { dir, rig, spec, source, destination }
    }

    fn study(&self) -> String {
        self.spec.study_instance_uid()
    }

    async fn transfer(&self, options: TransferOptions) -> adit_api::jobs::JobSnapshot {
        let from = self.rig.web_server("SOURCE", &self.source.url, json!({})).await;
        let to = self.rig.web_server("DEST", &self.destination.url, json!({})).await;
        self.rig.transfer(&from, &to, &self.study(), options).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_dicomweb_to_dicomweb_every_byte_of_the_data_arrives_and_is_verified() {
    let scene = Scene::new(30, WebScript::default(), WebScript::default()).await;
    let end = scene.transfer(TransferOptions::default()).await;
    assert_eq!(
        (end.job.status, end.progress.delivered, end.progress.verified),
        (JobStatus::Success, 30, 30),
        "{end:?}"
    );
    assert_eq!(scene.destination.instances(), scene.source.instances());
    for uid in scene.source.instances() {
        let data = |file: bytes::Bytes| {
            let at = adit_deid::part10::parse_head(&file).unwrap().data_set_offset;
            file.slice(usize::try_from(at).unwrap()..)
        };
        let (sent, came) = (scene.source.file(&uid).unwrap(), scene.destination.file(&uid).unwrap());
        assert!(data(sent) == data(came), "{uid} changed on its way");
    }
    let posts = scene.destination.seen().iter().filter(|one| one.starts_with("POST")).count();
    assert!(posts < 30, "several instances go in one request, not {posts} requests");
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pseudonyms_are_given_on_the_way_between_dicomweb_and_dimse() {
    let scene = Scene::new(8, WebScript::default(), WebScript::default()).await;
    let dimse = scripted::start(&scene.dir.path().join("dimse"), Script::default()).await;
    let from = scene.rig.web_server("SOURCE", &scene.source.url, json!({})).await;
    let to = scene.rig.server("DIMSE", dimse.addr, &ALL).await;
    let end = scene.rig.transfer(&from, &to, &scene.study(), pseudonym("P-1")).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 8), "{end:?}");
    let key = adit_deid::ProjectKey::from_bytes(adit_test_support::rig::KEY);
    let mapped: std::collections::HashSet<String> =
        scene.source.instances().iter().map(|uid| adit_deid::map_uid(&key, uid)).collect();
    assert_eq!(dimse.instances(), mapped);
    for file in crate::files(&scene.dir.path().join("dimse")) {
        assert!(!crate::contains(&std::fs::read(file).unwrap(), "Doe^Jane"), "the name has left");
    }
    // And back, to DICOMweb.
    let web = scene.rig.web_server("WEB", &scene.destination.url, json!({})).await;
    let study = adit_deid::map_uid(&key, &scene.study());
    let end = scene.rig.transfer(&to, &web, &study, TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 8), "{end:?}");
    assert_eq!(scene.destination.instances(), mapped);
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn studies_and_series_are_searched_page_by_page() {
    let script = WebScript { page: Some(2), ..WebScript::default() };
    let scene = Scene::new(9, script, WebScript::default()).await;
    let other = StudySpec::ct("PAT-2", "Müller^Jürgen", 1, 16);
    let more = scene.dir.path().join("more");
    for study in 0..5 {
        let spec = StudySpec { patient_id: format!("PAT-{study}"), ..other.clone() };
        write_study(&spec, &more).unwrap();
    }
    let many = web::start(&more, WebScript { page: Some(2), ..WebScript::default() }).await;
    let (one, many) = (
        scene.rig.web_server("SOURCE", &scene.source.url, json!({})).await,
        scene.rig.web_server("MANY", &many.url, json!({})).await,
    );
    let query = StudyQuery { sources: vec![one.id.clone(), many.id.clone()], ..StudyQuery::default() };
    let mut lines = scene.rig.engine.search(&scene.rig.actor, query).await.unwrap();
    let (mut studies, mut errors) = (Vec::new(), String::new());
    while let Some(line) = lines.recv().await {
        match line {
            SearchLine::Study(row) => studies.push(*row),
            SearchLine::Source(outcome) => errors.push_str(&outcome.error),
        }
    }
    assert_eq!((studies.len(), errors.as_str()), (6, ""), "{studies:?}");
    assert!(studies.iter().any(|row| row.patient_name.contains("Müller")), "{studies:?}");
    let study_instance_uid = scene.study();
    let query = SeriesQuery { source: one.id.clone(), patient_id: String::new(), study_instance_uid };
    let series = scene.rig.engine.series(&scene.rig.actor, query).await.unwrap();
    assert_eq!((series.len(), series[0].modality.as_str()), (1, "CT"));
    // The list of images of a transfer is paged, too.
    let end = scene.transfer_from(&one).await;
    assert_eq!((end.job.status, end.progress.expected), (JobStatus::Success, 9), "{end:?}");
}

impl Scene {
    async fn transfer_from(&self, from: &adit_api::nodes::NodeView) -> adit_api::jobs::JobSnapshot {
        let to = self.rig.web_server("DEST", &self.destination.url, json!({})).await;
        self.rig.transfer(from, &to, &self.study(), TransferOptions::default()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_is_asked_again_no_earlier_than_it_wants() {
    let script = WebScript { refuse: Some((1, 503, "2")), ..WebScript::default() };
    let scene = Scene::new(3, script, WebScript { refuse: Some((1, 429, "1")), ..WebScript::default() }).await;
    let begun = Instant::now();
    let end = scene.transfer(TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 3), "{end:?}");
    assert!(begun.elapsed() >= Duration::from_secs(3), "it was asked after {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_leaves_nothing_half_and_is_fetched_again() {
    let script = WebScript { break_off: 1, ..WebScript::default() };
    let scene = Scene::new(6, script, WebScript::default()).await;
    let end = scene.transfer(TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 6), "{end:?}");
    assert_eq!(scene.destination.instances(), scene.source.instances());
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn remarks_and_refusals_of_both_ends_reach_the_task() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 4, 64);
    let refused = spec.sop_instance_uid(0, 2);
    let source = WebScript {
        partial: Some("Some images are offline"),
        search_remark: Some("Old studies are not listed."),
        ..WebScript::default()
    };
    let destination =
        WebScript { refuse_instance: Some((refused.clone(), 0xC000)), warn: Some(0xB007), ..WebScript::default() };
    let scene = Scene::new(4, source, destination).await;
    let end = scene.transfer(TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Warning, 3), "{end:?}");
    let task = scene.rig.engine.task(&scene.rig.actor, &end.job.id, &end.tasks[0].id).await.unwrap();
    let text = serde_json::to_string(&task).unwrap();
    for sentence in [
        "Some images are offline",
        "SOURCE remarks on the search for the study: Old studies are not listed.",
        "HTTP status 206",
        "warning reason B007",
        "failure reason C000",
        &refused,
    ] {
        assert!(text.contains(sentence), "{sentence} is missing: {text}");
    }
    assert_eq!(scene.destination.instances().len(), 3);
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_pages_in_circles_is_not_taken_for_complete() {
    let scene = Scene::new(1, WebScript::default(), WebScript::default()).await;
    let mut spec = StudySpec::ct("PAT-2", "Doe^Jim", 1, 16);
    spec.series.extend((0..3).map(|_| SeriesSpec::new("CT", "More", 1, 16)));
    write_study(&spec, &scene.dir.path().join("more")).unwrap();
    let script = WebScript { page: Some(2), no_offset: true, ..WebScript::default() };
    let source = web::start(&scene.dir.path().join("more"), script).await;
    let from = scene.rig.web_server("SOURCE", &source.url, json!({})).await;
    let to = scene.rig.web_server("DEST", &scene.destination.url, json!({})).await;
    let end = scene.rig.transfer(&from, &to, &spec.study_instance_uid(), TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Warning, 2), "{end:?}");
    let task = scene.rig.engine.task(&scene.rig.actor, &end.job.id, &end.tasks[0].id).await.unwrap();
    let text = serde_json::to_string(&task).unwrap();
    assert!(text.contains("the same 2 results for each page"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_one_request_goes_in_several() {
    let destination = WebScript { most_instances: Some(2), ..WebScript::default() };
    let scene = Scene::new(9, WebScript::default(), destination).await;
    let end = scene.transfer(TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 9), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_leaves_open_is_not_taken_for_delivered() {
    let refused = StudySpec::ct("PAT-1", "Doe^Jane", 9, 64).sop_instance_uid(0, 4);
    let refuse_instance = Some((refused.clone(), 0xC000));
    for script in [
        WebScript { answers_xml: true, ..WebScript::default() },
        WebScript { all_or_nothing: true, ..WebScript::default() },
    ] {
        let script = WebScript { refuse_instance: refuse_instance.clone(), ..script };
        let scene = Scene::new(9, WebScript::default(), script).await;
        let end = scene.transfer(TransferOptions::default()).await;
        assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Warning, 8), "{end:?}");
        let held = scene.destination.instances();
        assert!(held.len() == 8 && !held.contains(&refused), "{held:?}");
        scene.rig.assert_clean().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_credentials_and_headers_let_us_in_and_are_kept_secret() {
    // "client id" and "s:ecret", each encoded before they are joined (RFC 6749 2.3.1).
    let client = "Basic Y2xpZW50JTIwaWQ6cyUzQWVjcmV0".to_owned();
    let source = WebScript { client: Some(client), authorization: Some("Bearer t0ken".into()), ..WebScript::default() };
    let header = Some(("x-api-key".to_owned(), "k3y".to_owned()));
    let destination = WebScript { authorization: Some("Basic abc".into()), header, ..WebScript::default() };
    let scene = Scene::new(5, source, destination).await;
    let token_url = format!("http://{}/token", scene.source.addr);
    let more = json!({"dicomweb": {"token_url": token_url, "client_id": "client id", "scope": "dicom"}});
    let from = scene.rig.web_server("SOURCE", &scene.source.url, more).await;
    let to = scene.rig.web_server("DEST", &scene.destination.url, json!({})).await;
    let test = scene.rig.engine.test_node(&from.id).await.unwrap();
    assert!(!test.ok && test.summary.contains("client id, secret"), "{test:?}");
    let test = scene.rig.engine.test_node(&to.id).await.unwrap();
    assert!(!test.ok && test.summary.contains("401"), "{test:?}");
    scene.rig.secrets(&from, SecretsInput { client_secret: Some("s:ecret".into()), ..SecretsInput::default() }).await;
    scene
        .rig
        .secrets(&to, SecretsInput { authorization_header: Some("Basic abc".into()), ..SecretsInput::default() })
        .await;
    let test = scene.rig.engine.test_node(&to.id).await.unwrap();
    assert!(!test.ok && test.summary.contains("403"), "the gateway wants its key, too: {test:?}");
    scene
        .rig
        .secrets(&to, SecretsInput { extra_header: Some("X-Api-Key: k3y".into()), ..SecretsInput::default() })
        .await;
    let test = scene.rig.engine.test_node(&from.id).await.unwrap();
    assert!(test.ok, "{test:?}");
    let end = scene.rig.transfer(&from, &to, &scene.study(), TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 5), "{end:?}");
    assert!(scene.source.tokens() <= 2, "a token is used again: {}", scene.source.tokens());
    let shown = serde_json::to_string(&scene.rig.engine.node(&scene.rig.actor, &from.id).await.unwrap()).unwrap();
    assert!(!shown.contains("s:ecret") && shown.contains("\"has_client_secret\":true"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dicomweb_steps_in_where_dimse_fails_and_the_other_way_round() {
    let scene =
        Scene::new(5, WebScript { retrieve_status: Some(501), ..WebScript::default() }, WebScript::default()).await;
    // The source searches by C-FIND and fails to send by WADO-RS; the destination offers C-STORE at a dead port.
    let dimse = scripted::start(&scene.dir.path().join("source"), Script::default()).await;
    let services = json!({"study_root_find": true, "study_root_get": true});
    let more = json!({"host": "127.0.0.1", "port": dimse.addr.port(), "services": services});
    let from = scene.rig.web_server("SOURCE", &scene.source.url, more).await;
    let more = json!({"host": "127.0.0.1", "port": adit_test_support::free_port(),
        "services": {"store_scp": true, "study_root_find": true}});
    let to = scene.rig.web_server("DEST", &scene.destination.url, more).await;
    let end = scene.rig.transfer(&from, &to, &scene.study(), TransferOptions::default()).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 5), "{end:?}");
    assert_eq!(scene.destination.instances().len(), 5);
    // A search that C-FIND refuses is answered by QIDO-RS.
    let broken =
        scripted::start(&scene.dir.path().join("empty"), Script { find_status: Some(0xC001), ..Script::default() })
            .await;
    let more = json!({"host": "127.0.0.1", "port": broken.addr.port(), "services": {"study_root_find": true}});
    let both = scene.rig.web_server("BOTH", &scene.source.url, more).await;
    let study_instance_uid = scene.study();
    let query = SeriesQuery { source: both.id.clone(), patient_id: String::new(), study_instance_uid };
    assert_eq!(scene.rig.engine.series(&scene.rig.actor, query).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_and_one_that_is_not_dicomweb_are_told_apart() {
    let scene =
        Scene::new(1, WebScript { search_status: Some(404), ..WebScript::default() }, WebScript::default()).await;
    let gone = format!("http://127.0.0.1:{}/dicom-web", adit_test_support::free_port());
    for (ae_title, url, word) in
        [("GONE", gone.as_str(), "nothing answers"), ("OTHER", &scene.source.url, "base address")]
    {
        let node = scene.rig.web_server(ae_title, url, json!({})).await;
        let test = scene.rig.engine.test_node(&node.id).await.unwrap();
        assert!(!test.ok && test.summary.contains(word), "{test:?}");
    }
}
