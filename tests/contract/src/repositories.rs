//! Repositories on top of any item store: projects with their revisions, the registry of pseudonyms, receipts, bridges and their C-MOVEs.

use std::sync::Arc;

use adit_domain::project::{Project, Revision};
use adit_domain::{JobId, Timestamp};
use adit_store::items::{ItemStore, Kind};
use adit_store::repositories::registry::Scope;
use adit_store::repositories::{Bridge, Bridges, Claim, MoveKey, Moves, Projects, Registry};

/// Runs everything.
pub async fn run(items: Arc<dyn ItemStore>) {
    revisions_never_change(Projects::new(Arc::clone(&items))).await;
    one_pseudonym_for_a_patient_and_one_patient_for_a_pseudonym(Registry::new(Arc::clone(&items))).await;
    a_race_for_a_pseudonym_has_one_winner(Registry::new(Arc::clone(&items))).await;
    a_message_id_belongs_to_one_bridge_at_a_time(Moves::new(Arc::clone(&items))).await;
    bridges_come_and_go(Bridges::new(Arc::clone(&items))).await;
    crate::groups::run(Arc::clone(&items)).await;
    crate::usage::run(Arc::clone(&items)).await;
    crate::receipts::run(items).await;
}

fn revision(name: &str, number: u32, rules: &str) -> Revision {
    let project = Project {
        name: name.into(),
        description: String::new(),
        profile: "research".into(),
        key_version: 0,
        revision: number,
        archived: false,
        changed: Timestamp(1),
        changed_by: "tester".into(),
    };
    Revision { project, rules: rules.into(), pixel_rules: String::new() }
}

async fn revisions_never_change(projects: Projects) {
    let first = revision("Liver", 1, "keep StationName");
    projects.put(&first, None).await.expect("a new project");
    let taken = projects.put(&revision("LIVER", 1, ""), None).await.expect_err("names differ in more than case");
    assert!(matches!(taken.kind, Kind::Conflict { .. }));
    let head = projects.get("liver").await.expect("an answer").expect("the project");
    projects.put(&revision("Liver", 2, "remove StationName"), Some(head.version)).await.expect("a change");
    assert!(
        projects.put(&revision("Liver", 2, "empty StationName"), Some(head.version)).await.is_err(),
        "a stale change"
    );
    assert_eq!(projects.revision("Liver", 1).await.expect("an answer"), Some(first));
    assert_eq!(
        projects.revision("Liver", 2).await.expect("an answer").expect("it is there").rules,
        "remove StationName"
    );
    assert_eq!(projects.list().await.expect("a list").len(), 1);
}

async fn one_pseudonym_for_a_patient_and_one_patient_for_a_pseudonym(registry: Registry) {
    let scope = Scope { project: "Liver", key_version: 0 };
    let (first, second) = (JobId::new(Timestamp(1), 1), JobId::new(Timestamp(2), 2));
    let claim =
        async |scope, patient, pseudonym, job| registry.claim(scope, patient, pseudonym, job).await.expect("an answer");
    assert_eq!(claim(scope, "aa", "P-1", &first).await, Claim::Taken);
    assert_eq!(claim(scope, "aa", "P-1", &second).await, Claim::Taken);
    assert_eq!(claim(scope, "bb", "p-1", &second).await, Claim::OfAnotherPatient { job: first.clone() });
    let other = Claim::HasAnother { job: first.clone(), pseudonym: "P-1".into() };
    assert_eq!(claim(scope, "aa", "P-2", &second).await, other);
    assert_eq!(claim(scope, "bb", "P-2", &second).await, Claim::Taken, "a refused claim leaves nothing behind");
    for other in [Scope { project: "Lung", ..scope }, Scope { key_version: 1, ..scope }] {
        assert_eq!(claim(other, "bb", "P-1", &second).await, Claim::Taken);
    }
}

async fn a_race_for_a_pseudonym_has_one_winner(registry: Registry) {
    let job = JobId::new(Timestamp(3), 3);
    let claims = (0..8).map(|patient| {
        let (registry, job) = (registry.clone(), job.clone());
        tokio::spawn(async move {
            let scope = Scope { project: "Race", key_version: 0 };
            registry.claim(scope, &format!("patient-{patient}"), "P-1", &job).await
        })
    });
    let mut winners = 0;
    for claim in claims.collect::<Vec<_>>() {
        winners += usize::from(claim.await.expect("no panic").expect("an answer") == Claim::Taken);
    }
    assert_eq!(winners, 1);
}

/// The store's clock may stand still or be the machine's: rows are dated around both.
async fn a_message_id_belongs_to_one_bridge_at_a_time(moves: Moves) {
    let of = MoveKey { calling_ae_title: "ADIT".into(), message_id: 7 };
    let (now, past) = (Timestamp(i64::from(u32::MAX) * 1000), Timestamp(0));
    assert!(moves.begin(&of, "one", now).await.expect("an answer"));
    assert!(!moves.begin(&of, "two", now).await.expect("an answer"), "the id is taken");
    assert_eq!(moves.bridge_of(&of).await.expect("an answer").as_deref(), Some("one"));
    assert_eq!(moves.bridge_of(&MoveKey { message_id: 8, ..of.clone() }).await.expect("an answer"), None);
    moves.end(&of, "two").await.expect("no error");
    assert!(!moves.renew(&of, "two", now).await.expect("an answer"), "another bridge's");
    assert!(moves.renew(&of, "one", now).await.expect("an answer"));
    moves.end(&of, "one").await.expect("it is freed");
    assert!(moves.begin(&of, "two", past).await.expect("an answer"));
    assert_eq!(moves.bridge_of(&of).await.expect("an answer"), None, "expired");
    assert!(moves.begin(&of, "three", now).await.expect("an answer"), "an expired row is free");
    assert!(!moves.renew(&of, "two", now).await.expect("an answer"));
    moves.end(&of, "three").await.expect("it is freed");
}

async fn bridges_come_and_go(bridges: Bridges) {
    let now = Timestamp(i64::from(u32::MAX) * 1000);
    let bridge = |name: &str, seen| Bridge {
        name: name.into(),
        address: "10.0.0.1:1".into(),
        certificate_pem: "PEM".into(),
        proof: "00".into(),
        seen,
    };
    for (name, seen) in [("a", now), ("b", now), ("dead", Timestamp(0))] {
        bridges.put(&bridge(name, seen)).await.expect("a heartbeat");
    }
    assert_eq!(bridges.living().await.expect("a list"), [bridge("a", now), bridge("b", now)]);
    bridges.remove("a").await.expect("it goes");
    bridges.remove("a").await.expect("twice is no error");
    assert_eq!(bridges.living().await.expect("a list"), [bridge("b", now)]);
}
