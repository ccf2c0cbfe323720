//! Ten thousand people: what a request and a page of a list cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adit_domain::person::PersonState;
use adit_domain::{Timestamp, UserId};
use adit_store::items::{Condition, Item, ItemStore, Key, Page, Query, StoreError, Write};
use async_trait::async_trait;

use super::Home;
use crate::people::{User, new_rows};
use crate::rows::put;
use crate::{Access, PeopleQuery};

const PEOPLE: u32 = 10_000;

/// Counts reads.
struct Counting(Arc<dyn ItemStore>, AtomicUsize);

#[async_trait]
impl ItemStore for Counting {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.get(key).await
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.query(query).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.1.fetch_add(100, Ordering::SeqCst);
        self.0.transact(writes).await
    }

    async fn purge_expired(&self) -> Result<usize, StoreError> {
        self.0.purge_expired().await
    }
}

#[tokio::test]
async fn with_ten_thousand_people_requests_and_pages_stay_quick() {
    let home = Home::open().await;
    let open = home.session("admin").await;
    let mut writes = Vec::new();
    for number in 0..PEOPLE {
        let id = UserId::new(home.now(), u128::from(number));
        let user = User {
            email: Some(format!("mail{number:05}@x.org")),
            ..User::new(id, &format!("p{number:05}"), PersonState::Active, Timestamp(i64::from(number)))
        };
        writes.extend(new_rows(&user).unwrap().into_iter().map(|item| put(item, Condition::Absent)));
        if writes.len() > 96 {
            home.backend.items.transact(std::mem::take(&mut writes)).await.unwrap();
        }
    }
    home.backend.items.transact(writes).await.unwrap();

    let counting = Arc::new(Counting(home.backend.items.clone(), AtomicUsize::new(0)));
    let access = Access::new(counting.clone());
    assert!(access.session(&open.token, home.now()).await.unwrap().is_some());
    assert_eq!(counting.1.load(Ordering::SeqCst), 2, "session and person");

    let (rounds, start) = (200, Instant::now());
    for _ in 0..rounds {
        access.session(&open.token, home.now()).await.unwrap();
    }
    let session = start.elapsed() / rounds;
    let start = Instant::now();
    let page = home.access.people(PeopleQuery::All, 50, None).await.unwrap();
    let page = home.access.people(PeopleQuery::All, 50, page.next).await.unwrap();
    let (all, start) = (start.elapsed() / 2, Instant::now());
    let newest = home.access.people(PeopleQuery::State(PersonState::Active), 50, None).await.unwrap();
    let (by_state, start) = (start.elapsed(), Instant::now());
    let found = home.access.search_people("mail0123", 50).await.unwrap();
    let search = start.elapsed();
    println!("session {session:?}, page {all:?}, page by state {by_state:?}, search {search:?}");
    assert_eq!((page.people.len(), newest.people.len(), found.len()), (50, 50, 10));
    assert_eq!(newest.people[1].username, "p09999", "behind the administrator");
    // The bars are far above what an idle machine needs: session 0.1 ms, page 1 ms.
    assert!(session < Duration::from_millis(20), "{session:?}");
    assert!(
        [all, by_state, search].iter().all(|taken| *taken < Duration::from_millis(500)),
        "{all:?} {by_state:?} {search:?}"
    );
}
