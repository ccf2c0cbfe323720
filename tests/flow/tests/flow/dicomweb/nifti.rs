//! Images as NIfTI files. Needs the program dcm2niix, which `scripts/install-peers` installs.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use adit_archive::generate::{SeriesSpec, StudySpec, object};
use adit_domain::Right;
use adit_domain::right::Scope;
use adit_test_support::gate::Program;
use adit_test_support::scripted::Script;
use flate2::read::GzDecoder;
use reqwest::Response;
use serde_json::{Value, json};

use super::{Scene, refusal};
use crate::{ALL, contains};

const ACCEPT: &str = "multipart/related; type=application/octet-stream";
const LAYOUTS: [&str; 2] = ["/dicomweb/SOURCE", "/api/dicom-web/SOURCE/wadors"];

/// A CT series, a report, an MR series.
pub(super) fn study() -> StudySpec {
    let mut study = StudySpec::ct("PAT-1", "Müller^Jürgen", 6, 32);
    study.series.push(SeriesSpec::new("SR", "Report", 1, 0));
    study.series.push(SeriesSpec::new("MR", "Head", 4, 16));
    study
}

/// Headers and content of the parts of a body, taken apart by hand.
async fn parts(response: Response) -> Vec<(String, Vec<u8>)> {
    assert_eq!(response.status(), 200);
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("multipart/related; type=\"application/octet-stream\"; boundary="), "{kind}");
    let delimiter = format!("\r\n--{}", kind.rsplit("boundary=").next().unwrap().trim_matches('"'));
    let body = response.bytes().await.expect("a whole body");
    let mut pieces = Vec::new();
    let mut rest = &body[..];
    while let Some(at) = rest.windows(delimiter.len()).position(|window| window == delimiter.as_bytes()) {
        pieces.push(&rest[..at]);
        rest = &rest[at + delimiter.len()..];
    }
    assert!(rest.starts_with(b"--") && pieces[0].is_empty(), "a body has its beginning and its end");
    let part = |piece: &&[u8]| {
        let at = piece.windows(4).position(|window| window == b"\r\n\r\n").expect("headers end");
        (String::from_utf8(piece[..at].to_vec()).unwrap(), piece[at + 4..].to_vec())
    };
    pieces[1..].iter().map(part).collect()
}

