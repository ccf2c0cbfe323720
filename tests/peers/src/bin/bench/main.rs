//! `make bench`: the figures of the quality bars, each ratio taken from interleaved rounds. An argument chooses one part.

#![expect(clippy::print_stdout, reason = "a program that prints figures")]

mod dicomweb;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adit_api::search::{SearchLine, StudyQuery};
use adit_archive::generate::{StudySpec, write_huge, write_study};
use adit_dimse::{
    Admission, Association, Caller, InstanceHead, InstanceSink, Proposal, Provider, Server, ServerConfig, Status,
    StoreRequest,
};
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_store::staging::{StagedKey, StagedWriter, Staging};
use adit_test_support::dcmtk::{run, storescp};
use adit_test_support::orthanc::{self, Orthanc};
use adit_test_support::program::Program;
use adit_test_support::proxy::{self, Wire};
use adit_test_support::rig::{Rig, peer, pseudonym};
use adit_test_support::scripted::{self, Script};
use adit_test_support::{ANY, free_port};
use async_trait::async_trait;
use serde_json::json;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 3;
const GET: [&str; 3] = ["study_root_find", "study_root_get", "store_scp"];

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn bar(name: &str, value: f64, wanted: &str, met: bool) {
    println!("{:<78} {value:>9.2}  (bar: {wanted})  {}", name, if met { "met" } else { "NOT MET" });
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A folder on a RAM disk.
fn ram() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").expect("a RAM disk")
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let only = std::env::args().nth(1);
    let wants = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wants("orthanc") {
        through_orthanc().await;
    }
    if wants("scp") {
        our_receiver().await;
    }
    if wants("scu") {
        our_sender().await;
    }
    if wants("memory") {
        memory().await;
    }
    if wants("delay") {
        slow_wire().await;
    }
    if wants("dicomweb") {
        dicomweb::run().await;
    }
    if wants("live") {
        live().await;
    }
}

fn studies() -> Vec<StudySpec> {
    (0..5).map(|n| StudySpec::ct(&format!("PAT-{n}"), "Doe^Jane", 100, 512)).collect()
}

/// Orthanc -> ADIT -> second Orthanc, 5 studies of 100 CT.
async fn through_orthanc() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(&dir.path().join("data")).await;
    let source = orthanc::start(&dir.path().join("source"), "SOURCE", &[]).await;
    let destination = orthanc::start(&dir.path().join("destination"), "DEST", &[]).await;
    let specs = studies();
    let files = dir.path().join("files");
    for spec in &specs {
        write_study(spec, &files).expect("the study is written");
    }
    let source_port = source.dicom_port.to_string();
    run("storescu", true, &["+sd", "+r", "127.0.0.1", &source_port, path(&files)]).await;
    let from = rig.server("SOURCE", local(source.dicom_port), &GET).await;
    let to = rig.server("DEST", local(destination.dicom_port), &GET).await;
    let target = dir.path().join("target");
    let folder = rig.folder("Folder", &target).await;
    let (mut ours, mut fill, mut chain, mut to_folder, mut getscu_fast) = (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        destination.clear().await;
        let begun = Instant::now();
        transfer_all(&rig, &specs, &from, &to, &pseudonym("P")).await;
        ours.push(500.0 / begun.elapsed().as_secs_f64());
        destination.clear().await;
        fill.push(storescu_into(&destination, &files, true).await);
        let begun = Instant::now();
        transfer_all(&rig, &specs, &from, &folder, &TransferOptions::default()).await;
        to_folder.push(500.0 / begun.elapsed().as_secs_f64());
        let _ = std::fs::remove_dir_all(&target);
        getscu_fast.push(500.0 / getscu(&source, &specs, &dir.path().join("got"), true).await);
        if round == 0 {
            destination.clear().await;
            let first = getscu(&source, &specs, &dir.path().join("slow"), false).await;
            let second = 500.0 / storescu_into(&destination, &dir.path().join("slow"), false).await;
            chain.push(500.0 / (first + second));
        }
    }
    let (ours, fill, chain, to_folder, getscu_fast) =
        (median(ours), median(fill), median(chain), median(to_folder), median(getscu_fast));
    println!(
        "Orthanc -> ADIT -> Orthanc, pseudonymised: {ours:.0} images/s; storescu (TCP_NODELAY) alone {fill:.0}; getscu + storescu {chain:.0}; to a folder {to_folder:.0}; getscu (TCP_NODELAY) {getscu_fast:.0}"
    );
    bar(
        "rate of Orthanc -> ADIT -> Orthanc / storescu TCP_NODELAY filling Orthanc",
        ours / fill,
        ">= 0.9",
        ours / fill >= 0.9,
    );
    bar("rate of Orthanc -> ADIT -> Orthanc / getscu then storescu", ours / chain, ">= 5", ours / chain >= 5.0);
    bar(
        "rate of Orthanc -> ADIT -> folder / getscu TCP_NODELAY",
        to_folder / getscu_fast,
        ">= 1.2",
        to_folder / getscu_fast >= 1.2,
    );
}

