//! What goes in comes out: recording, searching, exporting, retention, several writers.
#![expect(clippy::unwrap_used, reason = "a test's own functions fail as its cases do")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use adit_audit::{
    Actor, Entity, Event, Filter, Journal, JournalError, Kind, MAX_PARTITIONS, Outcome, Trail, TrailError,
};
use adit_backend_embedded::Embedded;
use adit_domain::Timestamp;
use adit_store::clock::{Clock, SystemClock};
use support::*;

/// Which numbers' events a filter finds.
type Wanted = Box<dyn Fn(u128) -> bool>;

const DAY: Duration = Duration::from_secs(86_400);

async fn all(trail: &Trail, filter: &Filter, limit: usize) -> (Vec<adit_audit::Entry>, usize) {
    let (mut entries, mut token, mut pages) = (vec![], None::<String>, 0);
    loop {
        let found = trail.search(filter, limit, token.as_deref()).await.unwrap();
        assert!(found.entries.len() <= limit && found.unreadable == 0);
        entries.extend(found.entries);
        pages += 1;
        token = found.next;
        if token.is_none() {
            return (entries, pages);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_kept_in_order_and_the_chain_holds() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = items(dir.path(), &clock);
    let journal = journal(&items, &clock);
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..20 {
        let journal = journal.clone();
        callers.spawn(async move { record_all(&journal, caller * 20..caller * 20 + 20).await });
    }
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    journal.close().await;
    assert_eq!(journal.record(event(1)).await, Err(JournalError::Ended));
    let trail = trail(&items, &clock);
    let report = trail.verify().await.unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!((report.events, report.chains), (401, 2), "400 and the entry in the register");
    let (entries, _) = all(&trail, &Filter::default(), 37).await;
    assert_eq!(entries.len(), 401);
    assert!(entries.windows(2).all(|pair| pair[0].record.id > pair[1].record.id), "newest first, each once");
    assert!(entries.iter().all(|entry| entry.intact));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_caller_takes_nothing_back() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = items(dir.path(), &clock);
    let journal = journal(&items, &clock);
    for n in 0..50 {
        let recording = journal.record(event(n));
        let _ = tokio::time::timeout(Duration::from_micros(50), recording).await;
    }
    journal.record(event(50)).await.unwrap();
    journal.close().await;
    let report = trail(&items, &clock).verify().await.unwrap();
    assert!(report.holds(), "{report}");
    assert!(report.events >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_they_name_and_nothing_else() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = items(dir.path(), &clock);
    let journal = journal(&items, &clock);
    for n in 0..210 {
        journal.record(event(n)).await.unwrap();
        clock.advance(Duration::from_secs(1800));
    }
    let trail = trail(&items, &clock);
    let none = Filter::default();
    let time = |n: i64| Some(Timestamp(START.0 + n * 1_800_000));
    let cases: [(&str, Filter, Wanted); 8] = [
        ("kind", Filter { kinds: vec![Kind::Searched, Kind::LoggedIn], ..none.clone() }, Box::new(|n| n % 5 < 2)),
        ("outcome", Filter { outcome: Some(Outcome::SeriousFailure), ..none.clone() }, Box::new(|n| n % 5 == 4)),
        ("user", Filter { user: Some(user(2)), ..none.clone() }, Box::new(|n| n % 4 == 2 && n % 5 != 3)),
        ("node", Filter { node: Some(node(1)), ..none.clone() }, Box::new(|n| n % 3 == 1 && (1..3).contains(&(n % 5)))),
        ("job", Filter { job: Some(job(4)), ..none.clone() }, Box::new(|n| n % 6 == 4 && (n % 5 == 2 || n % 5 == 4))),
        (
            "study",
            Filter { study: Some("1.2.3".parse().unwrap()), ..none.clone() },
            Box::new(|n| n % 7 == 3 && n % 5 == 2),
        ),
        ("time", Filter { from: time(50), to: time(99), ..none.clone() }, Box::new(|n| (50..100).contains(&n))),
        (
            "user and time",
            Filter { user: Some(user(1)), from: time(50), to: time(99), ..none.clone() },
            Box::new(|n| (50..100).contains(&n) && n % 4 == 1 && n % 5 != 3),
        ),
    ];
    for (name, filter, wanted) in cases {
        let expected: Vec<Event> = (0..210).rev().filter(|n| wanted(*n)).map(event).collect();
        for limit in [1, 7, 200] {
            let (entries, _) = all(&trail, &filter, limit).await;
            let found: Vec<Event> = entries
                .into_iter()
                .map(|entry| entry.record.event)
                .filter(|event| event.kind() != Kind::RecordingStarted)
                .collect();
            assert_eq!(found, expected, "{name}, {limit} a page");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_looks_into_a_bounded_number_of_days_and_goes_on() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = items(dir.path(), &clock);
    let journal = journal(&items, &clock);
    journal.record(event(0)).await.unwrap();
    clock.advance(DAY * 100);
    let trail = trail(&items, &clock);
    let first = trail.search(&Filter::default(), 10, None).await.unwrap();
    assert!(first.entries.is_empty(), "the event lies {MAX_PARTITIONS} days and more back");
    let token = first.next.expect("more days");
    let other = Filter { kinds: vec![Kind::LoggedIn], ..Filter::default() };
    assert!(matches!(trail.search(&other, 10, Some(&token)).await, Err(TrailError::ForeignPage)));
    assert!(matches!(trail.search(&Filter::default(), 10, Some("forged")).await, Err(TrailError::ForeignPage)));
    let (entries, pages) = all(&trail, &Filter::default(), 10).await;
    assert_eq!((entries.len(), pages), (2, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_chain_each_day_and_the_oldest_expire() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = items(dir.path(), &clock);
    let journal = journal(&items, &clock);
    journal.keep_days(10);
    let trail = trail(&items, &clock);
    for day in 0..30 {
        record_all(&journal, day * 4..day * 4 + 4).await;
        clock.advance(DAY / 2);
        record_all(&journal, day * 4..day * 4 + 4).await;
        clock.advance(DAY / 2);
        let report = trail.verify().await.unwrap();
        assert!(report.holds(), "day {day}: {report}");
    }
    assert!(items.purge_expired().await.unwrap() > 100);
    let report = trail.verify().await.unwrap();
    assert!(report.holds(), "{report}");
    assert!(report.expired > 0 && report.events < 120, "{report}");
    let (entries, _) = all(&trail, &Filter::default(), 200).await;
    assert_eq!(u64::try_from(entries.len()).unwrap(), report.events);
    // All of it may expire; the register's head stays.
    clock.advance(DAY * 40);
    items.purge_expired().await.unwrap();
    let report = trail.verify().await.unwrap();
    assert!(report.holds() && report.events == 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_journals_on_two_connections_do_not_disturb_each_other() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let first = items(dir.path(), &clock);
    let second = Embedded::items_beside(dir.path(), clock.clone() as Arc<dyn Clock>).unwrap();
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..6_u128 {
        let journal = journal(if n % 2 == 0 { &first } else { &second }, &clock);
        callers.spawn(async move {
            record_all(&journal, n * 50..n * 50 + 50).await;
            journal.close().await;
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    let report = trail(&first, &clock).verify().await.unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!((report.chains, report.events), (7, 306));
}

#[tokio::test(flavor = "multi_thread")]
async fn verification_beside_a_writer_holds() {
    let dir = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let items = Embedded::open(dir.path(), Arc::clone(&clock)).unwrap().items;
    let journal = Journal::start(Arc::clone(&items), &KEY, "test", Arc::clone(&clock));
    let writing = tokio::spawn({
        let journal = journal.clone();
        async move { record_all(&journal, 0..400).await }
    });
    let trail = Trail::new(items, &KEY, clock);
    let mut rounds = 0;
    while !writing.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let report = trail.verify().await.unwrap();
        assert!(report.holds(), "{report}");
        rounds += 1;
    }
    writing.await.unwrap();
    assert!(rounds > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_neither_verifies_nor_writes() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = items(dir.path(), &clock);
    record_all(&journal(&items, &clock), 0..3).await;
    let stranger = Journal::start(Arc::clone(&items), &[8; 32], "stranger", clock.clone() as Arc<dyn Clock>);
    assert!(matches!(stranger.record(event(1)).await, Err(JournalError::NotKept(_))));
    let report = Trail::new(Arc::clone(&items), &[8; 32], clock.clone() as Arc<dyn Clock>).verify().await.unwrap();
    assert!(!report.holds());
    assert!(trail(&items, &clock).verify().await.unwrap().holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_hinders_no_other() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = items(dir.path(), &clock);
    let journal = journal(&items, &clock);
    let large = Event::new(Kind::JobActed, Actor::default()).with_detail("x".repeat(40_000));
    assert!(matches!(journal.record(large).await, Err(JournalError::TooLarge(_))));
    journal.record(Event::new(Kind::JobActed, Actor::default()).about(Entity::Job { id: job(1) })).await.unwrap();
    assert_eq!(trail(&items, &clock).verify().await.unwrap().events, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_at_all_does_not_hold() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let report = trail(&items(dir.path(), &clock), &clock).verify().await.unwrap();
    assert_eq!(report.findings[0].fault, adit_audit::Fault::Nothing);
}

/// Events per second and the time one record takes, printed. The bounds are far above what is measured.
#[tokio::test(flavor = "multi_thread")]
async fn measure() {
    let dir = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let items = Embedded::open(dir.path(), Arc::clone(&clock)).unwrap().items;
    let journal = Journal::start(Arc::clone(&items), &KEY, "test", Arc::clone(&clock));
    journal.record(event(0)).await.unwrap();
    let mut alone = vec![];
    for n in 0..200 {
        let begun = std::time::Instant::now();
        journal.record(event(n)).await.unwrap();
        alone.push(begun.elapsed());
    }
    alone.sort();
    let begun = std::time::Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..100_u128 {
        let journal = journal.clone();
        callers.spawn(async move { record_all(&journal, caller * 50..caller * 50 + 50).await });
    }
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    let rate = 5000.0 / begun.elapsed().as_secs_f64();
    let begun = std::time::Instant::now();
    let report = Trail::new(items, &KEY, clock).verify().await.unwrap();
    let verified = 5202.0 / begun.elapsed().as_secs_f64();
    assert!(report.holds() && report.events == 5202, "{report}");
    println!(
        "alone: median {:?}, 99% {:?}; 100 callers: {rate:.0} events/s; verified {verified:.0} events/s",
        alone[100], alone[198]
    );
    assert!(alone[100] < Duration::from_secs(1) && rate > 50.0);
}
