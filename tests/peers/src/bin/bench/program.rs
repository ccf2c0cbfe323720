//! The program as its users have it: its memory, and how late it shows what happens.

use std::time::{Duration, Instant};

use adit_api::search::{SearchLine, StudyQuery};
use adit_archive::generate::{StudySpec, write_huge, write_study};
use adit_domain::job::JobStatus;
use adit_test_support::program::Program;
use adit_test_support::rig::{Rig, pseudonym};
use adit_test_support::scripted::{self, Script};
use adit_test_support::{ANY, free_port};
use serde_json::json;

use crate::{GET, bar};

/// Peak resident memory of `adit serve`: one study of 10,000 instances, one instance of 2 GB.
pub async fn memory() {
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

/// How late progress and first search results are.
pub async fn live() {
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
