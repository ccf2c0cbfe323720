//! Large instances are sent on while they arrive, and never look whole before they are.

use std::time::{Duration, Instant};

use adit_archive::generate::{StudySpec, object, write_huge};
use adit_deid::part10::parse_head;
use adit_domain::right::Scope;
use adit_test_support::scripted::Script;
use adit_test_support::web::{self, WebScript};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Scene;
use super::store::{KIND, answered, body, send, uids};
use crate::ALL;

pub(super) const MIB: usize = 1 << 20;

fn spec() -> StudySpec {
    StudySpec::ct("PAT-1", "Doe^Jane", 1, 64)
}

/// An instance of 40 MiB.
pub(super) fn large(spec: &StudySpec) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.dcm");
    write_huge(spec, 40 << 20, &path).unwrap();
    std::fs::read(path).unwrap()
}

/// A request whose body goes out by hand.
pub(super) async fn begin(scene: &Scene, length: usize) -> TcpStream {
    let address = scene.program.url.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /dicomweb/SOURCE/studies HTTP/1.1\r\nhost: {address}\r\nauthorization: Token {}\r\ncontent-type: {KIND}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
        scene.program.token,
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

pub(super) async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the archive holds is the data set that was sent.
fn assert_kept(scene: &Scene, file: &[u8]) {
    let kept = crate::files(&scene.dir.path().join("source"));
    assert_eq!(kept.len(), 1);
    let data_set = |file: &[u8]| file[parse_head(file).unwrap().data_set_offset as usize..].to_vec();
    assert!(data_set(&std::fs::read(&kept[0]).unwrap()) == data_set(file), "the instance has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_on_its_way_before_its_end_has_come() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let file = large(&spec());
    let whole = body(std::slice::from_ref(&file));
    let mut stream = begin(&scene, whole.len()).await;
    stream.write_all(&whole[..30 * MIB]).await.unwrap();
    until("nothing is sent on", || scene.source.stored() == 1).await;
    assert!(scene.source.instances().is_empty());
    stream.write_all(&whole[30 * MIB..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(scene.source.stored(), 1);
    assert_kept(&scene, &file);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_leaves_nothing_at_the_archive() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let whole = body(&[large(&spec())]);
    let mut stream = begin(&scene, whole.len()).await;
    stream.write_all(&whole[..whole.len() - 100]).await.unwrap();
    until("nothing is sent on", || scene.source.stored() == 1).await;
    drop(stream);
    let spooled =
        || crate::files(&scene.dir.path().join("data")).iter().any(|p| p.to_string_lossy().contains("spool-"));
    until("the spool stays", || !spooled()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(scene.source.instances().is_empty() && scene.source.stored() == 1);
    // The archive can be used as before.
    let answer = answered(send(&scene.program, "/dicomweb/SOURCE/studies", whole).await, 200).await;
    assert_eq!(uids(&answer, "00081199").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_data_end_too_early_leaves_nothing_and_the_next_one_goes() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let (spec, other) = (spec(), StudySpec::ct("PAT-2", "Roe^Jim", 1, 64));
    let mut cut = large(&spec);
    cut.truncate(cut.len() - 8);
    let answer =
        answered(send(&scene.program, "/dicomweb/SOURCE/studies", body(&[cut, object(&other, 0, 0)])).await, 202).await;
    assert_eq!(uids(&answer, "00081198"), [spec.sop_instance_uid(0, 0)]);
    assert_eq!(answer["00081198"]["Value"][0]["00081197"]["Value"][0], 0xC000, "{answer}");
    assert_eq!(scene.source.stored(), 2, "the first one was begun");
    assert_eq!(scene.source.instances().into_iter().collect::<Vec<_>>(), [other.sop_instance_uid(0, 0)]);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_stored_is_not_even_begun() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let whole = body(&[large(&spec())]);
    let narrow = scene.gate.program(&scene.rig, "narrow", &[Scope::Store], true).await;
    for (program, path, reason) in
        [(&scene.program, "/dicomweb/SOURCE/studies/1.2.3", 0xA900), (&narrow, "/dicomweb/SOURCE/studies", 0x0124)]
    {
        let answer = answered(send(program, path, whole.clone()).await, 202).await;
        assert_eq!(answer["00081198"]["Value"][0]["00081197"]["Value"][0], reason, "{answer}");
    }
    assert_eq!(scene.source.stored(), 0);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_pauses_costs_a_second_try_and_nothing_else() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let file = large(&spec());
    let whole = body(std::slice::from_ref(&file));
    let mut stream = begin(&scene, whole.len()).await;
    stream.write_all(&whole[..20 * MIB]).await.unwrap();
    until("nothing is sent on", || scene.source.stored() == 1).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    stream.write_all(&whole[20 * MIB..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(scene.source.stored(), 2);
    assert_kept(&scene, &file);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_out_of_resources_gets_it_once_more() {
    let script = Script { store_status: Some((0, 0xA700, 1)), ..Script::default() };
    let scene = Scene::new(&[], script, &ALL).await;
    let file = large(&spec());
    let begun = Instant::now();
    let response = send(&scene.program, "/dicomweb/SOURCE/studies", body(std::slice::from_ref(&file))).await;
    let answer: Value = answered(response, 200).await;
    assert_eq!((uids(&answer, "00081199").len(), scene.source.stored()), (1, 2));
    assert!(begun.elapsed() >= Duration::from_millis(900), "it was sent again at once");
    assert_kept(&scene, &file);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_stays_out_of_resources_gets_it_as_often_as_any_other() {
    let script = Script { store_status: Some((0, 0xA700, 100)), ..Script::default() };
    let scene = Scene::new(&[], script, &ALL).await;
    let whole = body(&[large(&spec())]);
    let mut stream = begin(&scene, whole.len()).await;
    stream.write_all(&whole[..30 * MIB]).await.unwrap();
    until("nothing is sent on", || scene.source.stored() == 1).await;
    stream.write_all(&whole[30 * MIB..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("42752"), "{answer}");
    assert!((4..=5).contains(&scene.source.stored()), "{} tries", scene.source.stored());
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dicomweb_server_gets_it_as_a_whole() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let behind = web::start(&scene.dir.path().join("web"), WebScript::default()).await;
    scene.rig.web_server("WEB", &behind.url, json!({})).await;
    let file = large(&spec());
    let mut cut = file.clone();
    cut.truncate(file.len() - 8);
    let answer = answered(send(&scene.program, "/dicomweb/WEB/studies", body(&[cut, file])).await, 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198").len()), (1, 1));
    assert_eq!(behind.instances().len(), 1);
    scene.assert_nothing_staged().await;
}
