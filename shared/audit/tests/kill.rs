//! Processes that write at the same time, and processes that are killed while they write.
#![expect(clippy::unwrap_used, reason = "a test's own functions fail as its cases do")]

mod support;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use adit_audit::{Event, Filter, Journal, Kind, Trail};
use adit_backend_embedded::Embedded;
use adit_store::clock::{Clock, SystemClock};
use support::{KEY, actor};

/// Where the writing child works; set only in that child.
const CHILD: &str = "ADIT_TEST_AUDIT_DIR";
const NAME: &str = "killed_processes_leave_chains_that_hold";

async fn write_forever(dir: &std::path::Path) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let items = Embedded::items_beside(dir, Arc::clone(&clock)).unwrap();
    let process = std::process::id();
    let journal = Journal::start(items, &KEY, format!("child {process}"), clock);
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..4 {
        let journal = journal.clone();
        callers.spawn(async move {
            for n in 0_u64.. {
                let detail = format!("{process}-{caller}-{n}");
                journal.record(Event::new(Kind::JobActed, actor(1)).with_detail(&detail)).await.unwrap();
                println!("kept {detail}");
            }
        });
    }
    callers.join_all().await;
}

fn child(dir: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn kept(child: Child) -> Vec<String> {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // The last line may be cut off by the kill.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().filter_map(|line| line.strip_prefix("kept ")).map(str::to_owned).collect()
}

#[test]
fn killed_processes_leave_chains_that_hold() {
    #[expect(clippy::disallowed_methods, reason = "the test talks to its own child")]
    if let Ok(dir) = std::env::var(CHILD) {
        tokio::runtime::Runtime::new().unwrap().block_on(write_forever(dir.as_ref()));
    }
    let dir = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let items = Embedded::open(dir.path(), Arc::clone(&clock)).unwrap().items;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let trail = Trail::new(items, &KEY, clock);
    let mut acknowledged = vec![];
    for round in 0..5_u64 {
        let mut children = [child(dir.path()), child(dir.path())];
        #[expect(clippy::disallowed_methods, reason = "the moment of the kill")]
        std::thread::sleep(Duration::from_millis(400 + round * 61));
        children.iter_mut().for_each(|child| child.kill().unwrap());
        acknowledged.extend(children.into_iter().flat_map(kept));
        let report = runtime.block_on(trail.verify()).unwrap();
        assert!(report.holds(), "round {round}: {report}");
    }
    assert!(acknowledged.len() > 20, "the children wrote {}", acknowledged.len());
    let mut recorded = std::collections::HashMap::<String, usize>::new();
    let mut token = None::<String>;
    loop {
        let found = runtime.block_on(trail.search(&Filter::default(), 200, token.as_deref())).unwrap();
        for entry in found.entries.into_iter().filter(|entry| entry.record.event.kind() == Kind::JobActed) {
            *recorded.entry(entry.record.event.detail).or_default() += 1;
        }
        token = found.next;
        if token.is_none() {
            break;
        }
    }
    assert!(acknowledged.iter().all(|detail| recorded.get(detail) == Some(&1)), "acknowledged and lost, or doubled");
}
