//! Whoever has the database can change nothing without it being found.
#![expect(clippy::unwrap_used, reason = "a test's own functions fail as its cases do")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adit_audit::{Fault, Report};
use adit_store::clock::ManualClock;
use adit_store::items::ItemStore;
use proptest::prelude::*;
use rusqlite::{Connection, params};
use support::*;

/// Three chains one after another, over several days.
async fn trail_of(dir: &Path, numbers: &[u128], clock: &Arc<ManualClock>) -> Arc<dyn ItemStore> {
    let items = items(dir, clock);
    let third = numbers.len().div_ceil(3);
    for part in numbers.chunks(third) {
        let journal = journal(&items, clock);
        for n in part {
            journal.record(event(*n)).await.unwrap();
            clock.advance(Duration::from_secs(3600));
        }
        journal.close().await;
        clock.advance(Duration::from_secs(20 * 3600));
    }
    items
}

fn database(dir: &Path) -> Connection {
    let connection = Connection::open(dir.join("adit.sqlite")).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection
}

/// Keys of all rows of the trail, heads too.
fn rows(database: &Connection) -> Vec<(String, String)> {
    let mut statement = database.prepare("SELECT pk, sk FROM items WHERE pk LIKE 'AUDIT%' ORDER BY pk, sk").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn body(database: &Connection, row: &(String, String)) -> String {
    database
        .query_row("SELECT body FROM items WHERE pk = ?1 AND sk = ?2", params![row.0, row.1], |found| found.get(0))
        .unwrap()
}

/// Does one thing to the database; false if it comes to nothing.
fn tamper(database: &Connection, way: usize, first: usize, second: usize, letter: u8) -> bool {
    let rows = rows(database);
    let (one, other) = (&rows[first % rows.len()], &rows[second % rows.len()]);
    let set = |what: &str, value: &dyn rusqlite::ToSql| {
        let text = format!("UPDATE OR IGNORE items SET {what} = ?3 WHERE pk = ?1 AND sk = ?2 AND {what} IS NOT ?3");
        database.execute(&text, params![one.0, one.1, value]).unwrap() == 1
    };
    let has = |what: &str| {
        let text = format!("SELECT {what} IS NOT NULL FROM items WHERE pk = ?1 AND sk = ?2");
        database.query_row(&text, params![one.0, one.1], |found| found.get::<_, bool>(0)).unwrap()
    };
    match way {
        0 => database.execute("DELETE FROM items WHERE pk = ?1 AND sk = ?2", params![one.0, one.1]).unwrap() == 1,
        1 => {
            let before = body(database, one);
            let mut after = before.clone().into_bytes();
            let at = second % after.len();
            after[at] = b' ' + letter % 95;
            let after = String::from_utf8(after).unwrap();
            let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            parsed(&after) != parsed(&before) && set("body", &after)
        }
        2 => set("body", &body(database, other)),
        3 => set("sk", &other.1),
        4 => set("pk", &other.0),
        5 => set("pk", &"AUDIT#2030-01-01"),
        6 => set("expires_at", &1_600_000_000_i64),
        7 => set("expires_at", &9_600_000_000_i64),
        8 => set("expires_at", &None::<i64>),
        9 => set("version", &i64::from(letter)),
        10 => set("counters", &r#"{"n":1}"#),
        11 => set("i1pk", &None::<String>),
        // Half a place in an index is none.
        12 => has("i1pk") && set("i1sk", &format!("{:015}", letter % 9)),
        13 => has("i2sk") && set("i2pk", &format!("AUDIT_USER#{}", user(letter.into()))),
        14 => has("i2pk") && set("i2sk", &"x"),
        15 => {
            let text =
                "INSERT OR IGNORE INTO items SELECT pk, ?3, body, counters, i1pk, i1sk, i2pk, i2sk, version, expires_at
                        FROM items WHERE pk = ?1 AND sk = ?2";
            database.execute(text, params![one.0, one.1, format!("{}Z", &one.1[..one.1.len() - 1])]).unwrap() == 1
        }
        16 => {
            let text =
                "INSERT OR IGNORE INTO items SELECT ?3, sk, body, counters, i1pk, i1sk, i2pk, i2sk, version, expires_at
                        FROM items WHERE pk = ?1 AND sk = ?2";
            database.execute(text, params![one.0, one.1, other.0]).unwrap() == 1
        }
        // Two rows change places.
        _ => {
            let (mine, theirs) = (body(database, one), body(database, other));
            let text = "UPDATE items SET body = ?3 WHERE pk = ?1 AND sk = ?2";
            database.execute(text, params![one.0, one.1, theirs]).unwrap();
            database.execute(text, params![other.0, other.1, mine]).unwrap();
            mine != theirs
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_single_change_is_found(
        numbers in prop::collection::vec(0_u128..1000, 3..18),
        way in 0_usize..18,
        first in any::<usize>(),
        second in any::<usize>(),
        letter in any::<u8>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let clock = clock();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (before, after) = runtime.block_on(async {
            let items = trail_of(dir.path(), &numbers, &clock).await;
            let trail = trail(&items, &clock);
            let before = trail.verify().await.unwrap();
            let after = if tamper(&database(dir.path()), way, first, second, letter) { Some(trail.verify().await) } else { None };
            (before, after)
        });
        prop_assert!(before.holds(), "{before}");
        match after {
            // What is no JSON any more cannot be read at all.
            Some(Err(_)) => prop_assert_eq!(way, 1),
            Some(Ok(report)) => prop_assert!(!report.holds(), "way {}: {}", way, report),
            None => {}
        }
    }
}

/// Does `statements` to a trail of 12 events in 3 chains and verifies.
async fn after(statements: &[&str]) -> Report {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = trail_of(dir.path(), &(0..12).collect::<Vec<_>>(), &clock).await;
    let database = database(dir.path());
    for statement in statements {
        assert!(database.execute(statement, []).unwrap() > 0, "{statement} did nothing");
    }
    trail(&items, &clock).verify().await.unwrap()
}

fn faults(report: &Report) -> Vec<Fault> {
    report.findings.iter().map(|finding| finding.fault).collect()
}

/// The second chain: neither the first of the installation nor the last.
const CHAIN: &str = "(SELECT sk FROM items WHERE pk = 'AUDIT_CHAINS' AND sk < 'REGISTER' ORDER BY sk LIMIT 1 OFFSET 1)";

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_its_name() {
    let event = |number: &str| format!("i1pk = 'AUDIT_CHAIN#' || {CHAIN} AND i1sk {number}");
    let delete = |number: &str| format!("DELETE FROM items WHERE {}", event(number));
    let gap = after(&[&delete("= '000000000000002'")]).await;
    assert_eq!(faults(&gap), [Fault::Gap], "{gap}");
    assert!(gap.findings[0].sentence.ends_with("event 2 is missing."), "{gap}");
    assert_eq!((gap.events, gap.chains), (14, 4), "{gap}");
    let end = after(&[&delete("> '000000000000002'")]).await;
    assert_eq!(faults(&end), [Fault::CutOff], "{end}");
    assert!(end.findings[0].sentence.ends_with("events 3 to 4 are missing."), "{end}");
    let beginning = after(&[&delete("< '000000000000003'")]).await;
    assert_eq!(faults(&beginning), [Fault::MissingBeginning], "{beginning}");
    let all = after(&[&delete("> ''")]).await;
    assert_eq!(faults(&all), [Fault::CutOff], "{all}");
    let head = after(&[&format!("DELETE FROM items WHERE pk = 'AUDIT_CHAINS' AND sk = {CHAIN}")]).await;
    assert_eq!(faults(&head), [Fault::ChainGone, Fault::NoHead], "{head}");
    let whole =
        after(&[&delete("> ''"), &format!("DELETE FROM items WHERE pk = 'AUDIT_CHAINS' AND sk = {CHAIN}")]).await;
    assert_eq!(faults(&whole), [Fault::ChainGone], "{whole}");
    let register = after(&["DELETE FROM items WHERE sk = 'REGISTER'"]).await;
    assert_eq!(faults(&register), [Fault::NoHead, Fault::NoRegister], "{register}");
    let entry = after(&["DELETE FROM items WHERE i1pk = 'AUDIT_CHAIN#REGISTER' AND i1sk = '000000000000002'"]).await;
    assert_eq!(faults(&entry), [Fault::Gap, Fault::NotInRegister], "{entry}");
    let stray =
        after(&["INSERT INTO items VALUES ('AUDIT#2023-11-15', 'x', '{}', '{}', NULL, NULL, NULL, NULL, 1, NULL)"])
            .await;
    assert_eq!(faults(&stray), [Fault::Stray], "{stray}");
}

/// An old head that was kept and put back while the events behind it stay.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_head_is_found() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let items = items(dir.path(), &clock);
    let journal = journal(&items, &clock);
    record_all(&journal, 0..3).await;
    let database = database(dir.path());
    database
        .execute("CREATE TABLE kept AS SELECT * FROM items WHERE pk = 'AUDIT_CHAINS' AND sk < 'REGISTER'", [])
        .unwrap();
    record_all(&journal, 3..5).await;
    clock.advance(Duration::from_secs(3600));
    database.execute("INSERT OR REPLACE INTO items SELECT * FROM kept", []).unwrap();
    let report = trail(&items, &clock).verify().await.unwrap();
    assert_eq!(faults(&report), [Fault::BeyondEnd], "{report}");
    // The process that writes finds it too, begins a new chain and says so there.
    record_all(&journal, 5..6).await;
    let found = trail(&items, &clock).search(&adit_audit::Filter::default(), 3, None).await.unwrap();
    let says = found
        .entries
        .iter()
        .map(|entry| entry.record.event.sentence())
        .find(|sentence| sentence.contains("no longer stands"));
    assert!(says.is_some(), "{found:?}");
}
