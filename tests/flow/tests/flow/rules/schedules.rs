//! Searches that are made when their time has come.

use std::collections::HashSet;

use adit_api::rules::RuleView;
use adit_archive::generate::{SeriesSpec, StudySpec, write_study};
use adit_domain::Timestamp;
use adit_domain::job::JobStatus;
use adit_store::queue::RulePointer;
use adit_store::repositories::Rules;
use adit_test_support::scripted::{self, Script, Scripted};
use serde_json::{Value, json};

use super::Stage;
use crate::ALL;

/// A source with these studies.
async fn source(stage: &Stage, specs: &[StudySpec]) -> (Scripted, adit_api::nodes::NodeView) {
    let folder = stage.dir.path().join("source");
    for spec in specs {
        write_study(spec, &folder).unwrap();
    }
    let source = scripted::start(&folder, Script::default()).await;
    let node = stage.rig.server("SOURCE", source.addr, &ALL).await;
    (source, node)
}

fn every_minute(source: &adit_api::nodes::NodeView, search: Value) -> Value {
    json!({"kind": "schedule", "cron": "* * * * *", "time_zone": "Europe/Berlin", "source": source.id, "search": search})
}

/// Search for everything of the last ten years.
fn all() -> Value {
    json!({"days_back": 3650})
}

