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

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bytes_end_their_connection_and_nothing_else() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let scene = Scene::new(1, Script::default(), Script::default()).await;
    let hostile: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[1, 0, 0xFF, 0xFF, 0xFF, 0xFF],
        &[4, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0],
        &[1, 0, 0, 0, 0, 4, 0, 1, 0, 0],
        &[0; 4096],
    ];
    for bytes in hostile {
        let mut socket = tokio::net::TcpStream::connect(scene.rig.dicom).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(std::time::Duration::from_secs(5), socket.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "the connection stays open after {bytes:?}");
    }
    // Within an association: a PDV beyond its PDU, a PDU beyond the limit, a command set that is none.
    let never = CancellationToken::new();
    for bytes in [
        &[4_u8, 0, 0, 0, 0, 8, 0, 0, 0, 9, 1, 2][..],
        &[4, 0, 0x7F, 0, 0, 0],
        &[4, 0, 0, 0, 0, 8, 0, 0, 0, 4, 1, 3, 9, 9],
    ] {
        let mut socket = tokio::net::TcpStream::connect(scene.rig.dicom).await.unwrap();
        socket.write_all(&request()).await.unwrap();
        let mut head = [0; 6];
        socket.read_exact(&mut head).await.unwrap();
        assert_eq!(head[0], 2, "the association is accepted");
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(std::time::Duration::from_secs(5), socket.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "the association lives on after {bytes:?}");
    }
    let proposal = Proposal::new().verification();
    let mut good = Association::connect(&peer("ADIT", scene.rig.dicom, "SOURCE"), &proposal, &never).await.unwrap();
    assert_eq!(good.echo(&never).await.unwrap().0, Status::SUCCESS);
}

/// An association request of SOURCE to ADIT for verification, by hand.
fn request() -> Vec<u8> {
    let item =
        |kind: u8, body: &[u8]| [&[kind, 0][..], &u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat();
    let context = [&[1, 0, 0, 0][..], &item(0x30, b"1.2.840.10008.1.1"), &item(0x40, b"1.2.840.10008.1.2")].concat();
    let user = [item(0x51, &16_384_u32.to_be_bytes()), item(0x52, b"1.2.3")].concat();
    let items = [item(0x10, b"1.2.840.10008.3.1.1.1"), item(0x20, &context), item(0x50, &user)].concat();
    let body = [&[0, 1, 0, 0][..], b"ADIT            ", b"SOURCE          ", &[0; 32], &items].concat();
    [&[1, 0][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), &body].concat()
}
