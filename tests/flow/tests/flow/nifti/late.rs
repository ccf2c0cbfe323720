//! Series that come late, and the folder in which their study was begun.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use adit_archive::generate::{SeriesSpec, StudySpec, object};
use adit_dimse::Status;
use adit_domain::job::{JobAction, JobStatus};
use adit_domain::transfer::TransferOptions;
use adit_test_support::rig::pseudonym;
use adit_test_support::scripted::Script;
use adit_test_support::sender::send;

use super::{nifti, scene};
use crate::{ALL, files};

/// Names of the folders of studies.
fn studies(target: &Path) -> Vec<String> {
    let part = |path: PathBuf| path.strip_prefix(target).unwrap().iter().nth(2).unwrap().to_string_lossy().into_owned();
    let mut names: Vec<String> = files(target).into_iter().map(part).collect();
    names.sort();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_goes_on_in_the_folder_in_which_it_was_begun() {
    for (options, of_first) in [(TransferOptions::default(), 6), (pseudonym("P-001"), 6), (nifti(), 2)] {
        let spec = StudySpec::ct("PAT-1", "Doe^Jane", 6, 32);
        let (scene, folder, target) = scene(spec, Script::default(), &ALL).await;
        let end = scene.rig.transfer(&scene.from, &folder, &scene.study(), options.clone()).await;
        assert_eq!((end.job.status, files(&target).len()), (JobStatus::Success, of_first), "{end:?}");
        let before = studies(&target);
        assert!(before.len() == 1 && before[0].ends_with("-CT"), "{before:?}");
        let first = files(&target).remove(0);
        let inode = std::fs::metadata(&first).unwrap().ino();
        // A series of another modality comes late.
        let mut grown = scene.spec.clone();
        grown.series.push(SeriesSpec::new("MR", "Head", 4, 16));
        let late: Vec<Vec<u8>> = (0..4).map(|number| object(&grown, 1, number)).collect();
        let answers = send(scene.source.addr, "MR1", &late).await.unwrap();
        assert!(answers.iter().all(|status| *status == Status::SUCCESS), "{answers:?}");
        // The task goes on, and then all of it is done again.
        let (engine, actor) = (&scene.rig.engine, &scene.rig.actor);
        engine.reset_task(actor, &end.job.id, &end.tasks[0].id).await.unwrap();
        let end = scene.rig.outcome(&end.job.id).await;
        assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 10), "{end:?}");
        let all = files(&target).len();
        assert_eq!((studies(&target), std::fs::metadata(&first).unwrap().ino()), (before.clone(), inode));
        assert!(all > of_first, "the late ones are there");
        engine.act(actor, &end.job.id, JobAction::Restart).await.unwrap();
        let end = scene.rig.outcome(&end.job.id).await;
        assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 10), "{end:?}");
        assert_eq!((studies(&target), files(&target).len()), (before, all), "it was not written beside it");
        // Another job has a folder of its own, with the names of now.
        let other = scene.rig.transfer(&scene.from, &folder, &scene.study(), options).await;
        assert_eq!(other.job.status, JobStatus::Success, "{other:?}");
        assert!(studies(&target).iter().any(|name| name.ends_with("-CT,MR")), "{:?}", studies(&target));
        scene.rig.assert_clean().await;
    }
}
