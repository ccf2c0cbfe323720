//! Programs that pause while they send: the archive is there for others meanwhile.

use std::time::{Duration, Instant};

use adit_archive::generate::StudySpec;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Scene;
use super::store::{body, images, send, uids};
use super::store_ahead::{MIB, begin, large, until};

/// How long somebody else waits at most: the pause that counts as one, and what a large instance is waited for before it is sent later.
const OTHERS_WAIT: Duration = Duration::from_secs(14);

/// An archive that takes one association at a time.
async fn narrow() -> Scene {
    Scene::limited(&[], json!({"associations": 1})).await
}

fn spec(patient: &str, instances: usize) -> StudySpec {
    StudySpec::ct(patient, "Doe^Jane", instances, 64)
}

/// Somebody else's store goes through, and its answer comes.
async fn another_store(scene: &Scene, number: usize) {
    let other = spec(&format!("OTHER-{number}"), 2);
    let begun = Instant::now();
    let response = send(&scene.program, "/dicomweb/SOURCE/studies", body(&images(&other, 2))).await;
    let text = tokio::time::timeout(OTHERS_WAIT, response.text()).await.expect("others wait for who pauses").unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(uids(&answer, "00081199").len(), 2, "{answer}");
    assert!(begun.elapsed() < OTHERS_WAIT, "{:?}", begun.elapsed());
}

/// What the program is told at last.
async fn rest(mut stream: TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn between_instances_the_only_association_is_free_for_others_and_taken_anew() {
    let scene = narrow().await;
    let spec = spec("SLOW", 6);
    let files = images(&spec, 6);
    let whole = body(&files);
    let part = whole.len() / 6;
    let mut stream = begin(&scene, whole.len()).await;
    for pause in 0..2 {
        // Two instances and a half of the next one.
        let until_here = |pause: usize| (2 * pause + 2) * part + part / 2;
        let from = if pause == 0 { 0 } else { until_here(pause - 1) };
        stream.write_all(&whole[from..until_here(pause)]).await.unwrap();
        let uids = [spec.sop_instance_uid(0, 2 * pause), spec.sop_instance_uid(0, 2 * pause + 1)];
        until("the first ones do not arrive", || uids.iter().all(|uid| scene.source.instances().contains(uid))).await;
        another_store(&scene, pause).await;
    }
    let answer = rest(stream, &whole[4 * part + part / 2..]).await;
    assert!(!answer.contains("\"00081198\":{\"vr\":\"SQ\",\"Value\""), "{answer}");
    assert_eq!(scene.source.instances().len(), 6 + 4);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_one_now_and_then_has_the_only_association_for_a_turn_and_not_for_ever() {
    let scene = narrow().await;
    let spec = spec("DRIP", 14);
    let whole = body(&images(&spec, 14));
    let part = whole.len() / 14;
    let mut stream = begin(&scene, whole.len()).await;
    let dripping = async {
        for number in 0..12 {
            stream.write_all(&whole[number * part..(number + 1) * part]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2500)).await;
        }
    };
    let other = async {
        tokio::time::sleep(Duration::from_secs(12)).await;
        another_store(&scene, 0).await;
        Instant::now()
    };
    let (end, served) = tokio::join!(
        async {
            dripping.await;
            Instant::now()
        },
        other
    );
    assert!(served < end, "others are served when all was sent");
    rest(stream, &whole[12 * part..]).await;
    assert_eq!(scene.source.instances().len(), 14 + 2);
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_large_instance_others_are_served_too() {
    let scene = narrow().await;
    let spec = spec("SLOW", 1);
    let whole = body(&[large(&spec)]);
    let mut stream = begin(&scene, whole.len()).await;
    stream.write_all(&whole[..20 * MIB]).await.unwrap();
    until("nothing is sent on", || scene.source.stored() == 1).await;
    another_store(&scene, 0).await;
    rest(stream, &whole[20 * MIB..]).await;
    assert!(scene.source.instances().contains(&spec.sop_instance_uid(0, 0)));
    assert_eq!((scene.source.instances().len(), scene.source.stored()), (3, 4), "one second try and nothing else");
    scene.assert_nothing_staged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_while_nothing_is_sent_leaves_the_archive_free() {
    let scene = narrow().await;
    let spec = spec("GONE", 2);
    let whole = body(&images(&spec, 2));
    let mut stream = begin(&scene, whole.len()).await;
    stream.write_all(&whole[..whole.len() - 100]).await.unwrap();
    until("the first one does not arrive", || scene.source.instances().len() == 1).await;
    drop(stream);
    another_store(&scene, 0).await;
    assert_eq!(scene.source.instances().len(), 3);
    scene.assert_nothing_staged().await;
}
