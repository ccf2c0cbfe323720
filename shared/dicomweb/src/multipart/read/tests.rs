use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// What came out: headers, bytes, whether the part was whole.
type Parts = Vec<(PartHeaders, Vec<u8>, bool)>;

fn read(body: &[u8], pieces: impl IntoIterator<Item = usize>, limits: Limits) -> (Parts, Result<(), MultipartError>) {
    let (mut reader, mut parts) = (Reader::new("B-1", limits).unwrap(), Parts::new());
    let (mut pieces, mut rest) = (pieces.into_iter(), body);
    loop {
        let size = pieces.next().unwrap_or(rest.len()).min(rest.len());
        reader.push(&rest[..size]);
        rest = &rest[size..];
        loop {
            match reader.next() {
                Ok(Some(Event::Part(headers))) => parts.push((headers, Vec::new(), false)),
                Ok(Some(Event::Data(data))) => {
                    assert!(!data.is_empty());
                    parts.last_mut().unwrap().1.extend_from_slice(&data);
                }
                Ok(Some(Event::PartEnd)) => parts.last_mut().unwrap().2 = true,
                Ok(Some(Event::End)) => {}
                Ok(None) => break,
                Err(error) => return (parts, Err(error)),
            }
        }
        if rest.is_empty() {
            return (parts, reader.finish());
        }
    }
}

fn whole(body: &[u8]) -> (Parts, Result<(), MultipartError>) {
    read(body, [], Limits::default())
}

fn data(parts: &Parts) -> Vec<&[u8]> {
    parts.iter().map(|(_, bytes, _)| bytes.as_slice()).collect()
}

fn body(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(b"\r\n--B-1\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend_from_slice(part);
    }
    body.extend_from_slice(b"\r\n--B-1--");
    body
}

#[test]
fn whitespace_at_the_ends_of_a_part_stays() {
    let parts = vec![b" \t\r\n\x00 a \x20\x0A".to_vec(), b"\r\n\r\n".to_vec(), Vec::new()];
    let (found, end) = whole(&body(&parts));
    assert_eq!((data(&found), end), (parts.iter().map(Vec::as_slice).collect(), Ok(())));
    assert_eq!(found[0].0.get("content-type"), Some("application/dicom"));
}

#[test]
fn beginnings_and_ends_of_all_kinds_are_read() {
    let expected: Vec<&[u8]> = vec![b"x"];
    for text in [
        "--B-1\r\n\r\nx\r\n--B-1--",
        "\r\n\r\n--B-1\r\nA: b\r\n\r\nx\r\n--B-1--\r\n",
        "a preamble\r\n--B-1 \t \r\n\r\nx\r\n--B-1-- \r\nan epilogue\r\n--B-1\r\n",
    ] {
        let (found, end) = whole(text.as_bytes());
        assert_eq!((data(&found), end), (expected.clone(), Ok(())), "{text}");
    }
    assert_eq!(whole(b"--B-1--"), (Vec::new(), Ok(())));
    let (found, end) = whole(b"--B-1\r\n\r\n--B-1\r\nA: b\r\n\r\n--B-1--");
    assert_eq!((data(&found), end), (vec![&b""[..], b""], Ok(())));
}

#[test]
fn what_only_looks_like_a_boundary_is_data() {
    let inside = b"\r\n--B-10\r\n--B-1-x\r\n--B-1 y\r\n--B\r\n\r\n--B-".to_vec();
    let (found, end) = whole(&body(&[inside.clone(), b"z".to_vec()]));
    assert_eq!((data(&found), end), (vec![inside.as_slice(), b"z"], Ok(())));
}

