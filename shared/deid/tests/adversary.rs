//! Hostile and unusual instances: what an adversary found, each with the least that shows it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use adit_deid::{Deidentifier, Instructions, Limits, PixelRules, Profile, ProjectKey, RewriteError, Rewriter, map_uid};

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const JPEG: &str = "1.2.840.10008.1.2.4.50";
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const SR: &str = "1.2.840.10008.5.1.4.1.1.88.33";
const PATIENT_ID: &str = "QX-44901277";
const END: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

fn head(tag: u32, vr: &str, length: u32) -> Vec<u8> {
    let mut out = ((tag >> 16) as u16).to_le_bytes().to_vec();
    out.extend(((tag & 0xFFFF) as u16).to_le_bytes());
    if tag >> 16 == 0xFFFE {
        out.extend(length.to_le_bytes());
    } else if ["OB", "OF", "OW", "SQ", "UN", "UT"].contains(&vr) {
        out.extend(vr.bytes().chain([0, 0]));
        out.extend(length.to_le_bytes());
    } else {
        out.extend(vr.bytes());
        out.extend((length as u16).to_le_bytes());
    }
    out
}

fn el(tag: u32, vr: &str, value: impl AsRef<[u8]>) -> (u32, Vec<u8>) {
    let mut value = value.as_ref().to_vec();
    if value.len() % 2 == 1 {
        value.push(if vr == "UI" { 0 } else { b' ' });
    }
    let mut out = head(tag, vr, value.len() as u32);
    out.extend(value);
    (tag, out)
}

/// A sequence of defined length.
fn sequence(tag: u32, items: &[Vec<(u32, Vec<u8>)>]) -> (u32, Vec<u8>) {
    let mut body = Vec::new();
    for item in items {
        let content: Vec<u8> = item.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        body.extend(head(0xFFFE_E000, "", content.len() as u32));
        body.extend(content);
    }
    let mut out = head(tag, "SQ", body.len() as u32);
    out.extend(body);
    (tag, out)
}

fn code(tag: u32, value: &str, scheme: &str, meaning: &str) -> (u32, Vec<u8>) {
    sequence(tag, &[vec![el(0x0008_0100, "SH", value), el(0x0008_0102, "SH", scheme), el(0x0008_0104, "LO", meaning)]])
}

/// An instance of one patient with these elements besides.
fn instance(class: &str, more: Vec<(u32, Vec<u8>)>) -> Vec<u8> {
    let mut all = vec![
        el(0x0008_0005, "CS", "ISO_IR 192"),
        el(0x0008_0016, "UI", class),
        el(0x0008_0018, "UI", "1.2.276.0.99.1.1"),
        el(0x0008_0020, "DA", "20240311"),
        el(0x0008_0050, "SH", "ACC7731902"),
        el(0x0008_0060, "CS", "CT"),
        el(0x0010_0010, "PN", "Quastenberg^Ottilie"),
        el(0x0010_0020, "LO", PATIENT_ID),
        el(0x0010_0030, "DA", "19470823"),
        el(0x0020_000D, "UI", "1.2.276.0.99.1"),
    ];
    all.retain(|(tag, _)| more.iter().all(|(other, _)| other != tag));
    all.extend(more);
    all.sort_by_key(|(tag, _)| *tag);
    all.into_iter().flat_map(|(_, bytes)| bytes).collect()
}

fn deidentify(profile: &str, syntax: &str, input: &[u8]) -> Result<Vec<u8>, RewriteError> {
    let key = ProjectKey::from_bytes([7; 32]);
    let deidentifier = Deidentifier::new(Profile::named(profile).unwrap(), &key, PixelRules::default());
    let instructions = Instructions { deidentifier: Some(Arc::new(deidentifier)), ..Instructions::default() };
    let mut rewriter = Rewriter::new(syntax, Arc::new(instructions), Limits::default());
    let mut out = Vec::new();
    rewriter.push(input, &mut out)?;
    rewriter.finish(&mut out)?;
    Ok(out)
}

