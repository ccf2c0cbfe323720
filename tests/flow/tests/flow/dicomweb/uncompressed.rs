//! Whole instances without compression, for clients that ask for that.

use std::collections::BTreeMap;
use std::io::Write;

use adit_archive::generate::{SeriesSpec, StudySpec, object};
use adit_deid::part10::{file_meta, parse_head};
use adit_domain::right::Scope;
use adit_test_support::gate::{Gate, Program};
use adit_test_support::images::Image;
use adit_test_support::rig::Rig;
use adit_test_support::web::{self, WebPeer, WebScript};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use reqwest::Response;
use serde_json::json;

use super::pixels::{FRAMES, film, parts};
use super::{Scene, refusal};
use crate::contains;

mod preferred;

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const SC: &str = "1.2.840.10008.5.1.4.1.1.7";
const STUDY: &str = "2.25.8001";
const SERIES: &str = "2.25.8002";
const ROWS: u32 = 21;
const COLUMNS: u32 = 33;

/// The image of all fixtures of `shared/pixels`, see there.
fn formula(x: u32, y: u32, color: u32) -> u32 {
    if x < 12 && y < 9 { 700 + color * 40 } else { x * 97 + y * 53 + color * 31 + (x * y) % 17 }
}

fn all_places() -> impl Iterator<Item = (u32, u32)> {
    (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (x, y)))
}

fn gray() -> Vec<u8> {
    all_places().flat_map(|(x, y)| (formula(x, y, 0) as u16 % 4096).to_le_bytes()).collect()
}

fn color() -> Vec<u8> {
    all_places().flat_map(|(x, y)| (0..3).map(move |color| (formula(x, y, color) / 16) as u8)).collect()
}

/// The outermost elements of an object in Explicit VR Little Endian; whatever is wrong with it fails.
fn elements(file: &[u8]) -> BTreeMap<u32, (String, Vec<u8>)> {
    let head = parse_head(file).unwrap();
    assert_eq!(head.transfer_syntax_uid, EXPLICIT);
    let (mut at, mut found, mut last) = (head.data_set_offset as usize, BTreeMap::new(), 0);
    let half = |at: usize| u16::from_le_bytes([file[at], file[at + 1]]);
    let number = |at: usize| u32::from(half(at)) | u32::from(half(at + 2)) << 16;
    while at < file.len() {
        let tag = u32::from(half(at)) << 16 | u32::from(half(at + 2));
        assert!(tag > last, "{tag:08X} stands behind {last:08X}");
        let vr = String::from_utf8(file[at + 4..at + 6].to_vec()).unwrap();
        let is_long = ["OB", "OW", "SQ", "UN", "UT", "OV"].contains(&vr.as_str());
        let (begin, length) = if is_long { (at + 12, number(at + 8)) } else { (at + 8, u32::from(half(at + 6))) };
        let end = if length == u32::MAX {
            let end = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
            begin + file[begin..].windows(8).position(|window| window == end).unwrap() + 8
        } else {
            begin + length as usize
        };
        found.insert(tag, (vr, file[begin..end].to_vec()));
        (last, at) = (tag, end);
    }
    assert_eq!(at, file.len());
    found
}

fn text(elements: &BTreeMap<u32, (String, Vec<u8>)>, tag: u32) -> String {
    String::from_utf8_lossy(&elements[&tag].1).trim_matches(['\0', ' ']).to_owned()
}

/// An image with everything that a server looks for.
fn image(uid: &str, syntax: &str) -> Image {
    Image::new(SC, uid, syntax)
        .text(0x0008_0020, "DA", "20240301")
        .text(0x0008_0060, "CS", "OT")
        .text(0x0010_0010, "PN", "Doe^Jane")
        .text(0x0010_0020, "LO", "PAT-8")
        .text(0x0020_000D, "UI", STUDY)
        .text(0x0020_000E, "UI", SERIES)
        .text(0x0020_0011, "IS", "1")
        .text(0x0020_0013, "IS", "1")
}

const GRAY: [u16; 6] = [21, 33, 1, 16, 12, 0];
const COLOR: [u16; 6] = [21, 33, 3, 8, 8, 0];

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../../shared/pixels/tests/fixtures/", $name, ".bin")).as_slice()
    };
}

