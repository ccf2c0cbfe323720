//! DCMTK's programs as peers. A missing program fails the test.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::free_port;

/// A DCMTK server that ends when this is dropped.
pub struct Dcmtk {
    pub port: u16,
    child: Child,
}

impl Dcmtk {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }
}

/// `storescp` writing into a folder; `arguments` come first.
pub async fn storescp(folder: &Path, arguments: &[&str], nodelay: bool) -> Dcmtk {
    let port = free_port();
    let mut command = Command::new("storescp");
    command.args(arguments).arg("--fork").arg("-od").arg(folder).arg(port.to_string());
    start(command, port, nodelay).await
}

/// `dcmqrscp` with one storage area; `peers` are (AE title, port) that may be moved to.
pub async fn dcmqrscp(folder: &Path, peers: &[(&str, u16)]) -> Dcmtk {
    let port = free_port();
    let hosts: String =
        peers.iter().enumerate().map(|(n, (ae, port))| format!("p{n} = ({ae}, 127.0.0.1, {port})\n")).collect();
    let symbols: Vec<String> = (0..peers.len()).map(|n| format!("p{n}")).collect();
    let area = folder.join("db");
    std::fs::create_dir_all(&area).expect("a folder");
    let config = format!(
        "NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n\nHostTable BEGIN\n{hosts}all = {}\nHostTable END\n\nVendorTable BEGIN\nVendorTable END\n\nAETable BEGIN\nQRSCP {} RW (200, 1024mb) ANY\nAETable END\n",
        symbols.join(", "),
        area.display()
    );
    let file = folder.join("dcmqrscp.cfg");
    std::fs::write(&file, config).expect("the configuration is written");
    let mut command = Command::new("dcmqrscp");
    command.arg("-c").arg(&file);
    start(command, port, true).await
}

async fn start(mut command: Command, port: u16, nodelay: bool) -> Dcmtk {
    if nodelay {
        command.env("TCP_NODELAY", "1");
    }
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let child = child.unwrap_or_else(|error| panic!("{:?} cannot be started: {error}", command.as_std().get_program()));
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Dcmtk { port, child };
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server does not listen");
}

/// Runs a DCMTK program to its end; a failure fails the test with what it said.
pub async fn run(program: &str, nodelay: bool, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    if nodelay {
        command.env("TCP_NODELAY", "1");
    }
    let output =
        command.args(arguments).output().await.unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?} failed: {said}");
    said
}
