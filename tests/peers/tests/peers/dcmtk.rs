//! DCMTK as archive, as sender, as receiver, as caller of our demo archive.

use std::net::SocketAddr;

use adit_archive::generate::{StudySpec, write_study};
use adit_domain::job::JobStatus;
use adit_test_support::dcmtk::{dcmqrscp, run, storescp};
use adit_test_support::rig::{Rig, peer, pseudonym};
use adit_test_support::{ANY, free_port};

#[tokio::test(flavor = "multi_thread")]
async fn dcmqrscp_is_a_source_and_storescp_a_destination() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(&dir.path().join("data")).await;
    let archive = dcmqrscp(dir.path(), &[("ADIT", rig.dicom.port())]).await;
    let received = dir.path().join("received");
    std::fs::create_dir_all(&received).unwrap();
    let sink = storescp(&received, &["-aet", "SINK"], false).await;
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 10, 64);
    write_study(&spec, &dir.path().join("files")).unwrap();
    let port = archive.port.to_string();
    run(
        "storescu",
        true,
        &["-aec", "QRSCP", "+sd", "+r", "127.0.0.1", &port, dir.path().join("files").to_str().unwrap()],
    )
    .await;
    let to = rig.server("SINK", SocketAddr::from(([127, 0, 0, 1], sink.port)), &["store_scp"]).await;
    for services in [["study_root_find", "study_root_get"], ["study_root_find", "study_root_move"]] {
        let from =
            match rig.engine.nodes(&rig.actor).await.unwrap().into_iter().find(|node| node.config.name == "QRSCP") {
                None => rig.server("QRSCP", SocketAddr::from(([127, 0, 0, 1], archive.port)), &services).await,
                Some(node) => {
                    rig.engine.delete_node(&node.id).await.unwrap();
                    rig.server("QRSCP", SocketAddr::from(([127, 0, 0, 1], archive.port)), &services).await
                }
            };
        let end = rig.transfer(&from, &to, &spec.study_instance_uid(), pseudonym("P-001")).await;
        assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 10), "{services:?}: {end:?}");
        assert_eq!(std::fs::read_dir(&received).unwrap().count(), 10);
        for file in std::fs::read_dir(&received).unwrap() {
            let said = run(
                "dcmdump",
                false,
                &["+P", "PatientID", "+P", "PatientIdentityRemoved", file.unwrap().path().to_str().unwrap()],
            )
            .await;
            assert!(said.contains("P-001") && said.contains("YES"), "{said}");
        }
        std::fs::read_dir(&received).unwrap().for_each(|file| std::fs::remove_file(file.unwrap().path()).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dcmtk_talks_to_our_archive() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 6, 32);
    write_study(&spec, &root).unwrap();
    let archive = adit_archive::serve(&root, ANY, "OURS").await.unwrap();
    let port = archive.addr().port().to_string();
    let study = spec.study_instance_uid();
    run("echoscu", false, &["-aec", "OURS", "127.0.0.1", &port]).await;
    let said = run(
        "findscu",
        false,
        &[
            "-S",
            "-aec",
            "OURS",
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            "PatientName=doe*",
            "-k",
            "StudyInstanceUID",
            "127.0.0.1",
            &port,
        ],
    )
    .await;
    assert!(said.contains(&study), "{said}");
    let got = dir.path().join("got");
    std::fs::create_dir_all(&got).unwrap();
    let key = format!("StudyInstanceUID={study}");
    run(
        "getscu",
        true,
        &[
            "-S",
            "-aec",
            "OURS",
            "-od",
            got.to_str().unwrap(),
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            &key,
            "127.0.0.1",
            &port,
        ],
    )
    .await;
    assert_eq!(std::fs::read_dir(&got).unwrap().count(), 6);
    let (moved, receive) = (dir.path().join("moved"), free_port());
    std::fs::create_dir_all(&moved).unwrap();
    archive.know("MOVESCU", peer("MOVESCU", SocketAddr::from(([127, 0, 0, 1], receive)), "OURS"));
    let receive = receive.to_string();
    run(
        "movescu",
        true,
        &[
            "-S",
            "-aec",
            "OURS",
            "-aem",
            "MOVESCU",
            "+P",
            &receive,
            "-od",
            moved.to_str().unwrap(),
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            &key,
            "127.0.0.1",
            &port,
        ],
    )
    .await;
    assert_eq!(std::fs::read_dir(&moved).unwrap().count(), 6);
    let other = StudySpec::ct("PAT-2", "Else^Some", 3, 32);
    write_study(&other, &dir.path().join("more")).unwrap();
    run(
        "storescu",
        false,
        &["-aec", "OURS", "+sd", "+r", "127.0.0.1", &port, dir.path().join("more").to_str().unwrap()],
    )
    .await;
    assert_eq!(archive.instances().len(), 9);
    archive.stop().await;
}