async fn transfer_all(
    rig: &Rig,
    specs: &[StudySpec],
    from: &adit_api::nodes::NodeView,
    to: &adit_api::nodes::NodeView,
    options: &TransferOptions,
) {
    let mut jobs = Vec::new();
    for (number, spec) in specs.iter().enumerate() {
        let mut options = options.clone();
        if options.pseudonymises() {
            options.pseudonym = format!("{}-{number}", options.pseudonym);
        }
        jobs.push(rig.submit(from, to, &spec.study_instance_uid(), options).await);
    }
    for job in jobs {
        let end = rig.outcome(&job).await;
        assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
    }
}

async fn storescu_into(orthanc: &Orthanc, files: &Path, nodelay: bool) -> f64 {
    let begun = Instant::now();
    run("storescu", nodelay, &["+sd", "+r", "127.0.0.1", &orthanc.dicom_port.to_string(), path(files)]).await;
    500.0 / begun.elapsed().as_secs_f64()
}

/// Seconds for all studies.
async fn getscu(orthanc: &Orthanc, specs: &[StudySpec], into: &Path, nodelay: bool) -> f64 {
    let _ = std::fs::remove_dir_all(into);
    std::fs::create_dir_all(into).expect("a folder");
    let begun = Instant::now();
    for spec in specs {
        let key = format!("StudyInstanceUID={}", spec.study_instance_uid());
        run(
            "getscu",
            nodelay,
            &[
                "-S",
                "-od",
                path(into),
                "-k",
                "QueryRetrieveLevel=STUDY",
                "-k",
                &key,
                "127.0.0.1",
                &orthanc.dicom_port.to_string(),
            ],
        )
        .await;
    }
    begun.elapsed().as_secs_f64()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Takes instances into a directory staging, as the product does.
struct Receiver {
    staging: Arc<dyn Staging>,
    writer: Option<Box<dyn StagedWriter>>,
}

impl Provider for Receiver {
    fn admit(&self, _: &Caller) -> Admission {
        Admission::Accept
    }
    fn sink(&self, _: &Caller) -> Box<dyn InstanceSink> {
        Box::new(Self { staging: Arc::clone(&self.staging), writer: None })
    }
}

#[async_trait]
impl InstanceSink for Receiver {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        let key = StagedKey::new("bench", "1", &head.sop_instance_uid);
        self.writer = Some(self.staging.begin(&key).await.map_err(|_| Status::OUT_OF_RESOURCES)?);
        Ok(())
    }
    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        match &mut self.writer {
            Some(writer) => writer.write(chunk).await.map_err(|_| Status::OUT_OF_RESOURCES),
            None => Err(Status::PROCESSING_FAILURE),
        }
    }
    async fn end(&mut self) -> Status {
        let Some(writer) = self.writer.take() else { return Status::PROCESSING_FAILURE };
        if writer.commit(json!({})).await.is_ok() { Status::SUCCESS } else { Status::OUT_OF_RESOURCES }
    }
    async fn abort(&mut self) {
        self.writer = None;
    }
}

/// Processor seconds that a process has used, with or without its finished children (storescp forks one per association).
fn cpu_of(pid: u32, with_children: bool) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    (11..if with_children { 15 } else { 13 }).map(|place| fields[place].parse::<f64>().unwrap_or(0.0)).sum::<f64>()
        / 100.0
}

