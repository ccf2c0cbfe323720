//! Frames, pictures and values of images.

use adit_archive::generate::{SeriesSpec, StudySpec, object};
use adit_domain::Right;
use adit_domain::right::Scope;
use adit_test_support::images::Image;
use adit_test_support::scripted::Script;
use reqwest::Response;

use super::{Scene, refusal, studies};
use crate::{ALL, contains};

const BASELINE: &str = "1.2.840.10008.1.2.4.50";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const STUDY: &str = "2.25.7001";
const SERIES: &str = "2.25.7002";
const FILM: &str = "2.25.7003";
/// The same color image of 33 by 21 pixels three times, coded differently.
pub(super) const FRAMES: [&[u8]; 3] = [
    include_bytes!("../../../../../shared/pixels/tests/fixtures/baseline_444.bin"),
    include_bytes!("../../../../../shared/pixels/tests/fixtures/baseline_422.bin"),
    include_bytes!("../../../../../shared/pixels/tests/fixtures/baseline_444.bin"),
];

/// A film of compressed frames, of which the second is in two fragments, without an offset table.
pub(super) fn film() -> Vec<u8> {
    let (first, rest) = FRAMES[1].split_at(100);
    Image::new("1.2.840.10008.5.1.4.1.1.7.4", FILM, BASELINE)
        .text(0x0008_0020, "DA", "20240301")
        .text(0x0008_0060, "CS", "OT")
        .text(0x0010_0010, "PN", "Doe^Jane")
        .text(0x0010_0020, "LO", "PAT-7")
        .text(0x0020_000D, "UI", STUDY)
        .text(0x0020_000E, "UI", SERIES)
        .text(0x0020_0011, "IS", "1")
        .text(0x0020_0013, "IS", "1")
        .shape("YBR_FULL_422", [21, 33, 3, 8, 8, 0], 3)
        .fragments(&[vec![FRAMES[0]], vec![first, rest], vec![FRAMES[2]]])
}

/// What a fragment of an uneven length ends with.
fn padded(frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame.resize(frame.len().next_multiple_of(2), 0);
    frame
}

fn kind(response: &Response) -> String {
    response.headers()["content-type"].to_str().unwrap().to_owned()
}

async fn ask(scene: &Scene, path: &str, accept: &str) -> Response {
    let request = scene.program.get(path);
    let request = if accept.is_empty() { request } else { request.header("accept", accept) };
    request.send().await.unwrap()
}

/// Content type and content of each part.
pub(super) async fn parts(response: Response) -> Vec<(String, Vec<u8>)> {
    let all = kind(&response);
    assert_eq!(response.status(), 200, "{all}");
    let boundary = all.rsplit("boundary=").next().unwrap().trim_matches('"').to_owned();
    let body = response.bytes().await.unwrap();
    let delimiter = format!("--{boundary}");
    let places: Vec<usize> = (0..body.len()).filter(|at| body[*at..].starts_with(delimiter.as_bytes())).collect();
    assert!(body[places[places.len() - 1]..].starts_with(format!("{delimiter}--").as_bytes()), "the body has no end");
    let part = |two: &[usize]| {
        let piece = &body[two[0] + delimiter.len() + 2..two[1] - 2];
        let end = piece.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(piece[..end].to_vec()).unwrap();
        let kind = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap().to_owned();
        (kind, piece[end + 4..].to_vec())
    };
    places.windows(2).map(part).collect()
}

/// Width and height of a PNG image.
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && &png[12..16] == b"IHDR", "this is no PNG image");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

