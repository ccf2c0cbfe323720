//! Whatever is granted and revoked, joined and left, given and taken away, in whatever order: what succeeds is what the groups allow at that
//! moment. And it costs little in a large house.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adit_api::error::ErrorCode;
use adit_api::groups::{GrantInput, GroupInput, PageQuery};
use adit_api::jobs::{CreateJob, StudySelection};
use adit_api::nodes::NodeInput;
use adit_api::search::{SeriesQuery, StudyQuery};
use adit_backend_embedded::Embedded;
use adit_deid::ProjectKey;
use adit_domain::group::GroupConfig;
use adit_domain::job::JobStatus;
use adit_domain::transfer::{Identity, TransferOptions};
use adit_domain::{GroupId, NodeId, Right, Timestamp, UserId};
use adit_engine::{Actor, Engine, Known, Ports, Settings};
use adit_store::clock::SystemClock;
use adit_store::queue::Lane;
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

struct House {
    engine: Engine,
    backend: Embedded,
    staff: Actor,
    groups: Vec<GroupId>,
    nodes: Vec<NodeId>,
    _dir: TempDir,
}

fn user(number: u128) -> UserId {
    UserId::new(Timestamp(9), number)
}

fn known(number: u128) -> Known {
    Known { user_id: user(number), username: format!("user-{number}"), staff: false }
}

/// A server that nobody answers at.
fn server(number: usize) -> NodeInput {
    let config = serde_json::from_value(json!({
        "name": format!("Server {number}"), "kind": "server", "ae_title": format!("S{number}"), "host": "127.0.0.1", "port": 9,
        "services": { "study_root_find": true, "study_root_get": true, "store_scp": true }
    }));
    NodeInput { config: config.expect("a server"), client_key_pem: None, authorization_header: None, version: None }
}

fn config(number: usize, rights: impl IntoIterator<Item = Right>) -> GroupConfig {
    GroupConfig { name: format!("Group {number}"), rights: rights.into_iter().collect(), ..GroupConfig::default() }
}

impl House {
    async fn new(groups: usize, nodes: usize) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let backend = Embedded::open(dir.path(), Arc::new(SystemClock)).expect("the backend opens");
        let ports = Ports {
            items: Arc::clone(&backend.items),
            queue: Arc::clone(&backend.queue),
            staging: Arc::clone(&backend.staging),
            buckets: None,
        };
        let settings = Settings {
            ae_title: "ADIT".into(),
            project_key: ProjectKey::from_bytes([3; 32]),
            default_profile: "adit-compatible".into(),
            process: "rights".into(),
            folder_roots: Vec::new(),
        };
        let engine = Engine::new(ports, settings);
        engine.found_groups(&[]).await.expect("the first group");
        let staff = Known { user_id: user(999_999), username: "staff".into(), staff: true };
        let staff = engine.actor(staff).await.expect("an actor");
        let mut house = Self { engine, backend, staff, groups: Vec::new(), nodes: Vec::new(), _dir: dir };
        for number in 0..groups {
            let input = GroupInput { config: config(number, []), version: None };
            house.groups.push(house.engine.add_group(input).await.expect("a group").id);
        }
        for number in 0..nodes {
            house.nodes.push(house.engine.add_node(&house.staff, server(number)).await.expect("a node").id);
        }
        house
    }

    fn wish(&self, from: usize, to: usize, pseudonymise: bool) -> CreateJob {
        let identity = if pseudonymise { Identity::Pseudonymise } else { Identity::Keep };
        let study = StudySelection {
            source: self.nodes[from].clone(),
            patient_id: "1".into(),
            study_instance_uid: "1.2.3".into(),
            series_instance_uids: Vec::new(),
            pseudonym: String::new(),
            label: String::new(),
        images: None,
        };
        CreateJob {
            destination: self.nodes[to].clone(),
            options: TransferOptions { identity: Some(identity), ..TransferOptions::default() },
            urgent: false,
            studies: vec![study],
        }
    }
}

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
    /// The oldest task that waits begins.
    Begin,
}

const GROUPS: usize = 2;
const NODES: usize = 2;
const USERS: u128 = 2;

fn step() -> impl Strategy<Value = Step> {
    let rights =
        proptest::sample::subsequence(vec![Right::Search, Right::Transfer, Right::TransferUnpseudonymised], 0..=3);
    prop_oneof![
        3 => (0..GROUPS, 0..NODES, any::<bool>(), any::<bool>()).prop_map(|(g, n, s, d)| Step::Grant(g, n, s, d)),
        3 => (0..GROUPS, rights).prop_map(|(g, rights)| Step::Rights(g, rights.into_iter().collect())),
        3 => (0..USERS, 0..GROUPS).prop_map(|(u, g)| Step::Join(u, g)),
        1 => (0..USERS, 0..GROUPS).prop_map(|(u, g)| Step::Leave(u, g)),
        1 => (0..USERS, 0..GROUPS).prop_map(|(u, g)| Step::Choose(u, g)),
        2 => (0..USERS, 0..NODES).prop_map(|(u, n)| Step::Search(u, n)),
        1 => (0..USERS, 0..NODES).prop_map(|(u, n)| Step::Series(u, n)),
        4 => (0..USERS, 0..NODES, 0..NODES, any::<bool>()).prop_map(|(u, a, b, p)| Step::Create(u, a, b, p)),
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
            Step::Begin if !waiting.is_empty() => begin(&house, &model, &mut waiting).await,
            Step::Begin => {}
        }
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

#[tokio::test(flavor = "multi_thread")]
async fn in_a_large_house_asking_costs_little() {
    let house = House::new(200, 100).await;
    for (number, group) in house.groups.iter().enumerate() {
        let input = GroupInput { config: config(number, Right::ALL), version: None };
        house.engine.change_group(group, input).await.expect("a change");
        for node in &house.nodes {
            let whole = GrantInput { source: true, destination: true };
            house.engine.set_grant(group, node, whole).await.expect("a grant");
        }
    }
    for number in 0..10_000_u128 {
        let group = &house.groups[usize::try_from(number % 200).expect("a small number")];
        house.engine.add_member(group, &user(number)).await.expect("a member");
    }
    let query =
        || StudyQuery { sources: vec![house.nodes[7].clone()], patient_id: "1".into(), ..StudyQuery::default() };
    let (mut resolving, mut listing, mut nodes, mut members) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in (0..10_000_u128).step_by(97) {
        let begun = Instant::now();
        let actor = house.engine.actor(known(number)).await.expect("an actor");
        drop(house.engine.search(&actor, query()).await.expect("it may"));
        resolving.push(begun.elapsed());
        let begun = Instant::now();
        house.engine.groups(&PageQuery::default()).await.expect("a page");
        listing.push(begun.elapsed());
        let begun = Instant::now();
        assert_eq!(house.engine.nodes(&actor).await.expect("nodes").len(), 100);
        nodes.push(begun.elapsed());
        let begun = Instant::now();
        house.engine.members(&house.groups[3], &PageQuery::default()).await.expect("a page");
        members.push(begun.elapsed());
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let (check, groups) = (median(&mut resolving), median(&mut listing));
    let (nodes, members) = (median(&mut nodes), median(&mut members));
    println!(
        "10000 people, 200 groups, 100 servers: who asks + may they search {check:?}, page of groups {groups:?}, servers {nodes:?}, page of members {members:?}"
    );
    assert!(check < Duration::from_millis(1), "{check:?}");
    for page in [groups, nodes, members] {
        assert!(page < Duration::from_millis(50), "{page:?}");
    }
}
