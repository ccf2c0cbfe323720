//! The rewriter on hand-made data sets in every transfer syntax, cut in every way, and on hostile ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::sync::Arc;

use adit_deid::{
    Deidentifier, Instructions, Limits, PixelRules, Profile, ProjectKey, Report, RewriteError, Rewriter, map_uid,
};
use proptest::prelude::*;

mod common;

use common::{BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, Maker, RLE, contains};

/// Identifiers planted at every depth; none may survive.
const PLANTED: [&str; 5] = ["Doe^Jane", "ID-4711", "19610203", "Old Street 1", "SECRETBLOB"];

fn pixels() -> Vec<u8> {
    (0..5000_u32).flat_map(|n| (n as u16).to_le_bytes()).collect()
}

/// A data set full of identifiers; `encapsulated` pixels come in two fragments.
fn data_set(m: Maker, encapsulated: bool) -> Vec<u8> {
    let referenced = m.sequence(
        0x0008_1140,
        &[[m.element(0x0008_1150, "UI", b"1.2.840.10008.5.1.4.1.1.2"), m.element(0x0008_1155, "UI", b"1.2.3.9")]
            .concat()],
    );
    let private = m.sequence(0x0009_1001, &[m.element(0x0010_0010, "PN", b"Doe^Jane")]);
    let deep = m.sequence(
        0x0040_0275,
        &[[
            m.element(0x0010_0020, "LO", b"ID-4711"),
            m.sequence(0x0008_1110, &[m.element(0x0010_0010, "PN", b"Doe^Jane")]),
        ]
        .concat()],
    );
    let mut all = [
        m.element(0x0008_0000, "UL", &m.u32(4)),
        m.element(0x0008_0005, "CS", b"ISO_IR 100"),
        m.element(0x0008_0016, "UI", b"1.2.840.10008.5.1.4.1.1.2"),
        m.element(0x0008_0018, "UI", b"1.2.3.4"),
        m.element(0x0008_0020, "DA", b"20240301"),
        m.element(0x0008_0030, "TM", b"101112.5"),
        m.element(0x0008_0050, "SH", b"ID-4711"),
        m.element(0x0008_0060, "CS", b"CT"),
        m.element(0x0008_0090, "PN", b"Doe^Jane"),
        m.element(0x0008_1030, "LO", b"CT Thorax"),
        referenced,
        m.element(0x0009_0010, "LO", b"SECRETBLOB"),
        private,
        m.element(0x0009_1002, "UN", b"SECRETBLOB"),
        m.element(0x0010_0010, "PN", b"Doe^Jane"),
        m.element(0x0010_0020, "LO", b"ID-4711"),
        m.element(0x0010_0030, "DA", b"19610203"),
        m.element(0x0010_0040, "CS", b"F"),
        m.element(0x0010_1040, "LO", b"Old Street 1"),
        m.element(0x0020_000D, "UI", b"1.2.3"),
        m.element(0x0020_000E, "UI", b"1.2.3.1"),
        deep,
        m.element(0x0028_0002, "US", &m.u16(1)),
        m.element(0x0028_0010, "US", &m.u16(50)),
        m.element(0x0028_0011, "US", &m.u16(100)),
        m.element(0x0028_0100, "US", &m.u16(16)),
        m.element(0x0028_0101, "US", &m.u16(16)),
        m.element(0x6000_3000, "OW", b"SECRETBLOB"),
    ]
    .concat();
    if encapsulated {
        all.extend(m.head(0x7FE0_0010, "OB", u32::MAX));
        for fragment in [&[][..], &pixels()[..1001 * 2], &pixels()[..600]] {
            all.extend(m.head(0xFFFE_E000, "", fragment.len() as u32));
            all.extend(fragment);
        }
        all.extend(m.head(0xFFFE_E0DD, "", 0));
    } else {
        all.extend(m.element(0x7FE0_0010, "OW", &pixels()));
    }
    all.extend(m.sequence(0xFFFA_FFFA, &[m.element(0x0400_0310, "OB", b"SECRETBLOB")]));
    all.extend(m.element(0xFFFC_FFFC, "OB", b"SECRETBLOB"));
    all
}

fn key() -> ProjectKey {
    ProjectKey::from_bytes([7; 32])
}

/// An empty pseudonym leaves identity alone.
fn instructions(pseudonym: &str, trial: &str) -> Arc<Instructions> {
    let profile = Profile::named("adit-compatible").unwrap();
    let deidentifier = Arc::new(Deidentifier::new(profile, &key(), PixelRules::default()));
    Arc::new(Instructions {
        deidentifier: (!pseudonym.is_empty()).then_some(deidentifier),
        pseudonym: pseudonym.into(),
        trial_protocol_id: trial.into(),
        ..Instructions::default()
    })
}

