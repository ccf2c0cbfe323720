//! Groups with members and grants, what folders hold, and what limits are measured by, on top of any item store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use adit_domain::group::{GroupConfig, GroupSettings, NodeGrant};
use adit_domain::{Group, GroupId, JobId, NodeId, Right, Timestamp, UserId};
use adit_store::items::{ItemStore, Kind, StoreError};
use adit_store::repositories::{GroupLimits, Groups, Membership, Storage, StorageUse, Told};

/// Runs everything.
pub async fn run(items: Arc<dyn ItemStore>) {
    names_are_unique(Groups::new(Arc::clone(&items))).await;
    members_come_and_go(Groups::new(Arc::clone(&items))).await;
    grants_are_seen_from_both_ends(Groups::new(Arc::clone(&items))).await;
    a_deleted_group_takes_everything_along(Groups::new(Arc::clone(&items))).await;
    one_measures_and_one_tells(Storage::new(Arc::clone(&items))).await;
    bytes_add_up_and_a_day_is_full_once(GroupLimits::new(Arc::clone(&items)), &items).await;
    one_begins_a_job_at_a_time(GroupLimits::new(Arc::clone(&items)), &items).await;
}

fn conflicts<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    matches!(result.expect_err("it is refused").kind, Kind::Conflict { .. })
}

fn group(number: u128, name: &str) -> Group {
    let config = GroupConfig {
        name: name.into(),
        description: String::new(),
        rights: BTreeSet::from([Right::Search]),
        settings: GroupSettings::default(),
    };
    Group { id: GroupId::new(Timestamp(1), number), config, created: Timestamp(1) }
}

fn user(number: u128) -> UserId {
    UserId::new(Timestamp(3), number)
}

fn node(number: u128) -> NodeId {
    NodeId::new(Timestamp(4), number)
}

async fn names_are_unique(groups: Groups) {
    groups.insert(&group(1, "Neuro")).await.expect("a new group");
    groups.insert(&group(2, "Thorax")).await.expect("another one");
    assert!(conflicts(groups.insert(&group(3, "NEURO")).await), "names differ in more than case");
    assert_eq!(groups.named("neuro").await.expect("an answer"), Some(group(1, "").id));
    let before = groups.get(&group(2, "").id).await.expect("an answer").expect("it is there");
    assert!(conflicts(groups.update(&before, &group(2, "neuro")).await));
    groups.update(&before, &group(2, "Liver")).await.expect("a free name");
    assert!(conflicts(groups.update(&before, &group(2, "Spine")).await), "a stale change");
    assert_eq!(groups.named("thorax").await.expect("an answer"), None, "the old name is free");
    groups.insert(&group(3, "Thorax")).await.expect("and can be taken");
    let (first, more) = groups.list(2, None).await.expect("a page");
    let (second, end) = groups.list(2, more).await.expect("the next one");
    assert_eq!((first.len(), second.len(), end.is_none()), (2, 1, true));
}

async fn members_come_and_go(groups: Groups) {
    let id = group(1, "").id;
    for number in [1, 2, 1] {
        let joined = Membership { user: user(number), group: id.clone(), since: Timestamp(5) };
        let _ = groups.join(&joined).await;
    }
    assert!(groups.is_member(&user(1), &id).await.expect("an answer"));
    assert!(!groups.is_member(&user(3), &id).await.expect("an answer"));
    assert_eq!(groups.of_user(&user(2)).await.expect("an answer"), std::slice::from_ref(&id));
    groups.choose(&user(2), &id).await.expect("it is chosen");
    assert_eq!(groups.chosen(&user(2)).await.expect("an answer"), Some(id.clone()));
    groups.leave(&user(2), &id).await.expect("they leave");
    assert!(!groups.is_member(&user(2), &id).await.expect("an answer"));
    assert_eq!(groups.members(&id, 10, None).await.expect("a page").0.len(), 1);
}

