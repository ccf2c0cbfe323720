//! Promises of [`ItemStore`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use adit_store::items::{
    Condition, Cursor, Index, Item, ItemStore, Key, Kind, Page, Query, SkRange, StoreError, Write,
};
use serde_json::{Value, json};

use crate::{Gaps, Promise, Time};

type Store = Arc<dyn ItemStore>;

fn key(pk: &str, sk: &str) -> Key {
    Key { pk: pk.into(), sk: sk.into() }
}

fn item(pk: &str, sk: &str, body: Value) -> Item {
    Item { key: key(pk, sk), body, counters: BTreeMap::new(), index1: None, index2: None, version: 0, expires_at: None }
}

fn conflict_at(result: Result<(), StoreError>) -> usize {
    match result.expect_err("a conflict is expected").kind {
        Kind::Conflict { index } => index,
        other => panic!("a conflict is expected, not {other:?}"),
    }
}

async fn all(store: &Store, query: Query) -> Vec<String> {
    let mut places = Vec::new();
    let mut after = None;
    loop {
        let Page { items, next } = store.query(Query { after, ..query.clone() }).await.unwrap();
        assert!(items.len() <= query.limit);
        places.extend(items.into_iter().map(|item| item.key.sk));
        after = next;
        if after.is_none() {
            return places;
        }
    }
}

/// Runs every promise.
pub async fn run(store: Store, time: Time, gaps: Gaps) {
    versions_guard_writes(&store).await;
    a_transaction_is_all_or_nothing(&store).await;
    counters_survive_puts(&store).await;
    queries_are_ordered_and_paged(&store).await;
    a_page_belongs_to_its_query(&store).await;
    indexes_follow_their_items(&store, gaps).await;
    limits_are_kept(&store).await;
    expired_items_are_absent(&store, &time, gaps).await;
    pages_are_full_in_spite_of_expired_items(&store, &time).await;
    one_of_many_wins(&store).await;
}

async fn versions_guard_writes(store: &Store) {
    store.put(item("v", "a", json!(1)), Condition::Absent).await.unwrap();
    assert_eq!(conflict_at(store.put(item("v", "a", json!(2)), Condition::Absent).await), 0);
    assert_eq!(store.get(&key("v", "a")).await.unwrap().unwrap().version, 1);
    store.put(item("v", "a", json!(2)), Condition::Version(1)).await.unwrap();
    assert_eq!(conflict_at(store.put(item("v", "a", json!(3)), Condition::Version(1)).await), 0);
    let found = store.get(&key("v", "a")).await.unwrap().unwrap();
    assert_eq!((found.version, found.body), (2, json!(2)));
    assert_eq!(conflict_at(store.delete(&key("v", "a"), Condition::Version(1)).await), 0);
    store.delete(&key("v", "a"), Condition::Version(2)).await.unwrap();
    store.delete(&key("v", "a"), Condition::None).await.unwrap();
    assert!(store.get(&key("v", "a")).await.unwrap().is_none());
}

async fn a_transaction_is_all_or_nothing(store: &Store) {
    store.put(item("t", "taken", json!(0)), Condition::Absent).await.unwrap();
    let writes = vec![
        Write::Put { item: item("t", "new", json!(1)), condition: Condition::Absent },
        Write::Delete { key: key("t", "taken"), condition: Condition::None },
        Write::Check { key: key("t", "missing"), condition: Condition::Version(1) },
    ];
    assert_eq!(conflict_at(store.transact(writes).await), 2);
    assert!(store.get(&key("t", "new")).await.unwrap().is_none());
    assert!(store.get(&key("t", "taken")).await.unwrap().is_some());
}

