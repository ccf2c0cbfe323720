//! What a viewer in a browser (OHIF with its DICOMweb data source) asks for, in its order and with its headers: the list of studies, a
//! study's series, their metadata, frames as they are scrolled through, pictures for the strip of thumbnails.

use adit_archive::generate::object;
use adit_test_support::scripted::Script;
use reqwest::Response;
use serde_json::Value;

use super::{Scene, studies, value};
use crate::ALL;

/// As OHIF asks for frames: the type without quotation marks.
const FRAMES: &str = "multipart/related; type=application/octet-stream; transfer-syntax=*";
const LIST: &str =
    "studies?limit=101&offset=0&fuzzymatching=false&includefield=00081030%2C00080060%2C00080061%2C00201208";

async fn ask(scene: &Scene, path: &str, accept: &str) -> Response {
    let response =
        scene.program.get(&format!("/dicomweb/SOURCE/{path}")).header("accept", accept).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_finds_opens_and_scrolls_through_a_study() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let json = "application/dicom+json";

    // The list, then the list as it is narrowed while somebody types.
    let list: Vec<Value> = ask(&scene, LIST, json).await.json().await.unwrap();
    assert_eq!(list.len(), 2);
    for attribute in ["0020000D", "00100010", "00100020", "00080020", "00080061", "00201206", "00201208"] {
        assert!(list.iter().all(|study| !study[attribute].is_null()), "the list shows {attribute}");
    }
    let narrowed = scene
        .search(&format!("{LIST}&PatientName=*M%C3%BCller*&ModalitiesInStudy=MR,CT&StudyDate=19000101-20991231"))
        .await;
    assert_eq!(narrowed.len(), 1);
    let study = value(&narrowed[0], "0020000D");

    // The study is opened: itself, its series, the metadata of each series.
    assert_eq!(scene.search(&format!("studies?StudyInstanceUID={study}&includefield=00081030")).await.len(), 1);
    let fields = "00080021%2C00080031%2C0008103E%2C00200011";
    let series = scene.search(&format!("studies/{study}/series?includefield={fields}")).await;
    assert_eq!(series.len(), 2);
    let mut images = 0;
    for one in &series {
        let series = value(one, "0020000E");
        let metadata: Vec<Value> =
            ask(&scene, &format!("studies/{study}/series/{series}/metadata"), json).await.json().await.unwrap();
        assert_eq!(value(one, "00201209"), metadata.len().to_string());
        for object in &metadata {
            // What a viewer needs in order to place and to show an image.
            for attribute in
                ["00080016", "00080018", "00280002", "00280004", "00280010", "00280011", "00280100", "00280103"]
            {
                assert!(!object[attribute]["Value"][0].is_null(), "the metadata say nothing of {attribute}");
            }
            let path = format!("studies/{study}/series/{series}/instances/{}", value(object, "00080018"));
            let frame = ask(&scene, &format!("{path}/frames/1"), FRAMES).await;
            let kind = frame.headers()["content-type"].to_str().unwrap().to_owned();
            assert!(kind.starts_with("multipart/related") && kind.contains("octet-stream"), "{kind}");
            let body = frame.bytes().await.unwrap();
            let size = 2
                * value(object, "00280010").parse::<usize>().unwrap()
                * value(object, "00280011").parse::<usize>().unwrap();
            assert!(body.len() > size && body.windows(4).any(|window| window == b"\r\n\r\n"));
            images += 1;
        }
        // The strip of thumbnails.
        let first = format!("studies/{study}/series/{series}/instances/{}", value(&metadata[0], "00080018"));
        for path in [
            format!("{first}/rendered"),
            format!("{first}/thumbnail"),
            format!("studies/{study}/series/{series}/thumbnail"),
        ] {
            let picture = ask(&scene, &path, "image/jpeg").await.bytes().await.unwrap();
            assert!(picture.starts_with(b"\xFF\xD8\xFF"), "{path}");
        }
    }
    assert_eq!(images, 5);

    // Scrolling back asks again: the frame is what it was, bit by bit.
    let (series, instance) = (all[0].series_instance_uid(0), all[0].sop_instance_uid(0, 1));
    let path = format!("studies/{study}/series/{series}/instances/{instance}/frames/1");
    let file = object(&all[0], 0, 1);
    for _ in 0..2 {
        let body = ask(&scene, &path, FRAMES).await.bytes().await.unwrap();
        let pixels = &file[file.len() - 16 * 16 * 2..];
        assert!(body.windows(pixels.len()).any(|window| window == pixels), "the pixels are others");
    }
    assert!(
        !scene
            .program
            .get(&format!("/dicomweb/SOURCE/{path}"))
            .send()
            .await
            .unwrap()
            .headers()
            .contains_key("set-cookie")
    );
}
