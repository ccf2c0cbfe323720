#![no_main]
//! The splice rewriter: any data set in any transfer syntax ends in output or an error, with bounded memory and depth.

use std::sync::Arc;

use adit_deid::{FirstRules, Limits, Options, ProjectKey, Rewriter};
use libfuzzer_sys::fuzz_target;

const SYNTAXES: [&str; 5] =
    ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.70"];

fuzz_target!(|input: (Vec<u8>, u8, u8)| {
    let (bytes, syntax, piece) = input;
    let options = Options {
        key: ProjectKey::from_bytes([7; 32]),
        pseudonym: "P".into(),
        trial_protocol_id: "T".into(),
        trial_protocol_name: String::new(),
    };
    let limits = Limits { header: 1 << 20, depth: 32 };
    let mut rewriter = Rewriter::new(SYNTAXES[usize::from(syntax) % SYNTAXES.len()], Arc::new(FirstRules::new(options)), limits);
    let mut out = Vec::new();
    for chunk in bytes.chunks(usize::from(piece).max(1)) {
        if rewriter.passes(chunk) {
            continue;
        }
        if rewriter.push(chunk, &mut out).is_err() {
            return;
        }
    }
    let _ = rewriter.finish(&mut out);
});