async fn counters_survive_puts(store: &Store) {
    let first = Item { counters: BTreeMap::from([("n".to_owned(), 5)]), ..item("c", "a", json!("old")) };
    store.put(first, Condition::Absent).await.unwrap();
    let add = |delta| Write::Add { key: key("c", "a"), deltas: vec![("n".into(), delta), ("m".into(), 1)] };
    store.transact(vec![add(2)]).await.unwrap();
    // The version stayed, so a put by somebody who read before the addition still goes through, without undoing it.
    store.put(item("c", "a", json!("new")), Condition::Version(1)).await.unwrap();
    store.transact(vec![add(-3)]).await.unwrap();
    let found = store.get(&key("c", "a")).await.unwrap().unwrap();
    assert_eq!((found.body, found.counters["n"], found.counters["m"], found.version), (json!("new"), 4, 2, 2));
    let absent = Write::Add { key: key("c", "nobody"), deltas: vec![("n".into(), 1)] };
    assert_eq!(conflict_at(store.transact(vec![absent]).await), 0);
}

async fn queries_are_ordered_and_paged(store: &Store) {
    for n in 0..25 {
        store.put(item("q", &format!("x#{n:02}"), json!(n)), Condition::None).await.unwrap();
        store.put(item("q", &format!("y#{n:02}"), json!(n)), Condition::None).await.unwrap();
    }
    let query = |sk, descending| Query { index: Index::Primary, pk: "q".into(), sk, descending, limit: 7, after: None };
    let up = all(store, query(SkRange::Prefix("x#".into()), false)).await;
    assert_eq!((up.len(), up[0].as_str(), up[24].as_str()), (25, "x#00", "x#24"));
    let mut down = all(store, query(SkRange::Prefix("x#".into()), true)).await;
    down.reverse();
    assert_eq!(up, down);
    assert_eq!(
        all(store, query(SkRange::Between("x#03".into(), "x#05".into()), false)).await,
        ["x#03", "x#04", "x#05"]
    );
    assert_eq!(all(store, query(SkRange::All, false)).await.len(), 50);
    assert!(all(store, Query { pk: "nobody".into(), ..query(SkRange::All, false) }).await.is_empty());
    assert!(all(store, query(SkRange::Between("x#05".into(), "x#03".into()), false)).await.is_empty());
    assert_eq!(all(store, query(SkRange::Prefix(String::new()), false)).await.len(), 50);
}

async fn a_page_belongs_to_its_query(store: &Store) {
    for sk in ["x#1", "x#2", "y#1"] {
        store.put(item("p", sk, json!(0)), Condition::None).await.unwrap();
    }
    let query = Query {
        index: Index::Primary,
        pk: "p".into(),
        sk: SkRange::Prefix("x#".into()),
        descending: false,
        limit: 1,
        after: None,
    };
    let next = store.query(query.clone()).await.unwrap().next.expect("another page");
    assert_eq!(all(store, Query { after: Some(next.clone()), ..query.clone() }).await.len(), 2, "`all` begins anew");
    assert_eq!(store.query(Query { after: Some(next.clone()), ..query.clone() }).await.unwrap().items[0].key.sk, "x#2");
    for foreign in [Cursor { pk: "q".into(), ..next.clone() }, Cursor { place: "y#0".into(), sk: "y#0".into(), ..next }]
    {
        let answer = store.query(Query { after: Some(foreign), ..query.clone() }).await;
        assert_eq!(answer.unwrap_err().kind, Kind::Invalid);
    }
}

