//! What goes wrong on purpose.

use std::time::Duration;

use adit_archive::generate::StudySpec;
use adit_domain::job::JobStatus;
use adit_test_cloud::home::Home;

use crate::support::{Ends, at, dicom, expected, forget, held, server};

const GET: [&str; 3] = ["study_root_find", "study_root_get", "store_scp"];

/// Messages that nobody can read, messages of tasks that do not exist, and each real message sent twice.
pub async fn poison(home: &mut Home) {
    let studies = [StudySpec::ct("POISON-1", "Doe^Jane", 10, 32)];
    let ends = Ends::start(&studies, dicom(home)).await;
    let session = home.session().await;
    let from = server(&session, "SOURCE", at(&ends.source), &GET, 0).await;
    let to = server(&session, "DEST", at(&ends.destination), &GET, 0).await;
    for lane in ["bridge", "worker"] {
        home.send(&format!("{lane}-normal"), "this is no pointer").await;
        home.send(&format!("{lane}-urgent"), r#"{"v":99,"kind":"task"}"#).await;
        home.send(
            &format!("{lane}-normal"),
            r#"{"v":1,"kind":"task","job_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","task_id":"01ARZ3NDEKTSV4RRFFQ69G5FAW"}"#,
        )
        .await;
    }
    let job = session.submit(&from, &to, &studies[0].study_instance_uid(), "P-001").await;
    let first = session.call(reqwest::Method::GET, &format!("/api/jobs/{job}"), serde_json::Value::Null).await;
    let task = first["tasks"][0]["id"].as_str().expect("a task").to_owned();
    for _ in 0..2 {
        home.send("bridge-normal", &format!(r#"{{"v":1,"kind":"task","job_id":"{job}","task_id":"{task}"}}"#)).await;
    }
    let end = session.outcome(&job).await;
    assert_eq!((end.job.status, end.job.tasks.success, end.progress.verified), (JobStatus::Success, 1, 10), "{end:?}");
    assert_eq!(held(&ends.destination).await, expected(&studies, Some(&home.project_key())));
    // Two unreadable messages of each lane and nothing else.
    for _ in 0..240 {
        if home.dead().await.values().sum::<usize>() >= 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let dead = home.dead().await;
    for (queue, wanted) in [("bridge-normal", 1), ("bridge-urgent", 1), ("worker-normal", 1), ("worker-urgent", 1)] {
        assert_eq!(dead.get(queue), Some(&wanted), "{dead:?}");
    }
    forget(&session, &[&from, &to]).await;
}
