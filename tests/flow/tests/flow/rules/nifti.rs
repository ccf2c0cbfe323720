//! Rules that convert to NIfTI. Needs the program dcm2niix, which `scripts/install-peers` installs.

use std::os::unix::fs::MetadataExt;

use adit_archive::generate::StudySpec;
use adit_domain::job::JobStatus;
use adit_domain::task::Step;
use serde_json::json;

use super::{Stage, inbox, objects};
use crate::files;

#[tokio::test(flavor = "multi_thread")]
async fn a_late_image_of_a_converted_series_stays_where_its_source_is_no_server() {
    let stage = Stage::new().await;
    let target = stage.dir.path().join("research");
    std::fs::create_dir(&target).unwrap();
    let folder = stage.rig.folder("Research", &target).await;
    let more = json!({"destination": folder.id, "options": {"identity": "keep", "convert_to_nifti": true}});
    stage.rule(inbox(&["CT1"]), more).await;
    let all = objects(&StudySpec::ct("PAT-1", "Doe^Jane", 6, 32), 0);
    stage.sent("CT1", &all[..5]).await;
    let first = stage.fired().await;
    assert_eq!((first.job.status, first.progress.delivered), (JobStatus::Success, 5), "{first:?}");
    let known = |path: &std::path::PathBuf| std::fs::metadata(path).unwrap().ino();
    let mut before: Vec<_> = files(&target).iter().map(known).collect();
    before.sort_unstable();
    assert_eq!(before.len(), 2);

    stage.sent("CT1", &all[5..]).await;
    stage
        .sweep_until(|jobs| jobs.len() == 1 && jobs[0].status == JobStatus::Warning && jobs[0].end > first.job.end)
        .await;
    let end = stage.rig.engine.snapshot(&stage.rig.actor, &first.job.id).await.unwrap();
    assert_eq!((end.progress.delivered, end.progress.verified, end.progress.failed), (5, 5, 1), "{end:?}");
    let detail = stage.rig.engine.task(&stage.rig.actor, &first.job.id, &end.tasks[0].id).await.unwrap();
    let failure = &detail.failures[0];
    assert!(
        failure.step == Step::Deliver && failure.reason.contains("was converted to NIfTI before it came"),
        "{failure:?}"
    );
    assert!(end.tasks[0].message.contains("restart the job to convert all of it again"), "{}", end.tasks[0].message);
    let mut after: Vec<_> = files(&target).iter().map(known).collect();
    after.sort_unstable();
    assert_eq!(after, before, "the files of the others stay as they are");
}