fn research(input: &[u8]) -> Vec<u8> {
    deidentify("research", EXPLICIT, input).unwrap()
}

fn has(bytes: &[u8], text: impl AsRef<[u8]>) -> bool {
    bytes.windows(text.as_ref().len()).any(|window| window == text.as_ref())
}

fn mapped(uid: &str) -> String {
    map_uid(&ProjectKey::from_bytes([7; 32]), uid)
}

#[test]
fn a_number_that_is_an_identifier_goes_whatever_its_padding() {
    let out = research(&instance(CT, vec![el(0x0018_1152, "IS", "7731902"), el(0x0018_1150, "IS", "07731902")]));
    assert!(!has(&out, "7731902"));
}

#[test]
fn marks_of_other_tools_stay_without_the_patient_and_as_they_were_written() {
    let item = vec![
        el(0x0008_0100, "SH", "X1"),
        el(0x0008_0102, "SH", "99OTHER"),
        el(0x0008_0103, "SH", "2019"),
        el(0x0008_0104, "LO", "Cleaned for Quastenberg"),
    ];
    let marks = vec![el(0x0012_0063, "LO", "Other tool for Quastenberg"), sequence(0x0012_0064, &[item])];
    let out = research(&instance(CT, marks));
    assert!(!has(&out, "Quastenberg"));
    assert!(has(&out, "Other tool for") && has(&out, "2019") && has(&out, "Cleaned for"));
}

#[test]
fn what_is_no_uid_does_not_stay_as_a_class() {
    let item = vec![el(0x0008_1150, "UI", "Quastenberg"), el(0x0008_1155, "UI", "1.2.276.0.99.8")];
    let kept = vec![el(0x0008_1150, "UI", CT), el(0x0008_1155, "UI", "1.2.276.0.99.9")];
    let out = deidentify("basic", EXPLICIT, &instance(CT, vec![sequence(0x0008_1140, &[item, kept])])).unwrap();
    assert!(!has(&out, "Quastenberg"));
    assert_eq!(out.windows(CT.len()).filter(|window| *window == CT.as_bytes()).count(), 2);
}

fn content(kind: &str, concept: (&str, &str), value: (u32, Vec<u8>)) -> Vec<(u32, Vec<u8>)> {
    let name = code(0x0040_A043, concept.0, concept.1, "a concept");
    let mut item = vec![el(0x0040_A010, "CS", "CONTAINS"), el(0x0040_A040, "CS", kind), name, value];
    item.sort_by_key(|(tag, _)| *tag);
    item
}

#[test]
fn content_items_lose_the_birth_date_and_keep_their_references() {
    let tracking = "1.2.276.0.99.7.7";
    let items = [
        content("DATE", ("121031", "DCM"), el(0x0040_A121, "DA", "19470823")),
        content("UIDREF", ("112040", "DCM"), el(0x0040_A124, "UI", tracking)),
        content("TEXT", ("121071", "DCM"), el(0x0040_A160, "UT", "Ottilie")),
        // Values where the value type asks for none.
        content("CONTAINER", ("1", "99X"), el(0x0040_A121, "DA", "19470823")),
        content("NUM", ("1", "99X"), el(0x0040_A124, "UI", "1.2.276.0.99.1")),
    ];
    for profile in Profile::NAMES {
        let input = instance(SR, vec![el(0x0040_A040, "CS", "CONTAINER"), sequence(0x0040_A730, &items)]);
        let out = deidentify(profile, EXPLICIT, &input).unwrap();
        assert!(!has(&out, "19470823") && !has(&out, "2.25.0\0") && !has(&out, "121031"), "{profile}");
        assert!(has(&out, mapped(tracking)) && has(&out, mapped("1.2.276.0.99.1")), "{profile}");
        assert!(has(&out, "REMOVED"), "{profile}: a text is required");
    }
}

