//! Who may send to us, and what becomes of it.

use adit_archive::generate::object;
use adit_dimse::{Association, DimseError, Proposal, Status, StoreRequest};
use adit_domain::job::JobStatus;
use adit_test_support::rig::{peer, pseudonym};
use adit_test_support::scripted::Script;
use tokio_util::sync::CancellationToken;

use crate::{MOVE_ONLY, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sends_under_another_title_is_recognised_by_its_images() {
    let script = Script { move_calling: Some("OTHER_NODE".into()), ..Script::default() };
    let scene = Scene::with_services(8, script, Script::default(), &MOVE_ONLY).await;
    let end = scene.rig.transfer(&scene.from, &scene.to, &scene.study(), pseudonym("P")).await;
    assert_eq!((end.job.status, end.progress.delivered), (JobStatus::Success, 8), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_uninvited_images_are_refused() {
    let scene = Scene::new(1, Script::default(), Script::default()).await;
    let never = CancellationToken::new();
    let kind = ("1.2.840.10008.5.1.4.1.1.2".to_owned(), "1.2.840.10008.1.2.1".to_owned());
    let proposal = Proposal::new().store(std::slice::from_ref(&kind));
    let stranger = Association::connect(&peer("ADIT", scene.rig.dicom, "STRANGER"), &proposal, &never).await;
    assert!(matches!(stranger, Err(DimseError::Rejected { transient: false, .. })));
    let wrong = Association::connect(&peer("NOT_ADIT", scene.rig.dicom, "SOURCE"), &proposal, &never).await;
    assert!(matches!(wrong, Err(DimseError::Rejected { transient: false, .. })));
    let mut known = Association::connect(&peer("ADIT", scene.rig.dicom, "SOURCE"), &proposal, &never).await.unwrap();
    let bytes = object(&scene.spec, 0, 0);
    let offset = usize::try_from(adit_deid::part10::parse_head(&bytes).unwrap().data_set_offset).unwrap();
    let request = StoreRequest {
        sop_class_uid: kind.0,
        sop_instance_uid: scene.spec.sop_instance_uid(0, 0),
        transfer_syntax_uid: kind.1,
        move_originator: None,
    };
    let outcome = known.store_bytes(&request, &bytes[offset..], &never).await.unwrap();
    assert_eq!(outcome.status, Status::NOT_AUTHORIZED);
    // The association lives on.
    let again = known.store_bytes(&request, &bytes[offset..], &never).await.unwrap();
    assert_eq!(again.status, Status::NOT_AUTHORIZED);
    known.release().await;
}
