//! What a terabyte costs: requests and units of one bridge that moves a study, priced by `infra/cost.py`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use adit_archive::generate::{SeriesSpec, StudySpec};
use adit_domain::job::JobStatus;
use adit_test_cloud::home::{Home, root, run};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::bridges::only_bridge;
use crate::support::{Ends, at, dicom, forget, server};

const GET: [&str; 3] = ["study_root_find", "study_root_get", "store_scp"];
/// Images of half a megabyte each.
const IMAGES: u64 = 400;
/// US dollars per terabyte at most.
const LIMIT: &str = "12";

/// Sums of one counter in a bridge's log (EMF lines), by its labels.
fn sums(log: &Path, counter: &str, labels: &[&str]) -> BTreeMap<Vec<String>, u64> {
    let mut sums = BTreeMap::new();
    for line in std::fs::read_to_string(log).expect("the log can be read").lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        let Some(count) = line[counter].as_u64().filter(|_| line.get("_aws").is_some()) else { continue };
        let key = labels.iter().map(|label| line[*label].as_str().unwrap_or_default().to_owned()).collect();
        *sums.entry(key).or_default() += count;
    }
    sums
}

pub async fn per_terabyte(home: &mut Home) {
    let mut study = StudySpec::ct("COST-1", "Doe^Jane", 0, 512);
    study.series = vec![SeriesSpec::new("CT", "Axial", usize::try_from(IMAGES).expect("a small number"), 512)];
    let studies = [study];
    let place = only_bridge(home, &[]).await;
    let log = home.bridges[place].as_ref().expect("it runs").log.clone();
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &GET, 0).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    let begun = Instant::now();
    let job = session.submit(&from, &to, &studies[0].study_instance_uid(), "P-001").await;
    let end = session.outcome(&job).await;
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, IMAGES), "{end:?}");
    forget(&session, &[&from, &to]).await;
    only_bridge(home, &[]).await;
    let mut requests: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for (labels, count) in sums(&log, "aws_requests", &["service", "operation"]) {
        let service = labels[0].to_lowercase().replace(' ', "");
        requests.entry(service).or_default().insert(labels[1].clone(), count);
    }
    let units = sums(&log, "aws_dynamodb_half_units", &["kind"]);
    let units = |kind: &str| units.get(&vec![kind.to_owned()]).copied().unwrap_or(0).div_ceil(2);
    let counted = json!({
        "instances": IMAGES, "bytes": end.progress.bytes, "requests": requests,
        "write_units": units("write"), "read_units": units("read"),
        "fargate": { "vcpu": 1, "memory_gb": 2, "seconds": seconds },
        "log_bytes": std::fs::metadata(&log).expect("a log").len()
    });
    let file = home.dir.join("cost.json");
    std::fs::write(&file, counted.to_string()).expect("the counts are written");
    let priced = run(Command::new(root().join("infra/cost.py")).arg(&file).args(["--limit", LIMIT])).await;
    println!("  {counted}\n{}", priced.expect("the costs are below the limit"));
}
