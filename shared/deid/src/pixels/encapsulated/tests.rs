use proptest::prelude::*;

use super::*;

const BASELINE: &str = "1.2.840.10008.1.2.4.50";
const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";

fn segment(code: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, code], length.as_slice(), contents].concat()
}

/// An image with text in every place that can hold it, and the same image without.
fn jpeg() -> (Vec<u8>, Vec<u8>) {
    let jfif = b"JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01";
    let scan = [segment(0xDA, &[1, 1, 0, 0, 63, 0]), vec![1, 2, 0xFF, 0, 3, 0xFF, 0xD0, 4]].concat();
    let build = |name: &[u8], thumbnail: &[u8], comment: &[u8], adobe: &[u8], behind: &[u8]| {
        [
            vec![0xFF, 0xD8],
            segment(0xE0, &[jfif.as_slice(), thumbnail].concat()),
            vec![0xFF],
            segment(0xE1, name),
            segment(0xFE, comment),
            segment(0xEE, &[b"Adobe\0\x64\0\0\0\0\x01".as_slice(), adobe].concat()),
            segment(0xE8, b"mrfx\x02"),
            segment(0xDB, &[7; 65]),
            scan.clone(),
            segment(0xFE, comment),
            scan.clone(),
            vec![0xFF, 0xD9],
            behind.to_vec(),
        ]
        .concat()
    };
    (build(b"Doe^Jane", b"abc", b"Doe", b"x", b"Doe!"), build(&[0; 8], &[0; 3], b"   ", &[0], &[0; 4]))
}

/// A code stream in one tile-part; `open` leaves its length to the end of the stream.
fn code_stream(comment: &[u8], behind: &[u8], open: bool) -> Vec<u8> {
    let data = [1, 2, 3, 0xFF, 0x64, 0, 9, 0xFF, 0x91, 0, 4, 0, 1, 8];
    let tile_comment = segment(0x64, &[b"\0\x01", comment].concat());
    let length = if open { 0 } else { u32::try_from(12 + tile_comment.len() + 2 + data.len()).unwrap() };
    [
        vec![0xFF, 0x4F],
        segment(0x51, &[0; 36]),
        segment(0x64, &[b"\0\x01", comment].concat()),
        segment(0x90, &[[0, 0].as_slice(), &length.to_be_bytes(), &[0, 1]].concat()),
        tile_comment,
        vec![0xFF, 0x93],
        data.to_vec(),
        vec![0xFF, 0xD9],
        behind.to_vec(),
    ]
    .concat()
}

fn boxed(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&u32::try_from(contents.len() + 8).unwrap().to_be_bytes(), kind.as_slice(), contents].concat()
}

fn jp2(comment: &[u8], behind: &[u8]) -> Vec<u8> {
    [
        boxed(b"jP  ", b"\r\n\x87\n"),
        boxed(b"ftyp", b"jp2 "),
        boxed(b"jp2h", &boxed(b"colr", &[1, 0, 0])),
        boxed(b"xml ", comment),
        [&[0, 0, 0, 1], b"uuid".as_slice(), &(16 + comment.len() as u64).to_be_bytes(), comment].concat(),
        [
            &[0, 0, 0, 0],
            b"jp2c".as_slice(),
            &code_stream(if comment[0] == 0 { b"   " } else { comment }, behind, false),
        ]
        .concat(),
    ]
    .concat()
}

/// Scrubs in pieces; every `fragment` bytes a new fragment begins.
fn scrub(syntax: &str, mut bytes: Vec<u8>, cuts: &[usize], fragment: usize) -> (Vec<u8>, bool) {
    let mut scrubber = CommentScrubber::new(syntax);
    for piece in bytes.chunks_mut(fragment) {
        scrubber.begin_fragment();
        let mut rest = piece;
        for cut in cuts {
            let (head, tail) = rest.split_at_mut((*cut).min(rest.len()));
            scrubber.apply(head);
            rest = tail;
        }
        scrubber.apply(rest);
    }
    (bytes, scrubber.understood())
}

