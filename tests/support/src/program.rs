//! The real program as a child process, spoken to over its JSON interface.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::session::Session;

/// A running `adit serve`; it ends when this is dropped.
pub struct Program {
    child: Child,
    data: PathBuf,
}

/// The program, built beside this test or benchmark.
fn path() -> PathBuf {
    let own = std::env::current_exe().expect("a path of our own");
    let found = own.ancestors().skip(1).take(2).map(|folder| folder.join("adit")).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("the program is missing beside {}: cargo build -p adit-standalone", own.display()))
}

impl Program {
    /// Starts on a data directory.
    pub async fn start(data: &Path, port: u16) -> Self {
        let _ = std::fs::remove_file(data.join("cli-session.json"));
        let mut child = Command::new(path())
            .args(["serve", "--data-dir"])
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--dicom-listen", "127.0.0.1:0", "--log", "warn"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        for _ in 0..500 {
            if data.join("cli-session.json").exists() {
                return Self { child, data: data.to_owned() };
            }
            assert!(child.try_wait().expect("its state is known").is_none(), "the program ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the program does not start");
    }

    /// SIGKILL.
    pub async fn kill(mut self) {
        self.child.start_kill().expect("the signal is sent");
        self.child.wait().await.expect("it ends");
    }

    /// Highest resident memory so far, in kibibytes.
    pub fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().expect("it runs")))
            .expect("its state can be read");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("the kernel counts");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    /// The session that the program left for the command line.
    pub fn session(&self) -> Session {
        let session = std::fs::read(self.data.join("cli-session.json")).expect("the session file");
        let session: Value = serde_json::from_slice(&session).expect("the session file is JSON");
        let text = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
        Session::of(text("url"), text("token"), text("csrf_token"))
    }
}
