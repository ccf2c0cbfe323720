//! NIfTI of servers that do not list their images.

use adit_dimse::tags;
use adit_test_support::proxy::{self, Wire};
use adit_test_support::scripted::Script;
use serde_json::json;

use super::nifti::{ask, converted, left, names, study};
use super::{Scene, refusal};
use crate::ALL;

const GET_ONLY: [&str; 2] = ["study_root_find", "study_root_get"];

/// A server that neither lists images nor says how many they are.
fn uncounting() -> Script {
    let hides = vec![tags::NUMBER_OF_SERIES_RELATED_INSTANCES];
    Script { image_find_status: Some(0xA900), hides, ..Script::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_a_retrieval_say_that_it_is_whole() {
    let spec = study();
    for services in [&GET_ONLY[..], &ALL[..]] {
        let scene = Scene::new(std::slice::from_ref(&spec), uncounting(), services).await;
        let path = format!("/dicomweb/SOURCE/studies/{}", spec.study_instance_uid());
        let all = converted(&scene.program, &format!("{path}/nifti")).await;
        assert_eq!(names(&all), ["1-Axial.json", "1-Axial.nii.gz", "3-Head.json", "3-Head.nii.gz"]);
        let (series, image) = (spec.series_instance_uid(2), spec.sop_instance_uid(2, 1));
        let one = converted(&scene.program, &format!("{path}/series/{series}/instances/{image}/nifti")).await;
        assert_eq!(names(&one).len(), 2, "an image that is named");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retrieval_that_lacks_an_image_is_no_volume_and_no_whole_study() {
    let (spec, counts) = (study(), Script { image_find_status: Some(0xA900), ..Script::default() });
    let image = Some(spec.sop_instance_uid(0, 2));
    for script in [Script { loses: image.clone(), ..counts }, Script { cannot_send: image.clone(), ..uncounting() }] {
        let scene = Scene::new(std::slice::from_ref(&spec), script, &GET_ONLY).await;
        let path = format!("/dicomweb/SOURCE/studies/{}", spec.study_instance_uid());
        let (status, detail) = refusal(ask(&scene.program, &format!("{path}/nifti")).await).await;
        assert!(status == 502 && detail.contains("could not"), "{status} {detail}");
        assert_eq!(left(&scene), 0, "nothing is left of it");
        let body = scene.program.get(&path).send().await.unwrap();
        assert!(body.status() == 200 && body.bytes().await.is_err(), "images that are missing break the body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_knows_how_many_images_there_are_nothing_is_converted() {
    let spec = study();
    let scene = Scene::new(std::slice::from_ref(&spec), uncounting(), &GET_ONLY).await;
    let wire = Wire { without_numbers: true, ..Wire::default() };
    let silent = proxy::start(scene.source.addr, wire).await;
    scene.rig.server_with("SILENT", silent, &GET_ONLY, json!({})).await;
    let path = format!("/dicomweb/SILENT/studies/{}", spec.study_instance_uid());
    let (status, detail) = refusal(ask(&scene.program, &format!("{path}/nifti")).await).await;
    assert!(status == 502 && detail.contains("1-Axial: its source says neither how many images"), "{status} {detail}");
    assert_eq!(left(&scene), 0);
    let images = scene.program.get(&path).send().await.unwrap();
    assert!(images.status() == 200 && images.bytes().await.is_ok(), "as they are they may go");
}