/// Names and contents.
async fn files(response: Response) -> Vec<(String, Vec<u8>)> {
    let named = |(head, content): (String, Vec<u8>)| {
        assert!(head.contains("\r\nContent-Type: application/octet-stream"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}", content.len())), "{head}");
        let name = head.split("\r\nContent-Disposition: attachment; filename=\"").nth(1).expect("a name");
        (name.split('"').next().unwrap().to_owned(), content)
    };
    parts(response).await.into_iter().map(named).collect()
}

pub(super) async fn ask(program: &Program, path: &str) -> Response {
    program.get(path).header("accept", ACCEPT).send().await.unwrap()
}

pub(super) async fn converted(program: &Program, path: &str) -> Vec<(String, Vec<u8>)> {
    files(ask(program, path).await).await
}

pub(super) fn names(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

/// Columns, rows and slices, by the header of a NIfTI file.
fn shape(file: &[u8]) -> [u16; 3] {
    let mut plain = Vec::new();
    GzDecoder::new(file).read_to_end(&mut plain).expect("a gzip file");
    assert_eq!((&plain[344..347], &plain[0..4]), (&b"n+1"[..], &348_u32.to_le_bytes()[..]));
    let number = |at: usize| u16::from_le_bytes([plain[at], plain[at + 1]]);
    let shape = [number(42), number(44), number(46)];
    let pixels = shape.iter().map(|length| usize::from(*length)).product::<usize>();
    assert_eq!(plain.len(), 352 + pixels * 2, "all voxels are there");
    shape
}

/// Files in the scratch folder, without locks.
pub(super) fn left(scene: &Scene) -> usize {
    fn count(folder: &Path) -> usize {
        // It may go in between.
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.map(|path| if path.is_dir() { count(&path) } else { usize::from(!path.ends_with("lock")) }).sum()
    }
    count(&scene.rig.data_dir.join("scratch"))
}

#[tokio::test(flavor = "multi_thread")]
async fn three_levels_in_both_layouts() {
    let spec = study();
    let scene = Scene::limited(std::slice::from_ref(&spec), json!({ "cache_s": 1 })).await;
    let (study, series) = (spec.study_instance_uid(), spec.series_instance_uid(2));
    for layout in LAYOUTS {
        let path = format!("{layout}/studies/{study}");
        let all = converted(&scene.program, &format!("{path}/nifti")).await;
        assert_eq!(names(&all), ["1-Axial.json", "1-Axial.nii.gz", "3-Head.json", "3-Head.nii.gz"]);
        assert_eq!((shape(&all[1].1), shape(&all[3].1)), ([32, 32, 6], [16, 16, 4]));
        let described: Value = serde_json::from_slice(&all[2].1).unwrap();
        assert_eq!((&described["Modality"], &described["SeriesNumber"]), (&json!("MR"), &json!(3)));
        let path = format!("{path}/series/{series}");
        let one = converted(&scene.program, &format!("{path}/nifti")).await;
        assert_eq!((names(&one).len(), shape(&one[1].1)), (2, [16, 16, 4]));
        let image = converted(&scene.program, &format!("{path}/instances/{}/nifti", spec.sop_instance_uid(2, 1))).await;
        assert_eq!((names(&image)[0].ends_with(".json"), shape(&image[1].1)), (true, [16, 16, 1]));
    }
    tokio::time::timeout(Duration::from_secs(20), async {
        while left(&scene) > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await
    .expect("files go when nobody has read for a while");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_converted_is_said() {
    let spec = study();
    let mut broken = spec.clone();
    broken.series = vec![SeriesSpec::new("CT", "Axial", 1, 16), SeriesSpec::new("OT", "Broken", 1, 16)];
    broken.accession_number = "A-2".into();
    let mut none = broken.clone();
    none.accession_number = "A-3".into();
    let mut reports = StudySpec::ct("PAT-1", "Müller^Jürgen", 0, 16);
    reports.series = vec![SeriesSpec::new("SR", "Report", 1, 0)];
    // An image of no rows.
    let rowless = |spec: &StudySpec, series: usize| {
        let mut file = object(spec, series, 0);
        let rows = [0x28, 0, 0x10, 0, b'U', b'S', 2, 0];
        let at = file.windows(8).position(|window| window == rows).expect("rows");
        file[at + 8..at + 10].fill(0);
        file
    };
    let files_of = [object(&broken, 0, 0), rowless(&broken, 1), rowless(&none, 0)];
    let scene = Scene::with_files(&[reports.clone()], &files_of).await;
    let path = |spec: &StudySpec| format!("/dicomweb/SOURCE/studies/{}/nifti", spec.study_instance_uid());
    let some = converted(&scene.program, &path(&broken)).await;
    assert_eq!(names(&some), ["1-Axial.json", "1-Axial.nii.gz", "nifti-warnings.txt"]);
    let warning = String::from_utf8(some[2].1.clone()).unwrap();
    assert!(warning.contains("2-Broken: it holds no image that dcm2niix can convert"), "{warning}");
    for (path, part) in [
        (path(&none), "Nothing of this can be converted"),
        (path(&reports), "only reports"),
        ("/dicomweb/SOURCE/studies/1.2.3/nifti".to_owned(), "does not hold the study"),
        ("/dicomweb/NOBODY/studies/1.2.3/nifti".to_owned(), "no server"),
    ] {
        let (status, detail) = refusal(ask(&scene.program, &path).await).await;
        assert!(status == 404 && detail.contains(part), "{path}: {status} {detail}");
    }
    let images = scene.program.get(&path(&broken)).header("accept", "multipart/related; type=\"application/dicom\"");
    assert_eq!(refusal(images.send().await.unwrap()).await.0, 406);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_names_needs_a_pseudonym() {
    let spec = study();
    let scene = Scene::new(std::slice::from_ref(&spec), Script::default(), &ALL).await;
    let narrow = scene.gate.program(&scene.rig, "narrow", &Scope::ALL, true).await;
    let searcher = scene.gate.program(&scene.rig, "searcher", &[Scope::Search], false).await;
    let stranger = scene.gate.stranger(&scene.rig, "stranger", &[Right::Search, Right::Retrieve]).await;
    for layout in LAYOUTS {
        let path = format!("{layout}/studies/{}/nifti", spec.study_instance_uid());
        for (program, status) in [(&narrow, 403), (&searcher, 403), (&stranger, 404)] {
            assert_eq!(refusal(ask(program, &path).await).await.0, status);
        }
    }
    assert_eq!(scene.source.retrievals(), 0);
    let path = format!("/dicomweb/SOURCE/studies/{}/nifti?pseudonym=P-001", spec.study_instance_uid());
    let hidden = converted(&narrow, &path).await;
    assert_eq!(hidden.len(), 4, "{:?}", names(&hidden));
    for (name, content) in &hidden {
        let mut plain = Vec::new();
        if name.ends_with(".gz") {
            GzDecoder::new(&content[..]).read_to_end(&mut plain).unwrap();
        }
        for planted in ["PAT-1", "ller^J", &*spec.study_instance_uid()] {
            assert!(!contains(content, planted) && !contains(&plain, planted), "{planted} has left in {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_joins_and_waits_with_bytes_on_the_way() {
    let spec = study();
    let script = Script { retrieve_delay: Duration::from_secs(34), ..Script::default() };
    let scene = Scene::new(std::slice::from_ref(&spec), script, &ALL).await;
    let path =
        format!("/dicomweb/SOURCE/studies/{}/series/{}/nifti", spec.study_instance_uid(), spec.series_instance_uid(0));
    let begun = Instant::now();
    let first = ask(&scene.program, &path).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    drop(first);
    let second = parts(ask(&scene.program, &path).await).await;
    assert!(begun.elapsed() > Duration::from_secs(33) && second[0].0.contains("X-Waiting"), "{}", second[0].0);
    assert!(!second[1].0.contains("X-Waiting"));
    let begun = Instant::now();
    assert_eq!(names(&converted(&scene.program, &path).await), ["1-Axial.json", "1-Axial.nii.gz"]);
    assert!(begun.elapsed() < Duration::from_secs(10), "it was converted again");
    assert_eq!(scene.source.retrievals(), 1, "one retrieval for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn not_more_at_once_than_this_machine_can_and_not_more_than_a_request_may() {
    let spec = study();
    let script = Script { retrieve_delay: Duration::from_secs(4), ..Script::default() };
    let scene = Scene::new(std::slice::from_ref(&spec), script, &ALL).await;
    let path = |series: usize, image: usize| {
        let (study, series) =
            (spec.study_instance_uid(), (spec.series_instance_uid(series), spec.sop_instance_uid(series, image)));
        format!("/dicomweb/SOURCE/studies/{study}/series/{}/instances/{}/nifti", series.0, series.1)
    };
    let (one, two) = (path(0, 0), path(0, 1));
    let third = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        refusal(ask(&scene.program, &path(0, 2)).await).await
    };
    let (first, second, (status, detail)) =
        tokio::join!(converted(&scene.program, &one), converted(&scene.program, &two), third);
    assert_eq!((first.len(), second.len()), (2, 2));
    assert!(status == 503 && detail.contains("as many as can at once"), "{status} {detail}");
    assert_eq!(converted(&scene.program, &path(0, 2)).await.len(), 2, "the places come back");

    let large = StudySpec::ct("PAT-9", "Doe^Jane", 5, 512);
    let small = Scene::limited(std::slice::from_ref(&large), json!({ "cache_mb": 1 })).await;
    let (status, detail) =
        refusal(ask(&small.program, &format!("/dicomweb/SOURCE/studies/{}/nifti", large.study_instance_uid())).await)
            .await;
    assert!(status == 400 && detail.contains("1 MB"), "{status} {detail}");
    assert_eq!(left(&small), 0, "nothing is left of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversion_that_breaks_leaves_nothing() {
    let spec = StudySpec::ct("PAT-1", "Doe^Jane", 10, 64);
    let script = Script { fail_nth: Some(6), fail_always: true, ..Script::default() };
    let scene = Scene::new(std::slice::from_ref(&spec), script, &["study_root_find", "study_root_get"]).await;
    let path = format!("/dicomweb/SOURCE/studies/{}/nifti", spec.study_instance_uid());
    assert_eq!(refusal(ask(&scene.program, &path).await).await.0, 502);
    assert_eq!(left(&scene), 0);
}
