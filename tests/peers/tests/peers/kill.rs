//! The real program, killed again and again in the middle of its work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adit_archive::generate::{SeriesSpec, StudySpec, write_study};
use adit_deid::{ProjectKey, map_uid};
use adit_domain::job::JobStatus;
use adit_test_support::program::Program;
use adit_test_support::{ANY, free_port};
use serde_json::json;

/// Kills per destination.
const KILLS: u64 = 12;

/// A number below `bound` from the operating system.
fn random(bound: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes) % bound
}

/// Data sets by SOP Instance UID of all DICOM files below a folder.
fn content(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let head =
                adit_deid::part10::parse_head(&bytes).unwrap_or_else(|_| panic!("{} is left over", path.display()));
            let data_set = bytes[usize::try_from(head.data_set_offset).unwrap()..].to_vec();
            assert!(all.insert(head.sop_instance_uid, data_set).is_none(), "{} is there twice", path.display());
        }
    }
    all
}

fn pixels(data_set: &[u8]) -> &[u8] {
    &data_set[data_set.len() - 32 * 32 * 2..]
}

async fn survives(to_folder: bool) {
    let dir = tempfile::tempdir().unwrap();
    let (data, sources) = (dir.path().join("data"), dir.path().join("source"));
    let mut spec = StudySpec::ct("PAT-1", "Doe^Jane", 150, 32);
    spec.series.push(SeriesSpec::new("CT", "Second", 150, 32));
    write_study(&spec, &sources).unwrap();
    let source = adit_archive::serve(&sources, ANY, "SOURCE").await.unwrap();
    let target = dir.path().join("target");
    std::fs::create_dir_all(&target).unwrap();
    let destination = adit_archive::serve(&target, ANY, "DEST").await.unwrap();
    let folder = dir.path().join("folder");
    let port = free_port();
    let mut adit = Program::start(&data, port).await;
    let pace = json!({ "instances_per_second": 150 });
    let from = adit.session().server("SOURCE", source.addr(), pace.clone()).await;
    let to = if to_folder {
        adit.session().folder("Folder", &folder).await
    } else {
        adit.session().server("DEST", destination.addr(), pace).await
    };
    let job = adit.session().submit(&from, &to, &spec.study_instance_uid(), "P-001").await;
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(20 + random(350))).await;
        adit.kill().await;
        adit = Program::start(&data, port).await;
    }
    let end = adit.session().outcome(&job).await;
    assert_eq!(
        (end.job.status, end.progress.delivered, end.progress.verified),
        (JobStatus::Success, 300, 300),
        "{end:?}"
    );
    // Content equals the source's after the declared changes; nothing twice, nothing left over.
    let key = std::fs::read_to_string(data.join("project.key")).unwrap();
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&key[place * 2..place * 2 + 2], 16).unwrap();
    }
    let key = ProjectKey::from_bytes(bytes);
    let before = content(&sources);
    let after = content(if to_folder { &folder } else { &target });
    assert_eq!(after.len(), 300);
    for (uid, data_set) in &before {
        assert_eq!(pixels(data_set), pixels(&after[&map_uid(&key, uid)]));
    }
    adit.kill().await;
    let staged: Vec<_> = content_free(&data.join("staging"));
    assert!(staged.is_empty(), "{staged:?} is left in staging");
}

/// All files below a folder.
fn content_free(root: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(content_free(&path)) } else { all.push(path) }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_a_server_survives_kills_at_random_moments() {
    survives(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_a_folder_survives_kills_at_random_moments() {
    survives(true).await;
}