/// Our C-STORE SCP to a RAM disk, one association, 500 x 0.5 MB, against storescp.
async fn our_receiver() {
    let dir = ram();
    let spec = StudySpec::ct("P", "Doe^Jane", 500, 512);
    let files = dir.path().join("files");
    write_study(&spec, &files).expect("the study is written");
    let backend =
        adit_backend_embedded::Embedded::open(&dir.path().join("data"), Arc::new(adit_store::clock::SystemClock))
            .expect("staging");
    let config = ServerConfig { max_pdu: 16_384, ..ServerConfig::default() };
    let server = Server::bind(ANY, config, Arc::new(Receiver { staging: backend.staging.clone(), writer: None }))
        .await
        .expect("a port");
    let (port, stop) = (server.local_addr().expect("an address").port(), CancellationToken::new());
    tokio::spawn(server.run(stop.clone()));
    let received = dir.path().join("received");
    std::fs::create_dir_all(&received).expect("a folder");
    let (mut ours, mut theirs, mut our_cpu, mut their_cpu) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        ours.push(send(port, &files, false).await);
        backend.staging.delete_task("bench").await.expect("staging is emptied");
        if round == 0 {
            let slow = storescp(&received, &[], false).await;
            theirs.push(send(slow.port, &files, false).await);
        }
        let before = cpu_of(std::process::id(), false);
        send(port, &files, true).await;
        our_cpu.push((cpu_of(std::process::id(), false) - before) * 2.0);
        backend.staging.delete_task("bench").await.expect("staging is emptied");
        let fast = storescp(&received, &["--max-pdu", "16384"], true).await;
        send(fast.port, &files, true).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        their_cpu.push(cpu_of(fast.pid(), true) * 2.0);
        let _ = std::fs::remove_dir_all(&received);
        std::fs::create_dir_all(&received).expect("a folder");
    }
    stop.cancel();
    let (ours, theirs, our_cpu, their_cpu) = (median(ours), median(theirs), median(our_cpu), median(their_cpu));
    println!(
        "C-STORE SCP, stock storescu: ours {ours:.0} images/s, storescp {theirs:.0}; CPU per image with TCP_NODELAY: ours {our_cpu:.2} ms, storescp {their_cpu:.2} ms"
    );
    bar("stock storescu -> our SCP / -> storescp", ours / theirs, ">= 5", ours / theirs >= 5.0);
    bar(
        "CPU per image of our SCP / of storescp, 16 KiB PDUs",
        our_cpu / their_cpu,
        "<= 0.6",
        our_cpu / their_cpu <= 0.6,
    );
}

async fn send(port: u16, files: &Path, nodelay: bool) -> f64 {
    let begun = Instant::now();
    run("storescu", nodelay, &["-pdu", "16384", "+sd", "+r", "127.0.0.1", &port.to_string(), path(files)]).await;
    500.0 / begun.elapsed().as_secs_f64()
}

/// Our C-STORE SCU into storescp against storescu with TCP_NODELAY.
async fn our_sender() {
    let dir = ram();
    let spec = StudySpec::ct("P", "Doe^Jane", 500, 512);
    let files = dir.path().join("files");
    let paths = write_study(&spec, &files).expect("the study is written");
    let received = dir.path().join("received");
    std::fs::create_dir_all(&received).expect("a folder");
    let (mut ours, mut theirs, mut our_best, mut their_best) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let stock = storescp(&received, &["--ignore"], false).await;
        ours.push(send_ours(stock.port, &spec, &paths).await);
        if round == 0 {
            theirs.push(send(stock.port, &files, true).await);
        }
        let nodelay = storescp(&received, &["--ignore"], true).await;
        our_best.push(send_ours(nodelay.port, &spec, &paths).await);
        their_best.push(send(nodelay.port, &files, true).await);
    }
    let (ours, theirs, our_best, their_best) = (median(ours), median(theirs), median(our_best), median(their_best));
    println!("C-STORE SCU into stock storescp: ours {ours:.0} images/s, storescu with TCP_NODELAY {theirs:.0}");
    println!(
        "and with TCP_NODELAY at storescp too: ours {our_best:.0}, storescu {their_best:.0}, ratio {:.2}",
        our_best / their_best
    );
    bar("our SCU into storescp / storescu TCP_NODELAY", ours / theirs, ">= 2", ours / theirs >= 2.0);
}

async fn send_ours(port: u16, spec: &StudySpec, paths: &[PathBuf]) -> f64 {
    let kind = ("1.2.840.10008.5.1.4.1.1.2".to_owned(), "1.2.840.10008.1.2.1".to_owned());
    let never = CancellationToken::new();
    let begun = Instant::now();
    let mut association = Association::connect(
        &peer("ANY", local(port), "ADIT"),
        &Proposal::new().store(std::slice::from_ref(&kind)),
        &never,
    )
    .await
    .expect("an association");
    for (n, path) in paths.iter().enumerate() {
        let bytes = std::fs::read(path).expect("the file");
        let offset = usize::try_from(adit_deid::part10::parse_head(&bytes).expect("a DICOM file").data_set_offset)
            .expect("small");
        let request = StoreRequest {
            sop_class_uid: kind.0.clone(),
            sop_instance_uid: spec.sop_instance_uid(0, n),
            transfer_syntax_uid: kind.1.clone(),
            move_originator: None,
        };
        assert!(
            association.store_bytes(&request, &bytes[offset..], &never).await.expect("it is stored").status.is_done()
        );
    }
    association.release().await;
    500.0 / begun.elapsed().as_secs_f64()
}

