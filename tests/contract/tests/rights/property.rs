//! Whatever happens in whatever order: what succeeds is what the groups allow at that moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use adit_api::downloads::DownloadInput;
use adit_api::error::ErrorCode;
use adit_api::groups::{GrantInput, GroupInput};
use adit_api::search::{SeriesQuery, StudyQuery};
use adit_dicomweb::paths::Resource;
use adit_dicomweb::query::Query;
use adit_domain::Right;
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_engine::gateway::query::{Level, Search};
use adit_engine::gateway::retrieval::Wish;
use adit_engine::gateway::store::StoreWish;
use adit_store::queue::Lane;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::house::{House, config, known, user};

/// One step of somebody who administers, or who works.
#[derive(Debug, Clone)]
enum Step {
    Grant(usize, usize, bool, bool),
    Rights(usize, BTreeSet<Right>),
    Join(u128, usize),
    Leave(u128, usize),
    Choose(u128, usize),
    Search(u128, usize),
    Series(u128, usize),
    Create(u128, usize, usize, bool),
    /// A call of DICOMweb, or a download, with a pseudonym or without.
    Web(u128, usize, Call, bool),
    /// The oldest task that waits begins.
    Begin,
}

/// What is called at one server.
#[derive(Debug, Clone, Copy)]
enum Call {
    Query,
    Retrieve,
    Store,
    Download,
}

const GROUPS: usize = 2;
const NODES: usize = 2;
const USERS: u128 = 2;

fn step() -> impl Strategy<Value = Step> {
    let rights = proptest::sample::subsequence(
        vec![
            Right::Search,
            Right::Transfer,
            Right::TransferUnpseudonymised,
            Right::Retrieve,
            Right::Store,
            Right::Download,
        ],
        0..=6,
    );
    let call = proptest::sample::select(vec![Call::Query, Call::Retrieve, Call::Store, Call::Download]);
    prop_oneof![
        3 => (0..GROUPS, 0..NODES, any::<bool>(), any::<bool>()).prop_map(|(g, n, s, d)| Step::Grant(g, n, s, d)),
        3 => (0..GROUPS, rights).prop_map(|(g, rights)| Step::Rights(g, rights.into_iter().collect())),
        3 => (0..USERS, 0..GROUPS).prop_map(|(u, g)| Step::Join(u, g)),
        1 => (0..USERS, 0..GROUPS).prop_map(|(u, g)| Step::Leave(u, g)),
        1 => (0..USERS, 0..GROUPS).prop_map(|(u, g)| Step::Choose(u, g)),
        2 => (0..USERS, 0..NODES).prop_map(|(u, n)| Step::Search(u, n)),
        1 => (0..USERS, 0..NODES).prop_map(|(u, n)| Step::Series(u, n)),
        4 => (0..USERS, 0..NODES, 0..NODES, any::<bool>()).prop_map(|(u, a, b, p)| Step::Create(u, a, b, p)),
        6 => (0..USERS, 0..NODES, call, any::<bool>()).prop_map(|(u, n, c, p)| Step::Web(u, n, c, p)),
        2 => Just(Step::Begin),
    ]
}

/// What must be true, kept beside the engine.
#[derive(Default)]
struct Model {
    grants: BTreeMap<(usize, usize), (bool, bool)>,
    rights: BTreeMap<usize, BTreeSet<Right>>,
    members: BTreeSet<(u128, usize)>,
    chosen: BTreeMap<u128, usize>,
}

impl Model {
    fn group_of(&self, user: u128) -> Option<usize> {
        let chosen = self.chosen.get(&user).copied().filter(|group| self.members.contains(&(user, *group)));
        chosen.or_else(|| (0..GROUPS).find(|group| self.members.contains(&(user, *group))))
    }

    fn has(&self, group: usize, right: Right) -> bool {
        self.rights.get(&group).is_some_and(|rights| rights.contains(&right))
    }

