//! Bridges with one AE title over one store: what a C-MOVE brings may arrive at any of them.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adit_api::jobs::{CreateJob, JobSnapshot, StudySelection};
use adit_api::nodes::{NodeInput, NodeView, SecretsInput};
use adit_archive::generate::{StudySpec, object, write_study};
use adit_backend_embedded::Embedded;
use adit_dimse::{Association, Proposal, Server, ServerConfig, Status, StoreRequest};
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_domain::{JobId, Timestamp, UserId};
use adit_engine::worker::Worker;
use adit_engine::{Actor, Engine, Known};
use adit_store::clock::SystemClock;
use adit_store::items::{Index, Query, SkRange};
use adit_store::queue::Lane;
use adit_test_support::ANY;
use adit_test_support::bridges::Bridge;
use adit_test_support::rig::{KEY, peer, pseudonym};
use adit_test_support::scripted::{self, Script, Scripted};
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A source that knows only C-MOVE, a destination, one store for all bridges.
struct Scene {
    dir: TempDir,
    backend: Embedded,
    spec: StudySpec,
    source: Scripted,
    destination: Scripted,
}

async fn actor(engine: &Engine) -> Actor {
    let user_id = UserId::new(Timestamp(0), 1);
    engine.found_groups(std::slice::from_ref(&user_id)).await.unwrap();
    engine.actor(Known { user_id, username: "tester".into(), staff: true }).await.unwrap()
}

impl Scene {
    async fn new(images: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = Embedded::open(&dir.path().join("data"), Arc::new(SystemClock)).unwrap();
        let spec = StudySpec::ct("PAT-1", "Doe^Jane", images, 64);
        write_study(&spec, &dir.path().join("source")).unwrap();
        let source = scripted::start(&dir.path().join("source"), Script::default()).await;
        let destination = scripted::start(&dir.path().join("destination"), Script::default()).await;
        Self { dir, backend, spec, source, destination }
    }

    /// The source sends what a C-MOVE to ADIT wants to this bridge, whichever asked.
    fn send_to(&self, bridge: &Bridge) {
        self.source.archive.know("ADIT", peer("ADIT", bridge.dicom, "SOURCE"));
    }

    async fn server(&self, engine: &Engine, title: &str, port: u16, services: &[&str], pace: u32) -> NodeView {
        let services: serde_json::Map<_, _> = services.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
        let config = serde_json::from_value(json!({
            "name": title, "kind": "server", "ae_title": title, "host": "127.0.0.1", "port": port,
            "services": services, "limits": { "instances_per_second": pace, "associations": 1 }
        }))
        .unwrap();
        let input = NodeInput { config, secrets: SecretsInput::default(), version: None };
        engine.add_node(&actor(engine).await, input).await.unwrap()
    }

    /// Submits `jobs` transfers of the study, at `pace` images per second; all `bridges` know the servers then.
    async fn submit(&self, bridges: &[&Bridge], jobs: usize, pace: u32) -> Vec<JobId> {
        let engine = &bridges[0].engine;
        let find_move = ["study_root_find", "study_root_move", "store_scp"];
        let from = self.server(engine, "SOURCE", self.source.addr.port(), &find_move, pace).await;
        let to = self.server(engine, "DEST", self.destination.addr.port(), &crate::ALL, 0).await;
        for bridge in bridges {
            bridge.engine.refresh_reception().await;
        }
        let mut ids = Vec::new();
        for number in 0..jobs {
            let studies = vec![StudySelection {
                source: from.id.clone(),
                patient_id: String::new(),
                study_instance_uid: self.spec.study_instance_uid(),
                series_instance_uids: Vec::new(),
                pseudonym: String::new(),
                label: "test".into(),
                images: None,
            }];
            let options = if jobs == 1 { pseudonym("P") } else { TransferOptions::default() };
            let wish = CreateJob { destination: to.id.clone(), options, urgent: number > 0, studies };
            ids.push(engine.create_job(&actor(engine).await, wish).await.unwrap().id);
        }
        ids
    }

    /// SOP Instance UIDs as they leave a pseudonymised transfer.
    fn mapped(&self) -> HashSet<String> {
        let key = adit_deid::ProjectKey::from_bytes(KEY);
        self.source.instances().iter().map(|uid| adit_deid::map_uid(&key, uid)).collect()
    }

