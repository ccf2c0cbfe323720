//! What was allowed when a job was made need not be when it goes on; and what a token or a former administrator may still see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adit_api::error::ErrorCode;
use adit_api::groups::PageQuery;
use adit_api::jobs::{JobFilter, JobSnapshot};
use adit_api::search::StudyQuery;
use adit_domain::group::GroupSettings;
use adit_domain::job::{Cause, Job, JobAction, JobStatus};
use adit_domain::right::{Scope, TokenLimits};
use adit_domain::{JobId, NodeId, Right, RuleId, Timestamp, UserId};
use adit_engine::{Account, Actor, People};
use adit_store::items::StoreError;
use adit_store::queue::Lane;
use adit_store::repositories::{GroupLimits, Jobs};
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::house::{House, known, user};
use crate::limits::code;

#[derive(Default)]
struct Book(Mutex<BTreeMap<UserId, Account>>);

#[async_trait]
impl People for Book {
    async fn account(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.0.lock().expect("no test panics here").get(user).copied())
    }
}

impl House {
    async fn change(&self, id: &JobId, change: impl FnOnce(&mut Job)) {
        let jobs = Jobs::new(self.backend.items.clone());
        let mut record = jobs.get(id).await.expect("an answer").expect("the job");
        change(&mut record.job);
        jobs.update(&record.job, record.version).await.expect("it is written");
    }

    /// A worker takes the next task.
    async fn work(&self, id: &JobId) -> JobSnapshot {
        let received = self.backend.queue.receive(Lane::Bridge, 1, Duration::from_secs(30)).await.expect("an answer");
        let delivery = received.first().expect("a message");
        assert!(delivery.message.body.contains(id.as_str()), "another job's message");
        self.engine.work_on(delivery, &CancellationToken::new()).await;
        self.backend.queue.ack(&delivery.receipt).await.expect("it goes");
        self.engine.snapshot(&self.staff, id).await.expect("the job")
    }