    fn may_search(&self, user: u128, node: usize) -> bool {
        self.group_of(user).is_some_and(|group| {
            self.has(group, Right::Search) && self.grants.get(&(group, node)).is_some_and(|grant| grant.0)
        })
    }

    fn may_call(&self, user: u128, node: usize, call: Call, pseudonymised: bool) -> bool {
        let Some(group) = self.group_of(user) else { return false };
        let grant = self.grants.get(&(group, node)).copied().unwrap_or_default();
        let may_identify = pseudonymised || self.has(group, Right::TransferUnpseudonymised);
        match call {
            Call::Query => self.has(group, Right::Search) && grant.0,
            Call::Retrieve => self.has(group, Right::Retrieve) && grant.0 && may_identify,
            Call::Download => self.has(group, Right::Download) && grant.0 && may_identify,
            Call::Store => self.has(group, Right::Store) && grant.1,
        }
    }

    fn may_transfer(&self, group: usize, from: usize, to: usize, pseudonymised: bool) -> bool {
        self.has(group, Right::Transfer)
            && (pseudonymised || self.has(group, Right::TransferUnpseudonymised))
            && self.grants.get(&(group, from)).is_some_and(|grant| grant.0)
            && self.grants.get(&(group, to)).is_some_and(|grant| grant.1)
    }
}

/// A job that waits: who made it, for which group, and what it moves.
struct Waiting {
    user: u128,
    group: usize,
    ends: (usize, usize),
    pseudonymised: bool,
    id: adit_domain::JobId,
}

async fn run(steps: Vec<Step>) {
    let house = House::new(GROUPS, NODES).await;
    let (mut model, mut waiting) = (Model::default(), Vec::new());
    let engine = &house.engine;
    for step in steps {
        match step {
            Step::Grant(group, node, source, destination) => {
                let input = GrantInput { source, destination };
                engine.set_grant(&house.groups[group], &house.nodes[node], input).await.expect("a grant");
                model.grants.insert((group, node), (source, destination));
            }
            Step::Rights(group, rights) => {
                let input = GroupInput { config: config(group, rights.clone()), version: None };
                engine.change_group(&house.groups[group], input).await.expect("a change");
                model.rights.insert(group, rights);
            }
            Step::Join(person, group) => {
                engine.add_member(&house.groups[group], &user(person)).await.expect("a member");
                model.members.insert((person, group));
            }
            Step::Leave(person, group) => {
                engine.remove_member(&house.groups[group], &user(person)).await.expect("no member");
                model.members.remove(&(person, group));
            }
            Step::Choose(person, group) => {
                let actor = engine.actor(known(person)).await.expect("an actor");
                let chosen = engine.choose_group(&actor, &house.groups[group]).await;
                assert_eq!(chosen.is_ok(), model.members.contains(&(person, group)));
                if chosen.is_ok() {
                    model.chosen.insert(person, group);
                }
            }
            Step::Search(person, node) => {
                let actor = engine.actor(known(person)).await.expect("an actor");
                let query = StudyQuery {
                    sources: vec![house.nodes[node].clone()],
                    patient_id: "1".into(),
                    ..StudyQuery::default()
                };
                assert_eq!(engine.search(&actor, query).await.is_ok(), model.may_search(person, node));
            }
            Step::Series(person, node) => {
                let actor = engine.actor(known(person)).await.expect("an actor");
                let query = SeriesQuery {
                    source: house.nodes[node].clone(),
                    patient_id: "1".into(),
                    study_instance_uid: "1.2.3".into(),
                };
                // Nobody answers at the server: whoever gets that far was admitted.
                let code = engine.series(&actor, query).await.expect_err("no server").body.code;
                assert_eq!(code == ErrorCode::Peer, model.may_search(person, node), "{code:?}");
            }
            Step::Create(person, from, to, pseudonymised) => {
                let actor = engine.actor(known(person)).await.expect("an actor");
                let made = engine.create_job(&actor, house.wish(from, to, pseudonymised)).await;
                let group = model.group_of(person);
                let may = group.is_some_and(|group| model.may_transfer(group, from, to, pseudonymised));
                assert_eq!(made.is_ok(), may, "{:?}", made.err());
                if let (Ok(job), Some(group)) = (made, group) {
                    waiting.push(Waiting { user: person, group, ends: (from, to), pseudonymised, id: job.id });
                }
            }
            Step::Web(person, node, call, pseudonymised) => {
                let called = web(&house, person, node, call, pseudonymised).await;
                let may = model.may_call(person, node, call, pseudonymised);
                assert_eq!(called.is_ok(), may, "{call:?} {pseudonymised}: {called:?}");
            }
            Step::Begin if !waiting.is_empty() => begin(&house, &model, &mut waiting).await,
            Step::Begin => {}
        }
    }
}

