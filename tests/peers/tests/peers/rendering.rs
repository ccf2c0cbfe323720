//! Pictures of images of many shapes and transfer syntaxes, compared with those that DCMTK makes of the same files.

use std::path::{Path, PathBuf};

use adit_domain::right::Scope;
use adit_test_support::gate::{Gate, Program};
use adit_test_support::images::Image;
use adit_test_support::rig::{Rig, peer};
use adit_test_support::scripted::{self, Script};
use tokio::process::Command;

const STUDY: &str = "2.25.8001";
const SERIES: &str = "2.25.8002";
const ROWS: u16 = 40;
const COLUMNS: u16 = 52;

/// How a file is compressed: DCMTK's program with its arguments; none: it is not.
const CODINGS: [(&str, &[&str]); 5] = [
    ("", &[]),
    ("dcmcrle", &[]),
    ("dcmcjpeg", &["+e1", "+un"]),
    ("dcmcjpeg", &["+eb", "+un", "+q", "95"]),
    ("dcmcjpls", &[]),
];

/// How a picture is asked for: ADIT's query string, DCMTK's arguments.
const VIEWS: [(&str, &[&str]); 5] = [
    ("", &["+Wi", "1"]),
    ("?window=100,700,linear", &["+Ww", "100", "700"]),
    ("?window=-20.5,33,linear", &["+Ww", "-20.5", "33"]),
    ("?window=100,700,sigmoid", &["+Ww", "100", "700", "+Wfs"]),
    ("?window=300,1,linear", &["+Ww", "300", "1"]),
];

/// Steps and a flat corner.
fn value(x: u16, y: u16, color: u16) -> u16 {
    if x < 12 && y < 9 { 700 + color * 40 } else { x * 53 + y * 31 + color * 300 + (x * y) % 17 }
}

fn pixels(colors: u16, one: impl Fn(u16) -> Vec<u8>) -> Vec<u8> {
    let each = |y: u16| (0..COLUMNS).flat_map(move |x| (0..colors).map(move |color| value(x, y, color)));
    (0..ROWS).flat_map(each).flat_map(one).collect()
}

fn word(value: u16) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

fn byte(value: u16) -> Vec<u8> {
    vec![(value / 16).to_le_bytes()[0]]
}

fn base(uid: &str) -> Image {
    Image::new("1.2.840.10008.5.1.4.1.1.7", uid, "1.2.840.10008.1.2.1")
        .text(0x0008_0060, "CS", "OT")
        .text(0x0010_0010, "PN", "Doe^Jane")
        .text(0x0010_0020, "LO", "PAT-8")
        .text(0x0020_000D, "UI", STUDY)
        .text(0x0020_000E, "UI", SERIES)
}

