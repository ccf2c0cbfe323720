//! Projects: their own pseudonyms and UIDs, their registry, their revisions.

use std::collections::BTreeSet;

use adit_api::jobs::{CreateJob, StudySelection};
use adit_api::projects::ProjectInput;
use adit_archive::generate::{StudySpec, write_study};
use adit_domain::job::{JobAction, JobStatus};
use adit_test_support::rig::in_project;
use adit_test_support::scripted::Script;

use crate::{ALL, Scene, contains, content};

/// A source with a study of each of two patients.
async fn two_patients() -> (Scene, StudySpec) {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (StudySpec::ct("PAT-1", "Doe^Jane", 3, 16), StudySpec::ct("PAT-2", "Roe^Richard", 2, 16));
    for spec in [&first, &second] {
        write_study(spec, &dir.path().join("source")).unwrap();
    }
    (Scene::of(dir, first, Script::default(), Script::default(), &ALL).await, second)
}

async fn pseudonyms(scene: &Scene, job: &adit_domain::JobId) -> BTreeSet<String> {
    let report = scene.rig.engine.job_report(&scene.rig.actor, job).await.unwrap();
    report.tasks.into_iter().flat_map(|task| task.report.pseudonyms).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_is_somebody_else_in_another_project_and_the_same_in_the_same() {
    let scene = Scene::new(4, Script::default(), Script::default()).await;
    for name in ["Liver", "Lung"] {
        scene.rig.project(name, "research", "").await;
    }
    let transfer = async |project| {
        let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), in_project(project, "")).await;
        assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 4), "{end:?}");
        (pseudonyms(&scene, &end.job.id).await, end)
    };
    let (liver, first) = transfer("Liver").await;
    let after_liver = (scene.destination.instances(), content(&scene));
    let (lung, _) = transfer("Lung").await;
    assert_ne!(liver, lung);
    assert_eq!(scene.destination.instances().len(), 8, "no UID is shared between projects");
    // The same project again, by another job: the same bytes under the same names.
    let before = content(&scene);
    assert_eq!(transfer("Liver").await.0, liver);
    assert_eq!(content(&scene), before);
    assert!(after_liver.1.iter().all(|file| before.contains(file)));
    // A finished task that runs again finds everything done.
    let stored = scene.destination.stored();
    scene.rig.engine.reset_task(&scene.rig.actor, &first.job.id, &first.tasks[0].id).await.unwrap();
    let end = scene.rig.until(&first.job.id, |snapshot| snapshot.job.status == JobStatus::Success).await;
    assert_eq!((end.progress.verified, scene.destination.stored()), (4, stored));
    scene.rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_refuses_both_ways_and_names_the_job() {
    let (scene, second) = two_patients().await;
    scene.rig.project("Liver", "research", "").await;
    let (rig, from, to) = (&scene.rig, &scene.from, &scene.to);
    let first = rig.transfer(from, to, &scene.study(), in_project("Liver", "P-1")).await;
    assert_eq!(first.job.status, JobStatus::Success, "{first:?}");
    // Case makes no difference: people read them aloud.
    for (study, pseudonym, words) in [
        (second.study_instance_uid(), "p-1", "another patient has this pseudonym"),
        (scene.study(), "P-2", "the patient has another pseudonym"),
    ] {
        let end = rig.transfer(from, to, &study, in_project("Liver", pseudonym)).await;
        assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Failure, 0), "{end:?}");
        let message = &end.tasks[0].message;
        assert!(message.contains(words) && message.contains(first.job.id.as_str()), "{message}");
        assert!(!message.contains("P-1"), "the other pseudonym is nobody's business: {message}");
    }
    assert_eq!(scene.destination.instances().len(), 3);
    // Left empty, the pseudonym is the one that the patient has.
    let again = rig.transfer(from, to, &scene.study(), in_project("Liver", "")).await;
    assert_eq!(again.job.status, JobStatus::Success, "{again:?}");
    assert_eq!(pseudonyms(&scene, &again.job.id).await, BTreeSet::from(["P-1".to_owned()]));
    assert_eq!(scene.destination.instances().len(), 3);
    // Another project has a registry of its own.
    rig.project("Lung", "research", "").await;
    let other = rig.transfer(from, to, &second.study_instance_uid(), in_project("Lung", "P-1")).await;
    assert_eq!(other.job.status, JobStatus::Success, "{other:?}");
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_pseudonym_is_the_reason_however_many_images_follow() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (StudySpec::ct("PAT-1", "Doe^Jane", 3, 16), StudySpec::ct("PAT-2", "Roe^Richard", 10, 32));
    for spec in [&first, &second] {
        write_study(spec, &dir.path().join("source")).unwrap();
    }
    let scene = Scene::of(
        dir,
        first,
        Script::default(),
        Script::default(),
        &["study_root_find", "study_root_get", "store_scp"],
    )
    .await;
    let (rig, from, to) = (&scene.rig, &scene.from, &scene.to);
    let first = rig.transfer(from, to, &scene.study(), in_project("", "P-1")).await;
    assert_eq!(first.job.status, JobStatus::Success, "{first:?}");
    let end = rig.transfer(from, to, &second.study_instance_uid(), in_project("", "P-1")).await;
    let message = &end.tasks[0].message;
    assert!(message.contains("another patient has this pseudonym"), "{end:?}");
    rig.assert_clean().await;
}

