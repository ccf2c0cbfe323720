#![no_main]
//! De-identification: any data set in any transfer syntax ends in output or an error, with bounded memory and depth.

use std::sync::{Arc, LazyLock};

use adit_deid::{Deidentifier, Instructions, Limits, PixelRules, Profile, ProjectKey, Rewriter};
use libfuzzer_sys::fuzz_target;

const SYNTAXES: [&str; 8] = [
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.80",
];

static PROFILES: LazyLock<Vec<Arc<Instructions>>> = LazyLock::new(|| {
    let of = |name: &str, allow_risky_pixels| {
        let profile = Profile::named(name).expect("a profile");
        let deidentifier = Deidentifier::new(profile, &ProjectKey::from_bytes([7; 32]), PixelRules::default());
        Arc::new(Instructions {
            deidentifier: Some(Arc::new(deidentifier)),
            trial_protocol_id: "T".into(),
            allow_risky_pixels,
            with_values: allow_risky_pixels,
            ..Instructions::default()
        })
    };
    vec![of("basic", true), of("research", false), of("research", true), of("adit-compatible", false)]
});

fuzz_target!(|input: (u8, u8, u8, Vec<u8>)| {
    let (syntax, profile, piece, bytes) = input;
    let limits = Limits { header: 1 << 20, depth: 32 };
    let instructions = Arc::clone(&PROFILES[usize::from(profile) % PROFILES.len()]);
    let syntax = SYNTAXES[usize::from(syntax) % SYNTAXES.len()];
    let mut rewriter = Rewriter::new(syntax, instructions, limits).with_file_meta("2.25.1", "FUZZ");
    let mut out = Vec::new();
    // Without an identity nothing is de-identified: it stands in front.
    let mut who = Vec::new();
    for (tag, vr, value) in [([8, 0, 0x18, 0], b"UI", "1.2.3.4\0"), ([0x10, 0, 0x10, 0], b"PN", "Doe^Jane"), ([0x10, 0, 0x20, 0], b"LO", "ID-471")] {
        who.extend(tag);
        who.extend(if syntax == SYNTAXES[0] { [8, 0, 0, 0] } else { [vr[0], vr[1], 8, 0] });
        who.extend(value.bytes().chain([b' ', b' ']).take(8));
    }
    for chunk in std::iter::once(&who[..]).chain(bytes.chunks(usize::from(piece).max(1))) {
        if rewriter.passes(chunk) {
            continue;
        }
        if rewriter.push(chunk, &mut out).is_err() {
            return;
        }
    }
    let _ = rewriter.finish(&mut out);
});
