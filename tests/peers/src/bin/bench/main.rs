//! `make bench`: the figures of the quality bars, each ratio taken from interleaved rounds. An argument chooses one part.

#![expect(clippy::print_stdout, reason = "a program that prints figures")]

mod dicomweb;
mod program;
mod receiver;
mod sender;
mod transfers;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use adit_test_support::dcmtk::run;

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

fn path(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Images per second that storescu sends, of 500.
async fn send(port: u16, files: &Path, nodelay: bool) -> f64 {
    let begun = Instant::now();
    run("storescu", nodelay, &["-pdu", "16384", "+sd", "+r", "127.0.0.1", &port.to_string(), path(files)]).await;
    500.0 / begun.elapsed().as_secs_f64()
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let only = std::env::args().nth(1);
    let wants = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wants("orthanc") {
        transfers::through_orthanc().await;
    }
    if wants("scp") {
        receiver::our_receiver().await;
    }
    if wants("scu") {
        sender::our_sender().await;
    }
    if wants("memory") {
        program::memory().await;
    }
    if wants("delay") {
        transfers::slow_wire().await;
    }
    if wants("dicomweb") {
        dicomweb::run().await;
    }
    if wants("live") {
        program::live().await;
    }
}