/// Writes a study whose images name the issuer of their Patient ID, which the search does not tell.
fn write_with_issuer(spec: &StudySpec, dir: &std::path::Path) {
    for path in write_study(spec, dir).unwrap() {
        let bytes = std::fs::read(&path).unwrap();
        let birth_date = [0x10, 0, 0x30, 0, b'D', b'A'];
        let at = bytes.windows(6).position(|window| window == birth_date).unwrap();
        let issuer = [&[0x10, 0, 0x21, 0, b'L', b'O', 4, 0][..], b"HOSP"].concat();
        std::fs::write(&path, [&bytes[..at], &issuer, &bytes[at..]].concat()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_patient_keeps_the_pseudonym_also_when_only_the_images_tell_who_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 6, 16);
    write_with_issuer(&spec, &dir.path().join("source"));
    let scene = Scene::of(dir, spec, Script::default(), Script::default(), &ALL).await;
    let given = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), in_project("", "P-1")).await;
    assert_eq!(given.job.status, JobStatus::Success, "{given:?}");
    let before = content(&scene);
    let derived = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), in_project("", "")).await;
    assert_eq!((derived.job.status, derived.progress.delivered), (JobStatus::Success, 6), "{derived:?}");
    assert_eq!(pseudonyms(&scene, &derived.job.id).await, BTreeSet::from(["P-1".to_owned()]));
    assert_eq!(content(&scene), before);
    scene.rig.assert_clean().await;
}

