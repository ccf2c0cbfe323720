//! Images that are counted and not listed before they are fetched.

use adit_archive::generate::StudySpec;
use adit_deid::part10::parse_head;
use adit_test_support::images::Image;
use adit_test_support::proxy::{self, Wire};
use adit_test_support::scripted::Script;
use serde_json::json;

use super::retrieve::{fetched, parts};
use super::{Scene, studies};
use crate::{MOVE_ONLY, contains};

const GET_ONLY: [&str; 2] = ["study_root_find", "study_root_get"];
const BASELINE: &str = "1.2.840.10008.1.2.4.50";

fn path(study: &StudySpec) -> String {
    format!("/dicomweb/SOURCE/studies/{}", study.study_instance_uid())
}

async fn scene(study: &StudySpec, script: Script, services: &[&str]) -> Scene {
    Scene::new(std::slice::from_ref(study), script, services).await
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_listed_only_when_some_do_not_come() {
    let study = studies().remove(0);
    let whole = scene(&study, Script::default(), &GET_ONLY).await;
    assert_eq!(fetched(&whole.program, &path(&study)).await.len(), 5);
    let (found, asked) = (whole.source.found(), whole.source.retrievals());
    assert_eq!((found, asked), (1 + 2, 2), "answers for the study and its series, one request for each series");

    let short = scene(&study, Script { fail_nth: Some(1), ..Script::default() }, &GET_ONLY).await;
    assert_eq!(fetched(&short.program, &path(&study)).await.len(), 5, "one image cannot be sent at first");
    assert_eq!(short.source.found(), 1 + 2 + 5, "now the images are listed");
    assert_eq!(short.source.retrievals(), 3, "only what is missing is asked for again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_is_out_of_date_hides_nothing() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 12, 64);
    for counts in [0, 5, 40] {
        let scene = scene(&study, Script { counts: Some(counts), ..Script::default() }, &GET_ONLY).await;
        assert_eq!(fetched(&scene.program, &path(&study)).await.len(), 12, "{counts} images by its count");
        // A connection that breaks behind the fifth image, when as many have come as were counted.
        let wire = Wire { cut_after: Some(75_000), times: 2, ..Wire::default() };
        let near = proxy::start(scene.source.addr, wire).await;
        scene.rig.server_with("BROKEN", near, &GET_ONLY, json!({})).await;
        let broken = path(&study).replace("SOURCE", "BROKEN");
        assert_eq!(fetched(&scene.program, &broken).await.len(), 12, "{counts} images by its count");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_listed_where_they_have_to_be_known_by_name() {
    let study = studies().remove(0);
    let moved = scene(&study, Script::default(), &MOVE_ONLY).await;
    assert_eq!(fetched(&moved.program, &path(&study)).await.len(), 5);
    assert_eq!(moved.source.found(), 1 + 2 + 5, "C-MOVE");

    let large = StudySpec::ct("PAT-2", "Doe^Jane", 251, 8);
    let shared = scene(&large, Script::default(), &GET_ONLY).await;
    assert_eq!(fetched(&shared.program, &path(&large)).await.len(), 251);
    assert_eq!(shared.source.found(), 1 + 1 + 251, "a series for several associations");
    let pseudonymised = format!("{}?pseudonym=P-1", path(&study));
    assert_eq!(fetched(&moved.program, &pseudonymised).await.len(), 5);
    assert_eq!(moved.source.found(), 2 * (1 + 2 + 5), "with a pseudonym");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_compressed_comes_compressed() {
    const STUDY: &str = "1.2.826.0.1.3680043.9.7433.77";
    let frame: &[u8] = include_bytes!("../../../../../shared/pixels/tests/fixtures/baseline_422.bin");
    let image = Image::new("1.2.840.10008.5.1.4.1.1.6.1", &format!("{STUDY}.1.1"), BASELINE)
        .text(0x0008_0060, "CS", "US")
        .text(0x0010_0010, "PN", "Doe^Jane")
        .text(0x0010_0020, "LO", "PAT-7")
        .text(0x0020_000D, "UI", STUDY)
        .text(0x0020_000E, "UI", &format!("{STUDY}.1"))
        .shape("YBR_FULL_422", [21, 33, 3, 8, 8, 0], 1)
        .fragments(&[vec![frame]]);
    let scene = Scene::of(&[], &[image], Script::default(), &GET_ONLY, json!({})).await;
    let request = scene.program.get(&format!("/dicomweb/SOURCE/studies/{STUDY}"));
    let accept = format!("multipart/related; type=\"application/dicom\"; transfer-syntax={BASELINE}");
    let response = request.header("accept", accept).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let images = parts(response).await;
    assert_eq!(images.len(), 1);
    assert_eq!(parse_head(&images[0]).unwrap().transfer_syntax_uid, BASELINE);
    assert_eq!((scene.source.found(), scene.source.retrievals()), (2, 1), "without a list, and at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_for_is_not_passed_on() {
    let (study, other) = (studies().remove(0), StudySpec::ct("PAT-2", "Roe^Mary", 4, 64));
    for image_find_status in [None, Some(0xA900)] {
        let script = Script { send_uninvited: true, image_find_status, ..Script::default() };
        let scene = Scene::new(&[study.clone(), other.clone()], script, &GET_ONLY).await;
        let images = fetched(&scene.program, &path(&study)).await;
        assert_eq!(images.len(), 5, "{image_find_status:?}");
        assert!(!images.iter().any(|image| contains(image, "Roe^Mary")), "another patient's image");
        let series = study.series_instance_uid(1);
        let images = fetched(&scene.program, &format!("{}/series/{series}", path(&study))).await;
        assert_eq!(images.len(), 2, "{image_find_status:?}");
        assert!(images.iter().all(|image| contains(image, &series)), "another series");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_is_counted_as_empty_and_not_listed_is_fetched() {
    let study = StudySpec::ct("PAT-1", "Doe^Jane", 12, 64);
    let script = Script { counts: Some(0), image_find_status: Some(0xA900), ..Script::default() };
    let scene = scene(&study, script, &GET_ONLY).await;
    assert_eq!(fetched(&scene.program, &path(&study)).await.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_an_unusual_class_comes_although_it_is_neither_counted_nor_listed() {
    let mut study = StudySpec::ct("PAT-1", "Doe^Jane", 3, 64);
    study.series[0].modality = "PT".into();
    let script = Script { counts: Some(2), image_find_status: Some(0xA900), ..Script::default() };
    let scene = scene(&study, script, &GET_ONLY).await;
    let images = fetched(&scene.program, &path(&study)).await;
    assert_eq!(images.len(), 3, "they are no PET images");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_makes_room_for_what_is_fetched() {
    // More than half of what is held in memory, each.
    let studies: Vec<StudySpec> = (0..2).map(|n| StudySpec::ct(&format!("PAT-{n}"), "Doe^Jane", 40, 700)).collect();
    let scene = Scene::new(&studies, Script::default(), &GET_ONLY).await;
    for (study, retrievals, why) in [
        (0, 1, "it is fetched"),
        (0, 1, "it is kept"),
        (1, 2, "another one is fetched"),
        (1, 2, "it is kept"),
        (0, 3, "it has made room"),
    ] {
        assert_eq!(fetched(&scene.program, &path(&studies[study])).await.len(), 40);
        assert_eq!(scene.source.retrievals(), retrievals, "{why}");
    }
    assert_eq!(scene.rig.backend.staging.usage().await.unwrap().objects, 0, "nothing was written");
}
