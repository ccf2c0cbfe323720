//! Our C-STORE SCP beside storescp.

use std::sync::Arc;
use std::time::Duration;

use adit_archive::generate::{StudySpec, write_study};
use adit_dimse::{Admission, Caller, InstanceHead, InstanceSink, Provider, Server, ServerConfig, Status};
use adit_store::staging::{StagedKey, StagedWriter, Staging};
use adit_test_support::ANY;
use adit_test_support::dcmtk::storescp;
use async_trait::async_trait;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{ROUNDS, bar, median, ram, send};

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
pub async fn our_receiver() {
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