async fn grants_are_seen_from_both_ends(groups: Groups) {
    let (first, second) = (group(1, "").id, group(2, "").id);
    let grant = |group: &GroupId, number, source, destination| NodeGrant {
        group: group.clone(),
        node: node(number),
        source,
        destination,
    };
    for one in [grant(&first, 1, true, true), grant(&first, 2, true, false), grant(&second, 1, false, true)] {
        groups.set_grant(&one).await.expect("it is granted");
    }
    assert_eq!(groups.grants_of(&first).await.expect("an answer").len(), 2);
    assert_eq!(groups.grants_on(&node(1)).await.expect("an answer").len(), 2);
    groups.set_grant(&grant(&first, 1, false, false)).await.expect("it is revoked");
    assert_eq!(groups.grant(&first, &node(1)).await.expect("an answer").filter(|left| left.source), None);
    groups.forget_node(&node(1)).await.expect("the node goes");
    assert!(groups.grants_on(&node(1)).await.expect("an answer").is_empty());
    assert_eq!(groups.grants_of(&first).await.expect("an answer").len(), 1);
}

async fn a_deleted_group_takes_everything_along(groups: Groups) {
    let id = group(1, "").id;
    let known = groups.get(&id).await.expect("an answer").expect("it is there");
    groups.delete(&known).await.expect("it is deleted");
    assert_eq!(groups.get(&id).await.expect("an answer"), None);
    assert!(groups.of_user(&user(1)).await.expect("an answer").is_empty());
    assert!(groups.grants_of(&id).await.expect("an answer").is_empty());
    assert!(groups.grants_on(&node(2)).await.expect("an answer").is_empty());
    groups.insert(&group(4, "Neuro")).await.expect("its name is free");
}

async fn one_measures_and_one_tells(storage: Storage) {
    let found = |bytes, told| StorageUse { node: node(7), bytes, files: 1, measured: Timestamp(9), told };
    storage.put(&found(1, Told::Nothing), None).await.expect("the first measurement");
    assert!(conflicts(storage.put(&found(2, Told::Full), None).await), "somebody else was first");
    let before = storage.get(&node(7)).await.expect("an answer").expect("it is there");
    storage.put(&found(3, Told::Full), Some(before.version)).await.expect("a newer one");
    assert!(conflicts(storage.put(&found(4, Told::Full), Some(before.version)).await));
    assert_eq!(storage.all().await.expect("a list"), [found(3, Told::Full)]);
    storage.remove(&node(7)).await.expect("it is forgotten");
    assert!(storage.all().await.expect("a list").is_empty());
}

/// The rows expire, and backends go by the real time.
pub fn today() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    Timestamp(i64::try_from(since.as_millis()).expect("a time that fits"))
}

async fn bytes_add_up_and_a_day_is_full_once(limits: GroupLimits, items: &Arc<dyn ItemStore>) {
    let (id, day) = (group(2, "").id, today());
    for _ in 0..3 {
        let write = limits.add_bytes(&id, day, 5_000_000_000).await.expect("a write");
        items.transact(vec![write]).await.expect("it is counted");
    }
    assert_eq!(limits.bytes_of_day(&id, day).await.expect("an answer"), 15_000_000_000);
    assert!(limits.first_full(&id, day).await.expect("an answer"));
    assert!(!limits.first_full(&id, day).await.expect("an answer"), "told already");
    let tomorrow = GroupLimits::next_day(day);
    assert_eq!(limits.bytes_of_day(&id, tomorrow).await.expect("an answer"), 0);
    assert!(limits.first_full(&id, tomorrow).await.expect("an answer"));
}

async fn one_begins_a_job_at_a_time(limits: GroupLimits, items: &Arc<dyn ItemStore>) {
    let (id, first, second) = (group(2, "").id, JobId::new(Timestamp(1), 1), JobId::new(Timestamp(2), 2));
    let racing = [limits.begin_job(&user(1), &id, &first, None), limits.begin_job(&user(1), &id, &second, None)];
    let mut won = 0;
    for write in racing {
        won += usize::from(items.transact(vec![write.expect("a write")]).await.is_ok());
    }
    assert_eq!(won, 1);
    for job in [&first, &second] {
        items.transact(vec![limits.wait(&id, job).expect("a write")]).await.expect("it waits");
    }
    assert_eq!(limits.waiting(&id, 10, None).await.expect("a page").0, [first.clone(), second.clone()]);
    items.transact(vec![limits.wait_no_longer(&id, &first)]).await.expect("it is decided");
    assert_eq!(limits.waiting(&id, 10, None).await.expect("a page").0, [second]);
}