fn cases() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let (dirty, clean) = jpeg();
    vec![
        (BASELINE, dirty, clean),
        (JPEG_2000, code_stream(b"Doe", b"Doe", false), code_stream(b"   ", &[0; 3], false)),
        (JPEG_2000, code_stream(b"Doe", b"Doe", true), code_stream(b"   ", &[0; 3], true)),
        (JPEG_2000, jp2(b"Doe", b"Doe"), jp2(&[0; 3], &[0; 3])),
    ]
}

#[test]
fn text_goes_and_the_image_stays() {
    for (syntax, dirty, clean) in cases() {
        assert_eq!(scrub(syntax, dirty.clone(), &[], dirty.len()), (clean.clone(), true), "{syntax}");
        // Two frames, each in a fragment of its own.
        let twice = scrub(syntax, [dirty.clone(), dirty.clone()].concat(), &[], dirty.len());
        assert_eq!(twice, ([clean.clone(), clean].concat(), true));
    }
}

#[test]
fn stuffed_bits_of_jpeg_ls_are_no_markers() {
    let stream = [
        vec![0xFF, 0xD8],
        segment(0xF7, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]),
        segment(0xDA, &[1, 1, 0, 0, 0, 0]),
        vec![0xFF, 0x7F, 0xFF, 0x5A, 9, 0xFF, 0xFF, 0xD9],
    ]
    .concat();
    assert_eq!(scrub(JPEG_LS, stream.clone(), &[], stream.len()), (stream, true));
}

#[test]
fn what_makes_no_sense_is_left_and_told() {
    for (syntax, bytes) in [
        (BASELINE, b"no image".to_vec()),
        (BASELINE, vec![0xFF, 0xD8, 0xFF, 0xFE, 0, 1, b'x', b'y']),
        (JPEG_2000, vec![0xFF, 0x4F, 0xFF, 0x12, 1, 2, 3]),
        (JPEG_2000, b"\0\0\0\x0Cxxxx0000".to_vec()),
        ("1.2.840.10008.1.2.4.102", b"video".to_vec()),
    ] {
        assert_eq!(scrub(syntax, bytes.clone(), &[], bytes.len()), (bytes, false), "{syntax}");
    }
    assert_eq!(scrub("1.2.840.10008.1.2.5", vec![1, 2, 3], &[], 3), (vec![1, 2, 3], true));
}

proptest! {
    #[test]
    fn cuts_and_fragments_do_not_matter(
        case in 0..4_usize, cuts in prop::collection::vec(0..30_usize, 0..12), fragment in 1..200_usize,
    ) {
        let (syntax, mut dirty, mut clean) = cases().swap_remove(case);
        // Bytes behind the end belong to the fragment that holds the end.
        let end = dirty.len() - dirty.len().min(4);
        if fragment < dirty.len() {
            dirty.truncate(end);
            clean.truncate(end);
        }
        let (scrubbed, understood) = scrub(syntax, dirty.clone(), &cuts, fragment);
        let whole = dirty.len() <= fragment;
        prop_assert!(!whole || understood);
        prop_assert!(scrubbed == clean || !whole && end_is_cut(&dirty, fragment));
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..300), syntax in 0..3_usize, fragment in 1..100_usize) {
        let start: &[u8] = [b"\xFF\xD8".as_slice(), b"\xFF\x4F", b"\0\0\0\x0CjP  \r\n\x87\n"][syntax];
        let syntax = [BASELINE, JPEG_2000, JPEG_2000][syntax];
        let bytes = [start, &noise].concat();
        let (scrubbed, _) = scrub(syntax, bytes.clone(), &[3, 1], fragment);
        prop_assert_eq!(scrubbed.len(), bytes.len());
    }
}

/// The end of the image is followed by more bytes in a fragment of their own.
fn end_is_cut(bytes: &[u8], fragment: usize) -> bool {
    let end = bytes.windows(2).rposition(|two| two == [0xFF, 0xD9]).map_or(bytes.len(), |at| at + 2);
    end.div_ceil(fragment) != bytes.len().div_ceil(fragment)
}