fn selection(scene: &Scene, spec: &StudySpec, pseudonym: &str) -> StudySelection {
    StudySelection {
        source: scene.from.id.clone(),
        patient_id: spec.patient_id.clone(),
        study_instance_uid: spec.study_instance_uid(),
        series_instance_uids: Vec::new(),
        pseudonym: pseudonym.to_owned(),
        label: String::new(),
        images: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_patients_in_one_job_get_a_code_each_or_a_pseudonym_each() {
    let (scene, second) = two_patients().await;
    let wish = |pseudonym: &str, own: [&str; 2]| CreateJob {
        destination: scene.to.id.clone(),
        options: in_project("", pseudonym),
        urgent: false,
        studies: vec![selection(&scene, &scene.spec, own[0]), selection(&scene, &second, own[1])],
    };
    let create = async |wish| scene.rig.engine.create_job(&scene.rig.actor, wish).await;
    let refused = create(wish("P-1", ["", ""])).await.unwrap_err();
    assert_eq!(refused.body.field.as_deref(), Some("pseudonym"));
    assert!(refused.body.detail.contains("different patients"), "{}", refused.body.detail);
    let derived = create(wish("", ["", ""])).await.unwrap();
    let end = scene.rig.outcome(&derived.id).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 5), "{end:?}");
    assert_eq!(pseudonyms(&scene, &derived.id).await.len(), 2);
    scene.rig.project("Liver", "basic", "").await;
    let mut own = wish("", ["A", "B"]);
    own.options.project = "Liver".into();
    let own = create(own).await.unwrap();
    let end = scene.rig.outcome(&own.id).await;
    assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
    assert_eq!(pseudonyms(&scene, &own.id).await, BTreeSet::from(["A".to_owned(), "B".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_follows_the_rules_of_yesterday() {
    let script = Script { store_status: Some((2, 0xA900, 1)), ..Script::default() };
    let scene = Scene::new(5, Script::default(), script).await;
    let rig = &scene.rig;
    rig.project("Liver", "research", "replace StudyDescription = First").await;
    let end = rig.transfer(&scene.from, &scene.to, &scene.study(), in_project("liver", "P-1")).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Warning, 4), "{end:?}");
    assert_eq!((end.job.options.project.as_str(), end.job.options.profile.as_str()), ("Liver", "research"));
    let before = rig.engine.project("Liver").await.unwrap();
    let edited = ProjectInput {
        name: "Liver".into(),
        profile: "basic".into(),
        rules: "replace StudyDescription = Second".into(),
        rotate_key: true,
        revision: Some(before.project.revision),
        ..ProjectInput::default()
    };
    let after = rig.engine.change_project(&rig.actor, "Liver", edited.clone()).await.unwrap();
    assert_eq!((after.project.revision, after.project.key_version), (2, 1));
    assert!(rig.engine.change_project(&rig.actor, "Liver", edited).await.is_err(), "a stale revision was taken");
    rig.engine.act(&rig.actor, &end.job.id, JobAction::Retry).await.unwrap();
    let end = rig.until(&end.job.id, |snapshot| snapshot.job.status == JobStatus::Success).await;
    assert_eq!(end.progress.delivered, 5);
    let first = content(&scene);
    assert_eq!(first.len(), 5);
    assert!(first.iter().all(|file| contains(file, "First") && !contains(file, "Second")));
    // A new job follows the new rules with the new key, and the new key has a registry of its own.
    let new = rig.transfer(&scene.from, &scene.to, &scene.study(), in_project("Liver", "P-9")).await;
    assert_eq!(new.job.status, JobStatus::Success, "{new:?}");
    let all = content(&scene);
    assert_eq!(all.len(), 10);
    assert_eq!(all.iter().filter(|file| contains(file, "Second")).count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_are_checked_when_they_are_made_and_when_they_are_used() {
    let scene = Scene::new(1, Script::default(), Script::default()).await;
    let (engine, actor) = (&scene.rig.engine, &scene.rig.actor);
    let input = |name: &str, rules: &str| ProjectInput {
        name: name.into(),
        profile: "research".into(),
        rules: rules.into(),
        ..ProjectInput::default()
    };
    let bad = engine.add_project(actor, input("Liver", "keep StationName\nkeep NoSuchThing")).await.unwrap_err();
    assert_eq!(bad.body.field.as_deref(), Some("rules"));
    assert!(bad.body.detail.starts_with("Line 2: ") && bad.body.detail.contains("NoSuchThing"), "{}", bad.body.detail);
    engine.add_project(actor, input("Liver", "")).await.unwrap();
    let twice = engine.add_project(actor, input("LIVER", "")).await.unwrap_err();
    assert_eq!(twice.body.field.as_deref(), Some("name"));
    let archived = ProjectInput { archived: true, revision: Some(1), ..input("Liver", "") };
    engine.change_project(actor, "Liver", archived).await.unwrap();
    for (project, words) in [("Liver", "archived"), ("Nothing", "no such project")] {
        let wish = CreateJob {
            destination: scene.to.id.clone(),
            options: in_project(project, "P"),
            urgent: false,
            studies: vec![selection(&scene, &scene.spec, "")],
        };
        let refused = engine.create_job(actor, wish).await.unwrap_err();
        assert!(refused.body.detail.contains(words), "{}", refused.body.detail);
        assert_eq!(refused.body.field.as_deref(), Some("project"));
    }
    let names: Vec<String> = engine.projects().await.unwrap().into_iter().map(|project| project.name).collect();
    assert_eq!(names, ["", "Liver"]);
}