    async fn canceled(&self, actor: &Actor) -> JobId {
        let job = self.create(actor, true).await.expect("a job");
        self.engine.act(actor, &job, JobAction::Cancel).await.expect("it is canceled");
        job
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_rules_are_the_administrators() {
    let house = House::with(GroupSettings::default()).await;
    let owner = house.actor(1).await;
    let job = house.canceled(&owner).await;
    let cause = Cause { rule: RuleId::new(Timestamp(1), 1), rule_name: "R".into(), event: "E".into() };
    house.change(&job, |job| job.cause = Some(cause)).await;
    assert_eq!(code(house.engine.snapshot(&owner, &job).await), ErrorCode::NotFound);
    assert_eq!(code(house.engine.act(&owner, &job, JobAction::Resume).await), ErrorCode::NotFound);
    assert!(house.engine.jobs(&owner, JobFilter::default()).await.expect("a page").jobs.is_empty());
    house.engine.act(&house.staff, &job, JobAction::Resume).await.expect("administrators may");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_token_sees_no_more_than_it_may_move() {
    let house = House::with(GroupSettings { jobs_need_approval: true, ..GroupSettings::default() }).await;
    let (owner, [from, to]) = (house.actor(1).await, [0, 1].map(|at| house.nodes[at].clone()));
    let (job, plain) =
        (house.create(&owner, true).await.expect("a job"), house.create(&owner, false).await.expect("a job"));
    let token = async |person: u128, nodes: Option<BTreeSet<_>>, pseudonymised_only| {
        let limits = TokenLimits { scopes: Scope::ALL.into(), nodes, pseudonymised_only };
        house.engine.token_actor(known(person), &house.groups[0], limits).await.expect("an answer").expect("a member")
    };
    let whole = token(1, Some([from.clone(), to.clone()].into()), false).await;
    house.engine.snapshot(&whole, &job).await.expect("both servers are within its reach");
    for narrow in [token(1, Some([from].into()), false).await, token(1, Some([to].into()), false).await] {
        assert_eq!(code(house.engine.snapshot(&narrow, &job).await), ErrorCode::NotFound);
        assert_eq!(code(house.engine.set_urgent(&narrow, &job, true).await), ErrorCode::NotFound);
        assert_eq!(code(house.engine.act(&narrow, &job, JobAction::Cancel).await), ErrorCode::NotFound);
        assert!(house.engine.jobs(&narrow, JobFilter::default()).await.expect("a page").jobs.is_empty());
        let decider = Actor { user_id: user(2), ..narrow };
        assert_eq!(code(house.engine.act(&decider, &job, JobAction::Approve).await), ErrorCode::NotFound);
        assert!(house.engine.waiting_jobs(&decider, &PageQuery::default()).await.expect("a page").jobs.is_empty());
    }
    let pseudonymised = token(1, None, true).await;
    house.engine.snapshot(&pseudonymised, &job).await.expect("pseudonymised");
    assert_eq!(code(house.engine.snapshot(&pseudonymised, &plain).await), ErrorCode::NotFound);
    // Which sources a job has is known of new jobs only.
    house.change(&job, |job| job.sources.clear()).await;
    assert_eq!(code(house.engine.snapshot(&whole, &job).await), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_goes_on_is_judged_anew() {
    let house = House::with(GroupSettings::default()).await;
    let owner = house.actor(1).await;
    let old = house.canceled(&owner).await;
    house.change(&old, |job| job.group = None).await;
    assert_eq!(code(house.engine.act(&owner, &old, JobAction::Resume).await), ErrorCode::Forbidden);
    let view = house.engine.snapshot(&owner, &old).await.expect("the job");
    assert!(!view.job.actions.contains(&JobAction::Resume), "not offered");
    assert_eq!(code(house.engine.reset_task(&owner, &old, &view.tasks[0].id).await), ErrorCode::Forbidden);
    house.engine.act(&house.staff, &old, JobAction::Resume).await.expect("administrators may");

    let by_staff = Actor { staff: true, ..owner.clone() };
    let (made, other) = (house.canceled(&by_staff).await, house.canceled(&owner).await);
    house.set(0, GroupSettings { jobs_need_approval: true, ..GroupSettings::default() }, BTreeSet::new()).await;
    let owner = house.actor(1).await;
    let task = house.engine.snapshot(&owner, &made).await.expect("the job").tasks[0].id.clone();
    assert_eq!(code(house.engine.reset_task(&owner, &made, &task).await), ErrorCode::Conflict);
    let view = house.engine.act(&owner, &made, JobAction::Resume).await.expect("it waits").expect("the job");
    assert_eq!(view.status, JobStatus::WaitingForApproval);
    let record = Jobs::new(house.backend.items.clone()).get(&made).await.expect("an answer").expect("the job");
    assert!(!record.job.by_staff, "no longer an administrator's");
    let view = house.engine.act(&by_staff, &other, JobAction::Resume).await.expect("it goes on").expect("the job");
    assert_eq!(view.status, JobStatus::Pending, "administrators need no approval");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_jobs_that_go_on_at_the_same_moment_one_does() {
    let house = House::with(GroupSettings { one_active_job: true, ..GroupSettings::default() }).await;
    let owner = house.actor(1).await;
    for _ in 0..5 {
        let jobs = [house.canceled(&owner).await, house.canceled(&owner).await, house.canceled(&owner).await];
        let mut attempts = tokio::task::JoinSet::new();
        for job in jobs.clone() {
            let (engine, owner) = (house.engine.clone(), owner.clone());
            attempts.spawn(async move { engine.act(&owner, &job, JobAction::Resume).await.is_ok() });
        }
        assert_eq!(attempts.join_all().await.into_iter().filter(|went| *went).count(), 1);
        for job in jobs {
            let _ = house.engine.act(&owner, &job, JobAction::Cancel).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_the_deactivated_and_the_demoted_do_not_begin() {
    let house = House::with(GroupSettings::default()).await;
    let people = Arc::new(Book::default());
    house.engine.use_people(people.clone());
    let stands =
        |active, staff| people.0.lock().expect("no test panics here").insert(user(1), Account { active, staff });
    let by_staff = Actor { staff: true, ..house.actor(1).await };
    stands(true, true);
    house.set(0, GroupSettings::default(), BTreeSet::new()).await;
    let by_staff = Actor { group: house.actor(1).await.group, ..by_staff };
    let job = house.create(&by_staff, true).await.expect("a job");
    let view = house.work(&job).await;
    assert!(view.tasks[0].not_before.is_some(), "it came as far as the server: {}", view.tasks[0].message);
    house.engine.act(&by_staff, &job, JobAction::Cancel).await.expect("it is canceled");
    while let Some(more) =
        house.backend.queue.receive(Lane::Bridge, 1, Duration::from_secs(30)).await.expect("an answer").pop()
    {
        house.backend.queue.ack(&more.receipt).await.expect("it goes");
    }
    let job = house.create(&by_staff, true).await.expect("a job");
    stands(true, false);
    let view = house.work(&job).await;
    assert!(view.tasks[0].message.contains("does not have the right"), "{}", view.tasks[0].message);
    let job = house.create(&by_staff, true).await.expect("a job");
    stands(false, false);
    let view = house.work(&job).await;
    assert_eq!(view.job.status, JobStatus::Failure);
    assert!(view.tasks[0].message.contains("deactivated"), "{}", view.tasks[0].message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_day_lets_tasks_wait_and_nothing_pass_by() {
    let house = House::with(GroupSettings { bytes_per_day: 1000, ..GroupSettings::default() }).await;
    let owner = house.actor(1).await;
    let job = house.create(&owner, true).await.expect("a job");
    let limits = GroupLimits::new(house.backend.items.clone());
    let write = limits.add_bytes(&house.groups[0], adit_engine::now(), 1000).await.expect("a write");
    house.backend.items.transact(vec![write]).await.expect("it is counted");
    let view = house.work(&job).await;
    assert_eq!(view.job.status, JobStatus::Pending, "{}", view.tasks[0].message);
    let tomorrow = GroupLimits::next_day(adit_engine::now());
    assert_eq!(view.tasks[0].not_before, Some(tomorrow));
    house.set(0, GroupSettings { bytes_per_day: 9000, ..GroupSettings::default() }, Right::ALL.into()).await;
    let mut direct = house.wish(0, 1, false);
    direct.options.direct_move = true;
    let refusal = house.engine.create_job(&house.actor(1).await, direct.clone()).await.expect_err("uncounted");
    assert_eq!(refusal.body.field.as_deref(), Some("direct_move"));
    house.set(0, GroupSettings::default(), Right::ALL.into()).await;
    house.engine.create_job(&house.actor(1).await, direct).await.expect("without a limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn pseudonymised_only_keeps_risky_pixels_back() {
    let house = House::with(GroupSettings::default()).await;
    let mut risky = house.wish(0, 1, true);
    risky.options.allow_risky_pixels = true;
    let job = house.engine.create_job(&house.actor(1).await, risky.clone()).await.expect("a job").id;
    house.set(0, GroupSettings { pseudonymised_only: true, ..GroupSettings::default() }, Right::ALL.into()).await;
    let view = house.work(&job).await;
    assert!(view.tasks[0].message.contains("have to stay behind"), "{}", view.tasks[0].message);
    let owner = house.actor(1).await;
    let refusal = house.engine.create_job(&owner, risky.clone()).await.expect_err("restricted");
    assert_eq!(refusal.body.field.as_deref(), Some("allow_risky_pixels"));
    house.set(0, GroupSettings::default(), Right::ALL.into()).await;
    let limits = TokenLimits { scopes: Scope::ALL.into(), nodes: None, pseudonymised_only: true };
    let token = house.engine.token_actor(known(1), &house.groups[0], limits).await.expect("an answer").expect("one");
    assert_eq!(code(house.engine.create_job(&token, risky).await), ErrorCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_asks_each_server_once_and_a_hundred_at_most() {
    let house = House::with(GroupSettings::default()).await;
    let owner = house.actor(1).await;
    let query = |sources| StudyQuery { sources, patient_id: "1".into(), ..StudyQuery::default() };
    let repeated = vec![house.nodes[0].clone(); 101];
    let mut lines = house.engine.search(&owner, query(repeated)).await.expect("one server");
    assert!(lines.recv().await.is_some() && lines.recv().await.is_none(), "one line: it does not answer");
    let many = (0..101).map(|number| NodeId::new(Timestamp(1), number)).collect();
    assert_eq!(code(house.engine.search(&owner, query(many)).await), ErrorCode::Invalid);
}
