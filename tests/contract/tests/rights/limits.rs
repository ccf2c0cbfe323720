//! Restrictions, limits, approval, and the first group.

use std::collections::BTreeSet;

use adit_api::error::ErrorCode;
use adit_api::groups::{GrantInput, GroupInput, PageQuery};
use adit_domain::group::GroupSettings;
use adit_domain::job::{JobAction, JobStatus};
use adit_domain::right::{Scope, TokenLimits};
use adit_domain::{JobId, Right};
use adit_engine::{Actor, Engine, Refusal};
use adit_store::queue::Lane;
use adit_store::repositories::GroupLimits;

use crate::house::{House, config, known, user};

impl House {
    /// Two groups with these settings and all rights; 1 and 2 belong to the first one, 3 to the second.
    pub async fn with(settings: GroupSettings) -> Self {
        let house = Self::new(2, 2).await;
        for (number, group) in house.groups.iter().enumerate() {
            house.set(number, settings, Right::ALL.into()).await;
            for node in &house.nodes {
                let whole = GrantInput { source: true, destination: true };
                house.engine.set_grant(group, node, whole).await.expect("a grant");
            }
        }
        for (person, group) in [(1, 0), (2, 0), (3, 1)] {
            house.engine.add_member(&house.groups[group], &user(person)).await.expect("a member");
        }
        house
    }

    pub async fn set(&self, group: usize, settings: GroupSettings, rights: BTreeSet<Right>) {
        let config = adit_domain::group::GroupConfig { settings, ..config(group, rights) };
        self.engine.change_group(&self.groups[group], GroupInput { config, version: None }).await.expect("a change");
    }

    pub async fn actor(&self, person: u128) -> Actor {
        self.engine.actor(known(person)).await.expect("an actor")
    }

    pub async fn create(&self, actor: &Actor, pseudonymise: bool) -> Result<JobId, Refusal> {
        Ok(self.engine.create_job(actor, self.wish(0, 1, pseudonymise)).await?.id)
    }

    async fn messages(&self) -> u64 {
        let depth = self.backend.queue.depth(Lane::Bridge).await.expect("an answer");
        depth.normal + depth.urgent
    }
}