/// What the query brings, or will soon bring where an index may lag behind.
async fn index_shows(store: &Store, query: &Query, wanted: &[&str], gaps: Gaps) {
    let patience = if gaps.excuse(Promise::IndexesAreCurrent) { 50 } else { 1 };
    let mut found = Vec::new();
    for _ in 0..patience {
        found = all(store, query.clone()).await;
        if found == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(found, wanted);
}

async fn indexes_follow_their_items(store: &Store, gaps: Gaps) {
    let indexed = |sk: &str, place: &str, other: &str| Item {
        index1: Some(("I".into(), place.into())),
        index2: Some(("J".into(), other.into())),
        ..item("i", sk, json!(0))
    };
    let equal = !gaps.excuse(Promise::EqualPlacesInOrder);
    for (sk, place) in [("a", "3"), ("b", "1"), ("c", "2")] {
        store.put(indexed(sk, place, if equal { "same" } else { sk }), Condition::None).await.unwrap();
    }
    let first =
        Query { index: Index::First, pk: "I".into(), sk: SkRange::All, descending: false, limit: 2, after: None };
    index_shows(store, &first, &["b", "c", "a"], gaps).await;
    index_shows(store, &Query { descending: true, ..first.clone() }, &["a", "c", "b"], gaps).await;
    index_shows(store, &Query { sk: SkRange::Between("2".into(), "3".into()), ..first.clone() }, &["c", "a"], gaps)
        .await;
    let second = Query { index: Index::Second, pk: "J".into(), ..first.clone() };
    index_shows(store, &second, &["a", "b", "c"], gaps).await;
    store.put(item("i", "b", json!(1)), Condition::None).await.unwrap();
    store.delete(&key("i", "c"), Condition::None).await.unwrap();
    index_shows(store, &first, &["a"], gaps).await;
    index_shows(store, &second, &["a"], gaps).await;
    // Equal places: in whatever order, each comes once, over all pages.
    for n in 0..7 {
        store
            .put(
                Item { index2: Some(("K".into(), "same".into())), ..item("k", &n.to_string(), json!(0)) },
                Condition::None,
            )
            .await
            .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(if gaps.excuse(Promise::IndexesAreCurrent) { 500 } else { 0 })).await;
    let mut same = all(store, Query { pk: "K".into(), ..second }).await;
    same.sort();
    assert_eq!(same, ["0", "1", "2", "3", "4", "5", "6"]);
}

async fn limits_are_kept(store: &Store) {
    let large = item("l", "a", json!("x".repeat(110 * 1024)));
    assert_eq!(store.put(large, Condition::None).await.unwrap_err().kind, Kind::TooLarge);
    let many = (0..101)
        .map(|n| Write::Put { item: item("l", &n.to_string(), json!(0)), condition: Condition::None })
        .collect();
    assert_eq!(store.transact(many).await.unwrap_err().kind, Kind::TooLarge);
    let hundred = (0..100)
        .map(|n| Write::Put { item: item("l", &n.to_string(), json!(0)), condition: Condition::None })
        .collect();
    store.transact(hundred).await.unwrap();
    let twice = vec![
        Write::Delete { key: key("l", "0"), condition: Condition::None },
        Write::Check { key: key("l", "0"), condition: Condition::None },
    ];
    assert_eq!(store.transact(twice).await.unwrap_err().kind, Kind::Invalid);
    let heavy = |n: usize| Write::Put {
        item: item("l", &n.to_string(), json!("x".repeat(90_000))),
        condition: Condition::None,
    };
    assert_eq!(store.transact((0..50).map(heavy).collect()).await.unwrap_err().kind, Kind::TooLarge);
    store.transact((0..40).map(heavy).collect()).await.unwrap();
    for (pk, sk) in [("", "a"), ("l", ""), ("l", &*"x".repeat(1025)), (&*"x".repeat(2049), "a")] {
        assert_eq!(store.put(item(pk, sk, json!(0)), Condition::None).await.unwrap_err().kind, Kind::Invalid);
    }
    let nowhere = Item { index1: Some(("I".into(), String::new())), ..item("l", "a", json!(0)) };
    assert_eq!(store.put(nowhere, Condition::None).await.unwrap_err().kind, Kind::Invalid);
}

/// Seconds until items of the suite expire.
const LIFE: i64 = 3;

async fn expired_items_are_absent(store: &Store, time: &Time, gaps: Gaps) {
    let end = time.now().seconds() + LIFE;
    let passing = |sk: &str| Item {
        expires_at: Some(end),
        counters: BTreeMap::from([("n".to_owned(), 7)]),
        ..item("e", sk, json!("old"))
    };
    for sk in ["absent", "none", "together", "version", "add", "delete", "check", "purge"] {
        store.put(passing(sk), Condition::Absent).await.unwrap();
    }
    assert!(store.get(&key("e", "none")).await.unwrap().is_some());
    time.pass(Duration::from_secs(LIFE.unsigned_abs() + 1)).await;
    assert!(store.get(&key("e", "none")).await.unwrap().is_none());
    let query =
        Query { index: Index::Primary, pk: "e".into(), sk: SkRange::All, descending: false, limit: 5, after: None };
    assert!(all(store, query).await.is_empty());
    // Absent for conditions and additions too.
    assert_eq!(conflict_at(store.put(item("e", "version", json!(1)), Condition::Version(1)).await), 0);
    assert_eq!(conflict_at(store.delete(&key("e", "delete"), Condition::Version(1)).await), 0);
    let add = Write::Add { key: key("e", "add"), deltas: vec![("n".into(), 1)] };
    assert_eq!(conflict_at(store.transact(vec![add]).await), 0);
    let check = |condition| vec![Write::Check { key: key("e", "check"), condition }];
    assert_eq!(conflict_at(store.transact(check(Condition::Version(1))).await), 0);
    store.transact(check(Condition::Absent)).await.unwrap();
    // What takes its place is new: version 1, its own counters.
    store.put(item("e", "absent", json!("new")), Condition::Absent).await.unwrap();
    store.put(item("e", "none", json!("new")), Condition::None).await.unwrap();
    let both =
        ["together", "beside"].map(|sk| Write::Put { item: item("e", sk, json!("new")), condition: Condition::None });
    store.transact(both.into()).await.unwrap();
    for sk in ["absent", "none", "together", "beside"] {
        let found = store.get(&key("e", sk)).await.unwrap().expect("it is new");
        assert_eq!((found.body, found.version, found.counters.len()), (json!("new"), 1, 0), "{sk}");
    }
    let purged = store.purge_expired().await.unwrap();
    if gaps.excuse(Promise::PurgeCounts) {
        assert_eq!(purged, 0);
    } else {
        assert!(purged >= 1);
    }
    assert!(store.get(&key("e", "purge")).await.unwrap().is_none());
    assert!(store.get(&key("e", "none")).await.unwrap().is_some());
}

async fn pages_are_full_in_spite_of_expired_items(store: &Store, time: &Time) {
    let end = time.now().seconds() + LIFE;
    for n in 0..40 {
        let expires_at = (n % 10 != 9).then_some(end);
        store.put(Item { expires_at, ..item("f", &format!("{n:02}"), json!(n)) }, Condition::None).await.unwrap();
    }
    time.pass(Duration::from_secs(LIFE.unsigned_abs() + 1)).await;
    let query =
        Query { index: Index::Primary, pk: "f".into(), sk: SkRange::All, descending: false, limit: 3, after: None };
    let page = store.query(query.clone()).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.key.sk.as_str()).collect::<Vec<_>>(), ["09", "19", "29"]);
    assert_eq!(all(store, query).await, ["09", "19", "29", "39"]);
}

/// Eight tasks add to one item by compare-and-swap and to one counter without; nothing is lost.
async fn one_of_many_wins(store: &Store) {
    store.put(item("w", "a", json!(0)), Condition::Absent).await.unwrap();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(store);
        workers.spawn(async move {
            for _ in 0..10 {
                loop {
                    let found = store.get(&key("w", "a")).await.unwrap().unwrap();
                    let next = item("w", "a", json!(found.body.as_i64().unwrap() + 1));
                    if store.put(next, Condition::Version(found.version)).await.is_ok() {
                        break;
                    }
                }
                store.transact(vec![Write::Add { key: key("w", "a"), deltas: vec![("n".into(), 1)] }]).await.unwrap();
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.unwrap();
    }
    let found = store.get(&key("w", "a")).await.unwrap().unwrap();
    assert_eq!((found.body, found.counters["n"]), (json!(80), 80));
}
