//! What people have moved, on top of any item store.

use std::sync::Arc;

use adit_domain::usage::{Amount, Way};
use adit_domain::{NodeId, Timestamp, UserId};
use adit_store::items::ItemStore;
use adit_store::repositories::{UsageBook, UsageOf};
use tokio::task::JoinSet;

use crate::groups::today;

const DAY_MS: i64 = 86_400_000;
/// Requests at the same time.
const AT_ONCE: u64 = 24;

/// Runs everything.
pub async fn run(items: Arc<dyn ItemStore>) {
    let (book, day) = (UsageBook::new(Arc::clone(&items)), today());
    nothing_is_lost_when_many_count_at_once(&book, day).await;
    transfers_count_in_their_transaction_and_not_to_the_persons_limit(&book, &items, day).await;
    a_day_is_listed_in_pages_and_another_day_is_another(&book, day).await;
}

fn of(user: u128, node: Option<u128>) -> UsageOf {
    UsageOf {
        user: UserId::new(Timestamp(3), user),
        person: format!("person {user}"),
        node: node.map(|number| NodeId::new(Timestamp(4), number)),
        server: "PACS".into(),
    }
}

fn amount(instances: u64, bytes: u64) -> Amount {
    Amount { requests: 1, instances, bytes }
}

async fn nothing_is_lost_when_many_count_at_once(book: &UsageBook, day: Timestamp) {
    let mut counting = JoinSet::new();
    for number in 0..AT_ONCE {
        let (book, way) = (book.clone(), if number % 2 == 0 { Way::Retrieved } else { Way::Stored });
        counting.spawn(async move { book.add(&of(71, Some(1)), day, way, amount(2, 5_000_000_000), 30).await });
    }
    while let Some(counted) = counting.join_next().await {
        counted.expect("it ends").expect("it is counted, the row is made by whoever is first");
    }
    let half = AT_ONCE / 2;
    let expected = Amount { requests: half, instances: 2 * half, bytes: half * 5_000_000_000 };
    let rows = all_of(book, UsageBook::day_of(day)).await;
    let mine: Vec<_> = rows.iter().filter(|row| row.of == of(71, Some(1))).collect();
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0].amounts, [(Way::Retrieved, expected), (Way::Stored, expected)]);
    book.add(&of(71, None), day, Way::Downloaded, amount(1, 7), 30).await.expect("another server's row");
    let bytes = book.bytes_by_requests(&of(71, None).user, day).await.expect("an answer");
    assert_eq!(bytes, AT_ONCE * 5_000_000_000 + 7, "of all servers together");
}

async fn transfers_count_in_their_transaction_and_not_to_the_persons_limit(
    book: &UsageBook,
    items: &Arc<dyn ItemStore>,
    day: Timestamp,
) {
    for _ in 0..2 {
        let write = book.write(&of(72, Some(1)), day, Way::Transferred, amount(3, 10), 30).await.expect("a write");
        items.transact(vec![write]).await.expect("it is counted");
    }
    assert_eq!(book.bytes_by_requests(&of(72, None).user, day).await.expect("an answer"), 0);
    let rows = all_of(book, UsageBook::day_of(day)).await;
    let row = rows.iter().find(|row| row.of == of(72, Some(1))).expect("it is listed");
    assert_eq!(row.amounts, [(Way::Transferred, Amount { requests: 2, instances: 6, bytes: 20 })]);
}

async fn a_day_is_listed_in_pages_and_another_day_is_another(book: &UsageBook, day: Timestamp) {
    let tomorrow = day.plus_ms(DAY_MS);
    for node in 0..7 {
        book.add(&of(73, Some(node)), tomorrow, Way::Converted, amount(1, 1), 30).await.expect("it is counted");
    }
    let rows = all_of(book, UsageBook::day_of(tomorrow)).await;
    assert_eq!(rows.len(), 7);
    assert!(rows.iter().all(|row| row.of.person == "person 73" && row.day == UsageBook::day_of(tomorrow)));
    assert_eq!(book.bytes_by_requests(&of(73, None).user, day).await.expect("an answer"), 0);
    assert_eq!(book.bytes_by_requests(&of(73, None).user, tomorrow).await.expect("an answer"), 7);
}

/// All rows of a day, three at a time.
async fn all_of(book: &UsageBook, day: i64) -> Vec<adit_store::repositories::UsageRecord> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (rows, next) = book.of_day(day, 3, after).await.expect("a page");
        all.extend(rows);
        after = next;
        if after.is_none() {
            return all;
        }
    }
}
