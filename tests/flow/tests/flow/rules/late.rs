//! Once for each study and rule: repeated events, late images, and what happens to the rule meanwhile.

use adit_archive::generate::StudySpec;
use adit_domain::job::{JobAction, JobStatus};
use serde_json::json;

use super::{Stage, inbox, objects, patched};

#[tokio::test(flavor = "multi_thread")]
async fn a_study_that_comes_twice_makes_one_job() {
    let stage = Stage::new().await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 6, 32);
    let rule = stage.rule(inbox(&["CT1", "CT2"]), json!({})).await;
    let all = objects(&spec, 0);
    let again = all.clone();
    let (dicom, calling) = (stage.rig.dicom, "CT2");
    let parallel = tokio::spawn(async move { adit_test_support::sender::send(dicom, calling, &again).await });
    stage.sent("CT1", &all).await;
    parallel.await.unwrap().unwrap();
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 6), "{end:?}");
    // While its images are still kept, and after they have gone.
    stage.sent("CT1", &all).await;
    stage.sweep_a_while().await;
    stage.inbox_empties().await;
    stage.sent("CT1", &all).await;
    stage.sweep_a_while().await;
    assert_eq!(stage.jobs().await.len(), 1);
    assert_eq!(stage.destination.stored(), 6, "nothing was sent twice");
    assert_eq!(stage.rig.engine.firings(&rule.rule.id).await.unwrap().len(), 1);
    stage.inbox_empties().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sweepers_make_one_job_and_two_rules_two() {
    let stage = Stage::new().await;
    stage.rule(inbox(&["CT1"]), json!({"name": "One"})).await;
    stage.rule(inbox(&["CT1"]), json!({"name": "Two", "options": {"identity": "pseudonymise"}})).await;
    stage.sent("CT1", &objects(&StudySpec::ct("PAT-1", "Doe^Jane", 3, 16), 0)).await;
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let sweeps = (0..4).map(|_| {
        let engine = stage.rig.engine.clone();
        tokio::spawn(async move { engine.sweep().await })
    });
    for sweep in sweeps.collect::<Vec<_>>() {
        sweep.await.unwrap().unwrap();
    }
    let jobs = stage.sweep_until(|jobs| jobs.iter().all(|job| job.status == JobStatus::Success)).await;
    let mut names: Vec<String> = jobs.iter().map(|job| job.cause.as_ref().unwrap().rule_name.clone()).collect();
    names.sort();
    assert_eq!(names, ["One", "Two"]);
    assert_eq!(stage.destination.instances().len(), 6);
    stage.inbox_empties().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_images_join_the_job_and_only_they_move() {
    let stage = Stage::new().await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 8, 32);
    stage.rule(inbox(&["CT1"]), json!({})).await;
    let all = objects(&spec, 0);
    stage.sent("CT1", &all[..5]).await;
    let first = stage.fired().await;
    assert_eq!((first.job.status, first.progress.delivered), (JobStatus::Success, 5));
    stage.sent("CT1", &all[5..]).await;
    stage
        .sweep_until(|jobs| jobs.len() == 1 && jobs[0].status == JobStatus::Success && jobs[0].end > first.job.end)
        .await;
    let end = stage.rig.engine.snapshot(&stage.rig.actor, &first.job.id).await.unwrap();
    assert_eq!((end.tasks.len(), end.progress.delivered, end.progress.verified), (1, 8, 8), "{end:?}");
    assert_eq!((stage.destination.stored(), stage.destination.instances().len()), (8, 8));
    stage.inbox_empties().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_deleted_before_it_fires_does_nothing_and_after_it_its_job_goes_on() {
    let stage = Stage::new().await;
    let (one, two) = (StudySpec::ct("PAT-1", "Doe^Jane", 2, 16), StudySpec::ct("PAT-2", "Roe^Max", 2, 16));
    let rule = stage.rule(inbox(&["CT1"]), json!({})).await;
    stage.sent("CT1", &objects(&one, 0)).await;
    stage.rig.engine.delete_rule(&rule.rule.id).await.unwrap();
    stage.sweep_a_while().await;
    assert!(stage.jobs().await.is_empty());
    let count = json!({"kind": "inbox", "calling_ae_titles": ["CT1"], "complete": {"quiet_seconds": 3600, "count": 2}});
    let rule = stage.rule(count, json!({})).await;
    stage.sent("CT1", &objects(&two, 0)).await;
    stage.rig.engine.sweep().await.unwrap();
    let job = stage.jobs().await.remove(0);
    stage.rig.engine.delete_rule(&rule.rule.id).await.unwrap();
    let end = stage.rig.outcome(&job.id).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 2), "{end:?}");
    assert_eq!(end.job.cause.unwrap().rule, rule.rule.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_image_with_another_pseudonym_is_not_sent_and_it_is_said() {
    let stage = Stage::new().await;
    let spec = StudySpec { description: "S-001".into(), ..StudySpec::ct("PAT-1", "Doe^Jane", 3, 16) };
    let more = json!({"options": {"identity": "pseudonymise"},
        "pseudonym": {"kind": "attribute", "attribute": "StudyDescription"}});
    let rule = stage.rule(inbox(&["CT1"]), more).await;
    let all = objects(&spec, 0);
    stage.sent("CT1", &all[..2]).await;
    let first = stage.fired().await;
    assert_eq!((first.job.status, first.progress.delivered), (JobStatus::Success, 2), "{first:?}");
    stage.sent("CT1", &[patched(&all[2], b"S-001", b"S-009")]).await;
    stage.sweep_a_while().await;
    let end = stage.rig.outcome(&first.job.id).await;
    assert_eq!((end.progress.delivered, stage.destination.stored()), (2, 2), "{end:?}");
    let firings = stage.rig.engine.firings(&rule.rule.id).await.unwrap();
    let said = firings.iter().find(|firing| firing.event.contains("after their study was sent"));
    assert!(said.unwrap().problem.contains("do not agree on StudyDescription"), "{firings:?}");
    assert_eq!(stage.rig.backend.staging.usage().await.unwrap().objects, 1, "it is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_comes_between_firing_and_transfer_with_another_pseudonym_stays() {
    let stage = Stage::new().await;
    let spec = StudySpec { description: "S-001".into(), ..StudySpec::ct("PAT-1", "Doe^Jane", 3, 16) };
    let count = json!({"kind": "inbox", "calling_ae_titles": ["CT1"], "complete": {"quiet_seconds": 3600, "count": 2}});
    let more = json!({"options": {"identity": "pseudonymise"},
        "pseudonym": {"kind": "attribute", "attribute": "StudyDescription"}});
    stage.rule(count, more).await;
    let all = objects(&spec, 0);
    stage.sent("CT1", &all[..2]).await;
    let first = stage.fired().await;
    assert_eq!((first.job.status, first.progress.delivered), (JobStatus::Success, 2), "{first:?}");
    // Not looked at by the rule for an hour: a person restarts the job meanwhile.
    stage.sent("CT1", &[patched(&all[2], b"S-001", b"S-009")]).await;
    stage.rig.engine.act(&stage.rig.actor, &first.job.id, JobAction::Restart).await.unwrap();
    let end = stage.rig.outcome(&first.job.id).await;
    assert_eq!(stage.destination.instances().len(), 2, "{end:?}");
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Warning, 2), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_comes_again_with_other_contents_is_kept() {
    let stage = Stage::new().await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 2, 16);
    let rule = stage.rule(inbox(&["CT1"]), json!({})).await;
    let all = objects(&spec, 0);
    stage.sent("CT1", &all).await;
    assert_eq!(stage.fired().await.job.status, JobStatus::Success);
    stage.sent("CT1", &[patched(&all[0], b"Doe^Jane", b"Doe^June")]).await;
    stage.sweep_a_while().await;
    stage.sweep_a_while().await;
    assert_eq!(stage.rig.backend.staging.usage().await.unwrap().objects, 1, "the corrected one was not transferred");
    let firings = stage.rig.engine.firings(&rule.rule.id).await.unwrap();
    assert!(firings.iter().any(|firing| firing.problem.contains("not transferred again")), "{firings:?}");
}