fn run(syntax: &str, chunks: &[&[u8]], pseudonym: &str, limits: Limits) -> Result<(Vec<u8>, Report), RewriteError> {
    let mut rewriter = Rewriter::new(syntax, instructions(pseudonym, ""), limits);
    let mut out = Vec::new();
    for chunk in chunks {
        if rewriter.passes(chunk) {
            out.extend_from_slice(chunk);
        } else {
            rewriter.push(chunk, &mut out)?;
        }
    }
    let report = rewriter.finish(&mut out)?;
    Ok((out, report))
}

/// What becomes of a small image of Jane Doe, or of one whose identity was removed before.
fn entered(pseudonym: &str, trial: &str, removed: bool) -> Result<Vec<u8>, RewriteError> {
    let m = Maker::of(EXPLICIT, true);
    let (name, id) = if removed { ("P-4711", "P-4711") } else { ("Doe^Jane", "ID-4711") };
    let mut all = [
        m.element(0x0008_0016, "UI", b"1.2.840.10008.5.1.4.1.1.2"),
        m.element(0x0008_0018, "UI", b"1.2.3.4"),
        m.element(0x0008_0080, "LO", b"Hospital Heidelberg"),
        m.element(0x0008_0090, "PN", b"Smith^Bob"),
        m.element(0x0010_0010, "PN", name.as_bytes()),
        m.element(0x0010_0020, "LO", id.as_bytes()),
        m.element(0x0010_0030, "DA", b"19610203"),
        m.element(0x0012_0040, "LO", b"SUBJECT-0815"),
    ]
    .concat();
    if removed {
        all.extend(m.element(0x0012_0062, "CS", b"YES"));
    }
    let mut rewriter = Rewriter::new(EXPLICIT, instructions(pseudonym, trial), Limits::default());
    let mut out = Vec::new();
    rewriter.push(&all, &mut out)?;
    rewriter.finish(&mut out)?;
    Ok(out)
}