/// Makes a rule look as if it had been there for an hour.
async fn grown_old(stage: &Stage, rule: &RuleView) {
    let rules = Rules::new(stage.rig.backend.items.clone());
    let mut stored = rules.get(&rule.rule.id).await.unwrap().unwrap();
    stored.value.changed = stored.value.changed.plus_ms(-3_600_000);
    rules.put(&stored.value, Some(stored.version)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_minute_makes_one_search_and_one_job_for_each_study() {
    let stage = Stage::new().await;
    let mut ct = StudySpec::ct("PAT-1", "Doe^Jane", 4, 32);
    ct.series.push(SeriesSpec::new("SR", "Report", 1, 0));
    let us = StudySpec { series: vec![SeriesSpec::new("US", "Liver", 2, 16)], description: "US".into(), ..ct.clone() };
    let (_source, node) = source(&stage, &[ct.clone(), us]).await;
    let rule = stage.rule(every_minute(&node, all()), json!({"filter": {"modalities": ["CT"]}})).await;
    stage.rig.engine.sweep().await.unwrap();
    assert!(rule.next.is_some() && stage.jobs().await.is_empty(), "a new rule catches up with nothing");
    grown_old(&stage, &rule).await;
    for _ in 0..3 {
        stage.rig.engine.sweep().await.unwrap();
    }
    let end = stage.fired().await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 4), "{end:?}");
    assert_eq!(end.job.cause.unwrap().event, "The search found 2 studies.");
    assert_eq!(stage.destination.instances(), (0..4).map(|n| ct.sop_instance_uid(0, n)).collect());
    // The next minute finds the same studies.
    let minute = Timestamp((adit_engine::now().0 / 60_000 + 1) * 60_000);
    let pointer = RulePointer::new(&rule.rule.id, minute);
    for _ in 0..2 {
        assert_eq!(stage.rig.engine.rule_due(&pointer).await.unwrap(), None);
    }
    assert_eq!(stage.jobs().await.len(), 1);
    let firings = stage.rig.engine.firings(&rule.rule.id).await.unwrap();
    assert_eq!(firings.iter().filter(|firing| firing.job.is_some()).count(), 1);
    assert!(firings[0].event.ends_with("None of them is new for this rule."), "{firings:?}");
    stage.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_studies_become_several_jobs_and_each_goes_once() {
    let stage = Stage::new().await;
    let specs: Vec<StudySpec> = (0..60).map(|n| StudySpec::ct(&format!("PAT-{n}"), "Doe^Jane", 1, 8)).collect();
    let (source, node) = source(&stage, &specs).await;
    let rule = stage.rule(every_minute(&node, all()), json!({})).await;
    let dry = stage.try_rule(every_minute(&node, all()), json!({})).await;
    assert_eq!((dry.looked_at, dry.matched, dry.matches[0].images), (60, 60, 1));
    let pointer = RulePointer::new(&rule.rule.id, adit_engine::now());
    let twice = tokio::join!(stage.rig.engine.rule_due(&pointer), stage.rig.engine.rule_due(&pointer));
    for wait in [twice.0.unwrap(), twice.1.unwrap()].into_iter().flatten() {
        tokio::time::sleep(wait).await;
        stage.rig.engine.rule_due(&pointer).await.unwrap();
    }
    let jobs = stage.sweep_until(|jobs| !jobs.is_empty() && jobs.iter().all(|job| job.status.is_final())).await;
    assert_eq!(jobs.iter().map(|job| job.tasks.success).sum::<u32>(), 60, "{jobs:?}");
    assert!(jobs.len() >= 2);
    assert_eq!((stage.destination.stored(), stage.destination.instances()), (60, source.instances()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_restricted_as_it_was_saved() {
    let stage = Stage::new().await;
    let thorax = StudySpec::ct("PAT-1", "Doe^Jane", 1, 8);
    let head = StudySpec { description: "CT Head".into(), ..thorax.clone() };
    let other = StudySpec { description: "CT Thorax old".into(), study_date: "20010101".into(), ..thorax.clone() };
    let (_source, node) = source(&stage, &[thorax.clone(), head, other]).await;
    let search = |description: &str| json!({"study_description": description, "modality": "CT", "days_back": 3650});
    let found = |run: adit_api::rules::DryRun| -> HashSet<String> {
        run.matches.into_iter().map(|found| found.study_instance_uid).collect()
    };
    let run = stage.try_rule(every_minute(&node, search("*thorax*")), json!({})).await;
    assert_eq!(found(run), [thorax.study_instance_uid()].into());
    let run = stage.try_rule(every_minute(&node, json!({"days_back": 1, "until_days_back": 1})), json!({})).await;
    assert!(found(run).is_empty());
    let by_series = json!({"filter": {"conditions": [{"attribute": "StudyDescription", "comparison": "matches", "value": "*head"}]}});
    let run = stage.try_rule(every_minute(&node, all()), by_series).await;
    assert_eq!((run.looked_at, run.matched, run.matches[0].series), (2, 1, (1, 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_is_gone_for_a_while_is_waited_for() {
    let stage = Stage::new().await;
    let (_source, node) = source(&stage, &[StudySpec::ct("PAT-1", "Doe^Jane", 1, 8)]).await;
    let rule = stage.rule(every_minute(&node, all()), json!({})).await;
    stage.rig.engine.delete_node(&stage.to.id).await.unwrap();
    let (now, id) = (adit_engine::now(), &rule.rule.id);
    for _ in 0..2 {
        let again = stage.rig.engine.rule_due(&RulePointer::new(id, now)).await.unwrap();
        assert_eq!(again, Some(std::time::Duration::from_secs(600)));
    }
    let firings = stage.rig.engine.firings(id).await.unwrap();
    assert_eq!((firings.len(), firings[0].problem.as_str()), (1, "The destination was deleted."), "{firings:?}");
    let old = RulePointer::new(id, now.plus_ms(-15 * 86_400_000));
    assert_eq!(stage.rig.engine.rule_due(&old).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_answer_is_asked_again_and_then_it_is_said() {
    let stage = Stage::new().await;
    let (source, node) = source(&stage, &[StudySpec::ct("PAT-1", "Doe^Jane", 1, 8)]).await;
    let rule = stage.rule(every_minute(&node, all()), json!({})).await;
    drop(source);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let now = adit_engine::now();
    let early = stage.rig.engine.rule_due(&RulePointer::new(&rule.rule.id, now)).await.unwrap();
    assert!(early.is_some(), "it is tried again");
    // An hour late, such as after a bridge was off: patience begins now.
    let late = RulePointer::new(&rule.rule.id, now.plus_ms(-3_600_000));
    assert!(stage.rig.engine.rule_due(&late).await.unwrap().is_some());
    assert!(stage.rig.engine.firings(&rule.rule.id).await.unwrap().is_empty());
    let tried = RulePointer::new(&rule.rule.id, now.plus_ms(-7_200_000));
    let (rules, first) = (Rules::new(stage.rig.backend.items.clone()), now.plus_ms(-3_600_000));
    rules.first_failure(&rule.rule.id, tried.minute, first, now.seconds() + 60).await.unwrap();
    assert_eq!(stage.rig.engine.rule_due(&tried).await.unwrap(), None);
    let firings = stage.rig.engine.firings(&rule.rule.id).await.unwrap();
    assert!(firings.len() == 1 && firings[0].problem.contains("SOURCE"), "{firings:?}");
}