/// UID, file, pixels.
fn compressed() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let of = |uid: &'static str, syntax: &str, frame: &[u8], is_color: bool| {
        let (photometric, shape, pixels) =
            if is_color { ("RGB", COLOR, color()) } else { ("MONOCHROME2", GRAY, gray()) };
        (uid, image(uid, syntax).shape(photometric, shape, 1).fragments(&[vec![frame]]), pixels)
    };
    vec![
        of("2.25.8101", "1.2.840.10008.1.2.4.70", fixture!("lossless_sv1"), false),
        of("2.25.8102", "1.2.840.10008.1.2.4.70", fixture!("lossless_rgb"), true),
        of("2.25.8103", "1.2.840.10008.1.2.4.80", fixture!("jls_gray"), false),
        of("2.25.8104", "1.2.840.10008.1.2.4.90", fixture!("j2k_gray"), false),
        of("2.25.8105", "1.2.840.10008.1.2.4.90", fixture!("j2k_rgb"), true),
    ]
}

fn uncompressed(uid: &str) -> Vec<u8> {
    image(uid, EXPLICIT).shape("MONOCHROME2", GRAY, 1).value(0x7FE0_0010, "OW", &gray()).done()
}

/// An uncompressed image in another syntax; all of its elements have short values but the pixels.
fn otherwise(uid: &str, syntax: &str) -> Vec<u8> {
    let plain = uncompressed(uid);
    let mut out = Vec::new();
    for (tag, (vr, value)) in elements(&plain) {
        let halves = [(tag >> 16) as u16, tag as u16];
        let numbers = ["US", "OW"].contains(&vr.as_str());
        if syntax == BIG_ENDIAN {
            halves.iter().for_each(|half| out.extend_from_slice(&half.to_be_bytes()));
            out.extend_from_slice(vr.as_bytes());
            match vr.as_str() {
                "OW" => out.extend([[0, 0].as_slice(), &(value.len() as u32).to_be_bytes()].concat()),
                _ => out.extend_from_slice(&(value.len() as u16).to_be_bytes()),
            }
            let swapped = value.chunks(2).flat_map(|two| [two[1], two[0]]).collect();
            out.extend_from_slice(if numbers { &swapped } else { &value } as &Vec<u8>);
        } else {
            halves.iter().for_each(|half| out.extend_from_slice(&half.to_le_bytes()));
            out.extend_from_slice(&(value.len() as u32).to_le_bytes());
            out.extend_from_slice(&value);
        }
    }
    if syntax == DEFLATED {
        let at = parse_head(&plain).unwrap().data_set_offset as usize;
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&plain[at..]).unwrap();
        out = encoder.finish().unwrap();
        out.resize(out.len().next_multiple_of(2), 0);
    }
    [file_meta(SC, uid, syntax, "2.25.1", "SYNTHETIC"), out].concat()
}

/// A server that holds these files as they are, however wrong, a gate in front of it, and a program.
async fn holding(dir: &std::path::Path, files: &[(&str, Vec<u8>)]) -> (WebPeer, Rig, Program) {
    std::fs::create_dir_all(dir.join("source")).unwrap();
    for (uid, _) in files {
        std::fs::write(dir.join(format!("source/{uid}.dcm")), uncompressed(uid)).unwrap();
    }
    let source = web::start(&dir.join("source"), WebScript::default()).await;
    files.iter().for_each(|(uid, bytes)| source.keep_as(uid, bytes.clone()));
    let rig = Rig::start(&dir.join("data")).await;
    rig.web_server("SOURCE", &source.url, json!({})).await;
    let program = Gate::over(&rig).await.program(&rig, "script", &Scope::ALL, false).await;
    (source, rig, program)
}

fn wanting(syntax: &str) -> String {
    format!("multipart/related; type=\"application/dicom\"; transfer-syntax={syntax}")
}

async fn ask(scene: &Scene, path: &str, accept: &str) -> Response {
    scene.program.get(&format!("/dicomweb/SOURCE/{path}")).header("accept", accept).send().await.unwrap()
}