#[test]
fn required_labels_get_a_value_when_nothing_is_left_of_them() {
    let layer = vec![el(0x0070_0002, "CS", "QUASTENBERG"), el(0x0070_0062, "IS", "1")];
    let out = research(&instance("1.2.840.10008.5.1.4.1.1.11.1", vec![sequence(0x0070_0060, &[layer])]));
    assert!(has(&out, el(0x0070_0002, "CS", "REMOVED").1));
}

#[test]
fn numbers_with_an_identifiers_digits_hold_nothing_back() {
    let numbers = r"-0.1449012775\144901277.5";
    let contour = vec![el(0x3006_0042, "CS", "POINT"), el(0x3006_0050, "DS", numbers)];
    let roi = vec![sequence(0x3006_0040, &[contour]), el(0x3006_0084, "IS", "1")];
    let out = research(&instance("1.2.840.10008.5.1.4.1.1.481.3", vec![sequence(0x3006_0039, &[roi])]));
    assert!(has(&out, numbers));
}

#[test]
fn words_in_the_place_of_numbers_and_people_take_nothing_away() {
    let more = vec![
        el(0x0008_0090, "PN", "RADIOLOGIE^THORAX"),
        el(0x0008_1030, "LO", "CT Thorax mit KM"),
        el(0x0008_1070, "PN", "KM"),
        el(0x0010_0021, "LO", "CT"),
        el(0x0020_0010, "SH", "THORAX"),
        el(0x0040_0253, "SH", "CT_THORAX"),
    ];
    let out = research(&instance(CT, more));
    assert!(has(&out, "CT Thorax mit KM") && has(&out, el(0x0008_0060, "CS", "CT").1));
}

#[test]
fn dates_in_other_languages_and_typographic_dashes_are_known() {
    for text in [
        "23 de agosto de 1947",
        "23 agosto 1947",
        "7 d\u{00E9}cembre 2019",
        "QX\u{2011}44901277",
        "ID 123",
        "Hr. Habegger",
    ] {
        let out = research(&instance(CT, vec![el(0x0008_103E, "LO", format!("Thorax {text}"))]));
        assert!(has(&out, "Thorax") && !has(&out, text) && !has(&out, "Habegger"), "{text}");
    }
}

fn image(bits: u16, pixels: &[u8], more: Vec<(u32, Vec<u8>)>) -> Vec<u8> {
    let number = |tag, value: u16| el(tag, "US", value.to_le_bytes());
    let mut all = vec![
        number(0x0028_0002, 1),
        el(0x0028_0004, "CS", "MONOCHROME2"),
        number(0x0028_0010, 2),
        number(0x0028_0011, 4),
        number(0x0028_0100, bits),
        number(0x0028_0101, 12.min(bits)),
        number(0x0028_0102, 11.min(bits - 1)),
        number(0x0028_0103, 0),
    ];
    all.extend(more);
    let mut out = instance(CT, all);
    out.extend(pixels);
    out
}

#[test]
fn overlays_in_unused_bits_of_the_pixels_are_cleared() {
    let position = vec![el(0x6000_0102, "US", [12, 0])];
    let pixels = el(0x7FE0_0010, "OW", [0x34, 0x12].repeat(8)).1;
    assert!(has(&research(&image(16, &pixels, position.clone())), [0x34, 0x02].repeat(8)));
    assert!(has(&research(&image(16, &pixels, Vec::new())), [0x34, 0x12].repeat(8)));
    let compressed = deidentify("research", JPEG, &image(16, &fragments(&[b"\xFF\xD8\xFF\xD9"]), position));
    assert!(matches!(compressed, Err(RewriteError::HeldBack(reason)) if reason.contains("overlay")));
}

/// Pixel data with an empty offset table.
fn fragments(all: &[&[u8]]) -> Vec<u8> {
    let mut out = head(0x7FE0_0010, "OB", u32::MAX);
    for fragment in [&[][..]].iter().chain(all) {
        out.extend(head(0xFFFE_E000, "", fragment.len() as u32));
        out.extend(*fragment);
    }
    out.extend(END);
    out
}

