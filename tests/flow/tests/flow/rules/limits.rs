//! What keeps a rule from making a job, and how it is said.

use adit_archive::generate::StudySpec;
use adit_domain::job::JobStatus;
use adit_domain::rule::inbox as the_inbox;
use adit_store::repositories::Arrivals;
use serde_json::json;

use super::{Stage, inbox, objects};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_above_the_limit_waits() {
    // The last seconds of an hour are left to the next one.
    let left = 3_600_000 - adit_engine::now().0 % 3_600_000;
    if left < 60_000 {
        tokio::time::sleep(std::time::Duration::from_millis(left.unsigned_abs())).await;
    }
    let stage = Stage::new().await;
    let specs = ["PAT-1", "PAT-2", "PAT-3"].map(|id| StudySpec::ct(id, "Doe^Jane", 1, 16));
    stage.rule(inbox(&["CT1"]), json!({"jobs_per_hour": 2})).await;
    for spec in &specs {
        stage.sent("CT1", &objects(spec, 0)).await;
    }
    stage.sweep_until(|jobs| jobs.len() == 2).await;
    stage.sweep_a_while().await;
    assert_eq!(stage.jobs().await.len(), 2);
    // The third one is looked at again at the next full hour.
    let arrivals = Arrivals::new(stage.rig.backend.items.clone());
    let mut waiting = Vec::new();
    for spec in &specs {
        let found = arrivals.get(&the_inbox(), &spec.study_instance_uid()).await.unwrap().unwrap().value;
        waiting.extend(found.due.filter(|_| found.handled.is_empty()));
    }
    assert_eq!((waiting.len(), waiting[0].0 % 3_600_000), (1, 0), "{waiting:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_comes_from_its_attribute_or_the_study_stays_and_it_is_said() {
    let stage = Stage::new().await;
    let named = StudySpec { description: "S-001".into(), ..StudySpec::ct("PAT-1", "Doe^Jane", 2, 16) };
    let nameless = StudySpec { description: String::new(), ..StudySpec::ct("PAT-2", "Roe^Max", 2, 16) };
    let rule = stage
        .rule(
            inbox(&["CT1"]),
            json!({"options": {"identity": "pseudonymise"},
                "pseudonym": {"kind": "attribute", "attribute": "StudyDescription"}}),
        )
        .await;
    stage.sent("CT1", &objects(&nameless, 0)).await;
    stage.sweep_a_while().await;
    assert!(stage.jobs().await.is_empty());
    let firings = stage.rig.engine.firings(&rule.rule.id).await.unwrap();
    assert_eq!((firings.len(), firings[0].job.as_ref()), (1, None));
    assert!(firings[0].problem.contains("StudyDescription") && firings[0].problem.contains("empty"), "{firings:?}");
    stage.sent("CT1", &objects(&named, 0)).await;
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 2), "{end:?}");
    for path in crate::files(&stage.dir.path().join("destination")) {
        let bytes = std::fs::read(path).unwrap();
        assert!(crate::contains(&bytes, "S-001") && !crate::contains(&bytes, "Doe"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_destination_is_said_once_and_the_images_are_kept() {
    let stage = Stage::new().await;
    let rule = stage.rule(inbox(&["CT1"]), json!({})).await;
    stage.sent("CT1", &objects(&StudySpec::ct("PAT-1", "Doe^Jane", 2, 16), 0)).await;
    stage.rig.engine.delete_node(&stage.to.id).await.unwrap();
    stage.sweep_a_while().await;
    stage.sweep_a_while().await;
    let shown = stage.rig.engine.rule(&rule.rule.id).await.unwrap();
    assert_eq!(shown.problem, "The destination was deleted. Choose another one.");
    assert_eq!(shown.last.unwrap().problem, "The destination was deleted.");
    assert_eq!(stage.rig.engine.firings(&rule.rule.id).await.unwrap().len(), 1);
    assert_eq!(stage.rig.backend.staging.usage().await.unwrap().objects, 2);
    // A rule that cannot work can still be switched off.
    let off = stage.wish(inbox(&["CT1"]), json!({"enabled": false, "version": shown.version}));
    stage.rig.engine.change_rule(&stage.rig.actor, &rule.rule.id, off).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_knows_the_past_and_moves_nothing() {
    let stage = Stage::new().await;
    let (one, two) = (StudySpec::ct("PAT-1", "Doe^Jane", 3, 16), StudySpec::ct("PAT-2", "Roe^Max", 2, 16));
    let never = json!({"modalities": ["US"]});
    let saved = stage.rule(inbox(&["CT1", "CT2"]), json!({"filter": never})).await;
    stage.sent("CT1", &objects(&one, 0)).await;
    stage.sent("CT2", &objects(&two, 0)).await;
    let ct = json!({"filter": {"modalities": ["CT"]}});
    let run = stage.try_rule(inbox(&["CT1", "CT2"]), ct.clone()).await;
    assert_eq!((run.looked_at, run.matched), (2, 2));
    assert_eq!((run.matches[1].images, run.matches[1].series, run.matches[1].fired), (3, (1, 1), false));
    assert_eq!(run.matches[1].study_instance_uid, one.study_instance_uid());
    assert_eq!(stage.try_rule(inbox(&["CT2"]), ct).await.matched, 1);
    // An attribute that nobody had asked for before is read from the images.
    let by = |value: &str| json!({"filter": {"conditions": [{"attribute": "PatientAddress", "comparison": "matches", "value": value}]}});
    assert_eq!(stage.try_rule(inbox(&["CT1"]), by("1 Demo*")).await.matched, 1);
    assert_eq!(stage.try_rule(inbox(&["CT1"]), by("2 Demo*")).await.matched, 0);
    stage.sweep_a_while().await;
    assert!(stage.jobs().await.is_empty() && saved.last.is_none());
}
