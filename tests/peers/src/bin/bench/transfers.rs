//! Whole transfers: Orthanc to Orthanc and to a folder, and over a slow wire.

use std::path::Path;
use std::time::{Duration, Instant};

use adit_archive::generate::{StudySpec, write_study};
use adit_domain::job::JobStatus;
use adit_domain::transfer::TransferOptions;
use adit_test_support::dcmtk::run;
use adit_test_support::orthanc::{self, Orthanc};
use adit_test_support::proxy::{self, Wire};
use adit_test_support::rig::{Rig, pseudonym};
use adit_test_support::scripted::{self, Script};
use serde_json::json;

use crate::{GET, ROUNDS, bar, local, median, path, ram};

fn studies() -> Vec<StudySpec> {
    (0..5).map(|n| StudySpec::ct(&format!("PAT-{n}"), "Doe^Jane", 100, 512)).collect()
}

/// Orthanc -> ADIT -> second Orthanc, 5 studies of 100 CT.
pub async fn through_orthanc() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(&dir.path().join("data")).await;
    let source = orthanc::start(&dir.path().join("source"), "SOURCE", &[]).await;
    let destination = orthanc::start(&dir.path().join("destination"), "DEST", &[]).await;
    let specs = studies();
    let files = dir.path().join("files");
    for spec in &specs {
        write_study(spec, &files).expect("the study is written");
    }
    let source_port = source.dicom_port.to_string();
    run("storescu", true, &["+sd", "+r", "127.0.0.1", &source_port, path(&files)]).await;
    let from = rig.server("SOURCE", local(source.dicom_port), &GET).await;
    let to = rig.server("DEST", local(destination.dicom_port), &GET).await;
    let target = dir.path().join("target");
    let folder = rig.folder("Folder", &target).await;
    let (mut ours, mut fill, mut chain, mut to_folder, mut getscu_fast) = (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        destination.clear().await;
        let begun = Instant::now();
        transfer_all(&rig, &specs, &from, &to, &pseudonym("P")).await;
        ours.push(500.0 / begun.elapsed().as_secs_f64());
        destination.clear().await;
        fill.push(storescu_into(&destination, &files, true).await);
        let begun = Instant::now();
        transfer_all(&rig, &specs, &from, &folder, &TransferOptions::default()).await;
        to_folder.push(500.0 / begun.elapsed().as_secs_f64());
        let _ = std::fs::remove_dir_all(&target);
        getscu_fast.push(500.0 / getscu(&source, &specs, &dir.path().join("got"), true).await);
        if round == 0 {
            destination.clear().await;
            let first = getscu(&source, &specs, &dir.path().join("slow"), false).await;
            let second = 500.0 / storescu_into(&destination, &dir.path().join("slow"), false).await;
            chain.push(500.0 / (first + second));
        }
    }
    let (ours, fill, chain, to_folder, getscu_fast) =
        (median(ours), median(fill), median(chain), median(to_folder), median(getscu_fast));
    println!(
        "Orthanc -> ADIT -> Orthanc, pseudonymised: {ours:.0} images/s; storescu (TCP_NODELAY) alone {fill:.0}; getscu + storescu {chain:.0}; to a folder {to_folder:.0}; getscu (TCP_NODELAY) {getscu_fast:.0}"
    );
    bar(
        "rate of Orthanc -> ADIT -> Orthanc / storescu TCP_NODELAY filling Orthanc",
        ours / fill,
        ">= 0.9",
        ours / fill >= 0.9,
    );
    bar("rate of Orthanc -> ADIT -> Orthanc / getscu then storescu", ours / chain, ">= 5", ours / chain >= 5.0);
    bar(
        "rate of Orthanc -> ADIT -> folder / getscu TCP_NODELAY",
        to_folder / getscu_fast,
        ">= 1.2",
        to_folder / getscu_fast >= 1.2,
    );
}

async fn transfer_all(
    rig: &Rig,
    specs: &[StudySpec],
    from: &adit_api::nodes::NodeView,
    to: &adit_api::nodes::NodeView,
    options: &TransferOptions,
) {
    let mut jobs = Vec::new();
    for (number, spec) in specs.iter().enumerate() {
        let mut options = options.clone();
        if options.pseudonymises() {
            options.pseudonym = format!("{}-{number}", options.pseudonym);
        }
        jobs.push(rig.submit(from, to, &spec.study_instance_uid(), options).await);
    }
    for job in jobs {
        let end = rig.outcome(&job).await;
        assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
    }
}

async fn storescu_into(orthanc: &Orthanc, files: &Path, nodelay: bool) -> f64 {
    let begun = Instant::now();
    run("storescu", nodelay, &["+sd", "+r", "127.0.0.1", &orthanc.dicom_port.to_string(), path(files)]).await;
    500.0 / begun.elapsed().as_secs_f64()
}

/// Seconds for all studies.
async fn getscu(orthanc: &Orthanc, specs: &[StudySpec], into: &Path, nodelay: bool) -> f64 {
    let _ = std::fs::remove_dir_all(into);
    std::fs::create_dir_all(into).expect("a folder");
    let begun = Instant::now();
    for spec in specs {
        let key = format!("StudyInstanceUID={}", spec.study_instance_uid());
        run(
            "getscu",
            nodelay,
            &[
                "-S",
                "-od",
                path(into),
                "-k",
                "QueryRetrieveLevel=STUDY",
                "-k",
                &key,
                "127.0.0.1",
                &orthanc.dicom_port.to_string(),
            ],
        )
        .await;
    }
    begun.elapsed().as_secs_f64()
}

/// 20 ms each way: eight associations against one.
pub async fn slow_wire() {
    let dir = ram();
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 800, 64);
    write_study(&spec, &dir.path().join("source")).expect("the study is written");
    let rig = Rig::start(&dir.path().join("data")).await;
    let source = scripted::start(&dir.path().join("source"), Script::default()).await;
    let destination = scripted::start(&dir.path().join("destination"), Script::default()).await;
    let wire = Wire { delay: Duration::from_millis(20), ..Wire::default() };
    let (near_source, near_destination) =
        (proxy::start(source.addr, wire).await, proxy::start(destination.addr, wire).await);
    let mut rates = Vec::new();
    for associations in [1, 8] {
        let limits = json!({ "associations": associations });
        let from = rig.server_with(&format!("FROM{associations}"), near_source, &GET, limits.clone()).await;
        let to = rig.server_with(&format!("TO{associations}"), near_destination, &GET, limits).await;
        let begun = Instant::now();
        let end = rig.transfer(&from, &to, &spec.study_instance_uid(), pseudonym("P")).await;
        assert_eq!(end.job.status, JobStatus::Success, "{end:?}");
        rates.push(800.0 / begun.elapsed().as_secs_f64());
    }
    println!("20 ms each way: one association {:.1} images/s, eight {:.1}", rates[0], rates[1]);
    bar(
        "rate of eight associations / of one at 20 ms each way",
        rates[1] / rates[0],
        ">= 6",
        rates[1] / rates[0] >= 6.0,
    );
}