#[test]
fn every_truncation_is_seen_and_leaves_the_open_part_broken() {
    let body = body(&[b"first".to_vec(), b"second\r\n".to_vec()]);
    for length in 0..body.len() {
        let (found, end) = whole(&body[..length]);
        let error = end.unwrap_err();
        assert!(
            matches!(error, MultipartError::Empty | MultipartError::NoBoundary | MultipartError::Truncated),
            "{length}: {error}"
        );
        assert!(found.iter().filter(|part| part.2).all(|part| part.1 == b"first" || part.1 == b"second\r\n"));
        assert!(found.iter().filter(|part| part.2).count() < 2, "{length}");
    }
    assert_eq!(whole(b"").1, Err(MultipartError::Empty));
}

#[test]
fn limits_hold() {
    let limits = Limits { preamble: 100, header: 100, parts: 2 };
    let endless = [b'x'; 5000];
    assert_eq!(read(&endless, [7; 1000], limits).1, Err(MultipartError::NoBoundary));
    let bomb = [b"--B-1\r\nA: ".as_slice(), &endless].concat();
    assert_eq!(read(&bomb, [7; 1000], limits).1, Err(MultipartError::HeaderTooLong));
    let late = [b"--B-1\r\nA: ".as_slice(), &endless[..200], b"\r\n\r\n"].concat();
    assert_eq!(read(&late, [], limits).1, Err(MultipartError::HeaderTooLong));
    assert_eq!(read(&body(&vec![Vec::new(); 3]), [], limits).1, Err(MultipartError::TooManyParts));
    assert_eq!(whole(b"--B-1\r\nno header\r\n\r\n").1, Err(MultipartError::Header));
    for boundary in ["", "a\r\nb", "a ", "\u{e4}", &"x".repeat(201)] {
        assert!(Reader::new(boundary, limits).is_err(), "{boundary}");
    }
}

#[test]
fn time_grows_with_size_and_no_faster() {
    // What a boundary could begin with, over and over: the worst case for a parser that looks back.
    let worst = |mib: usize| b"\r\n--B-1 \r\r\n--B-".iter().copied().cycle().take(mib << 20).collect::<Vec<u8>>();
    let time = |mib: usize| {
        let body = body(&[worst(mib)]);
        let begun = Instant::now();
        let (found, end) = read(&body, std::iter::repeat_n(8192, body.len() / 8192), Limits::default());
        assert_eq!((found[0].1.len(), end), (mib << 20, Ok(())));
        begun.elapsed()
    };
    let (small, large) = (time(2), time(16));
    assert!(large < small * 24 + Duration::from_millis(200), "2 MiB: {small:?}, 16 MiB: {large:?}");
}

/// Bytes of which boundaries are made, so that near misses are frequent.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let letters = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'B'), Just(b'1'), Just(b' '), any::<u8>()];
    prop::collection::vec(letters, 0..60)
}

/// Whether a part of these bytes would end early.
fn is_cut(part: &[u8]) -> bool {
    let around = [b"\r\n".as_slice(), part, b"\r\n--B-1\r\n"].concat();
    let marks = |needle: &[u8]| memchr::memmem::find_iter(&around, needle).count();
    marks(b"\r\n--B-1") != 1
}

proptest! {
    #[test]
    fn bytes_in_are_bytes_out_however_they_come(
        parts in prop::collection::vec(bytes().prop_filter("a boundary", |part| !is_cut(part)), 0..5),
        pieces in prop::collection::vec(1_usize..9, 0..400),
    ) {
        let (found, end) = read(&body(&parts), pieces, Limits::default());
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(data(&found), parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert!(found.iter().all(|part| part.2));
    }

    #[test]
    fn every_chunking_of_any_body_gives_the_same(
        text in prop::collection::vec(prop_oneof![
            Just(b"\r\n--B-1\r\n".to_vec()), Just(b"--B-1--".to_vec()), Just(b"A: b\r\n\r\n".to_vec()), bytes(),
        ], 0..8),
        pieces in prop::collection::vec(1_usize..5, 0..400),
    ) {
        let body = text.concat();
        let ones = std::iter::repeat_n(1, body.len());
        prop_assert_eq!(read(&body, pieces, Limits::default()), whole(&body));
        prop_assert_eq!(read(&body, ones, Limits::default()), whole(&body));
    }
}
