//! Metadata name where the values are that they leave out.

use adit_archive::generate::object;
use adit_domain::right::Scope;
use adit_test_support::gate::Program;
use adit_test_support::images::Image;
use adit_test_support::scripted::Script;
use adit_test_support::web::{self, WebScript};
use serde_json::{Value, json};

use super::{Scene, studies, value};
use crate::ALL;

const PIXELS: &str = "7FE00010";

async fn metadata(program: &Program, path: &str) -> Vec<Value> {
    let response = program.get(path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

/// The address of a value, below the program's server.
fn address<'a>(program: &Program, object: &'a Value, tag: &str) -> &'a str {
    let attribute = &object[tag];
    assert!(attribute.get("Value").is_none() && attribute.get("InlineBinary").is_none(), "{attribute}");
    attribute["BulkDataURI"].as_str().unwrap().strip_prefix(&program.url).expect("an absolute address")
}

async fn followed(program: &Program, path: &str) -> Vec<u8> {
    let response = program.get(path).header("accept", "application/octet-stream").send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_layout_and_level_leads_to_the_pixels() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let (study, series, image) =
        (all[0].study_instance_uid(), all[0].series_instance_uid(1), all[0].sop_instance_uid(1, 1));
    let pixels = object(&all[0], 1, 1);
    let pixels = &pixels[pixels.len() - 16 * 16 * 2..];
    for layout in ["/dicomweb/SOURCE", "/api/dicom-web/SOURCE/wadors"] {
        let path = format!("{layout}/studies/{study}");
        let instance = format!("{path}/series/{series}/instances/{image}");
        for asked in [path.clone(), format!("{path}/series/{series}"), instance.clone()] {
            // What a client takes belongs to its request only.
            let objects =
                metadata(&scene.program, &format!("{asked}/metadata?accept=application%2Fdicom%2Bjson")).await;
            let found = objects.iter().find(|one| value(one, "00080018") == image).unwrap();
            let address = address(&scene.program, found, PIXELS);
            assert_eq!(address, format!("{instance}/bulkdata/{PIXELS}"));
            assert_eq!(followed(&scene.program, address).await, pixels);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_values_stay_and_large_ones_have_an_address() {
    let (small, large) = ([5_u16; 100], [7_u16; 20_000]);
    let file = Image::new("1.2.840.10008.5.1.4.1.1.7", "2.25.9003", "1.2.840.10008.1.2.1")
        .text(0x0008_0020, "DA", "20240301")
        .text(0x0008_0060, "CS", "OT")
        .text(0x0010_0010, "PN", "\"BulkDataURI\":\"")
        .text(0x0010_0020, "LO", "PAT-9")
        .text(0x0020_000D, "UI", "2.25.9001")
        .text(0x0020_000E, "UI", "2.25.9002")
        .shape("MONOCHROME2", [2, 2, 1, 8, 8, 0], 1)
        .words(0x0028_1201, "OW", &small)
        .words(0x0028_1202, "OW", &large)
        .value(0x7FE0_0010, "OW", &[1, 2, 3, 4])
        .done();
    let scene = Scene::with_files(&[], &[file]).await;
    let objects = metadata(&scene.program, "/dicomweb/SOURCE/studies/2.25.9001/metadata").await;
    assert!(objects[0]["00281201"]["InlineBinary"].is_string() && objects[0]["00281201"].get("BulkDataURI").is_none());
    assert_eq!(value(&objects[0], "00100010"), "\"BulkDataURI\":\"");
    let bytes: Vec<u8> = large.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(followed(&scene.program, address(&scene.program, &objects[0], "00281202")).await, bytes);
    assert_eq!(followed(&scene.program, address(&scene.program, &objects[0], PIXELS)).await, [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pseudonymised_metadata_name_no_address_and_their_uids_lead_to_the_pseudonymised_object() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let narrow = scene.gate.program(&scene.rig, "narrow", &Scope::ALL, true).await;
    let (study, series) = (all[0].study_instance_uid(), all[0].series_instance_uid(0));
    let query = "pseudonym=P+1&trial_protocol_id=T-1";
    for asked in [String::new(), format!("/series/{series}")] {
        let path = format!("/dicomweb/SOURCE/studies/{study}{asked}/metadata?{query}");
        for one in metadata(&narrow, &path).await {
            // An address would hold the study's UID at the source, and these metadata may be passed on.
            assert!(one.get(PIXELS).is_none() && !one.to_string().contains(&study), "{one}");
            let (series, image) = (value(&one, "0020000E"), value(&one, "00080018"));
            assert!(!scene.source.instances().contains(&image));
            let instance = format!("/dicomweb/SOURCE/studies/{study}/series/{series}/instances/{image}");
            assert_eq!(followed(&narrow, &format!("{instance}/bulkdata/{PIXELS}?{query}")).await.len(), 16 * 16 * 2);
            // The object at the address is the pseudonymised one, and only that.
            let file = followed_as_file(&narrow, &format!("{instance}?{query}")).await;
            assert!(crate::contains(&file, &image) && !crate::contains(&file, "PAT-1"));
            assert_eq!(narrow.get(&instance).send().await.unwrap().status(), 403);
            assert_eq!(scene.program.get(&instance).send().await.unwrap().status(), 404);
        }
    }
}

async fn followed_as_file(program: &Program, path: &str) -> Vec<u8> {
    let response = program.get(path).header("accept", "application/dicom").send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_a_dicomweb_source_are_ours() {
    let scene = Scene::new(&[], Script::default(), &ALL).await;
    let all = studies();
    let folder = scene.dir.path().join("web");
    adit_archive::generate::write_study(&all[1], &folder).unwrap();
    let behind = web::start(&folder, WebScript::default()).await;
    scene.rig.web_server("WEB", &behind.url, json!({})).await;
    let path = format!("/api/dicom-web/WEB/wadors/studies/{}/metadata", all[1].study_instance_uid());
    for one in metadata(&scene.program, &path).await {
        let address = address(&scene.program, &one, PIXELS);
        assert!(address.starts_with("/api/dicom-web/WEB/wadors/studies/"), "{address}");
        assert_eq!(followed(&scene.program, address).await.len(), 16 * 16 * 2);
    }
}