/// The files of an answer by their UIDs; all are what their parts say.
async fn plain(response: Response) -> BTreeMap<String, BTreeMap<u32, (String, Vec<u8>)>> {
    let all = parts(response).await;
    let one = |(kind, file): (String, Vec<u8>)| {
        assert_eq!(kind, format!("application/dicom; transfer-syntax={EXPLICIT}"));
        (parse_head(&file).unwrap().sop_instance_uid, elements(&file))
    };
    all.into_iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_of_many_syntaxes_comes_without_compression() {
    let mut all = compressed();
    all.push(("2.25.8201", otherwise("2.25.8201", IMPLICIT), gray()));
    all.push(("2.25.8301", uncompressed("2.25.8301"), gray()));
    let files: Vec<Vec<u8>> = all.iter().map(|(_, file, _)| file.clone()).collect();
    let scene = Scene::with_files(&[], &files).await;
    let stored = parts(ask(&scene, &format!("studies/{STUDY}"), "").await).await;
    let syntaxes: std::collections::BTreeSet<String> = stored.iter().map(|(kind, _)| kind.clone()).collect();
    assert_eq!((stored.len(), syntaxes.len()), (all.len(), 5), "{syntaxes:?}");
    let retrievals = scene.source.retrievals();
    let found = plain(ask(&scene, &format!("studies/{STUDY}"), &wanting(EXPLICIT)).await).await;
    assert_eq!((found.len(), scene.source.retrievals()), (all.len(), retrievals), "one retrieval for both");
    for (uid, _, pixels) in &all {
        let elements = &found[*uid];
        let (vr, value) = &elements[&0x7FE0_0010];
        let is_color = elements[&0x0028_0002].1 == [3, 0];
        assert_eq!(vr, if is_color { "OB" } else { "OW" }, "{uid}");
        assert_eq!(value[..pixels.len()], pixels[..], "{uid}");
        assert_eq!(value.len(), pixels.len().next_multiple_of(2), "{uid}");
        assert_eq!(text(elements, 0x0028_0004), if is_color { "RGB" } else { "MONOCHROME2" }, "{uid}");
        assert_eq!((text(elements, 0x0010_0010), text(elements, 0x0020_000D)), ("Doe^Jane".into(), STUDY.into()));
        assert_eq!(elements[&0x0028_0010].1, [21, 0], "{uid}");
    }
    // One of them, as a file.
    for (uid, _, pixels) in [&all[3], &all[5]] {
        let path = format!("studies/{STUDY}/series/{SERIES}/instances/{uid}");
        let file = ask(&scene, &path, &format!("application/dicom; transfer-syntax={EXPLICIT}")).await;
        assert_eq!(file.headers()["content-type"], format!("application/dicom; transfer-syntax={EXPLICIT}"));
        let length: usize = file.headers()["content-length"].to_str().unwrap().parse().unwrap();
        let file = file.bytes().await.unwrap();
        assert_eq!((file.len(), &elements(&file)[&0x7FE0_0010].1[..pixels.len()]), (length, &pixels[..]));
        let other = parts(ask(&scene, &path, &wanting(IMPLICIT)).await).await;
        assert_eq!(parse_head(&other[0].1).unwrap().transfer_syntax_uid, IMPLICIT);
        assert_eq!(other[0].1[other[0].1.len() - pixels.len()..], pixels[..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deflated_and_big_endian_images_are_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let all = [("2.25.8202", DEFLATED), ("2.25.8203", BIG_ENDIAN)];
    let files = all.map(|(uid, syntax)| (uid, otherwise(uid, syntax)));
    let (_source, _rig, program) = holding(dir.path(), &files).await;
    let ask = async |accept: String| {
        let request = program.get(&format!("/dicomweb/SOURCE/studies/{STUDY}")).header("accept", accept);
        request.send().await.unwrap()
    };
    let stored: Vec<String> = parts(ask(wanting("*")).await).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(stored, [DEFLATED, BIG_ENDIAN].map(|syntax| format!("application/dicom; transfer-syntax={syntax}")));
    let found = plain(ask(wanting(EXPLICIT)).await).await;
    for (uid, _) in all {
        assert_eq!(found[uid], elements(&uncompressed(uid)), "{uid}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn films_and_generated_studies_come_frame_by_frame() {
    let mut study = StudySpec::ct("PAT-9", "Doe^John", 3, 64);
    study.series[0].rle = true;
    study.series.push(SeriesSpec::new("SR", "Report", 1, 0));
    let scene = Scene::with_files(&[study.clone()], &[film()]).await;
    let path = format!("studies/{}", study.study_instance_uid());
    let found = plain(ask(&scene, &path, &wanting(EXPLICIT)).await).await;
    assert_eq!(found.len(), 4);
    let mut same = study.clone();
    same.series[0].rle = false;
    for number in 0..3 {
        let uid = study.sop_instance_uid(0, number);
        assert_eq!(found[&uid], elements(&object(&same, 0, number)), "{number}");
    }
    let report = elements(&object(&study, 1, 0));
    assert_eq!(found[&study.sop_instance_uid(1, 0)], report);
    // A film of lossy color: RGB when it is decoded.
    let films = plain(ask(&scene, "studies/2.25.7001", &wanting(EXPLICIT)).await).await;
    let film = &films["2.25.7003"];
    let (vr, pixels) = &film[&0x7FE0_0010];
    let frame = (ROWS * COLUMNS * 3) as usize;
    assert_eq!((vr.as_str(), pixels.len()), ("OB", (FRAMES.len() * frame).next_multiple_of(2)));
    assert_eq!((text(film, 0x0028_0004), text(film, 0x0028_0008)), ("RGB".into(), "3".into()));
    for frame in pixels.chunks_exact(frame) {
        let off = frame.iter().zip(color()).map(|(one, other)| u32::from(one.abs_diff(other))).sum::<u32>();
        assert!(off / (frame.len() as u32) < 20, "off by {off}");
    }
    // With a pseudonym, what is decoded is what may leave.
    let narrow = scene.gate.program(&scene.rig, "narrow", &Scope::ALL, true).await;
    let hidden = narrow.get(&format!("/dicomweb/SOURCE/{path}?pseudonym=P-9")).header("accept", wanting(EXPLICIT));
    let hidden = parts(hidden.send().await.unwrap()).await;
    assert_eq!(hidden.len(), 3, "the report is held back");
    for (_, file) in &hidden {
        assert!(!contains(file, "Doe") && !contains(file, "PAT-9") && contains(file, "P-9"));
    }
    let images: Vec<_> =
        hidden.iter().map(|(_, file)| elements(file)).filter(|one| one.contains_key(&0x7FE0_0010)).collect();
    assert_eq!(images.len(), 3);
    for image in images {
        let number: usize = text(&image, 0x0020_0013).parse().unwrap();
        assert_eq!(image[&0x7FE0_0010], elements(&object(&same, 0, number - 1))[&0x7FE0_0010]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decoded_is_refused_or_breaks_off() {
    let video =
        image("2.25.8401", "1.2.840.10008.1.2.4.102").shape("YBR_PARTIAL_420", COLOR, 2).fragments(&[vec![b"film"]]);
    let broken = image("2.25.8402", "1.2.840.10008.1.2.4.80").shape("MONOCHROME2", GRAY, 1).fragments(&[vec![b"no"]]);
    let large = [20_000, 20_000, 1, 8, 8, 0];
    let huge = image("2.25.8403", "1.2.840.10008.1.2.5").shape("MONOCHROME2", large, 1).fragments(&[vec![b"no"]]);
    let good = compressed().swap_remove(0);
    let scene = Scene::with_files(&[], &[good.1, video, broken, huge]).await;
    let series = format!("studies/{STUDY}/series/{SERIES}");
    for accept in [wanting(EXPLICIT), format!("application/dicom; transfer-syntax={EXPLICIT}")] {
        let (status, detail) = refusal(ask(&scene, &format!("{series}/instances/2.25.8401"), &accept).await).await;
        assert!(status == 406 && detail.contains("cannot be decoded"), "{status} {detail}");
        let (status, detail) = refusal(ask(&scene, &format!("{series}/instances/2.25.8402"), &accept).await).await;
        assert!(status == 502 && detail.contains("damaged"), "{status} {detail}");
        let (status, detail) = refusal(ask(&scene, &format!("{series}/instances/2.25.8403"), &accept).await).await;
        assert!(status == 406 && detail.contains("too large"), "{status} {detail}");
    }
    let (status, detail) =
        refusal(ask(&scene, &format!("{series}/instances/{}", good.0), &wanting("1.2.3")).await).await;
    assert!(status == 406 && detail.contains("1.2.840.10008.1.2.4.70"), "{status} {detail}");
    // As stored everything goes out, as it always has.
    assert_eq!(parts(ask(&scene, &series, "").await).await.len(), 4);
    // The first one can be given. What breaks off at once may take its status with it.
    let request = scene.program.get(&format!("/dicomweb/SOURCE/{series}")).header("accept", wanting(EXPLICIT));
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.is_err(), "what came looks whole");
    }
    // A form that is taken besides is given in place of the best one.
    let either = format!("application/dicom; transfer-syntax={EXPLICIT}, {}", wanting("*"));
    let video = parts(ask(&scene, &format!("{series}/instances/2.25.8401"), &either).await).await;
    assert_eq!(video[0].0, "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.102");
    for accept in ["application/dicom, multipart/related; type=\"application/dicom\"", "application/*, */*"] {
        assert_eq!(parts(ask(&scene, &series, accept).await).await.len(), 4, "{accept}");
    }
}
