//! A data directory with a trail, and events to put on record.
#![allow(dead_code, missing_docs, reason = "each test uses a part")]

use std::path::Path;
use std::sync::Arc;

use adit_audit::{Actor, Entity, Event, Journal, Kind, Outcome, PatientKind, Role, Trail};
use adit_backend_embedded::Embedded;
use adit_domain::{JobId, NodeId, Timestamp, UserId};
use adit_store::clock::{Clock, ManualClock};
use adit_store::items::ItemStore;

pub const KEY: [u8; 32] = [7; 32];
pub const START: Timestamp = Timestamp(1_700_000_000_000);

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(START))
}

pub fn items(dir: &Path, clock: &Arc<ManualClock>) -> Arc<dyn ItemStore> {
    Embedded::open(dir, clock.clone()).unwrap().items
}

pub fn journal(items: &Arc<dyn ItemStore>, clock: &Arc<ManualClock>) -> Journal {
    Journal::start(Arc::clone(items), &KEY, "test", clock.clone() as Arc<dyn Clock>)
}

pub fn trail(items: &Arc<dyn ItemStore>, clock: &Arc<ManualClock>) -> Trail {
    Trail::new(Arc::clone(items), &KEY, clock.clone() as Arc<dyn Clock>)
}

pub fn user(n: u128) -> UserId {
    UserId::new(START, n)
}

pub fn node(n: u128) -> NodeId {
    NodeId::new(START, n)
}

pub fn job(n: u128) -> JobId {
    JobId::new(START, n)
}

pub fn actor(n: u128) -> Actor {
    Actor { user: Some(user(n)), name: format!("user {n}"), address: Some("192.0.2.7".into()), ..Actor::default() }
}

/// Some event; the same for the same number.
pub fn event(n: u128) -> Event {
    let server = Entity::Node { id: node(n % 3), name: format!("PACS {}", n % 3), role: Role::Source };
    match n % 5 {
        0 => Event::new(Kind::LoggedIn, actor(n % 4)),
        1 => Event::new(Kind::Searched, actor(n % 4)).about(server).with_count(3),
        2 => Event::of_patient(PatientKind::Transferred, actor(n % 4), format!("PAT-{n}"))
            .about(server)
            .about(Entity::Study { uid: adit_domain::Uid::parse(&format!("1.2.{}", n % 7)).unwrap() })
            .about(Entity::Job { id: job(n % 6) }),
        3 => Event::new(Kind::LogInFailed, Actor::default()),
        _ => Event::new(Kind::JobCreated, actor(n % 4))
            .about(Entity::Job { id: job(n % 6) })
            .with_outcome(Outcome::SeriousFailure, "the limit is reached"),
    }
}

pub async fn record_all(journal: &Journal, numbers: std::ops::Range<u128>) {
    for n in numbers {
        journal.record(event(n)).await.unwrap();
    }
}