/// Calls a server. Nobody answers there: whoever hears of that was admitted.
async fn web(house: &House, person: u128, node: usize, call: Call, pseudonymised: bool) -> Result<(), ErrorCode> {
    let (engine, title) = (&house.engine, format!("S{node}"));
    let actor = engine.actor(known(person)).await.expect("an actor");
    let pseudonym = if pseudonymised { "P-1".to_owned() } else { String::new() };
    let options = TransferOptions { pseudonym, ..TransferOptions::default() };
    let called = match call {
        Call::Query => {
            let query = Query::parse("PatientID=1").expect("a query");
            let search = Search { level: Level::Study, study: None, series: None, query, address: String::new() };
            engine.qido(&actor, &title, search).await.map(|_| ())
        }
        Call::Retrieve => {
            let resource = Resource::parse("1.2.3", None, None).expect("a study");
            let wish = Wish { resource, series: Vec::new(), options, metadata: false };
            engine.wado(&actor, &title, wish).await.map(|_| ())
        }
        Call::Store => {
            engine.begin_store(&actor, StoreWish { ae_title: title, ..StoreWish::default() }).await.map(|_| ())
        }
        Call::Download => {
            let source = house.nodes[node].clone();
            let input =
                DownloadInput { source, study_instance_uid: "1.2.3".into(), series_instance_uids: Vec::new(), options };
            engine.prepare_download(&actor, input).await.map(|_| ())
        }
    };
    match called.map_err(|refusal| refusal.body.code) {
        Err(ErrorCode::Peer | ErrorCode::Unavailable) => Ok(()),
        other => other,
    }
}

/// A worker takes a task. What may not begin ends as a failure with the reason; what may comes as far as the server that is not there.
async fn begin(house: &House, model: &Model, waiting: &mut Vec<Waiting>) {
    let received = house.backend.queue.receive(Lane::Bridge, 1, Duration::from_secs(30)).await.expect("an answer");
    let delivery = received.first().expect("a message");
    let body = &delivery.message.body;
    let place = waiting.iter().position(|job| body.contains(job.id.as_str())).expect("a job that waits");
    let job = waiting.remove(place);
    house.engine.work_on(delivery, &CancellationToken::new()).await;
    house.backend.queue.ack(&delivery.receipt).await.expect("it goes");
    let snapshot = house.engine.snapshot(&house.staff, &job.id).await.expect("the job");
    let may = model.members.contains(&(job.user, job.group))
        && model.may_transfer(job.group, job.ends.0, job.ends.1, job.pseudonymised);
    let message = &snapshot.tasks[0].message;
    if may {
        assert!(snapshot.tasks[0].not_before.is_some(), "it was not tried: {message}");
        // It would come again later.
        house.engine.act(&house.staff, &job.id, adit_domain::job::JobAction::Cancel).await.expect("it is canceled");
    } else {
        assert_eq!(snapshot.job.status, JobStatus::Failure, "{message}");
        assert!(message.contains("group"), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_succeeds_is_what_is_allowed_at_that_moment(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        runtime.block_on(run(steps));
    }
}