#[test]
fn pixels_in_a_sequence_go_and_compressed_icons_do_no_harm() {
    let icon = vec![el(0x0028_0010, "US", [1, 0]), (0x7FE0_0010, fragments(&[b"\xFF\xD8ICON\xFF\xD9"]))];
    let other = vec![el(0x0008_1155, "UI", "1.2.276.0.99.9"), el(0x7FE0_0010, "OW", "FACE")];
    let pixels = fragments(&[b"\xFF\xD8\xFF\xD9"]);
    let more = vec![sequence(0x0088_0200, &[icon]), sequence(0x0008_1140, &[other])];
    let out = deidentify("research", JPEG, &image(8, &pixels, more)).unwrap();
    assert!(!has(&out, "ICON") && !has(&out, "FACE"));
}

#[test]
fn nothing_hides_behind_the_pixels_or_between_fragments() {
    let pixels = el(0x7FE0_0010, "OW", [7; 16]).1;
    for more in [
        el(0x7FE0_0010, "OW", "FACE").1,
        el(0x0010_1001, "PN", "Habersack^Gerlinde").1,
        el(0x7FE0_0008, "OF", [0; 4]).1,
    ] {
        let error = deidentify("research", EXPLICIT, &image(16, &[pixels.clone(), more].concat(), Vec::new()));
        assert!(matches!(error, Err(RewriteError::Malformed(_))));
    }
    let padded = image(16, &[pixels, vec![0; 16]].concat(), Vec::new());
    assert!(deidentify("research", EXPLICIT, &padded).is_ok());
    let floats = image(32, &el(0x7FE0_0008, "OF", [vec![7; 32], b"FACE".to_vec()].concat()).1, Vec::new());
    assert!(!has(&research(&floats), "FACE"));
    let native = image(8, &fragments(&[b"FACE"]), Vec::new());
    assert!(matches!(deidentify("research", EXPLICIT, &native), Err(RewriteError::Malformed(_))));
    let trailing = image(8, &fragments(&[b"\xFF\xD8\xFF\xD9", b"FACE"]), Vec::new());
    assert!(!has(&deidentify("research", JPEG, &trailing).unwrap(), "FACE"));
}

#[test]
fn an_objects_own_uid_does_not_stay_as_a_class() {
    let reference = vec![el(0x0008_1150, "UI", "1.2.276.0.99.1"), el(0x0008_1155, "UI", "1.2.276.0.99.1.1")];
    let out = research(&instance(CT, vec![sequence(0x0008_1140, &[reference])]));
    assert!(!has(&out, "1.2.276.0.99.1"));
    assert!(has(&out, CT));
}

#[test]
fn an_image_without_its_pixels_was_cut_off() {
    let rows = |more: Vec<(u32, Vec<u8>)>| {
        let all = [vec![el(0x0028_0010, "US", [64, 0])], more].concat();
        deidentify("research", EXPLICIT, &instance(CT, all))
    };
    assert_eq!(rows(vec![]).unwrap_err(), RewriteError::Truncated);
    assert!(rows(vec![el(0x0028_7FE0, "UT", "https://pixels.example/1")]).is_ok(), "its pixels are elsewhere");
    assert!(rows(vec![el(0x5600_0020, "OF", [0; 8])]).is_ok(), "rows of spectra");
}

#[test]
fn compressed_pixels_that_cannot_be_searched_are_held_back() {
    let with = |fragment: &[u8]| image(8, &fragments(&[fragment]), Vec::new());
    let held = deidentify("research", JPEG, &with(b"no picture at all!")).unwrap_err();
    assert!(matches!(held, RewriteError::HeldBack(reason) if reason.contains("cannot be searched")));
    assert!(deidentify("research", JPEG, &with(&[0xFF, 0xD8, 0xFF, 0xD9])).is_ok());
}
