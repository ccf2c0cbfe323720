//! Stores at a server that speaks DICOMweb: many instances in few requests, and each is judged by itself.

use std::time::Duration;

use adit_archive::generate::StudySpec;
use adit_test_support::scripted::{self, Script};
use adit_test_support::web::{self, WebPeer, WebScript};
use serde_json::{Value, json};

use super::Scene;
use super::store::{answered, body, images, reasons, send, uids};
use crate::ALL;

pub(super) async fn scene(script: WebScript) -> (Scene, WebPeer) {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let behind = web::start(&scene.dir.path().join("web"), script).await;
    scene.rig.web_server("WEB", &behind.url, json!({"limits": {"associations": 2}})).await;
    (scene, behind)
}

pub(super) async fn store(scene: &Scene, files: &[Vec<u8>], status: u16) -> Value {
    let response = send(&scene.program, "/dicomweb/WEB/studies", body(files)).await;
    let answer = answered(response, status).await;
    scene.assert_nothing_staged().await;
    answer
}

fn posts(behind: &WebPeer) -> usize {
    behind.seen().iter().filter(|request| request.starts_with("POST")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_instances_go_in_few_requests_and_one_that_is_refused_fails_alone() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 200, 16);
    let refused = spec.sop_instance_uid(0, 77);
    let script = WebScript {
        refuse_instance: Some((refused.clone(), 0xA700)),
        // What comes meanwhile goes together.
        store_delay: Duration::from_millis(300),
        ..WebScript::default()
    };
    let (scene, behind) = scene(script).await;
    let files = images(&spec, 200);
    let answer = store(&scene, &files, 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198")), (199, vec![refused.clone()]));
    assert_eq!(reasons(&answer), [0xA700]);
    assert!(behind.instances().len() == 199 && !behind.instances().contains(&refused));
    eprintln!("200 instances in {} requests", posts(&behind));
    assert!(posts(&behind) <= 40, "{} requests", posts(&behind));
    let kept = behind.file(&spec.sop_instance_uid(0, 0)).unwrap();
    assert!(kept[..] == files[0][..], "the instance has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_refused_for_one_instance_is_sent_in_parts() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 40, 16);
    let refused = spec.sop_instance_uid(0, 13);
    let (refuse_whole, store_delay) = (Some((refused.clone(), 400)), Duration::from_millis(200));
    let script = WebScript { refuse_whole, store_delay, ..WebScript::default() };
    let (scene, behind) = scene(script).await;
    let answer = store(&scene, &images(&spec, 40), 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198")), (39, vec![refused]));
    assert_eq!(reasons(&answer), [0x0110]);
    assert_eq!(behind.instances().len(), 39);
    assert!(posts(&behind) <= 32, "{} requests", posts(&behind));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_few_at_once_gets_few_at_once() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 40, 16);
    let (scene, behind) = scene(WebScript { most_instances: Some(7), ..WebScript::default() }).await;
    let answer = store(&scene, &images(&spec, 40), 200).await;
    assert_eq!((uids(&answer, "00081199").len(), behind.instances().len()), (40, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_instance_twice_is_stored_twice() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 16);
    let (scene, behind) = scene(WebScript::default()).await;
    let files = images(&spec, 2);
    let answer = store(&scene, &[&files[..], &files[..]].concat(), 200).await;
    assert_eq!((uids(&answer, "00081199").len(), behind.instances().len()), (4, 2));
    assert!(posts(&behind) >= 2, "no request holds two of one name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lets_nobody_in_fails_all_and_is_not_asked_again_and_again() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 40, 16);
    let (scene, behind) = scene(WebScript { refuse: Some((1000, 403, "")), ..WebScript::default() }).await;
    let answer = store(&scene, &images(&spec, 40), 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198").len()), (0, 40));
    assert!(behind.requests() <= 10, "{} requests", behind.requests());
}

/// A server that speaks both, whose DICOM port answers nobody, and one whose port does.
#[tokio::test(flavor = "multi_thread")]
async fn dicomweb_steps_in_where_no_association_comes_about() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 30, 64);
    let (scene, behind) = scene(WebScript::default()).await;
    let both = |port: u16| json!({"host": "127.0.0.1", "port": port, "limits": {"associations": 3}, "services": {"store_scp": true}});
    scene.rig.web_server("BOTH", &behind.url, both(adit_test_support::free_port())).await;
    let mut files = images(&spec, 30);
    // It is sent on before it is whole.
    let large = StudySpec::ct("PAT-2", "Doe^John", 1, 2048);
    files.extend(images(&large, 1));
    let response = send(&scene.program, "/dicomweb/BOTH/studies", body(&files)).await;
    let answer = answered(response, 200).await;
    assert_eq!((uids(&answer, "00081199").len(), behind.instances().len()), (31, 31));
    scene.assert_nothing_staged().await;

    let dimse = scripted::start(&scene.dir.path().join("dimse"), Script::default()).await;
    scene.rig.web_server("ALIVE", &behind.url, both(dimse.addr.port())).await;
    let before = posts(&behind);
    let response = send(&scene.program, "/dicomweb/ALIVE/studies", body(&files[..2])).await;
    let answer = answered(response, 200).await;
    assert_eq!((uids(&answer, "00081199").len(), dimse.stored(), posts(&behind)), (2, 2, before));
}