pub fn code<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> ErrorCode {
    answer.expect_err("a refusal").body.code
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_begins_before_it_is_approved_and_nobody_approves_their_own_wish() {
    let house = House::with(GroupSettings { jobs_need_approval: true, ..GroupSettings::default() }).await;
    let (owner, approver, stranger) = (house.actor(1).await, house.actor(2).await, house.actor(3).await);
    let job = house.create(&owner, true).await.expect("a job");
    let (engine, page) = (&house.engine, PageQuery::default());
    let status = async |engine: &Engine| engine.snapshot(&house.staff, &job).await.expect("the job").job.status;
    engine.sweep().await.expect("a sweep");
    engine.recover().await.expect("a start");
    assert_eq!((status(engine).await, house.messages().await), (JobStatus::WaitingForApproval, 0));
    assert_eq!(code(engine.act(&owner, &job, JobAction::Approve).await), ErrorCode::Forbidden);
    assert_eq!(code(engine.act(&stranger, &job, JobAction::Approve).await), ErrorCode::NotFound);
    assert_eq!(code(engine.snapshot(&stranger, &job).await), ErrorCode::NotFound);
    assert!(engine.waiting_jobs(&stranger, &page).await.expect("a page").jobs.is_empty());
    let waiting = engine.waiting_jobs(&approver, &page).await.expect("a page").jobs;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].actions, [JobAction::Approve, JobAction::Reject], "no more than deciding");
    assert_eq!(code(engine.act(&approver, &job, JobAction::Cancel).await), ErrorCode::NotFound);

    engine.act(&approver, &job, JobAction::Reject).await.expect("it is rejected");
    assert_eq!(status(engine).await, JobStatus::Canceled);
    assert!(engine.waiting_jobs(&approver, &page).await.expect("a page").jobs.is_empty());
    engine.act(&owner, &job, JobAction::Resume).await.expect("it waits again");
    engine.sweep().await.expect("a sweep");
    assert_eq!((status(engine).await, house.messages().await), (JobStatus::WaitingForApproval, 0));

    let view = engine.act(&approver, &job, JobAction::Approve).await.expect("it is approved").expect("it is there");
    assert_eq!((view.status, house.messages().await), (JobStatus::Pending, 1));
    assert_eq!(code(engine.act(&approver, &job, JobAction::Approve).await), ErrorCode::NotFound, "no longer theirs");
    let by_staff = Actor { group: owner.group.clone(), ..house.staff.clone() };
    let at_once = house.create(&by_staff, true).await.expect("a job");
    let at_once = engine.snapshot(&house.staff, &at_once).await.expect("the job").job;
    assert_eq!((at_once.status, at_once.approval), (JobStatus::Pending, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_jobs_begun_at_the_same_moment_one_is_made() {
    let house = House::with(GroupSettings { one_active_job: true, ..GroupSettings::default() }).await;
    let (first, second) = (house.actor(1).await, house.actor(2).await);
    let attempts = eight_at_once(&house, &first).await;
    let made: Vec<JobId> = attempts.into_iter().flatten().collect();
    assert_eq!(made.len(), 1);
    house.create(&second, true).await.expect("somebody else's job");
    house.engine.act(&first, &made[0], JobAction::Cancel).await.expect("it is canceled");
    let next = house.create(&first, true).await.expect("the next one");
    assert_eq!(code(house.engine.act(&first, &made[0], JobAction::Resume).await), ErrorCode::Conflict);
    house.engine.act(&first, &next, JobAction::Cancel).await.expect("it is canceled");
    house.engine.act(&first, &made[0], JobAction::Resume).await.expect("it goes on");
}

/// Eight attempts at once.
async fn eight_at_once(house: &House, actor: &Actor) -> Vec<Result<JobId, Refusal>> {
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (engine, actor, wish) = (house.engine.clone(), actor.clone(), house.wish(0, 1, true));
        attempts.spawn(async move { Ok(engine.create_job(&actor, wish).await?.id) });
    }
    attempts.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn restrictions_hold_for_group_and_token_alike() {
    let house = House::with(GroupSettings { pseudonymised_only: true, ..GroupSettings::default() }).await;
    let actor = house.actor(1).await;
    assert_eq!(code(house.create(&actor, false).await), ErrorCode::Forbidden);
    let by_staff = Actor { staff: true, ..actor.clone() };
    assert_eq!(code(house.create(&by_staff, false).await), ErrorCode::Forbidden, "administrators, too");
    house.create(&actor, true).await.expect("with a pseudonym");

    house.set(0, GroupSettings { studies_per_job: 1, ..GroupSettings::default() }, Right::ALL.into()).await;
    let actor = house.actor(1).await;
    house.create(&actor, false).await.expect("no longer restricted");
    let mut wish = house.wish(0, 1, true);
    let second = adit_api::jobs::StudySelection { study_instance_uid: "1.2.4".into(), ..wish.studies[0].clone() };
    wish.studies.push(second);
    assert_eq!(code(house.engine.create_job(&actor, wish).await), ErrorCode::Invalid);

    let limits = |nodes: Option<BTreeSet<_>>, pseudonymised_only| TokenLimits {
        scopes: Scope::ALL.into(),
        nodes,
        pseudonymised_only,
    };
    let token = async |limits| {
        house.engine.token_actor(known(1), &house.groups[0], limits).await.expect("an answer").expect("a member")
    };
    assert_eq!(code(house.create(&token(limits(None, true)).await, false).await), ErrorCode::Forbidden);
    let narrow = token(limits(Some([house.nodes[0].clone()].into()), false)).await;
    assert_eq!(code(house.create(&narrow, true).await), ErrorCode::NotFound, "the destination is out of its reach");
    assert_eq!(house.engine.nodes(&narrow).await.expect("a list").len(), 1);
    let foreign = house.engine.token_actor(known(1), &house.groups[1], limits(None, false)).await.expect("an answer");
    assert_eq!(foreign, None, "a token of a group that its owner has left");

    let rights = BTreeSet::from([Right::Transfer]);
    house.set(0, GroupSettings::default(), rights).await;
    let actor = house.actor(1).await;
    assert_eq!(code(house.create(&actor, false).await), ErrorCode::Forbidden, "without the right to leave names in");
    let job = house.create(&actor, true).await.expect("with a pseudonym");
    assert_eq!(code(house.engine.set_urgent(&actor, &job, true).await), ErrorCode::Forbidden);
    house.engine.set_urgent(&actor, &job, false).await.expect("no longer urgent is always allowed");
    let mut urgent = house.wish(0, 1, true);
    urgent.urgent = true;
    assert_eq!(code(house.engine.create_job(&actor, urgent).await), ErrorCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_moves_as_many_bytes_a_day_as_it_may() {
    let house = House::with(GroupSettings { bytes_per_day: 1000, ..GroupSettings::default() }).await;
    let (limits, now) = (GroupLimits::new(house.backend.items.clone()), adit_engine::now());
    let actor = house.actor(1).await;
    for bytes in [400, 599] {
        let write = limits.add_bytes(&house.groups[0], now, bytes).await.expect("a write");
        house.backend.items.transact(vec![write]).await.expect("it is counted");
    }
    house.create(&actor, true).await.expect("one byte is left");
    let write = limits.add_bytes(&house.groups[0], now, 1).await.expect("a write");
    house.backend.items.transact(vec![write]).await.expect("it is counted");
    let refusal = house.create(&actor, true).await.expect_err("the day is over");
    assert!(refusal.body.detail.contains("possible again from") && refusal.body.detail.contains("00:00 UTC"));
    house.create(&house.actor(3).await, true).await.expect("another group");
    let tomorrow = now.plus_ms(86_400_000);
    assert_eq!(limits.bytes_of_day(&house.groups[0], tomorrow).await.expect("an answer"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_group_is_made_once_and_what_was_revoked_stays_revoked() {
    let house = House::new(0, 2).await;
    let first = house.engine.groups(&PageQuery::default()).await.expect("a page").groups;
    assert_eq!((first.len(), first[0].config.rights.len()), (1, Right::ALL.len()));
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let engine = house.engine.clone();
        starts.spawn(async move { engine.found_groups(&[user(1)]).await });
    }
    for start in starts.join_all().await {
        start.expect("safe to repeat");
    }
    assert_eq!(house.engine.groups(&PageQuery::default()).await.expect("a page").groups.len(), 1);
    assert_eq!(house.engine.groups_of(&user(1)).await.expect("a list"), [], "who came later is let in by people");
    house.engine.delete_group(&first[0].id).await.expect("it goes");
    house.engine.found_groups(&[user(1)]).await.expect("safe to repeat");
    assert!(house.engine.groups(&PageQuery::default()).await.expect("a page").groups.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_groups_and_members_are_whole_and_end() {
    let house = House::new(5, 0).await;
    for person in 0..7 {
        house.engine.add_member(&house.groups[2], &user(person)).await.expect("a member");
        house.engine.add_member(&house.groups[2], &user(person)).await.expect("twice is no error");
    }
    let (mut groups, mut members, mut after) = (0, BTreeSet::new(), None);
    loop {
        let page = house.engine.groups(&PageQuery { limit: Some(2), after }).await.expect("a page");
        groups += page.groups.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    loop {
        let (page, next) =
            house.engine.members(&house.groups[2], &PageQuery { limit: Some(3), after }).await.expect("a page");
        members.extend(page.into_iter().map(|member| member.user));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((groups, members.len()), (6, 7), "five and the first one");
    let foreign = PageQuery { limit: None, after: Some("nonsense".into()) };
    assert_eq!(code(house.engine.groups(&foreign).await), ErrorCode::Invalid);
    house
        .engine
        .delete_node(&house.engine.add_node(&house.staff, crate::house::server(9)).await.expect("a node").id)
        .await
        .expect("it goes");
}
