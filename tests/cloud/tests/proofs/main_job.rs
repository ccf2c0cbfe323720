//! The whole main job: page -> API function -> table and queue -> bridge -> staging -> second archive.

use adit_archive::generate::{SeriesSpec, StudySpec};
use adit_domain::job::JobStatus;
use adit_test_cloud::home::Home;
use reqwest::{Client, StatusCode};

use crate::support::{Ends, at, dicom, expected, forget, held, server};

const GET: [&str; 3] = ["study_root_find", "study_root_get", "store_scp"];
const MOVE: [&str; 3] = ["study_root_find", "study_root_move", "store_scp"];

pub async fn by_c_get(home: &mut Home) {
    pseudonymised(home, &GET).await;
}

pub async fn by_c_move(home: &mut Home) {
    pseudonymised(home, &MOVE).await;
}

async fn pseudonymised(home: &mut Home, services: &[&str]) {
    let mut study = StudySpec::ct("PAT-1", "Müller^Jürgen", 12, 64);
    study.series.push(SeriesSpec { rle: true, ..SeriesSpec::new("MR", "RLE", 5, 64) });
    let studies = [study];
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), services, 0).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    let job = session.submit(&from, &to, &studies[0].study_instance_uid(), "P-001").await;
    let end = session.outcome(&job).await;
    assert_eq!((end.job.status, end.progress.verified), (JobStatus::Success, 17), "{end:?}");
    assert_eq!(held(&ends.destination).await, expected(&studies, Some(&home.project_key())));
    for tags in ends.destination.instances().await {
        assert_eq!((tags["PatientID"].as_str(), tags["PatientName"].as_str()), (Some("P-001"), Some("P-001")));
        assert!(!tags.to_string().contains("Müller"), "a name has left");
    }
    assert_eq!(home.staged().await, 0, "nothing is left in staging");
    forget(&session, &[&from, &to]).await;
}

/// Neither functions nor bridges answer who does not come through the edge.
pub async fn only_the_edge(home: &mut Home) {
    let bridge = home.bridges.iter().flatten().next().expect("a bridge runs").http;
    let client = Client::builder().no_proxy().build().expect("a client");
    for (address, host) in [(format!("http://{bridge}"), None), (home.api().0, Some(home.api().1))] {
        for secret in ["", "wrong"] {
            let mut request = client.get(format!("{address}/api/session")).header("x-adit-origin", secret);
            if let Some(host) = &host {
                request = request.header("host", host);
            }
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{address}: {:?}", answer.text().await);
        }
    }
}
