//! One binary for all journeys: linking costs more than running.

mod bridges;
mod delivery;
mod dicomweb;
mod handback;
mod identity;
mod jobs;
mod journeys;
mod nifti;
mod projects;
mod quotas;
mod reception;
mod record;
mod relay;
mod retrieval;
mod rules;
mod search;
mod staged;
mod web;

use std::collections::HashSet;
use std::path::Path;

use adit_api::nodes::NodeView;
use adit_archive::generate::{StudySpec, write_study};
use adit_test_support::rig::Rig;
use adit_test_support::scripted::{self, Script, Scripted};
use tempfile::TempDir;

/// What most archives offer.
const ALL: [&str; 4] = ["study_root_find", "study_root_get", "study_root_move", "store_scp"];
/// Without C-GET.
const MOVE_ONLY: [&str; 3] = ["study_root_find", "study_root_move", "store_scp"];

/// A source with one CT study, an empty destination, an ADIT.
struct Scene {
    dir: TempDir,
    rig: Rig,
    spec: StudySpec,
    source: Scripted,
    destination: Scripted,
    from: NodeView,
    to: NodeView,
}

impl Scene {
    async fn new(images: usize, source: Script, destination: Script) -> Self {
        Self::with_services(images, source, destination, &ALL).await
    }

    async fn with_services(images: usize, source: Script, destination: Script, services: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let spec = StudySpec::ct("PAT-1", "Doe^Jane", images, 64);
        write_study(&spec, &dir.path().join("source")).unwrap();
        Self::of(dir, spec, source, destination, services).await
    }

    async fn of(dir: TempDir, spec: StudySpec, source: Script, destination: Script, services: &[&str]) -> Self {
        let rig = Rig::start(&dir.path().join("data")).await;
        let source = scripted::start(&dir.path().join("source"), source).await;
        let destination = scripted::start(&dir.path().join("destination"), destination).await;
        source.archive.know("ADIT", rig.as_destination("SOURCE"));
        source.archive.know("DEST", adit_test_support::rig::peer("DEST", destination.addr, "SOURCE"));
        let from = rig.server("SOURCE", source.addr, services).await;
        let to = rig.server("DEST", destination.addr, &ALL).await;
        Self { dir, rig, spec, source, destination, from, to }
    }

    fn study(&self) -> String {
        self.spec.study_instance_uid()
    }

    /// SOP Instance UIDs of the study as they leave a pseudonymised transfer.
    fn mapped(&self) -> HashSet<String> {
        let key = adit_deid::ProjectKey::from_bytes(adit_test_support::rig::KEY);
        self.source.instances().iter().map(|uid| adit_deid::map_uid(&key, uid)).collect()
    }
}

/// Everything that the destination holds, in a fixed order.
fn content(scene: &Scene) -> Vec<Vec<u8>> {
    let mut all: Vec<_> =
        files(&scene.dir.path().join("destination")).iter().map(|path| std::fs::read(path).unwrap()).collect();
    all.sort();
    all
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Names of all files below a folder.
fn files(root: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { all.push(path) }
        }
    }
    all
}
