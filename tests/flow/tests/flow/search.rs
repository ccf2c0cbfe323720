//! Searching: first answers early, limits, several servers, cancelling.

use std::time::{Duration, Instant};

use adit_api::search::{SearchLine, StudyQuery};
use adit_archive::demo_studies;
use adit_archive::generate::{StudySpec, write_study};
use adit_test_support::rig::Rig;
use adit_test_support::scripted::{self, Script};

use crate::ALL;

#[tokio::test(flavor = "multi_thread")]
async fn answers_arrive_while_the_server_still_searches_and_cancelling_stops_it() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..40 {
        write_study(&StudySpec::ct(&format!("P{n}"), "Doe^Jane", 1, 8), &dir.path().join("a")).unwrap();
    }
    let slow =
        scripted::start(&dir.path().join("a"), Script { find_delay: Duration::from_millis(100), ..Script::default() })
            .await;
    let rig = Rig::start(&dir.path().join("data")).await;
    let node = rig.server("SLOW", slow.addr, &ALL).await;
    let begun = Instant::now();
    let mut lines =
        rig.engine.search(&rig.actor, StudyQuery { sources: vec![node.id], ..StudyQuery::default() }).await.unwrap();
    assert!(matches!(lines.recv().await, Some(SearchLine::Study(_))));
    // The server needs 100 ms for its first answer.
    assert!(begun.elapsed() < Duration::from_millis(400), "first answer after {:?}", begun.elapsed());
    drop(lines);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(slow.found() < 25, "the server went on searching: {}", slow.found());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_names_are_found_and_shown_as_they_are_written() {
    let dir = tempfile::tempdir().unwrap();
    for study in demo_studies() {
        write_study(&study, &dir.path().join("a")).unwrap();
    }
    let archive = scripted::start(&dir.path().join("a"), Script::default()).await;
    let rig = Rig::start(&dir.path().join("data")).await;
    let node = rig.server("ARCHIVE", archive.addr, &ALL).await;
    let search = async |query: StudyQuery| {
        let mut lines =
            rig.engine.search(&rig.actor, StudyQuery { sources: vec![node.id.clone()], ..query }).await.unwrap();
        let mut names = Vec::new();
        while let Some(line) = lines.recv().await {
            if let SearchLine::Study(row) = line {
                names.push((row.patient_name, row.text_guessed));
            }
        }
        names.sort();
        names.dedup();
        names
    };
    for (name, shown) in [
        ("Müller, Han", "Müller, Hannelore"),
        ("Παπαδόπουλος", "Παπαδόπουλος, Νίκος"),
        ("王", "王, 小東"),
        ("smith", "Smith, John Q"),
        ("García", "García, Lucía"),
    ] {
        let found = search(StudyQuery { patient_name: name.into(), ..StudyQuery::default() }).await;
        assert_eq!(found, [(shown.to_owned(), false)], "{name}");
    }
    let guessed = search(StudyQuery { patient_id: "DEMO-0008".into(), ..StudyQuery::default() }).await;
    assert_eq!(guessed, [("Jørgensen, Søren".to_owned(), true)], "a missing character set is guessed and marked");
    let dated = search(StudyQuery {
        study_date_from: "2024-01-01".into(),
        study_date_until: "2024-01-31".into(),
        ..StudyQuery::default()
    })
    .await;
    assert_eq!(dated.len(), 1);
    assert!(search(StudyQuery { modalities: vec!["CR, US".into()], ..StudyQuery::default() }).await.len() >= 5);
    assert!(search(StudyQuery { study_description: "*thorax*".into(), ..StudyQuery::default() }).await.len() >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_said_and_a_broken_server_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..12 {
        write_study(&StudySpec::ct(&format!("P{n}"), "Doe^Jane", 1, 8), &dir.path().join("a")).unwrap();
    }
    let good = scripted::start(&dir.path().join("a"), Script::default()).await;
    let bad = scripted::start(&dir.path().join("b"), Script { find_status: Some(0xA700), ..Script::default() }).await;
    let rig = Rig::start(&dir.path().join("data")).await;
    let (good, bad) = (rig.server("GOOD", good.addr, &ALL).await, rig.server("BAD", bad.addr, &ALL).await);
    let mut input = adit_api::nodes::NodeInput {
        config: good.config.clone(),
        secrets: adit_api::nodes::SecretsInput::default(),
        version: None,
    };
    if let adit_domain::node::NodeKind::Server(server) = &mut input.config.kind {
        server.max_search_results = 5;
    }
    rig.engine.change_node(&rig.actor, &good.id, input).await.unwrap();
    let mut lines = rig
        .engine
        .search(&rig.actor, StudyQuery { sources: vec![good.id, bad.id], ..StudyQuery::default() })
        .await
        .unwrap();
    let (mut studies, mut outcomes) = (0, Vec::new());
    while let Some(line) = lines.recv().await {
        match line {
            SearchLine::Study(_) => studies += 1,
            SearchLine::Source(outcome) => outcomes.push(outcome),
        }
    }
    outcomes.sort_by_key(|outcome| outcome.source_name.clone());
    assert_eq!(studies, 5);
    assert!(outcomes[0].error.contains("out of resources"), "{outcomes:?}");
    assert!(outcomes[1].limited && outcomes[1].found == 5, "{outcomes:?}");
}
