//! The audit trail on top of any item store: several writers, search by day and by person, export, verification, and a missing event.

use std::sync::Arc;
use std::time::Duration;

use adit_audit::{Actor, Event, Fault, Filter, Journal, Kind, Trail};
use adit_domain::{Timestamp, UserId};
use adit_store::clock::{Clock, SystemClock};
use adit_store::items::{Condition, Index, ItemStore, Query, SkRange};

const KEY: [u8; 32] = [3; 32];
/// How often a search is repeated until an index has caught up.
const LOOKS: u32 = 50;

/// Runs everything; the store holds no trail before.
pub async fn run(items: Arc<dyn ItemStore>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let user = UserId::new(Timestamp(1_700_000_000_000), 1);
    let mut writers = tokio::task::JoinSet::new();
    for process in 0..4 {
        let journal = Journal::start(Arc::clone(&items), &KEY, format!("process {process}"), Arc::clone(&clock));
        let actor =
            Actor { user: (process == 0).then(|| user.clone()), name: format!("person {process}"), ..Actor::default() };
        writers.spawn(async move {
            let mut callers = tokio::task::JoinSet::new();
            for n in 0..30 {
                let (journal, event) =
                    (journal.clone(), Event::new(Kind::JobActed, actor.clone()).with_detail(n.to_string()));
                callers.spawn(async move { journal.record(event).await });
            }
            while let Some(kept) = callers.join_next().await {
                kept.unwrap().expect("it is put on record");
            }
            journal.close().await;
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let trail = Trail::new(Arc::clone(&items), &KEY, clock);
    let report = trail.verify().await.unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!((report.events, report.chains), (124, 5));
    assert_eq!(count(&trail, &Filter::default()).await, 124);
    let of_one = Filter { user: Some(user), ..Filter::default() };
    let mut found = 0;
    for _ in 0..LOOKS {
        found = count(&trail, &of_one).await;
        if found == 30 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(found, 30);
    let (mut lines, mut place) = (0, None);
    loop {
        let page = trail.export(Timestamp(0), Timestamp(i64::MAX), place).await.unwrap();
        lines += page.lines.len();
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    assert_eq!(lines, 124);
    one_is_missed(&items, &trail).await;
}

async fn one_is_missed(items: &Arc<dyn ItemStore>, trail: &Trail) {
    let entry =
        &trail.search(&Filter { kinds: vec![Kind::JobActed], ..Filter::default() }, 1, None).await.unwrap().entries[0];
    let pk = format!("AUDIT_CHAIN#{}", entry.chain);
    let place = format!("{:015}", 7);
    let sk = SkRange::Between(place.clone(), place);
    let query = Query { index: Index::First, pk, sk, descending: false, limit: 1, after: None };
    let victim = items.query(query).await.unwrap().items.remove(0);
    items.delete(&victim.key, Condition::None).await.unwrap();
    let report = trail.verify().await.unwrap();
    assert_eq!(report.findings.iter().map(|finding| finding.fault).collect::<Vec<_>>(), [Fault::Gap], "{report}");
}

async fn count(trail: &Trail, filter: &Filter) -> usize {
    let (mut count, mut token) = (0, None::<String>);
    loop {
        let found = trail.search(filter, 50, token.as_deref()).await.unwrap();
        count += found.entries.len();
        token = found.next;
        if token.is_none() {
            return count;
        }
    }
}
