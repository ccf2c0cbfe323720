//! Stores at DICOMweb servers that say too little, fail, or refuse whatever comes: nothing counts as stored that is not, and nobody storms them.

use std::time::Duration;

use adit_archive::generate::StudySpec;
use adit_test_support::web::WebScript;

use super::store::{images, reasons, uids};
use super::store_batches::{scene, store};

/// What comes meanwhile goes together.
const DELAY: Duration = Duration::from_millis(200);

fn spec(instances: usize) -> StudySpec {
    StudySpec::ct("PAT-1", "Doe^Jane", instances, 16)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_read_does_not_make_a_refused_instance_a_stored_one() {
    let spec = spec(40);
    let refused = spec.sop_instance_uid(0, 13);
    let refuse_instance = Some((refused.clone(), 0xA700));
    let script = WebScript { refuse_instance, answers_xml: true, store_delay: DELAY, ..WebScript::default() };
    let (scene, behind) = scene(script).await;
    let answer = store(&scene, &images(&spec, 40), 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198")), (39, vec![refused]));
    assert_eq!(behind.instances().len(), 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_names_its_first_reason_alone_is_not_taken_for_a_success_of_the_others() {
    let spec = spec(40);
    let refused = spec.sop_instance_uid(0, 13);
    let refuse_instance = Some((refused.clone(), 0xA900));
    let script = WebScript { refuse_instance, all_or_nothing: true, store_delay: DELAY, ..WebScript::default() };
    let (scene, behind) = scene(script).await;
    let answer = store(&scene, &images(&spec, 40), 202).await;
    let mut stored = uids(&answer, "00081199");
    let mut held: Vec<String> = behind.instances().into_iter().collect();
    stored.sort();
    held.sort();
    assert_eq!((stored.len(), stored), (39, held), "what is said to be stored is there");
    assert_eq!((uids(&answer, "00081198"), reasons(&answer)), (vec![refused], vec![0xA900]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_which_the_server_fails_does_not_take_the_others_with_it() {
    let spec = spec(40);
    let refused = spec.sop_instance_uid(0, 13);
    let refuse_whole = Some((refused.clone(), 500));
    let (scene, behind) = scene(WebScript { refuse_whole, store_delay: DELAY, ..WebScript::default() }).await;
    let answer = store(&scene, &images(&spec, 40), 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198")), (39, vec![refused]));
    assert_eq!(behind.instances().len(), 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_at_everything_is_left_alone_soon() {
    let spec = spec(100);
    let script = WebScript { store_status: Some(500), store_delay: DELAY, ..WebScript::default() };
    let (scene, behind) = scene(script).await;
    let answer = store(&scene, &images(&spec, 100), 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198").len()), (0, 100));
    eprintln!("100 instances failed in {} requests", behind.requests());
    assert!(behind.requests() <= 60, "{} requests", behind.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_everything_is_not_asked_for_each() {
    let spec = spec(300);
    let script = WebScript { store_status: Some(400), store_delay: Duration::from_millis(30), ..WebScript::default() };
    let (scene, behind) = scene(script).await;
    let answer = store(&scene, &images(&spec, 300), 202).await;
    assert_eq!((uids(&answer, "00081199").len(), uids(&answer, "00081198").len()), (0, 300));
    assert!(reasons(&answer).iter().all(|reason| *reason == 0x0110));
    eprintln!("300 instances refused in {} requests", behind.requests());
    assert!(behind.requests() <= 160, "{} requests", behind.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_too_large_is_not_sent_again_and_again() {
    let spec = spec(200);
    let script = WebScript { most_instances: Some(7), store_delay: Duration::from_millis(30), ..WebScript::default() };
    let (scene, behind) = scene(script).await;
    let answer = store(&scene, &images(&spec, 200), 200).await;
    assert_eq!((uids(&answer, "00081199").len(), behind.instances().len()), (200, 200));
    eprintln!("200 instances, 7 at once, in {} requests", behind.requests());
    assert!(behind.requests() <= 52, "{} requests", behind.requests());
}