#[test]
fn identity_cannot_be_written_back() {
    for (pseudonym, trial) in
        [("ID-4711", ""), ("id-4711", ""), ("DOE Jane", ""), ("P-19610203", ""), ("P-1", "doe"), ("P-1", "T ID-4711")]
    {
        let held = entered(pseudonym, trial, false);
        assert!(
            matches!(&held, Err(RewriteError::HeldBack(why)) if why.contains("names the patient")),
            "{pseudonym} {trial}"
        );
    }
    for (pseudonym, trial) in [("P-1", "Heidelberg"), ("SUBJECT-0815", ""), ("P-1", "Hospital Heidelberg")] {
        assert!(entered(pseudonym, trial, false).is_ok(), "{pseudonym} {trial} names nobody");
    }
    assert!(entered("P-4711", "P", true).is_ok(), "sent again under its pseudonym");
    assert!(matches!(entered("X P-4711", "", true), Err(RewriteError::HeldBack(_))));
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::DeflateDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn no_planted_identifier_survives_in_any_syntax() {
    for syntax in [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED, RLE] {
        for defined in [false, true] {
            let plain = data_set(Maker::of(syntax, defined), syntax == RLE);
            let input = if syntax == DEFLATED { deflate(&plain) } else { plain };
            let (out, report) = run(syntax, &[&input], "P-001", Limits::default()).unwrap();
            let out = if syntax == DEFLATED { inflate(&out) } else { out };
            for planted in PLANTED {
                assert!(!contains(&out, planted.as_bytes()), "{planted} in {syntax}");
            }
            for kept in ["P-001", "CT Thorax", "20240301", "YES"] {
                assert!(contains(&out, kept.as_bytes()), "{kept} missing in {syntax}");
            }
            for uid in ["1.2.3.4", "1.2.3.1", "1.2.3.9"] {
                assert!(contains(&out, map_uid(&key(), uid).as_bytes()), "{uid} not mapped in {syntax}");
            }
            assert!(contains(&out, b"1.2.840.10008.5.1.4.1.1.2"));
            assert_eq!(report.facts.sop_instance_uid, "1.2.3.4");
            assert_eq!(report.facts.patient_id, b"ID-4711");
            let wanted = if syntax == RLE { &pixels()[..1001 * 2] } else { &pixels()[..] };
            assert!(contains(&out, wanted), "pixels changed in {syntax}");
        }
    }
}

#[test]
fn the_output_is_the_same_every_time_and_stays_readable() {
    let input = data_set(Maker::of(EXPLICIT, true), false);
    let (first, _) = run(EXPLICIT, &[&input], "P-001", Limits::default()).unwrap();
    let (second, _) = run(EXPLICIT, &[&input], "P-001", Limits::default()).unwrap();
    assert_eq!(first, second);
    // Reading it once more finds what was written, at the right places.
    let (_, report) = run(EXPLICIT, &[&first], "", Limits::default()).unwrap();
    assert_eq!(report.facts.patient_id, b"P-001");
    assert_eq!(report.facts.study_instance_uid, map_uid(&key(), "1.2.3"));
    assert!(report.facts.deidentification_method.starts_with(b"ADIT"));
}

#[test]
fn trial_marks_alone_leave_everything_else_byte_for_byte() {
    let maker = Maker::of(EXPLICIT, true);
    let input = [
        maker.element(0x0010_0020, "LO", b"ID"),
        maker.element(0x0020_000D, "UI", b"1.2"),
        maker.element(0x7FE0_0010, "OW", &[1, 2]),
    ]
    .concat();
    let mut rewriter = Rewriter::new(EXPLICIT, instructions("", "TRIAL"), Limits::default());
    let mut out = Vec::new();
    rewriter.push(&input, &mut out).unwrap();
    rewriter.finish(&mut out).unwrap();
    let marked = [
        maker.element(0x0010_0020, "LO", b"ID"),
        maker.element(0x0012_0020, "LO", b"TRIAL"),
        maker.element(0x0020_000D, "UI", b"1.2"),
        maker.element(0x7FE0_0010, "OW", &[1, 2]),
    ]
    .concat();
    assert_eq!(out, marked);
}

#[test]
fn every_truncation_is_an_error_and_never_a_shorter_object() {
    for (syntax, encapsulated) in [(EXPLICIT, false), (RLE, true), (IMPLICIT, false)] {
        let maker = Maker::of(syntax, false);
        let whole = data_set(maker, encapsulated);
        let tail = maker.sequence(0xFFFA_FFFA, &[maker.element(0x0400_0310, "OB", b"SECRETBLOB")]).len()
            + maker.element(0xFFFC_FFFC, "OB", b"SECRETBLOB").len();
        // Cuts within the pixels or within an element; a cut between two elements of the header cannot be told from an end.
        for cut in [whole.len() - tail - 1, whole.len() - tail - 900, whole.len() - 1, 13, 75] {
            assert!(run(syntax, &[&whole[..cut]], "P", Limits::default()).is_err(), "cut at {cut} of {}", whole.len());
        }
    }
}

#[test]
fn deep_nesting_and_huge_lengths_are_refused_at_once() {
    let maker = Maker::of(IMPLICIT, false);
    let deep: Vec<u8> =
        [maker.head(0x0040_0275, "SQ", u32::MAX), maker.head(0xFFFE_E000, "", u32::MAX)].concat().repeat(100_000);
    assert_eq!(run(IMPLICIT, &[&deep], "P", Limits::default()).unwrap_err(), RewriteError::TooDeep);
    let huge = maker.head(0x0010_4000, "LT", 0xFFFF_FFF0);
    assert!(matches!(run(IMPLICIT, &[&huge], "P", Limits::default()), Err(RewriteError::TooLarge(_))));
    let long = maker.element(0x0010_4000, "LT", &[b'x'; 4000]);
    assert!(matches!(
        run(IMPLICIT, &[&long, &long], "P", Limits { header: 5000, depth: 32 }),
        Err(RewriteError::TooLarge(5000))
    ));
}

#[test]
fn a_sequence_written_as_un_is_looked_into() {
    // CP-246: UN of undefined length holds implicit little endian; and a known sequence of defined length hidden in UN.
    let (outer, inner) = (Maker::of(EXPLICIT, false), Maker::of(IMPLICIT, true));
    let items = inner.sequence(0x0040_0275, &[inner.element(0x0010_0010, "PN", b"Doe^Jane")]);
    let who = [outer.element(0x0008_0018, "UI", b"1.2.3.4"), outer.element(0x0010_0020, "LO", b"ID-4711")].concat();
    let mut undefined = outer.head(0x0040_0275, "UN", u32::MAX);
    undefined.extend(&items[8..]);
    undefined.extend(inner.head(0xFFFE_E0DD, "", 0));
    let defined = outer.element(0x0040_0275, "UN", &items[8..]);
    for sequence in [undefined, defined] {
        let input = [who.clone(), sequence].concat();
        let (out, _) = run(EXPLICIT, &[&input], "P-001", Limits::default()).unwrap();
        assert!(!contains(&out, b"Doe^Jane"));
    }
}

proptest! {
    #[test]
    fn every_cut_gives_the_same_output(cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..40), kind in 0..4_usize) {
        let syntax = [EXPLICIT, IMPLICIT, RLE, DEFLATED][kind];
        let plain = data_set(Maker::of(syntax, kind == 0), syntax == RLE);
        let input = if syntax == DEFLATED { deflate(&plain) } else { plain };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len())).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &input[pair[0]..pair[1]]).collect();
        let (cut, _) = run(syntax, &chunks, "P", Limits::default()).unwrap();
        let (whole, _) = run(syntax, &[&input], "P", Limits::default()).unwrap();
        let open = |bytes: Vec<u8>| if syntax == DEFLATED { inflate(&bytes) } else { bytes };
        prop_assert_eq!(open(cut), open(whole));
    }

    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..3000), kind in 0..4_usize) {
        let _ = run([EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED][kind], &[&bytes], "P", Limits::default());
    }
}
