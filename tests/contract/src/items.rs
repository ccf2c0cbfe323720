//! Promises of [`ItemStore`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use adit_store::clock::ManualClock;
use adit_store::items::{Condition, Index, Item, ItemStore, Key, Kind, Page, Query, SkRange, StoreError, Write};
use serde_json::{Value, json};

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
pub async fn run(store: Store, clock: Arc<ManualClock>) {
    versions_guard_writes(&store).await;
    a_transaction_is_all_or_nothing(&store).await;
    counters_survive_puts(&store).await;
    queries_are_ordered_and_paged(&store).await;
    indexes_follow_their_items(&store).await;
    limits_are_kept(&store).await;
    expired_items_are_absent(&store, &clock).await;
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
    // Page tokens survive being text.
    let page = store.query(query(SkRange::All, false)).await.unwrap();
    let token = page.next.unwrap();
    assert_eq!(token.to_string().parse::<adit_store::items::Cursor>().unwrap(), token);
    assert!("nonsense".parse::<adit_store::items::Cursor>().is_err());
}

async fn indexes_follow_their_items(store: &Store) {
    let indexed = |sk: &str, place: &str| Item {
        index1: Some(("I".into(), place.into())),
        index2: Some(("J".into(), "same".into())),
        ..item("i", sk, json!(0))
    };
    for (sk, place) in [("a", "3"), ("b", "1"), ("c", "2")] {
        store.put(indexed(sk, place), Condition::None).await.unwrap();
    }
    let first =
        Query { index: Index::First, pk: "I".into(), sk: SkRange::All, descending: false, limit: 2, after: None };
    assert_eq!(all(store, first.clone()).await, ["b", "c", "a"]);
    let second = Query { index: Index::Second, pk: "J".into(), ..first.clone() };
    assert_eq!(all(store, second.clone()).await, ["a", "b", "c"]);
    store.put(item("i", "b", json!(1)), Condition::None).await.unwrap();
    store.delete(&key("i", "c"), Condition::None).await.unwrap();
    assert_eq!(all(store, first).await, ["a"]);
    assert_eq!(all(store, second).await, ["a"]);
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
}

async fn expired_items_are_absent(store: &Store, clock: &ManualClock) {
    use adit_store::clock::Clock;
    let end = clock.now().seconds() + 10;
    store.put(Item { expires_at: Some(end), ..item("e", "a", json!(0)) }, Condition::None).await.unwrap();
    assert!(store.get(&key("e", "a")).await.unwrap().is_some());
    clock.advance(Duration::from_secs(11));
    assert!(store.get(&key("e", "a")).await.unwrap().is_none());
    let query =
        Query { index: Index::Primary, pk: "e".into(), sk: SkRange::All, descending: false, limit: 5, after: None };
    assert!(all(store, query).await.is_empty());
    store.put(item("e", "a", json!(1)), Condition::Absent).await.unwrap();
    store.put(Item { expires_at: Some(end), ..item("e", "b", json!(0)) }, Condition::None).await.unwrap();
    assert!(store.purge_expired().await.unwrap() >= 1);
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
