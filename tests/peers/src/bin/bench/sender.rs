//! Our C-STORE SCU beside storescu.

use std::path::PathBuf;
use std::time::Instant;

use adit_archive::generate::{StudySpec, write_study};
use adit_dimse::{Association, Proposal, StoreRequest};
use adit_test_support::dcmtk::storescp;
use adit_test_support::rig::peer;
use tokio_util::sync::CancellationToken;

use crate::{ROUNDS, bar, local, median, ram, send};

/// Our C-STORE SCU into storescp against storescu with TCP_NODELAY.
pub async fn our_sender() {
    let dir = ram();
    let spec = StudySpec::ct("P", "Doe^Jane", 500, 512);
    let files = dir.path().join("files");
    let paths = write_study(&spec, &files).expect("the study is written");
    let received = dir.path().join("received");
    std::fs::create_dir_all(&received).expect("a folder");
    let (mut ours, mut theirs, mut our_best, mut their_best) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let stock = storescp(&received, &["--ignore"], false).await;
        ours.push(send_ours(stock.port, &spec, &paths).await);
        if round == 0 {
            theirs.push(send(stock.port, &files, true).await);
        }
        let nodelay = storescp(&received, &["--ignore"], true).await;
        our_best.push(send_ours(nodelay.port, &spec, &paths).await);
        their_best.push(send(nodelay.port, &files, true).await);
    }
    let (ours, theirs, our_best, their_best) = (median(ours), median(theirs), median(our_best), median(their_best));
    println!("C-STORE SCU into stock storescp: ours {ours:.0} images/s, storescu with TCP_NODELAY {theirs:.0}");
    println!(
        "and with TCP_NODELAY at storescp too: ours {our_best:.0}, storescu {their_best:.0}, ratio {:.2}",
        our_best / their_best
    );
    bar("our SCU into storescp / storescu TCP_NODELAY", ours / theirs, ">= 2", ours / theirs >= 2.0);
}

async fn send_ours(port: u16, spec: &StudySpec, paths: &[PathBuf]) -> f64 {
    let kind = ("1.2.840.10008.5.1.4.1.1.2".to_owned(), "1.2.840.10008.1.2.1".to_owned());
    let never = CancellationToken::new();
    let begun = Instant::now();
    let mut association = Association::connect(
        &peer("ANY", local(port), "ADIT"),
        &Proposal::new().store(std::slice::from_ref(&kind)),
        &never,
    )
    .await
    .expect("an association");
    for (n, path) in paths.iter().enumerate() {
        let bytes = std::fs::read(path).expect("the file");
        let offset = usize::try_from(adit_deid::part10::parse_head(&bytes).expect("a DICOM file").data_set_offset)
            .expect("small");
        let request = StoreRequest {
            sop_class_uid: kind.0.clone(),
            sop_instance_uid: spec.sop_instance_uid(0, n),
            transfer_syntax_uid: kind.1.clone(),
            move_originator: None,
        };
        assert!(
            association.store_bytes(&request, &bytes[offset..], &never).await.expect("it is stored").status.is_done()
        );
    }
    association.release().await;
    500.0 / begun.elapsed().as_secs_f64()
}