/// A kind of image: name, file by UID, whether it is gray.
type Kind = (&'static str, fn(&str) -> Vec<u8>, bool);

const KINDS: [Kind; 7] = [
    ("signed with rescale and window", signed, true),
    ("12 bits without a window", twelve_bits, true),
    ("inverse", inverse, true),
    ("RGB", |uid| color(uid, "RGB"), false),
    ("YBR_FULL", |uid| color(uid, "YBR_FULL"), false),
    ("palette", palette, false),
    ("film", film, true),
];

/// With whole numbers: DCMTK cuts the fractions of rescaled values off.
fn signed(uid: &str) -> Vec<u8> {
    let image = base(uid).shape("MONOCHROME2", [ROWS, COLUMNS, 1, 16, 16, 1], 1);
    let image = image.text(0x0028_1050, "DS", "250\\1").text(0x0028_1051, "DS", "900\\2");
    let image = image.text(0x0028_1052, "DS", "-1024").text(0x0028_1053, "DS", "2");
    image.value(0x7FE0_0010, "OW", &pixels(1, |value| word(value.wrapping_sub(500)))).done()
}

fn twelve_bits(uid: &str) -> Vec<u8> {
    let image = base(uid).shape("MONOCHROME2", [ROWS, COLUMNS, 1, 16, 12, 0], 1);
    image.value(0x7FE0_0010, "OW", &pixels(1, |value| word(value % 4096))).done()
}

fn inverse(uid: &str) -> Vec<u8> {
    let image = base(uid).shape("MONOCHROME1", [ROWS, COLUMNS, 1, 8, 8, 0], 1);
    let image = image.text(0x0028_1050, "DS", "100").text(0x0028_1051, "DS", "150");
    image.value(0x7FE0_0010, "OW", &pixels(1, byte)).done()
}

fn color(uid: &str, photometric: &str) -> Vec<u8> {
    base(uid).shape(photometric, [ROWS, COLUMNS, 3, 8, 8, 0], 1).value(0x7FE0_0010, "OW", &pixels(3, byte)).done()
}

fn palette(uid: &str) -> Vec<u8> {
    let mut image = base(uid).shape("PALETTE COLOR", [ROWS, COLUMNS, 1, 8, 8, 0], 1);
    for color in 0..3 {
        image = image.words(0x0028_1101 + color, "US", &[256, 0, 16]);
    }
    for color in 0..3_u16 {
        let entries: Vec<u16> = (0..256).map(|entry| (entry * 257_u16).rotate_left(u32::from(color) * 5)).collect();
        image = image.words(0x0028_1201 + u32::from(color), "OW", &entries);
    }
    image.value(0x7FE0_0010, "OW", &pixels(1, byte)).done()
}

/// Three frames, of which the second is shown.
fn film(uid: &str) -> Vec<u8> {
    let image = base(uid).shape("MONOCHROME2", [ROWS, COLUMNS, 1, 16, 12, 0], 3);
    let frames = [0, 500, 1000].map(|more| pixels(1, |value| word((value + more) % 4096)));
    image.value(0x7FE0_0010, "OW", &frames.concat()).done()
}

async fn run(program: &str, arguments: &[&str], paths: &[&Path]) {
    let output = Command::new(program).args(arguments).args(paths).output().await;
    let output = output.unwrap_or_else(|error| panic!("{program} of DCMTK is missing: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Width, height and bytes of a PGM or PPM file.
fn read_pnm(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let (mut numbers, mut at) = (Vec::new(), 2);
    while numbers.len() < 3 {
        let end = at + bytes[at..].iter().position(|byte| byte.is_ascii_whitespace()).expect("a header");
        if bytes[at] == b'#' {
            at += bytes[at..].iter().position(|byte| *byte == b'\n').expect("a line") + 1;
            continue;
        }
        numbers.extend(std::str::from_utf8(&bytes[at..end]).expect("a number").parse::<usize>());
        at = end + 1;
    }
    (numbers[0], numbers[1], bytes[at..].to_vec())
}

fn read_png(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG image");
    let mut out = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut out).expect("a whole PNG image");
    (info.width as usize, info.height as usize, out)
}

async fn theirs(file: &Path, frame: u32, view: &[&str], out: &Path) -> (usize, usize, Vec<u8>) {
    let is_jpeg_ls = file.to_string_lossy().contains("dcmcjpls");
    let frame = frame.to_string();
    let arguments = [view, &["+F", &frame, "+op"]].concat();
    run(if is_jpeg_ls { "dcml2pnm" } else { "dcmj2pnm" }, &arguments, &[file, out]).await;
    read_pnm(&std::fs::read(out).expect("a picture"))
}

async fn ours(program: &Program, uid: &str, frame: u32, query: &str) -> (usize, usize, Vec<u8>) {
    let path =
        format!("/dicomweb/SOURCE/studies/{STUDY}/series/{SERIES}/instances/{uid}/frames/{frame}/rendered{query}");
    let response = program.get(&path).header("accept", "image/png").send().await.expect("an answer");
    let status = response.status();
    let bytes = response.bytes().await.expect("a body");
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&bytes));
    read_png(&bytes)
}

/// UID and file of each kind in each coding that there is for it.
async fn write_all(folder: &Path) -> Vec<(usize, usize, String, PathBuf)> {
    let mut all = Vec::new();
    for (number, (_, make, _)) in KINDS.iter().enumerate() {
        for (coding, (program, arguments)) in CODINGS.iter().enumerate() {
            let is_lossy = arguments.contains(&"+eb");
            // Eight bits only; an inverse or a palette suffers more than its colors tell.
            if is_lossy && !matches!(number, 2..=4) {
                continue;
            }
            let uid = format!("2.25.81{number}{coding}");
            let (plain, path) = (folder.join("plain"), folder.join(format!("{number}-{coding}-{program}.dcm")));
            std::fs::write(&plain, make(&uid)).expect("room for a file");
            if program.is_empty() {
                std::fs::copy(&plain, &path).expect("room for a file");
            } else {
                run(program, arguments, &[&plain, &path]).await;
            }
            std::fs::remove_file(&plain).expect("the file is there");
            all.push((number, coding, uid, path));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_those_that_dcmtk_makes() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("source");
    std::fs::create_dir_all(&folder).expect("a folder");
    let files = write_all(&folder).await;
    let rig = Rig::start(&dir.path().join("data")).await;
    let source = scripted::start(&folder, Script::default()).await;
    source.archive.know("ADIT", rig.as_destination("SOURCE"));
    source.archive.know("OTHER", peer("OTHER", source.addr, "SOURCE"));
    rig.server("SOURCE", source.addr, &["study_root_find", "study_root_get"]).await;
    let gate = Gate::over(&rig).await;
    let program = gate.program(&rig, "script", &Scope::ALL, false).await;
    let out = dir.path().join("out.pnm");
    for (number, coding, uid, file) in &files {
        let (name, _, is_gray) = KINDS[*number];
        let frame = if name == "film" { 2 } else { 1 };
        for (query, view) in VIEWS {
            // What has no window of its own gets one from its values in both.
            let view: &[&str] = match (query, name) {
                ("", "12 bits without a window" | "film") => &["+Wm"],
                _ => view,
            };
            if !is_gray && !query.is_empty() {
                continue;
            }
            let view: &[&str] = if is_gray { view } else { &[] };
            let (other, own) = (theirs(file, frame, view, &out).await, ours(&program, uid, frame, query).await);
            let what = format!("{name}, {:?}, {query}", CODINGS[*coding]);
            assert_eq!((own.0, own.1, own.2.len()), (other.0, other.1, other.2.len()), "{what}");
            let off: Vec<u32> = own.2.iter().zip(&other.2).map(|(one, two)| u32::from(one.abs_diff(*two))).collect();
            let (worst, mean) =
                (off.iter().max().copied().unwrap_or(0), f64::from(off.iter().sum::<u32>()) / off.len() as f64);
            let is_lossy = CODINGS[*coding].1.contains(&"+eb");
            println!("{what}: off by {worst}, on average {mean:.3}");
            // DCMTK cuts off where ADIT rounds, in color once for each term. Decoders of lossy images differ, too.
            let within = if is_lossy { mean <= 2.0 } else { worst <= if is_gray { 1 } else { 2 } };
            assert!(within, "{what}: off by {worst}, on average {mean}");
        }
    }
}