/// Peak resident memory of `adit serve`: one study of 10,000 instances, one instance of 2 GB.
async fn memory() {
    for (name, huge) in [("one study of 10,000 instances", false), ("one instance of 2 GB", true)] {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("source");
        let spec = StudySpec::ct("PAT-1", "Doe^Jane", if huge { 1 } else { 10_000 }, 64);
        std::fs::create_dir_all(&root).expect("a folder");
        if huge {
            write_huge(&spec, 2_000_000_000, &root.join("huge.dcm")).expect("the object is written");
        } else {
            write_study(&spec, &root).expect("the study is written");
        }
        let source = adit_archive::serve(&root, ANY, "SOURCE").await.expect("an archive");
        let destination = adit_archive::serve(&dir.path().join("destination"), ANY, "DEST").await.expect("an archive");
        let adit = Program::start(&dir.path().join("data"), free_port()).await;
        let (from, to) = (
            adit.session().server("SOURCE", source.addr(), json!({})).await,
            adit.session().server("DEST", destination.addr(), json!({})).await,
        );
        let begun = Instant::now();
        let job = adit.session().submit(&from, &to, &spec.study_instance_uid(), "P-001").await;
        let end = adit.session().outcome(&job).await;
        assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
        #[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
        let peak = adit.peak_memory_kib() as f64 / 1024.0;
        println!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
        bar(&format!("peak resident memory in MB, {name}"), peak, "<= 150", peak <= 150.0);
        adit.kill().await;
    }
}

/// 20 ms each way: eight associations against one.
async fn slow_wire() {
    let dir = ram();
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 800, 64);
    write_study(&spec, &dir.path().join("source")).expect("the study is written");
    let rig = Rig::start(&dir.path().join("data")).await;
    let source = scripted::start(&dir.path().join("source"), Script::default()).await;
    let destination = scripted::start(&dir.path().join("destination"), Script::default()).await;
    let wire = Wire { delay: Duration::from_millis(20), ..Wire::default() };
    let (near_source, near_destination) =
        (proxy::start(source.addr, wire).await, proxy::start(destination.addr, wire).await);
    let mut rates = Vec::new();
    for associations in [1, 8] {
        let limits = json!({ "associations": associations });
        let from = rig.server_with(&format!("FROM{associations}"), near_source, &GET, limits.clone()).await;
        let to = rig.server_with(&format!("TO{associations}"), near_destination, &GET, limits).await;
        let begun = Instant::now();
        let end = rig.transfer(&from, &to, &spec.study_instance_uid(), pseudonym("P")).await;
        assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
        rates.push(800.0 / begun.elapsed().as_secs_f64());
    }
    println!("20 ms each way: one association {:.1} images/s, eight {:.1}", rates[0], rates[1]);
    bar(
        "rate of eight associations / of one at 20 ms each way",
        rates[1] / rates[0],
        ">= 6",
        rates[1] / rates[0] >= 6.0,
    );
}

/// How late progress and first search results are.
async fn live() {
    let dir = tempfile::tempdir().expect("a folder");
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 200, 64);
    write_study(&spec, &dir.path().join("source")).expect("the study is written");
    let rig = Rig::start(&dir.path().join("data")).await;
    let source = scripted::start(&dir.path().join("source"), Script::default()).await;
    let destination = scripted::start(&dir.path().join("destination"), Script::default()).await;
    let from = rig.server_with("FROM", source.addr, &GET, json!({ "instances_per_second": 50 })).await;
    let to = rig.server("TO", destination.addr, &GET).await;
    let begun = Instant::now();
    let mut lines = rig
        .engine
        .search(&rig.actor, StudyQuery { sources: vec![from.id.clone()], ..StudyQuery::default() })
        .await
        .expect("a search");
    assert!(matches!(lines.recv().await, Some(SearchLine::Study(_))));
    let first = begun.elapsed().as_secs_f64() * 1000.0;
    bar("first search result after the question in ms (the server answers at once)", first, "< 300", first < 300.0);
    let job = rig.submit(&from, &to, &spec.study_instance_uid(), pseudonym("P")).await;
    let mut worst = Duration::ZERO;
    let mut reached = 0;
    let mut when = Instant::now();
    loop {
        let snapshot = rig.engine.snapshot(&rig.actor, &job).await.expect("the job");
        if snapshot.job.status.is_final() {
            break;
        }
        let stored = destination.stored() as u64;
        if stored > reached && snapshot.progress.delivered >= reached {
            (reached, when) = (stored, Instant::now());
        } else if snapshot.progress.delivered < reached {
            worst = worst.max(when.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Snapshots go out to the page at most half a second after they have changed.
    let lag = worst.as_secs_f64() + 0.5;
    bar("longest lag of live progress in s", lag, "< 2", lag < 2.0);
}
