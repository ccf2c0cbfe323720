//! What a terabyte costs: requests and units of one bridge that moves studies, as many at a time as it likes, priced by `infra/cost.py`.

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
/// Studies, moved at the same time: a bridge with one study waits for S3 most of its time, and would be paid for waiting.
const STUDIES: u64 = 4;
/// Images of each, of half a megabyte.
const IMAGES: u64 = 200;
/// US dollars per terabyte at most.
const LIMIT: &str = "12";
/// How often it is measured at most: the requests are the same each time, the seconds of the bridge are those of a machine that does other things, too.
const ROUNDS: u64 = 3;

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
    let mut dear = String::new();
    for round in 0..ROUNDS {
        match measured(home, round).await {
            Ok(text) => return println!("{text}"),
            Err(text) => dear = text,
        }
        println!("  round {round} was above the limit: {dear}");
    }
    panic!("the costs are above the limit: {dear}");
}

/// One round; its prices, or the error when they are above the limit.
async fn measured(home: &mut Home, round: u64) -> Result<String, String> {
    let studies: Vec<StudySpec> = (0..STUDIES)
        .map(|number| {
            let mut study = StudySpec::ct(&format!("COST-{round}-{number}"), "Doe^Jane", 0, 512);
            study.series = vec![SeriesSpec::new("CT", "Axial", usize::try_from(IMAGES).expect("a small number"), 512)];
            study
        })
        .collect();
    let place = only_bridge(home, &[]).await;
    let log = home.bridges[place].as_ref().expect("it runs").log.clone();
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &GET, 0).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    let begun = Instant::now();
    let mut jobs = Vec::new();
    for (number, study) in studies.iter().enumerate() {
        jobs.push(session.submit(&from, &to, &study.study_instance_uid(), &format!("P-{round}-{number}")).await);
    }
    let mut bytes = 0;
    for job in &jobs {
        let end = session.outcome(job).await;
        assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, IMAGES), "{end:?}");
        bytes += end.progress.bytes;
    }
    let seconds = begun.elapsed().as_secs_f64();
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
        "instances": STUDIES * IMAGES, "bytes": bytes, "requests": requests,
        "write_units": units("write"), "read_units": units("read"),
        "fargate": { "vcpu": 1, "memory_gb": 2, "seconds": seconds },
        "log_bytes": std::fs::metadata(&log).expect("a log").len()
    });
    let file = home.dir.join("cost.json");
    std::fs::write(&file, counted.to_string()).expect("the counts are written");
    let priced = run(Command::new(root().join("infra/cost.py")).arg(&file).args(["--limit", LIMIT])).await;
    priced.map(|prices| format!("  {counted}\n{prices}")).map_err(|error| format!("{error:#}"))
}