    async fn rows(&self, pk: &str) -> usize {
        let query = Query {
            index: Index::Primary,
            pk: pk.into(),
            sk: SkRange::All,
            descending: false,
            limit: 100,
            after: None,
        };
        self.backend.items.query(query).await.unwrap().items.len()
    }
}

async fn until(engine: &Engine, job: &JobId, wanted: impl Fn(&JobSnapshot) -> bool) -> JobSnapshot {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
    loop {
        let snapshot = engine.snapshot(&actor(engine).await, job).await.unwrap();
        if wanted(&snapshot) {
            return snapshot;
        }
        assert!(tokio::time::Instant::now() < deadline, "the job does not get there: {snapshot:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn all_success(answers: &[Status]) -> bool {
    answers.iter().all(|status| *status == Status::SUCCESS)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_at_the_other_bridge_reaches_the_one_that_waits() {
    for leaves_out_originator in [false, true] {
        let scene = Scene::new(24).await;
        let (waits, gets) = (Bridge::start(&scene.backend, "waits").await, Bridge::start(&scene.backend, "gets").await);
        scene.send_to(&gets);
        if leaves_out_originator {
            gets.desk.overlook_originators();
        }
        let jobs = scene.submit(&[&waits, &gets], 1, 0).await;
        waits.work();
        let end = until(&waits.engine, &jobs[0], |snapshot| snapshot.job.status.is_final()).await;
        assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 24), "{end:?}");
        assert_eq!(scene.destination.instances(), scene.mapped());
        assert_eq!(scene.destination.stored(), 24, "nothing came twice");
        let answers = gets.desk.answers();
        assert!(answers.len() == 24 && all_success(&answers), "{answers:?}");
        assert!(waits.desk.answers().is_empty(), "everything came by way of the other bridge");
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        while scene.rows("MOVES").await > 0 {
            assert!(tokio::time::Instant::now() < deadline, "the message id is not freed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bridges_that_fetch_the_same_study_each_get_what_their_own_request_brings() {
    let scene = Scene::new(40).await;
    let (one, other) = (Bridge::start(&scene.backend, "one").await, Bridge::start(&scene.backend, "other").await);
    scene.send_to(&other);
    let jobs = scene.submit(&[&one, &other], 2, 40).await;
    one.work();
    other.work();
    for job in &jobs {
        let end = until(&one.engine, job, |snapshot| snapshot.job.status.is_final()).await;
        assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 40), "{end:?}");
    }
    let answers = other.desk.answers();
    assert!(answers.len() == 80 && all_success(&answers), "{} answers: {answers:?}", answers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_dies_fails_what_is_on_its_way_and_another_goes_on() {
    let scene = Scene::new(300).await;
    let dying = tokio::runtime::Runtime::new().unwrap();
    let backend = scene.backend.clone();
    let waits = dying.spawn(async move { Bridge::start(&backend, "waits").await }).await.unwrap();
    let gets = Bridge::start(&scene.backend, "gets").await;
    scene.send_to(&gets);
    let jobs = scene.submit(&[&waits, &gets], 1, 100).await;
    {
        let _inside = dying.enter();
        waits.work();
    }
    until(&gets.engine, &jobs[0], |snapshot| snapshot.progress.delivered >= 150).await;
    // The process is gone from one moment to the next: its sockets close, its rows and its lease stay.
    std::mem::forget(waits);
    dying.shutdown_background();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while all_success(&gets.desk.answers()) {
        assert!(tokio::time::Instant::now() < deadline, "the sender hears of no failure");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let failed = gets.desk.answers().into_iter().find(|status| *status != Status::SUCCESS);
    assert_eq!(failed, Some(Status::OUT_OF_RESOURCES), "it may try again");
    let before = scene.destination.stored();
    gets.engine.recover().await.unwrap();
    gets.work();
    let end = until(&gets.engine, &jobs[0], |snapshot| snapshot.job.status.is_final()).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 300), "{end:?}");
    assert_eq!(scene.destination.instances(), scene.mapped());
    // Receipts are stored by the hundred.
    assert!(scene.destination.stored() <= before + 200, "what has receipts does not move again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_bridge_expects_is_refused() {
    let scene = Scene::new(3).await;
    let (one, other) = (Bridge::start(&scene.backend, "one").await, Bridge::start(&scene.backend, "other").await);
    scene.submit(&[&one, &other], 1, 0).await;
    let path: &Path = &scene.dir.path().join("source");
    let bytes = std::fs::read(&crate::files(path)[0]).unwrap();
    let head = adit_deid::part10::parse_head(&bytes).unwrap();
    let request = StoreRequest {
        sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".into(),
        sop_instance_uid: scene.spec.sop_instance_uid(0, 0),
        transfer_syntax_uid: "1.2.840.10008.1.2.1".into(),
        move_originator: Some(("ADIT".into(), 77)),
    };
    let never = CancellationToken::new();
    let kind = (request.sop_class_uid.clone(), request.transfer_syntax_uid.clone());
    let proposal = Proposal::new().store(&[kind]);
    let to = peer("ADIT", one.dicom, "SOURCE");
    let mut association = Association::connect(&to, &proposal, &never).await.unwrap();
    let offset = usize::try_from(head.data_set_offset).unwrap();
    let outcome = association.store_bytes(&request, &bytes[offset..], &never).await.unwrap();
    assert_eq!(outcome.status, Status::NOT_AUTHORIZED);
    association.release().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_drains_finishes_what_runs_and_takes_nothing_new() {
    let scene = Scene::new(60).await;
    let bridge = Bridge::start(&scene.backend, "drains").await;
    scene.send_to(&bridge);
    let jobs = scene.submit(&[&bridge], 2, 30).await;
    let (ending, stop) = (CancellationToken::new(), CancellationToken::new());
    let worker = Worker::new(bridge.engine.clone(), 1, &[Lane::Bridge]);
    let working = tokio::spawn(worker.run_until(ending.clone(), stop.clone()));
    // The second job is urgent, so it runs first; one at a time.
    until(&bridge.engine, &jobs[1], |snapshot| snapshot.progress.delivered >= 10).await;
    ending.cancel();
    working.await.unwrap();
    let snapshot = async |job| bridge.engine.snapshot(&actor(&bridge.engine).await, job).await.unwrap();
    let (first, second) = (snapshot(&jobs[0]).await, snapshot(&jobs[1]).await);
    assert_eq!((second.job.status, second.progress.delivered), (JobStatus::Success, 60), "{second:?}");
    assert_eq!(first.progress.delivered, 0, "nothing new is taken");
    assert!(!first.job.status.is_final());
    assert!(!stop.is_cancelled());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_ends_lets_a_busy_association_go_on_and_takes_no_other() {
    let scene = Scene::new(40).await;
    let root = scene.dir.path().join("receiver");
    let archive = Arc::new(adit_archive::FolderArchive::open(&root).await.unwrap());
    let server = Server::bind(ANY, ServerConfig::default(), Arc::clone(&archive) as _).await.unwrap();
    let (addr, ending, stop) = (server.local_addr().unwrap(), CancellationToken::new(), CancellationToken::new());
    let serving = tokio::spawn(server.run_until(ending.clone(), stop.clone()));
    let kind = ("1.2.840.10008.5.1.4.1.1.2".to_owned(), "1.2.840.10008.1.2.1".to_owned());
    let proposal = Proposal::new().store(std::slice::from_ref(&kind));
    let to = peer("ANY", addr, "SOURCE");
    let mut busy = Association::connect(&to, &proposal, &stop).await.unwrap();
    let mut idle = Association::connect(&to, &proposal, &stop).await.unwrap();
    ending.cancel();
    for number in 0..40 {
        let bytes = object(&scene.spec, 0, number);
        let offset = usize::try_from(adit_deid::part10::parse_head(&bytes).unwrap().data_set_offset).unwrap();
        let request = StoreRequest {
            sop_class_uid: kind.0.clone(),
            sop_instance_uid: scene.spec.sop_instance_uid(0, number),
            transfer_syntax_uid: kind.1.clone(),
            move_originator: None,
        };
        assert_eq!(busy.store_bytes(&request, &bytes[offset..], &stop).await.unwrap().status, Status::SUCCESS);
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_eq!(archive.instances().len(), 40, "what is under way goes on for longer than a pause");
    let request = StoreRequest {
        sop_class_uid: kind.0.clone(),
        sop_instance_uid: "1.2.3".into(),
        transfer_syntax_uid: kind.1.clone(),
        move_originator: None,
    };
    assert!(idle.store_bytes(&request, &[0; 16], &stop).await.is_err(), "the idle association has ended");
    assert!(Association::connect(&to, &proposal, &stop).await.is_err(), "there is no new one");
    drop(busy);
    tokio::time::timeout(Duration::from_secs(5), serving).await.expect("it ends by itself").unwrap();
}