fn instance(study: &StudySpec, series: usize, number: usize) -> String {
    format!(
        "studies/{}/series/{}/instances/{}",
        study.study_instance_uid(),
        study.series_instance_uid(series),
        study.sop_instance_uid(series, number)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_frames_go_as_they_are_or_decoded() {
    let scene = Scene::with_files(&[], &[film()]).await;
    for layout in ["/dicomweb/SOURCE", "/api/dicom-web/SOURCE/wadors"] {
        let path = format!("{layout}/studies/{STUDY}/series/{SERIES}/instances/{FILM}");
        let stored = format!("image/jpeg; transfer-syntax={BASELINE}");
        let all = parts(ask(&scene, &format!("{path}/frames/2,1,3"), "").await).await;
        let expected = [1, 0, 2].map(|place: usize| (stored.clone(), padded(FRAMES[place])));
        assert_eq!(all, expected);
        let one = ask(&scene, &format!("{path}/frames/3"), "image/jpeg").await;
        assert_eq!(kind(&one), stored);
        assert_eq!(one.bytes().await.unwrap(), padded(FRAMES[2]));
        let plain = "multipart/related; type=\"application/octet-stream\"";
        let decoded = parts(ask(&scene, &format!("{path}/frames/1,2"), plain).await).await;
        let lengths: Vec<(&str, usize)> = decoded.iter().map(|(kind, bytes)| (kind.as_str(), bytes.len())).collect();
        let uncompressed = format!("application/octet-stream; transfer-syntax={EXPLICIT}");
        assert_eq!(lengths, [(uncompressed.as_str(), 33 * 21 * 3); 2]);
        // The flat corner of the image is the same color in all codings: (700 + 40 n) / 16.
        for (_, bytes) in &decoded {
            assert!(
                bytes[..3].iter().zip([43_u8, 46, 48]).all(|(one, other)| one.abs_diff(other) <= 6),
                "{:?}",
                &bytes[..3]
            );
        }
        let viewer =
            parts(ask(&scene, &format!("{path}/frames/2"), &format!("{plain}; transfer-syntax=*")).await).await;
        assert_eq!(viewer, [(format!("application/octet-stream; transfer-syntax={BASELINE}"), padded(FRAMES[1]))]);
        let values = parts(ask(&scene, &format!("{path}/bulkdata/7FE00010"), "").await).await;
        assert_eq!(values, FRAMES.map(|frame| (stored.clone(), padded(frame))));
    }
    assert_eq!(scene.source.retrievals(), 1, "one retrieval for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn native_frames_and_values_are_cut_out() {
    let all = studies();
    let scene = Scene::new(&all, Script::default(), &ALL).await;
    let path = format!("/dicomweb/SOURCE/{}", instance(&all[0], 0, 1));
    let file = object(&all[0], 0, 1);
    let pixels = file[file.len() - 16 * 16 * 2..].to_vec();
    let plain = format!("application/octet-stream; transfer-syntax={EXPLICIT}");
    assert_eq!(parts(ask(&scene, &format!("{path}/frames/1"), "").await).await, [(plain, pixels.clone())]);
    let value = ask(&scene, &format!("{path}/bulkdata/7FE00010"), "").await;
    assert_eq!((kind(&value), value.bytes().await.unwrap().to_vec()), ("application/octet-stream".to_owned(), pixels));
    let within = ask(&scene, &format!("{path}/bulkdata/00081140/1/00081155"), "").await.bytes().await.unwrap();
    assert!(within.starts_with(all[0].sop_instance_uid(0, 0).as_bytes()));
    for (below, accept, status, part) in [
        ("frames/2", "", 404, "one frame only"),
        ("frames/0", "", 400, "counted from 1"),
        ("frames/1", "image/jpeg", 406, "application/octet-stream"),
        ("bulkdata/00081199", "", 404, "no such value"),
        ("bulkdata/x", "", 400, "named by its tag"),
        ("bulkdata/00081140", "", 404, "no such value"),
    ] {
        let (got, detail) = refusal(ask(&scene, &format!("{path}/{below}"), accept).await).await;
        assert!(got == status && detail.contains(part), "{below}: {got} {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_shown_as_pictures() {
    let mut study = StudySpec::ct("PAT-1", "Doe^Jane", 3, 200);
    study.series.push(SeriesSpec::new("SR", "Report", 1, 0));
    let scene = Scene::with_files(&[study.clone()], &[film()]).await;
    let image = instance(&study, 0, 1);
    for layout in ["/dicomweb/SOURCE", "/api/dicom-web/SOURCE/wadors"] {
        let path = format!("{layout}/{image}");
        let png = ask(&scene, &format!("{path}/rendered"), "image/png").await;
        assert_eq!(kind(&png), "image/png");
        let whole = png.bytes().await.unwrap();
        assert_eq!(size(&whole), (200, 200));
        let narrow = ask(&scene, &format!("{path}/rendered?window=100,50,linear"), "image/png").await;
        assert_ne!(narrow.bytes().await.unwrap(), whole);
        let part = ask(&scene, &format!("{path}/rendered?viewport=50,100,100,0,100,100"), "image/png").await;
        assert_eq!(size(&part.bytes().await.unwrap()), (50, 50));
        let jpeg = ask(&scene, &format!("{path}/rendered?quality=50"), "").await;
        assert_eq!(kind(&jpeg), "image/jpeg");
        assert!(jpeg.bytes().await.unwrap().starts_with(&[0xFF, 0xD8, 0xFF]));
        let film = format!("{layout}/studies/{STUDY}/series/{SERIES}/instances/{FILM}");
        let shown =
            parts(ask(&scene, &format!("{film}/frames/1,3/rendered"), "multipart/related; type=image/png").await).await;
        assert!(shown.len() == 2 && shown.iter().all(|(kind, png)| kind == "image/png" && size(png) == (33, 21)));
        for (below, side) in [("thumbnail", (128, 81)), ("frames/2/thumbnail?viewport=10,10", (10, 6))] {
            assert_eq!(size(&ask(&scene, &format!("{film}/{below}"), "image/png").await.bytes().await.unwrap()), side);
        }
        let (study, series) = (study.study_instance_uid(), study.series_instance_uid(0));
        for resource in [format!("studies/{study}"), format!("studies/{study}/series/{series}"), image.clone()] {
            let small = ask(&scene, &format!("{layout}/{resource}/thumbnail"), "image/png").await;
            assert!(kind(&small) == "image/png", "{resource}: {}", small.text().await.unwrap());
            assert_eq!(size(&small.bytes().await.unwrap()), (128, 128), "{resource}");
        }
    }
    let albums = [
        (format!("studies/{}/series/{}", study.study_instance_uid(), study.series_instance_uid(0)), 3),
        (format!("studies/{}", study.study_instance_uid()), 3),
        (format!("studies/{STUDY}"), 1),
    ];
    for (resource, count) in &albums {
        let many = "multipart/related; type=image/png";
        let path = format!("{resource}/rendered?viewport=40,40");
        let all = parts(ask(&scene, &format!("/dicomweb/SOURCE/{path}"), many).await).await;
        assert_eq!(all.len(), *count, "the report is left out of {resource}");
        assert!(all.iter().all(|(kind, png)| kind == "image/png" && size(png).0 == 40));
        assert_eq!(parts(ask(&scene, &format!("/api/dicom-web/SOURCE/wadors/{path}"), many).await).await, all);
    }
    let body = ask(&scene, &format!("/dicomweb/SOURCE/{}/rendered", albums[0].0), "").await.bytes().await.unwrap();
    assert!(contains(
        &body,
        &format!("Content-Location: {}/dicomweb/SOURCE/{}/instances/", scene.gate.url, albums[0].0)
    ));
    let hidden = ask(&scene, &format!("/dicomweb/SOURCE/{}/rendered?pseudonym=P-1", albums[0].0), "").await;
    let hidden = hidden.bytes().await.unwrap();
    assert!(contains(&hidden, "image/jpeg") && !contains(&hidden, "Content-Location"), "it leads back to the images");
    let single = ask(&scene, &format!("/dicomweb/SOURCE/{}/rendered", albums[2].0), "image/png").await;
    assert_eq!((kind(&single).as_str(), size(&single.bytes().await.unwrap())), ("image/png", (33, 21)));
    let report = instance(&study, 1, 0);
    let reports = format!("studies/{}/series/{}/rendered", study.study_instance_uid(), study.series_instance_uid(1));
    for (below, accept, status, part) in [
        (format!("{report}/rendered"), "", 406, "no image"),
        (reports, "", 406, "no image among"),
        (format!("{}/rendered", albums[0].0), "image/png", 406, "in parts"),
        ("studies/1.2.3/rendered".to_owned(), "", 404, "does not hold"),
        (format!("{image}/rendered"), "image/gif", 406, "image/jpeg"),
        (format!("{image}/frames/2/rendered"), "", 404, "one frame only"),
        (format!("{image}/rendered?window=1"), "", 400, "window=40,400"),
        (format!("{image}/rendered?viewport=99999,1"), "", 400, "8192"),
        (format!("{image}/rendered?viewport=9,9,500,500,9,9"), "", 400, "nothing of the image"),
        (format!("{image}/rendered?windowing=1"), "", 400, "no parameter windowing"),
        ("studies/1.2.3/thumbnail".to_owned(), "", 404, "no images"),
    ] {
        let (got, detail) = refusal(ask(&scene, &format!("/dicomweb/SOURCE/{below}"), accept).await).await;
        assert!(got == status && detail.contains(part), "{below}: {got} {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_pseudonyms_only_sees_no_other_pixels() {
    let mut study = StudySpec::ct("PAT-1", "Doe^Jane", 1, 64);
    study.series.push(SeriesSpec::new("US", "May show names", 1, 64));
    let scene = Scene::new(&[study.clone()], Script::default(), &ALL).await;
    let narrow = scene.gate.program(&scene.rig, "narrow", &Scope::ALL, true).await;
    let searcher = scene.gate.stranger(&scene.rig, "searcher", &[Right::Search]).await;
    let stranger = scene.gate.stranger(&scene.rig, "stranger", &[Right::Retrieve]).await;
    for below in ["frames/1", "rendered", "thumbnail", "frames/1/rendered", "frames/1/thumbnail", "bulkdata/7FE00010"] {
        let path = format!("/dicomweb/SOURCE/{}/{below}", instance(&study, 0, 0));
        for (program, status) in [(&narrow, 403), (&searcher, 403), (&stranger, 404)] {
            assert_eq!(refusal(program.get(&path).send().await.unwrap()).await.0, status, "{below}");
        }
        let allowed = narrow.get(&format!("{path}?pseudonym=P-1")).send().await.unwrap();
        assert_eq!(allowed.status(), 200, "{below}: {}", allowed.text().await.unwrap());
        // The profile's pixel rules hold ultrasound back.
        let risky = format!("/dicomweb/SOURCE/{}/{below}?pseudonym=P-1", instance(&study, 1, 0));
        let held_back = narrow.get(&risky).send().await.unwrap();
        assert!(held_back.status().is_client_error() || held_back.status().is_server_error(), "{below}");
    }
    let series = format!("studies/{}/series/{}", study.study_instance_uid(), study.series_instance_uid(0));
    let found = narrow.get(&format!("/dicomweb/SOURCE/{series}/thumbnail?pseudonym=P-1")).send().await.unwrap();
    assert_eq!(found.status(), 200);
    assert!(!found.headers().contains_key("content-location"), "it names the image at the server");
    let found = scene.program.get(&format!("/dicomweb/SOURCE/{series}/thumbnail")).send().await.unwrap();
    assert!(found.headers()["content-location"].to_str().unwrap().contains(&study.sop_instance_uid(0, 0)));
    for below in ["thumbnail", "rendered"] {
        let path = format!("/dicomweb/SOURCE/studies/{}/{below}", study.study_instance_uid());
        for (program, status) in [(&narrow, 403), (&searcher, 403), (&stranger, 404)] {
            assert_eq!(refusal(program.get(&path).send().await.unwrap()).await.0, status, "{below}");
        }
    }
}
